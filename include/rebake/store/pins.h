/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pins: a person's word that a source stands at one version, however many newer ones come. The
 * subject says for whom: "source:7", for all; "shop/code", for the images of a pipeline, by its
 * name of the source; "shop/app/code", for one image. The narrower one counts.
 */
#ifndef REBAKE_STORE_PINS_H
#define REBAKE_STORE_PINS_H

#include "rebake/base/arena.h"
#include "rebake/store/store.h"

struct rb_pin_row {
    const char *subject;
    int64_t source_id; /* the version's */
    int64_t version_id;
    const char *version;
    const char *who;
    const char *why;
    int64_t at;
    int64_t until_at; /* 0: until somebody lifts it */
};

/* Of the row, subject, version_id, who, why and until_at. Pinning once more changes what was said.
   Event pin.set. RB_ENOTFOUND when there is no such version. */
RB_NODISCARD int rb_store_pin(struct rb_store *store, const struct rb_pin_row *pin,
                              struct rb_err *err);
/* who NULL: the daemon, for its time is over. Event pin.lifted. RB_ENOTFOUND when it is not pinned.
 */
RB_NODISCARD int rb_store_unpin(struct rb_store *store, const char *subject, const char *who,
                                struct rb_err *err);
RB_NODISCARD int rb_store_pins(struct rb_store *store, struct rb_arena *arena,
                               struct rb_pin_row **ret_rows, size_t *ret_count, struct rb_err *err);

#endif
