/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of cosign: where they are found, by which keys, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/rsa.h>

#include "image_fixture.h"
#include "rebake/base/memory.h"
#include "watch/cosign.h"

static void follow(struct image_fixture *fixture, EVP_PKEY *key, char digest[RB_DIGEST_SIZE])
{
    RB_CLEANUP_FREE char *pem = image_key_pem(key);
    image_registry_manifest(fixture->registry, "up/app", "1.0.0", "one", digest);
    image_fixture_write_keys(fixture, pem);
    fixture->source.image =
        (struct rb_image_source){.repository = image_fixture_name(fixture, "up/app"),
                                 .tag = "1.0.0",
                                 .signed_by = fixture->key_path};
}

static void each_kind_of_key_and_place_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        enum image_signature_place place;
        bool referrers;
    } cases[] = {
        {"EC", UNDER_TAG, false},      {"RSA", UNDER_TAG, false},     {"ED25519", UNDER_TAG, false},
        {"EC", AMONG_REFERRERS, true}, {"EC", UNDER_FALLBACK, false},
    };
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        void *inner;
        assert_int_equal(image_fixture_set_up(&inner), 0);
        struct image_fixture *own = inner;
        EVP_PKEY *key = image_key_new(cases[i].key);
        char digest[RB_DIGEST_SIZE];
        own->registry->referrers = cases[i].referrers;
        follow(own, key, digest);
        image_fixture_fails(own, RB_EVERIFY, RB_TROUBLE_UNTRUSTED);
        assert_non_null(strstr(own->err.text, "there is none"));
        image_registry_sign(own->registry, "up/app", key, digest, digest, cases[i].place);
        image_fixture_finds(own, digest);
        image_fixture_finds(own, digest); /* what was verified is not asked for again */
        assert_int_equal(own->requests, 1);
        EVP_PKEY_free(key);
        assert_int_equal(image_fixture_tear_down(&inner), 0);
    }
}

static void what_is_signed_otherwise_is_refused(void **state)
{
    struct image_fixture *fixture = *state;
    EVP_PKEY *key = image_key_new("EC"), *other = image_key_new("EC");
    char digest[RB_DIGEST_SIZE], elsewhere[RB_DIGEST_SIZE];
    follow(fixture, key, digest);
    image_registry_manifest(fixture->registry, "up/app", NULL, "two", elsewhere);
    image_registry_sign(fixture->registry, "up/app", other, digest, digest, UNDER_TAG);
    image_fixture_fails(fixture, RB_EVERIFY, RB_TROUBLE_UNTRUSTED);
    assert_non_null(strstr(fixture->err.text, "by none of the keys"));
    image_registry_sign(fixture->registry, "up/app", key, elsewhere, digest, UNDER_TAG);
    image_fixture_fails(fixture, RB_EVERIFY, RB_TROUBLE_UNTRUSTED);
    assert_non_null(strstr(fixture->err.text, "another image"));
    /* a good one beside the bad one does */
    fixture->registry->referrers = true;
    image_registry_sign(fixture->registry, "up/app", key, digest, digest, AMONG_REFERRERS);
    image_fixture_finds(fixture, digest);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
}

static void other_keys_want_it_verified_again(void **state)
{
    struct image_fixture *fixture = *state;
    EVP_PKEY *key = image_key_new("EC"), *other = image_key_new("ED25519");
    RB_CLEANUP_FREE char *first = image_key_pem(key);
    RB_CLEANUP_FREE char *second = image_key_pem(other);
    RB_CLEANUP_FREE char *both = rb_asprintf("# the next one\n%s\n%s", second, first);
    char digest[RB_DIGEST_SIZE];
    follow(fixture, key, digest);
    image_registry_sign(fixture->registry, "up/app", key, digest, digest, UNDER_TAG);
    image_fixture_finds(fixture, digest);
    image_fixture_write_keys(fixture, second);
    image_fixture_fails(fixture, RB_EVERIFY, RB_TROUBLE_UNTRUSTED);
    image_fixture_write_keys(fixture, both);
    image_fixture_finds(fixture, digest);
    assert_true(fixture->requests > 1);
    image_fixture_write_keys(fixture, "no key");
    image_fixture_fails(fixture, RB_EINVALID, RB_TROUBLE_OURS);
    fixture->source.image.signed_by = "/nowhere/cosign.pub";
    image_fixture_fails(fixture, RB_ENOTFOUND, RB_TROUBLE_OURS);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
}

static void a_signed_image_moves_by_a_mirror_alone(void **state)
{
    struct image_fixture *fixture = *state;
    EVP_PKEY *key = image_key_new("EC");
    char digest[RB_DIGEST_SIZE], next[RB_DIGEST_SIZE];
    follow(fixture, key, digest);
    const char *mirrors[] = {image_fixture_name(fixture, "near/app"), NULL};
    fixture->source.image.mirrors = mirrors;
    image_registry_manifest(fixture->registry, "near/app", "1.0.0", "one", digest);
    image_registry_sign(fixture->registry, "near/app", key, digest, digest, UNDER_TAG);
    image_registry_sign(fixture->registry, "up/app", key, digest, digest, UNDER_TAG);
    fixture->registry->broken = "up/app";
    fixture->registry->status = 500;
    image_fixture_finds(fixture, digest);
    image_registry_manifest(fixture->registry, "near/app", "1.0.0", "two", next);
    image_fixture_check(fixture); /* not signed: the image's own registry must say so too */
    assert_int_not_equal(fixture->err.code, RB_OK);
    image_registry_sign(fixture->registry, "near/app", key, next, next, UNDER_TAG);
    image_fixture_finds(fixture, next);
    /* what was signed once, and left behind, does not come back by a mirror */
    image_registry_manifest(fixture->registry, "near/app", "1.0.0", "one", digest);
    image_fixture_check(fixture);
    assert_int_not_equal(fixture->err.code, RB_OK);
    assert_string_equal(fixture->version, next);
    EVP_PKEY_free(key);
}

static void keys_are_read_with_care(void **state)
{
    (void)state;
    EVP_PKEY *small = EVP_RSA_gen(1024), *dsa = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    EVP_PKEY *good = image_key_new("EC");
    RB_CLEANUP_FREE char *small_pem = image_key_pem(small);
    RB_CLEANUP_FREE char *other_pem = image_key_pem(dsa);
    RB_CLEANUP_FREE char *good_pem = image_key_pem(good);
    RB_CLEANUP_FREE char *cut = rb_strndup(good_pem, strlen(good_pem) / 2);
    RB_CLEANUP_FREE char *broken =
        rb_asprintf("%s-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", good_pem);
    const char *const bad[] = {"", small_pem, other_pem, cut, broken};
    struct rb_cosign_keys *keys = NULL;
    struct rb_err err;
    for (size_t i = 0; i < RB_COUNT_OF(bad); i++) {
        if (rb_cosign_keys_parse(bad[i], strlen(bad[i]), "keys", &keys, &err) != RB_EINVALID)
            fail_msg("case %zu was accepted", i);
    }
    assert_int_equal(rb_cosign_keys_parse(good_pem, strlen(good_pem), "keys", &keys, &err), 0);
    static const char *const signatures[] = {"", "=", "====", "no base64", "AAAA", "MAYCAQECAQE="};
    for (size_t i = 0; i < RB_COUNT_OF(signatures); i++)
        assert_int_equal(rb_cosign_verify(keys, "{}", 2, signatures[i], "sha256:0", &err),
                         RB_EVERIFY);
    static const char *const payloads[] = {
        "{}",
        "{\"critical\":{\"type\":\"atomic container signature\"}}",
        "{\"critical\":{\"type\":\"cosign container image signature\",\"image\":{}}}",
        "[",
    };
    for (size_t i = 0; i < RB_COUNT_OF(payloads); i++) {
        RB_CLEANUP_FREE char *signature = image_key_sign(good, payloads[i], strlen(payloads[i]));
        assert_int_not_equal(
            rb_cosign_verify(keys, payloads[i], strlen(payloads[i]), signature, "sha256:0", &err),
            0);
    }
    rb_cosign_keys_free(keys);
    EVP_PKEY_free(small);
    EVP_PKEY_free(dsa);
    EVP_PKEY_free(good);
}

int main(void)
{
#define CHECK(name)                                                                                \
    cmocka_unit_test_setup_teardown(name, image_fixture_set_up, image_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_read_with_care),
        cmocka_unit_test(each_kind_of_key_and_place_is_found),
        CHECK(what_is_signed_otherwise_is_refused),
        CHECK(other_keys_want_it_verified_again),
        CHECK(a_signed_image_moves_by_a_mirror_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
