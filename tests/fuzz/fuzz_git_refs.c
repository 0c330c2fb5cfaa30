/* SPDX-License-Identifier: Apache-2.0 */
/* However the bytes are cut, the answer is the same; what is accepted holds object ids and names
   with the prefix alone. The first byte says which answer it is, and how large the pieces are. */
#include <stdint.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "watch/git_message.h"
#include "watch/git_refs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_all(const uint8_t *data, size_t size, size_t piece, enum rb_git_speech speech,
                    struct rb_git_refs **ret_refs)
{
    struct rb_err err;
    *ret_refs = rb_git_refs_new(speech, "refs/");
    for (size_t at = 0; at < size; at += piece) {
        if (!rb_git_refs_feed(*ret_refs, data + at, piece < size - at ? piece : size - at))
            break;
    }
    return rb_git_refs_end(*ret_refs, "fuzz", &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RB_CLEANUP(rb_git_refs_cleanup) struct rb_git_refs *whole = NULL;
    RB_CLEANUP(rb_git_refs_cleanup) struct rb_git_refs *pieces = NULL;
    if (size < 1)
        return 0;
    enum rb_git_speech speech = (data[0] & 1) != 0 ? RB_GIT_LS_REFS : RB_GIT_ADVERTISEMENT;
    int status = read_all(data + 1, size - 1, size, speech, &whole);
    RB_ASSERT(read_all(data + 1, size - 1, 1 + (data[0] >> 1), speech, &pieces) == status);
    size_t count, other;
    const struct rb_git_ref *refs = rb_git_refs_list(whole, &count);
    (void)rb_git_refs_list(pieces, &other);
    RB_ASSERT(count == other);
    for (size_t i = 0; i < count; i++)
        RB_ASSERT(rb_git_is_object_id(refs[i].object) && rb_git_is_object_id(refs[i].commit) &&
                  strncmp(refs[i].name, "refs/", 5) == 0);
    return 0;
}
