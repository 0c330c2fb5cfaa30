/* SPDX-License-Identifier: Apache-2.0 */
#include "checksum.h"

#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#include "rebake/base/memory.h"

struct rb_checksum_run {
    EVP_MD_CTX *hash;
    struct rb_checksum wanted;
};

static const struct {
    const char *names[2];
    size_t digits;
} algorithms[] = {
    {{"sha256", "sha-256"}, 64},
    {{"sha384", "sha-384"}, 96},
    {{"sha512", "sha-512"}, 128},
};

int rb_checksum_parse(const char *algorithm, const char *hex, struct rb_checksum *ret_checksum,
                      struct rb_err *err)
{
    size_t i = 0;
    while (i < RB_COUNT_OF(algorithms) && strcasecmp(algorithms[i].names[0], algorithm) != 0 &&
           strcasecmp(algorithms[i].names[1], algorithm) != 0)
        i++;
    if (i == RB_COUNT_OF(algorithms))
        return rb_err_set(err, RB_EVERIFY, "a checksum of kind \"%.20s\" proves nothing",
                          algorithm);
    if (strlen(hex) != algorithms[i].digits ||
        strspn(hex, "0123456789abcdefABCDEF") != algorithms[i].digits)
        return rb_err_set(err, RB_EINVALID, "\"%.140s\" is no %s checksum", hex,
                          algorithms[i].names[0]);
    ret_checksum->algorithm = algorithms[i].names[0];
    for (size_t digit = 0; digit <= algorithms[i].digits; digit++) {
        char c = hex[digit];
        ret_checksum->hex[digit] = (char)(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    }
    return 0;
}

struct rb_checksum_run *rb_checksum_begin(const struct rb_checksum *checksum)
{
    struct rb_checksum_run *run = rb_zalloc(sizeof(*run));
    run->wanted = *checksum;
    run->hash = EVP_MD_CTX_new();
    RB_ASSERT(run->hash != NULL);
    RB_ASSERT(EVP_DigestInit_ex(run->hash, EVP_get_digestbyname(checksum->algorithm), NULL) == 1);
    return run;
}

void rb_checksum_update(struct rb_checksum_run *run, const void *data, size_t size)
{
    RB_ASSERT(EVP_DigestUpdate(run->hash, data, size) == 1);
}

bool rb_checksum_end(struct rb_checksum_run *run)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned count = 0;
    RB_ASSERT(EVP_DigestFinal_ex(run->hash, bytes, &count) == 1);
    bool matches = strlen(run->wanted.hex) == (size_t)count * 2;
    for (unsigned i = 0; i < count && matches; i++)
        matches = run->wanted.hex[2 * i] == digits[bytes[i] >> 4] &&
                  run->wanted.hex[2 * i + 1] == digits[bytes[i] & 15];
    EVP_MD_CTX_free(run->hash);
    rb_free(run);
    return matches;
}

bool rb_checksum_matches(const struct rb_checksum *checksum, const void *data, size_t size)
{
    struct rb_checksum_run *run = rb_checksum_begin(checksum);
    rb_checksum_update(run, data, size);
    return rb_checksum_end(run);
}
