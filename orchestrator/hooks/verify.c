/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who sent it. Signatures are compared in constant time, over the bytes of the body as they came.
 * The key of a request is what its proof covers: the signature itself where only the body is
 * signed, since the id beside it could be any; the id where that is signed too.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "provider.h"
#include "rebake/base/digest.h"
#include "rebake/base/memory.h"
#include "rebake/base/secret.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"

enum {
    MAC_SIZE = 32,
    MAC_HEX = 64,
    MAC_BASE64 = 44,
    DECODED_MAXIMUM = 4096,
    ID_MAXIMUM = 256,
    TIME_MAXIMUM = 20,
    STATIC_MAXIMUM = 8192
};

struct bytes {
    unsigned char data[DECODED_MAXIMUM];
    size_t size;
};

static int digit_of(char letter)
{
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    if (letter >= 'a' && letter <= 'f')
        return letter - 'a' + 10;
    return letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
}

static bool decode_hex(const char *text, unsigned char *mac)
{
    for (size_t i = 0; i < MAC_SIZE; i++) {
        int high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        mac[i] = (unsigned char)(high * 16 + low);
    }
    return true;
}

/* RFC 4648 section 4, with its padding. */
static bool decode_base64(const char *text, size_t size, struct bytes *out)
{
    if (size == 0 || size % 4 != 0 || size / 4 * 3 > sizeof(out->data))
        return false;
    int decoded = EVP_DecodeBlock(out->data, (const unsigned char *)text, (int)size);
    if (decoded < 0)
        return false;
    out->size = (size_t)decoded - (text[size - 1] == '=') - (text[size - 2] == '=');
    return true;
}

/* "sha256=HEX", HEX or base64: what senders write for the 32 bytes of an HMAC-SHA256. */
static bool decode_signature(const char *text, unsigned char *mac)
{
    struct bytes decoded;
    if (rb_text_starts_with(text, "sha256="))
        text += strlen("sha256=");
    size_t size = strlen(text);
    if (size == MAC_HEX)
        return decode_hex(text, mac);
    if (size != MAC_BASE64 || !decode_base64(text, size, &decoded) || decoded.size != MAC_SIZE)
        return false;
    memcpy(mac, decoded.data, MAC_SIZE);
    return true;
}

static void make_mac(const void *key, size_t key_size, const void *data, size_t size,
                     unsigned char *mac)
{
    unsigned length = 0;
    RB_ASSERT(HMAC(EVP_sha256(), key, (int)key_size, data, size, mac, &length) != NULL &&
              length == MAC_SIZE);
}

static void key_from(const char *prefix, const void *data, size_t size, char *key)
{
    RB_CLEANUP(rb_sha256_cleanup) struct rb_sha256 *hash = rb_sha256_new();
    rb_sha256_update(hash, prefix, strlen(prefix));
    rb_sha256_update(hash, data, size);
    (void)rb_sha256_hex(hash, key);
}

/* What one secret says of a request. */
typedef enum rb_hook_outcome verifier(const struct hook_provider *provider,
                                      const struct rb_hook_settings *hook,
                                      const struct rb_hook_request *request,
                                      const struct rb_secret *secret, char *key);

static enum rb_hook_outcome verify_hmac(const struct hook_provider *provider,
                                        const struct rb_hook_settings *hook,
                                        const struct rb_hook_request *request,
                                        const struct rb_secret *secret, char *key)
{
    unsigned char sent[MAC_SIZE], made[MAC_SIZE];
    const char *signature = NULL;
    for (size_t i = 0; signature == NULL && provider->signatures[i] != NULL; i++)
        signature = request->header(request, provider->signatures[i]);
    if (provider->signatures[0] == NULL)
        signature = request->header(request, hook->header);
    if (signature == NULL || !decode_signature(signature, sent))
        return RB_HOOK_UNSIGNED;
    make_mac(secret->bytes, secret->size, request->body, request->body_size, made);
    if (CRYPTO_memcmp(sent, made, MAC_SIZE) != 0)
        return RB_HOOK_FORGED;
    key_from("mac:", made, MAC_SIZE, key);
    return RB_HOOK_ACCEPTED;
}

/* The key of a Standard Webhooks secret: base64 behind "whsec_", or the text itself. */
static void standard_key(const struct rb_secret *secret, struct bytes *ret_key)
{
    static const char prefix[] = "whsec_";
    size_t skip = strlen(prefix);
    if (rb_text_starts_with(secret->bytes, prefix) &&
        decode_base64(secret->bytes + skip, secret->size - skip, ret_key))
        return;
    ret_key->size = secret->size < sizeof(ret_key->data) ? secret->size : sizeof(ret_key->data);
    memcpy(ret_key->data, secret->bytes, ret_key->size);
}

static void standard_mac(const struct rb_hook_request *request, const struct rb_secret *secret,
                         const char *id, const char *time, unsigned char *mac)
{
    struct bytes key;
    RB_CLEANUP(rb_strbuf_deinit)
    struct rb_strbuf text = RB_STRBUF_INIT(RB_HOOK_BODY_MAXIMUM + 2 * ID_MAXIMUM);
    standard_key(secret, &key);
    rb_strbuf_printf(&text, "%s.%s.", id, time);
    rb_strbuf_append(&text, request->body, request->body_size);
    RB_ASSERT(!text.overflowed);
    make_mac(key.data, key.size, text.data, text.size, mac);
    OPENSSL_cleanse(&key, sizeof(key));
}

/* One of the signatures in "v1,BASE64 v1,BASE64 v1a,…". ret_any: one had the form. */
static bool holds(const char *signatures, const unsigned char *mac, bool *ret_any)
{
    bool good = false;
    for (const char *at = signatures; *at != '\0'; at += strspn(at, " ")) {
        size_t size = strcspn(at, " ");
        struct bytes sent;
        if (size == 3 + MAC_BASE64 && strncmp(at, "v1,", 3) == 0 &&
            decode_base64(at + 3, MAC_BASE64, &sent) && sent.size == MAC_SIZE) {
            *ret_any = true;
            good = CRYPTO_memcmp(sent.data, mac, MAC_SIZE) == 0 || good;
        }
        at += size;
    }
    return good;
}

/* standard-webhooks.md of the standard-webhooks repository, "Signature scheme". */
static enum rb_hook_outcome verify_standard(const struct hook_provider *provider,
                                            const struct rb_hook_settings *hook,
                                            const struct rb_hook_request *request,
                                            const struct rb_secret *secret, char *key)
{
    const char *id = request->header(request, "webhook-id");
    const char *time = request->header(request, "webhook-timestamp");
    const char *signatures = request->header(request, "webhook-signature");
    unsigned char mac[MAC_SIZE];
    uint64_t seconds;
    bool any = false;
    (void)provider;
    (void)hook;
    if (rb_text_is_empty(id) || strlen(id) > ID_MAXIMUM || time == NULL ||
        strlen(time) > TIME_MAXIMUM || !rb_text_to_u64(time, &seconds) ||
        seconds > INT64_MAX / 1000 || signatures == NULL)
        return RB_HOOK_UNSIGNED;
    standard_mac(request, secret, id, time, mac);
    if (!holds(signatures, mac, &any))
        return any ? RB_HOOK_FORGED : RB_HOOK_UNSIGNED;
    int64_t age_ms = request->now_at - (int64_t)seconds * 1000;
    if (age_ms > RB_HOOK_TOLERANCE_MS || age_ms < -RB_HOOK_TOLERANCE_MS)
        return RB_HOOK_STALE;
    key_from("id:", id, strlen(id), key);
    return RB_HOOK_ACCEPTED;
}

/* Only the length of the secret may show in the time that this takes. */
static bool is_secret(const char *text, size_t size, const struct rb_secret *secret)
{
    return size == secret->size && CRYPTO_memcmp(text, secret->bytes, size) == 0;
}

static enum rb_hook_outcome verify_gitlab(const struct hook_provider *provider,
                                          const struct rb_hook_settings *hook,
                                          const struct rb_hook_request *request,
                                          const struct rb_secret *secret, char *key)
{
    if (request->header(request, "webhook-signature") != NULL)
        return verify_standard(provider, hook, request, secret, key);
    const char *token = request->header(request, "X-Gitlab-Token");
    if (rb_text_is_empty(token))
        return RB_HOOK_UNSIGNED;
    return is_secret(token, strlen(token), secret) ? RB_HOOK_ACCEPTED : RB_HOOK_FORGED;
}

/* The password of "Basic BASE64(user:password)" (RFC 7617). */
static bool is_basic(const char *text, const struct rb_secret *secret)
{
    struct bytes pair;
    if (strlen(text) > STATIC_MAXIMUM || !decode_base64(text, strlen(text), &pair))
        return false;
    const char *colon = memchr(pair.data, ':', pair.size);
    if (colon == NULL)
        return false;
    size_t skip = (size_t)(colon + 1 - (const char *)pair.data);
    bool good = is_secret(colon + 1, pair.size - skip, secret);
    OPENSSL_cleanse(&pair, sizeof(pair));
    return good;
}

static bool is_authorization(const char *text, const struct rb_secret *secret)
{
    static const char bearer[] = "Bearer ", basic[] = "Basic ";
    if (is_secret(text, strlen(text), secret))
        return true;
    if (strncasecmp(text, bearer, strlen(bearer)) == 0)
        return is_secret(text + strlen(bearer), strlen(text + strlen(bearer)), secret);
    return strncasecmp(text, basic, strlen(basic)) == 0 && is_basic(text + strlen(basic), secret);
}

/* Senders that sign nothing: the secret stands in a header that they are told to send, or in the
   URL; "access_token" is that of CloudEvents' HTTP 1.1 Web Hooks, section 3.2. */
static enum rb_hook_outcome verify_static(const struct hook_provider *provider,
                                          const struct rb_hook_settings *hook,
                                          const struct rb_hook_request *request,
                                          const struct rb_secret *secret, char *key)
{
    static const char *const parameters[] = {"token", "access_token"};
    const char *authorization = request->header(request, "Authorization");
    bool any = !rb_text_is_empty(authorization);
    (void)provider;
    (void)hook;
    (void)key;
    if (any && is_authorization(authorization, secret))
        return RB_HOOK_ACCEPTED;
    for (size_t i = 0; i < RB_COUNT_OF(parameters); i++) {
        const char *token = request->parameter(request, parameters[i]);
        if (rb_text_is_empty(token))
            continue;
        any = true;
        if (is_secret(token, strlen(token), secret))
            return RB_HOOK_ACCEPTED;
    }
    return any ? RB_HOOK_FORGED : RB_HOOK_UNSIGNED;
}

static verifier *const VERIFIERS[] = {[HOOK_HMAC] = verify_hmac,
                                      [HOOK_STANDARD] = verify_standard,
                                      [HOOK_GITLAB] = verify_gitlab,
                                      [HOOK_STATIC] = verify_static};

static enum rb_hook_outcome verify_by(const char *name, const struct rb_hook_settings *hook,
                                      const struct rb_hook_request *request, char *key,
                                      struct rb_err *err)
{
    RB_CLEANUP(rb_secret_deinit) struct rb_secret secret = {0};
    const struct hook_provider *provider = hook_provider_of(hook->provider);
    if (rb_secret_read(name, &secret, err) != 0)
        return RB_HOOK_NO_SECRET;
    return VERIFIERS[provider->scheme](provider, hook, request, &secret, key);
}

enum rb_hook_outcome rb_hook_verify(const struct rb_hook_settings *hook,
                                    const struct rb_hook_request *request, char *key,
                                    struct rb_err *err)
{
    *key = '\0';
    enum rb_hook_outcome outcome = verify_by(hook->secret, hook, request, key, err);
    if (hook->previous_secret == NULL ||
        (outcome != RB_HOOK_FORGED && outcome != RB_HOOK_NO_SECRET))
        return outcome;
    enum rb_hook_outcome other = verify_by(hook->previous_secret, hook, request, key, err);
    return other == RB_HOOK_NO_SECRET ? outcome : other;
}
