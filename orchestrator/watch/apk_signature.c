/* SPDX-License-Identifier: Apache-2.0 */
#define ZLIB_CONST

#include "apk_signature.h"

#include <archive.h>
#include <archive_entry.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { MEMBER_MAXIMUM = 256 << 10, KEY_FILE_MAXIMUM = 64 << 10 };

static const char PREFIX[] = ".SIGN.";

/* Apk calls RSA with SHA-1 plain "RSA", and Alpine signs its indexes so. */
static const struct {
    const char *prefix;
    const char *digest;
} kinds[] = {{"RSA512.", "sha512"}, {"RSA256.", "sha256"}, {"RSA.", "sha1"}};

/* Unpacks the gzip member at the front. Its packed size, or 0 where there is none, or one too large
   to be a signature's. */
static size_t unpack_member(const void *data, size_t size, char *out, size_t *ret_out_size)
{
    z_stream stream = {.next_in = data,
                       .avail_in = (uInt)(size < MEMBER_MAXIMUM ? size : MEMBER_MAXIMUM),
                       .next_out = (Bytef *)out,
                       .avail_out = MEMBER_MAXIMUM};
    RB_ASSERT(inflateInit2(&stream, MAX_WBITS + 16) == Z_OK);
    int result = inflate(&stream, Z_FINISH);
    *ret_out_size = stream.total_out;
    size_t packed_size = stream.total_in;
    (void)inflateEnd(&stream);
    return result == Z_STREAM_END ? packed_size : 0;
}

/* Others than RSA (DSA) are passed over. */
static void take_signature(struct archive *archive, const char *name, struct rb_apk_signed *parts)
{
    if (parts->count == RB_APK_SIGNATURES)
        return;
    struct rb_apk_signature *signature = &parts->signatures[parts->count];
    name += strlen(PREFIX);
    for (size_t i = 0; i < RB_COUNT_OF(kinds); i++) {
        if (!rb_text_starts_with(name, kinds[i].prefix))
            continue;
        const char *key = name + strlen(kinds[i].prefix);
        la_ssize_t size = archive_read_data(archive, signature->bytes, sizeof(signature->bytes));
        if (size <= 0 || size == sizeof(signature->bytes) || *key == '\0' || *key == '.' ||
            strchr(key, '/') != NULL || strlen(key) >= sizeof(signature->key))
            return;
        (void)snprintf(signature->key, sizeof(signature->key), "%s", key);
        signature->digest = kinds[i].digest;
        signature->size = (size_t)size;
        parts->count++;
        return;
    }
}

/* False when the member does not begin with a signature: it is of the content. */
static bool take_member(const char *tar, size_t size, struct rb_apk_signed *parts)
{
    struct archive *archive = archive_read_new();
    struct archive_entry *entry;
    bool is_signature = false;
    RB_ASSERT(archive != NULL && archive_read_support_format_tar(archive) == ARCHIVE_OK);
    if (archive_read_open_memory(archive, tar, size) == ARCHIVE_OK) {
        while (archive_read_next_header(archive, &entry) == ARCHIVE_OK) {
            const char *name = archive_entry_pathname(entry);
            if (name == NULL || !rb_text_starts_with(name, PREFIX))
                break;
            is_signature = true;
            take_signature(archive, name, parts);
        }
    }
    (void)archive_read_free(archive);
    return is_signature;
}

int rb_apk_signed_split(const void *data, size_t size, const char *what,
                        struct rb_apk_signed *ret_signed, struct rb_err *err)
{
    RB_CLEANUP_FREE char *tar = rb_alloc(MEMBER_MAXIMUM);
    const unsigned char *at = data;
    size_t left = size, tar_size = 0;
    *ret_signed = (struct rb_apk_signed){0};
    if (size < 2 || at[0] != 0x1f || at[1] != 0x8b)
        return rb_err_set(err, RB_EINVALID, "%s is no gzip file", what);
    for (;;) {
        size_t member_size = unpack_member(at, left, tar, &tar_size);
        if (member_size == 0 || !take_member(tar, tar_size, ret_signed))
            break;
        at += member_size;
        left -= member_size;
    }
    ret_signed->content = at;
    ret_signed->content_size = left;
    if (ret_signed->count == 0)
        return rb_err_set(err, RB_EVERIFY, "%s is not signed", what);
    if (left == 0)
        return rb_err_set(err, RB_EINVALID, "%s is nothing but a signature", what);
    return 0;
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* The path of a key among the operator's; NULL if it is not there. */
static char *find_key(const char *const *keys, const char *name)
{
    for (; *keys != NULL; keys++) {
        const char *slash = strrchr(*keys, '/');
        RB_CLEANUP_FREE char *path = is_folder(*keys) ? rb_asprintf("%s/%s", *keys, name)
                                     : rb_text_equal(slash + 1, name) ? rb_strdup(*keys)
                                                                      : NULL;
        if (path != NULL && rb_file_exists(path))
            return rb_steal(&path);
    }
    return NULL;
}

static int read_key(const char *path, EVP_PKEY **ret_key, struct rb_err *err)
{
    RB_CLEANUP_FREE char *pem = NULL;
    size_t size = 0;
    int status = rb_file_read(path, KEY_FILE_MAXIMUM, &pem, &size, err);
    if (status != 0)
        return status;
    BIO *bio = BIO_new_mem_buf(pem, (int)size);
    RB_ASSERT(bio != NULL);
    EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);
    ERR_clear_error();
    if (key != NULL && EVP_PKEY_is_a(key, "RSA")) {
        *ret_key = key;
        return 0;
    }
    EVP_PKEY_free(key);
    return rb_err_set(err, RB_EINVALID, "%s is no public RSA key in PEM", path);
}

static bool holds(const struct rb_apk_signature *signature, EVP_PKEY *key,
                  const struct rb_apk_signed *parts)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    RB_ASSERT(context != NULL);
    bool good =
        EVP_DigestVerifyInit_ex(context, NULL, signature->digest, NULL, NULL, key, NULL) == 1 &&
        EVP_DigestVerify(context, signature->bytes, signature->size, parts->content,
                         parts->content_size) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}

static int look_for_paths(const char *const *keys, enum rb_trouble *ret_trouble, struct rb_err *err)
{
    for (; *keys != NULL; keys++) {
        if (rb_file_exists(*keys) || is_folder(*keys))
            continue;
        *ret_trouble = RB_TROUBLE_OURS;
        return rb_err_set(err, RB_ENOTFOUND, "there is no key at %s", *keys);
    }
    return 0;
}

int rb_apk_signed_verify(const struct rb_apk_signed *parts, const char *const *keys,
                         const char *what, enum rb_trouble *ret_trouble, struct rb_err *err)
{
    bool has_key = false;
    int status = look_for_paths(keys, ret_trouble, err);
    if (status != 0)
        return status;
    for (size_t i = 0; i < parts->count; i++) {
        EVP_PKEY *key = NULL;
        RB_CLEANUP_FREE char *path = find_key(keys, parts->signatures[i].key);
        if (path == NULL)
            continue;
        has_key = true;
        status = read_key(path, &key, err);
        if (status != 0) {
            *ret_trouble = RB_TROUBLE_OURS;
            return status;
        }
        bool good = holds(&parts->signatures[i], key, parts);
        EVP_PKEY_free(key);
        if (good)
            return 0;
    }
    *ret_trouble = has_key ? RB_TROUBLE_UNTRUSTED : RB_TROUBLE_KEY_CHANGED;
    if (has_key)
        return rb_err_set(err, RB_EVERIFY,
                          "%s: bad signature: the file or the signature was changed on its way",
                          what);
    return rb_err_set(err, RB_EVERIFY, "%s is signed by key %s, which is not among \"keys\"", what,
                      parts->signatures[0].key);
}
