/* SPDX-License-Identifier: Apache-2.0 */
#include "cosign.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { KEYS_MAXIMUM = 16, RSA_LEAST_BITS = 2048, SIGNATURE_MAXIMUM = 8192 };

struct rb_cosign_keys {
    EVP_PKEY *items[KEYS_MAXIMUM];
    size_t count;
};

static bool is_good_key(const EVP_PKEY *key)
{
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_EC:
    case EVP_PKEY_ED25519:
        return true;
    case EVP_PKEY_RSA:
        return EVP_PKEY_get_bits(key) >= RSA_LEAST_BITS;
    default:
        return false;
    }
}

/* The next PEM block as a key; NULL with *ret_end where there is no block any more. */
static EVP_PKEY *read_key(BIO *input, bool *ret_end)
{
    char *name = NULL, *header = NULL;
    unsigned char *data = NULL;
    long size = 0;
    EVP_PKEY *key = NULL;
    bool found = PEM_read_bio(input, &name, &header, &data, &size) == 1;
    *ret_end = !found && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (found && strcmp(name, "PUBLIC KEY") == 0) {
        const unsigned char *at = data;
        key = d2i_PUBKEY(NULL, &at, size);
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    ERR_clear_error();
    return key;
}

static int read_keys(BIO *input, const char *what, struct rb_cosign_keys *keys, struct rb_err *err)
{
    bool at_end = false;
    EVP_PKEY *key;
    while ((key = read_key(input, &at_end)) != NULL && keys->count < KEYS_MAXIMUM) {
        keys->items[keys->count++] = key;
        if (!is_good_key(key))
            return rb_err_set(err, RB_EINVALID,
                              "%s holds a key that is neither ECDSA, Ed25519 nor RSA of 2048 bits",
                              what);
    }
    EVP_PKEY_free(key);
    if (key != NULL)
        return rb_err_set(err, RB_EINVALID, "%s holds more than %d keys", what, KEYS_MAXIMUM);
    if (keys->count == 0 || !at_end)
        return rb_err_set(err, RB_EINVALID, "%s holds no public key in PEM that can be read", what);
    return 0;
}

int rb_cosign_keys_parse(const char *pem, size_t size, const char *what,
                         struct rb_cosign_keys **ret_keys, struct rb_err *err)
{
    BIO *input = BIO_new_mem_buf(pem, (int)size);
    RB_ASSERT(input != NULL);
    struct rb_cosign_keys *keys = rb_zalloc(sizeof(*keys));
    int status = read_keys(input, what, keys, err);
    BIO_free(input);
    if (status != 0)
        rb_cosign_keys_free(keys);
    else
        *ret_keys = keys;
    return status;
}

void rb_cosign_keys_free(struct rb_cosign_keys *keys)
{
    if (keys == NULL)
        return;
    for (size_t i = 0; i < keys->count; i++)
        EVP_PKEY_free(keys->items[i]);
    rb_free(keys);
}

int rb_cosign_signatures(const json_t *manifest, const char *what,
                         struct rb_cosign_signature *ret_signatures, size_t *ret_count,
                         struct rb_err *err)
{
    static const char type[] = "application/vnd.dev.cosign.simplesigning.v1+json";
    const json_t *layer;
    size_t i;
    *ret_count = 0;
    json_array_foreach(json_object_get(manifest, "layers"), i, layer)
    {
        struct rb_cosign_signature *next = &ret_signatures[*ret_count];
        if (!rb_text_equal(rb_json_get_string(layer, "mediaType", NULL), type))
            continue;
        if (*ret_count == RB_COSIGN_SIGNATURES_MAXIMUM)
            return rb_err_set(err, RB_ELIMIT, "%s holds more than %d signatures", what,
                              RB_COSIGN_SIGNATURES_MAXIMUM);
        int status = rb_descriptor_read(layer, what, &next->payload, err);
        if (status == 0)
            status =
                rb_json_want_string(json_object_get(layer, "annotations"), what,
                                    "dev.cosignproject.cosign/signature", &next->signature, err);
        if (status != 0)
            return status;
        ++*ret_count;
    }
    return 0;
}

/* Decodes base64; 0 for what is none, or is too long. */
static size_t decode(const char *text, unsigned char out[SIGNATURE_MAXIMUM])
{
    size_t size = strlen(text), padding = 0;
    if (size == 0 || size % 4 != 0 || size / 4 * 3 > SIGNATURE_MAXIMUM)
        return 0;
    while (padding < 2 && text[size - 1 - padding] == '=')
        padding++;
    int decoded = EVP_DecodeBlock(out, (const unsigned char *)text, (int)size);
    return decoded < (int)padding ? 0 : (size_t)decoded - padding;
}

/* ECDSA and RSA (PKCS #1 v1.5) over SHA-256 of the bytes, Ed25519 over themselves. */
static bool holds(EVP_PKEY *key, const char *data, size_t size, const unsigned char *signature,
                  size_t signature_size)
{
    const EVP_MD *hash = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    RB_ASSERT(context != NULL);
    bool good = EVP_DigestVerifyInit(context, NULL, hash, NULL, key) == 1 &&
                EVP_DigestVerify(context, signature, signature_size, (const unsigned char *)data,
                                 size) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}

/* {"critical":{"identity":{…},"image":{"docker-manifest-digest":DIGEST},"type":TYPE},…} */
static int check_payload(const char *payload, size_t size, const char *digest, struct rb_err *err)
{
    static const char type[] = "cosign container image signature";
    RB_CLEANUP_JSON json_t *json = NULL;
    int status = rb_json_parse(payload, size, "what was signed", &json, err);
    if (status != 0)
        return status;
    const json_t *critical = json_object_get(json, "critical");
    const json_t *image = json_object_get(critical, "image");
    const char *named = rb_json_get_string(image, "docker-manifest-digest", "");
    char shown[100];
    if (!rb_text_equal(rb_json_get_string(critical, "type", NULL), type))
        return rb_err_set(err, RB_EVERIFY, "what was signed is no image");
    if (strcmp(named, digest) != 0)
        return rb_err_set(err, RB_EVERIFY, "what was signed is another image, %s",
                          rb_text_printable(named, shown, sizeof(shown)));
    return 0;
}

int rb_cosign_verify(const struct rb_cosign_keys *keys, const char *payload, size_t size,
                     const char *signature, const char *digest, struct rb_err *err)
{
    unsigned char bytes[SIGNATURE_MAXIMUM];
    size_t signature_size = decode(signature, bytes);
    if (signature_size == 0)
        return rb_err_set(err, RB_EVERIFY, "a signature is no base64");
    for (size_t i = 0; i < keys->count; i++) {
        if (holds(keys->items[i], payload, size, bytes, signature_size))
            return check_payload(payload, size, digest, err);
    }
    return rb_err_set(err, RB_EVERIFY, "a signature is by none of the keys that it must be by");
}
