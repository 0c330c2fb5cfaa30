/* SPDX-License-Identifier: Apache-2.0 */
/* A clearsigned file that is accepted says the same when its parts are put together again. */
#include <stdint.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "watch/clearsign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_together(const struct rb_clearsigned *parts, struct rb_strbuf *out)
{
    rb_strbuf_puts(out, "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n");
    const char *at = parts->content, *end = at + parts->content_size;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        RB_ASSERT(newline != NULL);
        if (*at == '-')
            rb_strbuf_puts(out, "- ");
        rb_strbuf_append(out, at, (size_t)(newline + 1 - at));
        at = newline + 1;
    }
    rb_strbuf_append(out, parts->signature, parts->signature_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RB_CLEANUP(rb_clearsigned_deinit) struct rb_clearsigned first = {0};
    RB_CLEANUP(rb_clearsigned_deinit) struct rb_clearsigned second = {0};
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf again = RB_STRBUF_INIT(size * 3 + 100);
    struct rb_err err;
    if (rb_clearsigned_split((const char *)data, size, "InRelease", &first, &err) != 0) {
        RB_ASSERT(err.code == RB_EVERIFY && first.content == NULL);
        return 0;
    }
    put_together(&first, &again);
    RB_ASSERT(!again.overflowed);
    RB_ASSERT(rb_clearsigned_split(again.data, again.size, "InRelease", &second, &err) == 0);
    RB_ASSERT(first.content_size == second.content_size &&
              memcmp(first.content, second.content, first.content_size) == 0);
    return 0;
}
