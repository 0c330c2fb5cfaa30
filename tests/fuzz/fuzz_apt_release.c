/* SPDX-License-Identifier: Apache-2.0 */
/* A Release file that is accepted can be judged and chosen from, and what is chosen is within the
   limits. */
#include <stdint.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "watch/apt_choice.h"
#include "watch/apt_trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const COMPONENTS[] = {"main", "a/b", NULL}, *const AMD64[] = {"amd64", NULL};
    static const struct rb_apt_request ASKED = {
        .suite = "stable/updates", .known_date_at = 1, .known_codename = "bookworm"};
    enum rb_trouble trouble;
    struct rb_apt_release *release = NULL;
    RB_CLEANUP_FREE struct rb_apt_index *indexes = NULL;
    size_t count = 0;
    struct rb_err err;
    if (rb_apt_release_parse((const char *)data, size, "Release", &release, &err) != 0)
        return 0;
    int status =
        rb_apt_release_judge(release, &ASKED, INT64_C(1783814400000), "Release", &trouble, &err);
    RB_ASSERT(status == (trouble == RB_TROUBLE_NONE ? 0 : RB_EVERIFY));
    bool is_flat = size % 2 == 0;
    status = rb_apt_choose(release, is_flat ? COMPONENTS + 2 : COMPONENTS, AMD64, "Release",
                           &indexes, &count, &err);
    RB_ASSERT(status == 0 || status == RB_ENOTFOUND || status == RB_ELIMIT);
    for (size_t i = 0; i < count; i++) {
        RB_ASSERT(indexes[i].form_count > 0);
        for (size_t form = 0; form < indexes[i].form_count; form++) {
            const struct rb_apt_file *file = indexes[i].forms[form];
            RB_CLEANUP_FREE char *address = rb_apt_file_address(file, true);
            RB_ASSERT(file->size_bytes >= 0 && rb_text_ends_with(address, file->sha256));
            RB_ASSERT(rb_text_equal(rb_apt_release_file(release, file->path)->path, file->path));
        }
    }
    rb_apt_release_free(release);
    return 0;
}
