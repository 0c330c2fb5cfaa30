/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/secret.h"

static int make_folders(void **state)
{
    char *folder = NULL;
    if (rb_folder_make_temporary("/tmp/rebake-test-secret-", &folder, NULL) != 0)
        return -1;
    RB_CLEANUP_FREE char *credentials = rb_asprintf("%s/credentials", folder);
    RB_CLEANUP_FREE char *secrets = rb_asprintf("%s/secrets", folder);
    *state = folder;
    setenv("CREDENTIALS_DIRECTORY", credentials, 1);
    setenv("REBAKE_SECRETS", secrets, 1);
    unsetenv("REBAKE_SECRET_SHOP_HOOK");
    return rb_folder_make(credentials, 0700, NULL) == 0 && rb_folder_make(secrets, 0700, NULL) == 0
               ? 0
               : -1;
}

static int remove_folders(void **state)
{
    char *folder = *state;
    int status = rb_tree_remove(folder, NULL);
    rb_free(folder);
    return status;
}

static void put(void **state, const char *name, const char *content, mode_t mode)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", (const char *)*state, name);
    assert_int_equal(rb_file_write_atomic(path, content, strlen(content), mode, NULL), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void assert_secret(const char *expected)
{
    RB_CLEANUP(rb_secret_deinit) struct rb_secret secret = {0};
    struct rb_err err;
    if (rb_secret_read("shop-hook", &secret, &err) != 0)
        fail_msg("%s", err.text);
    assert_string_equal(secret.bytes, expected);
    assert_int_equal(secret.size, strlen(expected));
}

static int failure(const char *name, struct rb_err *err)
{
    struct rb_secret secret = {0};
    int status = rb_secret_read(name, &secret, err);
    assert_null(secret.bytes);
    return status;
}

static void the_first_place_that_has_it_gives_it(void **state)
{
    setenv("REBAKE_SECRET_SHOP_HOOK", "from the environment", 1);
    assert_secret("from the environment");
    put(state, "secrets/shop-hook", "from the folder\n", 0600);
    assert_secret("from the folder");
    put(state, "credentials/shop-hook", "from systemd", 0444);
    assert_secret("from systemd");
}

static void a_rotated_one_counts_at_once(void **state)
{
    put(state, "secrets/shop-hook", "old\n", 0600);
    assert_secret("old");
    put(state, "secrets/shop-hook", "new\r\n", 0640);
    assert_secret("new");
}

static void only_one_line_end_is_not_a_part_of_it(void **state)
{
    put(state, "secrets/shop-hook", " two\nlines \n\n", 0600);
    assert_secret(" two\nlines \n");
}

static void what_cannot_be_a_secret_is_refused(void **state)
{
    struct rb_err err;
    assert_int_equal(failure("shop-hook", &err), RB_ENOTFOUND);
    assert_non_null(strstr(err.text, "REBAKE_SECRET_SHOP_HOOK"));
    assert_int_equal(failure("../shop-hook", &err), RB_EINVALID);
    assert_int_equal(failure("", &err), RB_EINVALID);
    put(state, "secrets/shop-hook", "\n", 0600);
    assert_int_equal(failure("shop-hook", &err), RB_EAUTH);
    put(state, "secrets/shop-hook", "open to all", 0644);
    assert_int_equal(failure("shop-hook", &err), RB_EAUTH);
    assert_null(strstr(err.text, "open to all"));
    RB_CLEANUP_FREE char *large = rb_zalloc(RB_SECRET_MAXIMUM + 2);
    memset(large, 'x', RB_SECRET_MAXIMUM + 1);
    put(state, "secrets/shop-hook", large, 0600);
    assert_int_equal(failure("shop-hook", &err), RB_ELIMIT);
    put(state, "secrets/shop-hook", "", 0600);
    assert_int_equal(failure("shop-hook", &err), RB_EAUTH);
    RB_CLEANUP_FREE char *folder = rb_asprintf("%s/credentials/shop-hook", (char *)*state);
    assert_int_equal(rb_folder_make(folder, 0700, NULL), 0);
    assert_int_equal(failure("shop-hook", &err), RB_EINVALID);
}

#define WITH_FOLDERS(test) cmocka_unit_test_setup_teardown(test, make_folders, remove_folders)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDERS(the_first_place_that_has_it_gives_it),
        WITH_FOLDERS(a_rotated_one_counts_at_once),
        WITH_FOLDERS(only_one_line_end_is_not_a_part_of_it),
        WITH_FOLDERS(what_cannot_be_a_secret_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
