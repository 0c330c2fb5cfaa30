/* SPDX-License-Identifier: Apache-2.0 */
#include "set_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"

struct rb_advisory_set *test_set_make(enum rb_advisory_origin origin, test_reader *read,
                                      const char *const *texts)
{
    struct rb_advisory_set_builder *builder = rb_advisory_set_builder_new(origin);
    struct rb_advisory_set *set = NULL;
    struct rb_err err = {0};
    RB_CLEANUP_FREE char *folder = NULL;
    int status = rb_folder_make_temporary("/tmp/rebake-set-", &folder, &err);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/set", folder);
    for (; status == 0 && *texts != NULL; texts++)
        status = read(*texts, strlen(*texts), "text", rb_advisory_set_builder_add, builder, &err);
    if (status == 0)
        status = rb_advisory_set_builder_write(builder, path, &err);
    if (status == 0)
        status = rb_advisory_set_open(path, &set, &err);
    rb_advisory_set_builder_free(builder);
    assert_int_equal(rb_tree_remove(folder, NULL), 0);
    if (status != 0)
        fail_msg("%s", err.text);
    return set;
}
