/* SPDX-License-Identifier: Apache-2.0 */
#include "rpm_mirrors.h"

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { FAILED_MAXIMUM = 6 };

void rb_rpm_mirrors_deinit(struct rb_rpm_mirrors *mirrors)
{
    rb_mirrorlist_deinit(&mirrors->list);
}

void rb_rpm_mirrors_set(struct rb_rpm_mirrors *mirrors, const char *url)
{
    rb_strlist_add(&mirrors->list.urls, url);
}

static int drop_plain(struct rb_strlist *urls, const char *what, struct rb_err *err)
{
    struct rb_strlist kept = {0};
    for (size_t i = 0; i < urls->count; i++) {
        if (rb_text_starts_with(urls->items[i], "https://"))
            rb_strlist_add(&kept, urls->items[i]);
    }
    rb_strlist_deinit(urls);
    *urls = kept;
    if (kept.count > 0)
        return 0;
    return rb_err_set(
        err, RB_EVERIFY,
        "%s: no signature is asked for, and there is neither a checksum of repomd.xml "
        "nor a mirror over https",
        what);
}

int rb_rpm_mirrors_read(struct rb_rpm_mirrors *mirrors, const char *data, size_t size,
                        const char *what, bool is_signed, const char *first, struct rb_err *err)
{
    struct rb_mirrorlist *list = &mirrors->list;
    int status = rb_mirrorlist_parse(data, size, what, list, err);
    if (status == 0 && !is_signed && list->state_count == 0)
        status = drop_plain(&list->urls, what, err);
    /* A list that tells of a newer state is in the order of who has it. */
    for (size_t i = 0; status == 0 && list->state_count == 0 && i < list->urls.count; i++) {
        if (rb_text_equal(list->urls.items[i], first)) {
            mirrors->at = i;
            break;
        }
    }
    return status;
}

const char *rb_rpm_mirror(const struct rb_rpm_mirrors *mirrors)
{
    return mirrors->list.urls.items[mirrors->at];
}

void rb_rpm_mirrors_settle(struct rb_rpm_mirrors *mirrors)
{
    mirrors->failed = 0;
    mirrors->gravest.code = RB_OK;
}

/* What this machine cannot do, no other mirror makes good. */
static bool is_of_mirror(enum rb_errc code)
{
    return code != RB_EIO && code != RB_ECANCELED && code != RB_EINTERNAL;
}

bool rb_rpm_mirrors_pass_over(struct rb_rpm_mirrors *mirrors, struct rb_err *err,
                              enum rb_trouble *trouble)
{
    size_t count = mirrors->list.urls.count;
    if (!is_of_mirror(err->code) || count < 2)
        return false;
    if (mirrors->gravest.code == RB_OK ||
        (mirrors->gravest.code != RB_EVERIFY && err->code == RB_EVERIFY)) {
        rb_err_copy(&mirrors->gravest, err);
        mirrors->gravest_trouble = *trouble;
    }
    if (++mirrors->failed < count && mirrors->failed < FAILED_MAXIMUM) {
        mirrors->at = (mirrors->at + 1) % count;
        return true;
    }
    rb_err_copy(err, &mirrors->gravest);
    (void)rb_err_wrap(err, "none of %zu mirrors helps", mirrors->failed);
    *trouble = mirrors->gravest_trouble;
    return false;
}
