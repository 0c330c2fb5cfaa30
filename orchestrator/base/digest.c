/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

struct rb_sha256 {
    EVP_MD_CTX *context;
};

struct rb_sha256 *rb_sha256_new(void)
{
    struct rb_sha256 *hash = rb_zalloc(sizeof(*hash));
    hash->context = EVP_MD_CTX_new();
    RB_ASSERT(hash->context != NULL);
    RB_ASSERT(EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) == 1);
    return hash;
}

void rb_sha256_free(struct rb_sha256 *hash)
{
    if (hash == NULL)
        return;
    EVP_MD_CTX_free(hash->context);
    rb_free(hash);
}

void rb_sha256_cleanup(struct rb_sha256 **hash)
{
    rb_sha256_free(*hash);
}

void rb_sha256_update(struct rb_sha256 *hash, const void *data, size_t size)
{
    RB_ASSERT(EVP_DigestUpdate(hash->context, data, size) == 1);
}

char *rb_sha256_hex(struct rb_sha256 *hash, char *hex)
{
    static const char DIGITS[] = "0123456789abcdef";
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    RB_ASSERT(EVP_DigestFinal_ex(hash->context, bytes, &size) == 1 && size == 32);
    for (unsigned int i = 0; i < size; i++) {
        hex[2 * i] = DIGITS[bytes[i] >> 4];
        hex[2 * i + 1] = DIGITS[bytes[i] & 15];
    }
    hex[64] = '\0';
    return hex;
}

void rb_sha256_restart(struct rb_sha256 *hash)
{
    RB_ASSERT(EVP_DigestInit_ex(hash->context, NULL, NULL) == 1); /* the same as before */
}

char *rb_sha256_of(const void *data, size_t size, char *hex)
{
    RB_CLEANUP(rb_sha256_cleanup) struct rb_sha256 *hash = rb_sha256_new();
    rb_sha256_update(hash, data, size);
    return rb_sha256_hex(hash, hex);
}

int rb_sha256_of_file(const char *path, char *hex, struct rb_err *err)
{
    RB_CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return rb_err_sys(err, errno, "open %s", path);
    RB_CLEANUP(rb_sha256_cleanup) struct rb_sha256 *hash = rb_sha256_new();
    char block[65536];
    for (;;) {
        ssize_t got = read(fd, block, sizeof(block));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return rb_err_sys(err, errno, "read %s", path);
        if (got == 0)
            break;
        rb_sha256_update(hash, block, (size_t)got);
    }
    rb_sha256_hex(hash, hex);
    return 0;
}

bool rb_digest_is_valid(const char *digest)
{
    static const char PREFIX[] = "sha256:";
    if (digest == NULL || !rb_text_starts_with(digest, PREFIX))
        return false;
    const char *hex = digest + sizeof(PREFIX) - 1;
    return strlen(hex) == 64 && strspn(hex, "0123456789abcdef") == 64;
}
