/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest of signatures, a page of tags, public keys; and a signed payload, which no input of
   ours can be. */
#include <stdint.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "watch/cosign.h"
#include "watch/image_tags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char KEY[] = "-----BEGIN PUBLIC KEY-----\n"
                          "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
                          "-----END PUBLIC KEY-----\n";

static void read_keys(const char *text, size_t size)
{
    struct rb_cosign_keys *keys = NULL;
    if (rb_cosign_keys_parse(text, size, "keys", &keys, NULL) == 0)
        rb_cosign_keys_free(keys);
    RB_ASSERT(rb_cosign_keys_parse(KEY, sizeof(KEY) - 1, "keys", &keys, NULL) == 0);
    RB_CLEANUP_FREE char *signature = rb_strndup(text, size);
    RB_ASSERT(rb_cosign_verify(keys, text, size, signature, "sha256:0", NULL) != 0);
    rb_cosign_keys_free(keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    RB_CLEANUP_JSON json_t *json = NULL, *names = NULL;
    struct rb_cosign_signature signatures[RB_COSIGN_SIGNATURES_MAXIMUM];
    size_t count = 0;
    read_keys(text, size);
    if (rb_image_tags_page(text, size, "page", &names, NULL) == 0)
        RB_ASSERT(json_is_array(names));
    if (rb_json_parse(text, size, "manifest", &json, NULL) == 0 &&
        rb_cosign_signatures(json, "manifest", signatures, &count, NULL) == 0) {
        for (size_t i = 0; i < count; i++)
            RB_ASSERT(signatures[i].signature != NULL &&
                      rb_digest_is_valid(signatures[i].payload.digest));
    }
    return 0;
}
