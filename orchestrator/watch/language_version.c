/* SPDX-License-Identifier: Apache-2.0 */
/* A registry serves what it has now, and no state of before: one is there only where the check has
   kept it. */
#include "language_version.h"

#include "address.h"
#include "fetching.h"
#include "kept.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

int rb_language_fetch_version(const struct rb_fetching *fetching, struct rb_err *err)
{
    RB_CLEANUP(rb_got_deinit) struct rb_got got = {0};
    RB_CLEANUP_FREE char *folder =
        rb_kept_source_folder(fetching->tools->cache_folder, RB_LANGUAGE_FAMILY, fetching->source);
    RB_CLEANUP_FREE char *shown = rb_address_shown(fetching->source->language.url);
    int status = rb_fetching_want_sha256(fetching, err);
    if (status != 0)
        return status;
    status = rb_fetching_read_kept(folder, fetching->version, RB_LANGUAGE_ENDING,
                                   RB_LANGUAGE_OFFERS_MAXIMUM, &got, err);
    if (status == RB_ENOTFOUND)
        return rb_err_set(err, RB_ENOTFOUND,
                          "%s: no copy of the version %s is kept, and a registry serves none but "
                          "the newest",
                          shown, fetching->version);
    if (status == 0 && !rb_text_equal(got.sha256, fetching->version))
        return rb_err_set(err, RB_EINVALID, "%s: what is kept of the version %s is not it", shown,
                          fetching->version);
    return status == 0 ? rb_fetching_write(fetching, RB_LANGUAGE_ENDING, got.data, got.size, err)
                       : status;
}
