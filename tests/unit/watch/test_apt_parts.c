/* SPDX-License-Identifier: Apache-2.0 */
/* What a look at a repository is made of, each by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "apt_archive.h"
#include "rebake/base/clock.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/watch/keyring.h"
#include "watch/apt_choice.h"
#include "watch/apt_trust.h"
#include "watch/clearsign.h"
#include "watch/gpgv.h"

#define HEAD   "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
#define TAIL   "-----BEGIN PGP SIGNATURE-----\n\niHUE\n=1EYe\n-----END PGP SIGNATURE-----\n"
#define KEY_A  "4606D8378E7C2D97B915CC595B5ADB34E8300784"
#define KEY_B  "C00A44B125EE739B75B955E7964982BCDA904AB2"
#define STATUS "[GNUPG:] "

static void clearsigned_text_comes_out_as_it_was_signed(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        const char *content;
    } CASES[] = {
        {HEAD "Suite: a\n" TAIL, "Suite: a\n"},
        {HEAD "Suite: a \t\n\n- - x\n- From\n" TAIL, "Suite: a\n\n- x\nFrom\n"},
        {"-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nSuite: a\r\n" TAIL "\n \n", "Suite: a\n"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP(rb_clearsigned_deinit) struct rb_clearsigned parts = {0};
        assert_int_equal(
            rb_clearsigned_split(CASES[i].file, strlen(CASES[i].file), "f", &parts, NULL), 0);
        assert_int_equal(parts.content_size, strlen(CASES[i].content));
        assert_memory_equal(parts.content, CASES[i].content, parts.content_size);
        assert_string_equal(parts.signature, TAIL);
    }
}

static void text_beside_the_signed_is_refused(void **state)
{
    (void)state;
    static const char *const CASES[] = {
        (""),
        ("Suite: a\n"),
        ("Suite: a\n" HEAD "Suite: b\n" TAIL),
        (HEAD "Suite: b\n" TAIL "Suite: a\n"),
        (HEAD "Suite: b\n" TAIL HEAD "Suite: a\n" TAIL),
        (HEAD "Suite: b\n" HEAD "Suite: a\n" TAIL),
        (HEAD "Suite: a\n-x\n" TAIL),
        (HEAD TAIL),
        (HEAD "Suite: a\n"),
        (HEAD "Suite: a\n-----BEGIN PGP SIGNATURE-----\n\niHUE\n"),
        (HEAD "Suite: a\n-----BEGIN PGP SIGNATURE-----\n\niHUE\n" TAIL),
        ("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\nSuite: a\n\nSuite: b\n" TAIL),
        ("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n"),
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct rb_clearsigned parts = {0};
        assert_int_equal(rb_clearsigned_split(CASES[i], strlen(CASES[i]), "f", &parts, NULL),
                         RB_EVERIFY);
        assert_null(parts.content);
    }
    struct rb_clearsigned parts = {0};
    assert_int_equal(
        rb_clearsigned_split(HEAD "a\0b\n" TAIL, sizeof(HEAD "a\0b\n" TAIL) - 1, "f", &parts, NULL),
        RB_EVERIFY);
}

/* gpg says itself what the armour holds. */
static void armour_is_taken_off_as_gpg_does(void **state)
{
    (void)state;
    struct test_keys keys;
    test_keys_init(&keys);
    test_shell(keys.folder,
               "gpg --dearmor < good.asc > expected; gpg --dearmor < good.asc > joined;"
               "cat expected >> joined; cat good.asc good.asc > twice;"
               "{ echo 'a comment'; sed 's/$/\\r/' good.asc; } > crlf");
    static const struct {
        const char *keyring;
        const char *binary;
    } CASES[] = {
        {"good.asc", "expected"},
        {"twice", "joined"},
        {"crlf", "expected"},
        {"good.gpg", "good.gpg"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP_FREE char *keyring = rb_asprintf("%s/%s", keys.folder, CASES[i].keyring);
        RB_CLEANUP_FREE char *expected = rb_asprintf("%s/%s", keys.folder, CASES[i].binary);
        RB_CLEANUP_FREE char *data = NULL;
        RB_CLEANUP_FREE char *binary = NULL;
        RB_CLEANUP_FREE char *wanted = NULL;
        size_t size = 0, binary_size = 0, wanted_size = 0;
        assert_int_equal(rb_file_read(keyring, 1 << 20, &data, &size, NULL), 0);
        assert_int_equal(rb_file_read(expected, 1 << 20, &wanted, &wanted_size, NULL), 0);
        assert_int_equal(rb_keyring_to_binary(data, size, "k", &binary, &binary_size, NULL), 0);
        assert_int_equal(binary_size, wanted_size);
        assert_memory_equal(binary, wanted, wanted_size);
    }
    test_keys_deinit(&keys);
}

static void what_is_no_keyring_is_refused(void **state)
{
    (void)state;
    static const char *const CASES[] = {
        (""),
        ("hello\n"),
        ("-----BEGIN PGP PUBLIC KEY BLOCK-----\n"),
        ("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----\n"),
        ("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDME\n"),
        ("-----BEGIN PGP PUBLIC KEY BLOCK-----\nno header\n\nmDME\n"
         "-----END PGP PUBLIC KEY BLOCK-----\n"),
        ("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmD!E\n-----END PGP PUBLIC KEY BLOCK-----\n"),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nmDME\n-----END PGP PRIVATE KEY BLOCK-----\n"),
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        char *binary = NULL;
        size_t size = 0;
        struct rb_err err;
        assert_int_equal(
            rb_keyring_to_binary(CASES[i], strlen(CASES[i]), "k", &binary, &size, &err),
            RB_EINVALID);
        assert_null(binary);
    }
}

#define VALID(key, hash)                                                                           \
    STATUS "VALIDSIG " key " 2026-11-25 1795646641 0 4 0 22 " hash " 01 " key "\n"
#define GOOD STATUS "NEWSIG\n" STATUS "GOODSIG 5B5ADB34E8300784 One\n"

static void the_verdict_lies_in_the_status_lines(void **state)
{
    (void)state;
    static const struct {
        const char *status;
        const char *error; /* NULL: good */
    } CASES[] = {
        {GOOD VALID(KEY_A, "8"), NULL},
        {GOOD VALID(KEY_A, "10"), NULL},
        {GOOD VALID(KEY_A, "2"), "with a hash that is broken"},
        {GOOD VALID(KEY_A, "1"), "with a hash that is broken"},
        {GOOD VALID(KEY_A, "3"), "with a hash that is broken"},
        {STATUS "NEWSIG\n" STATUS "EXPKEYSIG X One\n" VALID(KEY_A, "8"), "which has expired"},
        {STATUS "NEWSIG\n" STATUS "REVKEYSIG X One\n" VALID(KEY_A, "8"), "which is revoked"},
        {STATUS "NEWSIG\n" STATUS "EXPSIG X One\n" VALID(KEY_A, "8"), "has expired"},
        {STATUS "NEWSIG\n" STATUS "BADSIG X One\n", "bad signature"},
        {STATUS "NEWSIG\n" STATUS "ERRSIG X 22 8 00 1795646641 9 -\n" STATUS "NO_PUBKEY X\n",
         "key X, which is not in the keyring"},
        {STATUS "NEWSIG\n" STATUS "ERRSIG X 99 8 00 1795646641 4 -\n", "cannot check"},
        {STATUS "NODATA 4\n", "finds no signature"},
        {"", "finds no signature"},
        /* one of several is enough, */
        {STATUS "NEWSIG\n" STATUS "NO_PUBKEY X\n" GOOD VALID(KEY_A, "8"), NULL},
        {GOOD VALID(KEY_A, "8") STATUS "NEWSIG\n" STATUS "REVKEYSIG X B\n" VALID(KEY_B, "8"), NULL},
        /* but not beside a bad one */
        {GOOD VALID(KEY_A, "8") STATUS "NEWSIG\n" STATUS "BADSIG X B\n", "bad signature"},
        {STATUS "NEWSIG\n" STATUS "BADSIG X B\n" GOOD VALID(KEY_A, "8"), "bad signature"},
        /* a good word for one signature is none for the next */
        {GOOD STATUS "NEWSIG\n" VALID(KEY_A, "8"), "finds no signature"},
        {GOOD VALID(KEY_A, "2") VALID(KEY_A, "8"), "with a hash that is broken"},
        {VALID(KEY_A, "8"), "finds no signature"},
        {GOOD, "finds no signature"},
        {GOOD STATUS "VALIDSIG " KEY_A "\n", "finds no signature"},
        {GOOD STATUS "VALIDSIG XYZ 2026-11-25 1795646641 0 4 0 22 8 01 XYZ\n",
         "finds no signature"},
        /* what gpgv did not write to its status is not heard */
        {"NEWSIG\nGOODSIG X One\n" VALID(KEY_A, "8"), "finds no signature"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct rb_gpgv_verdict verdict = {0};
        struct rb_err err = {0};
        int status =
            rb_gpgv_judge(CASES[i].status, strlen(CASES[i].status), "InRelease", &verdict, &err);
        if (CASES[i].error == NULL) {
            assert_int_equal(status, 0);
            assert_string_equal(verdict.fingerprint, KEY_A);
            assert_int_equal(verdict.trouble, RB_TROUBLE_NONE);
        } else {
            assert_int_equal(status, RB_EVERIFY);
            assert_non_null(strstr(err.text, CASES[i].error));
            assert_string_equal(verdict.fingerprint, "");
            bool other_key = strstr(CASES[i].error, "not in the keyring") != NULL;
            assert_int_equal(verdict.trouble,
                             other_key ? RB_TROUBLE_KEY_CHANGED : RB_TROUBLE_UNTRUSTED);
        }
    }
}

static void a_subkeys_signature_names_the_primary_key(void **state)
{
    (void)state;
    static const char STATUSES[] =
        GOOD STATUS "VALIDSIG " KEY_B " 2026-11-25 1795646641 0 4 0 22 8 01 " KEY_A "\n";
    struct rb_gpgv_verdict verdict = {0};
    assert_int_equal(rb_gpgv_judge(STATUSES, strlen(STATUSES), "f", &verdict, NULL), 0);
    assert_string_equal(verdict.fingerprint, KEY_A);
}

static struct rb_apt_release *parse(const char *text)
{
    struct rb_apt_release *release = NULL;
    assert_int_equal(rb_apt_release_parse(text, strlen(text), "Release", &release, NULL), 0);
    return release;
}

static void suites_are_compared_as_apt_does(void **state)
{
    (void)state;
    static const struct {
        const char *suite;
        const char *release;
        int status;
    } CASES[] = {
        {"bookworm", "Suite: oldstable\nCodename: bookworm\n", 0},
        {"oldstable", "Suite: oldstable\nCodename: bookworm\n", 0},
        {"bookworm/updates", "Suite: stable\nCodename: bookworm\n", 0},
        {"bookworm/updates", "Suite: x\nCodename: bookworm/updates\n", 0},
        {"anything", "Origin: somebody\n", 0},
        {"./", "Suite: whatever\nCodename: it\n", 0}, /* a flat one is no suite */
        {"bookworm", "Suite: bookworm-security\nCodename: bookworm-security\n", RB_EVERIFY},
        {"bookworm-security", "Suite: stable\nCodename: bookworm\n", RB_EVERIFY},
        {"trixie", "Codename: bookworm\n", RB_EVERIFY},
        {"trixie", "Suite: stable\n", RB_EVERIFY},
        {"book", "Codename: bookworm\n", RB_EVERIFY},
        {"bookworm/x", "Codename: book\n", RB_EVERIFY},
    };
    int64_t at = INT64_C(1783814400000);
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP_FREE char *text =
            rb_asprintf("%sDate: Sun, 12 Jul 2026 00:00:00 UTC\n", CASES[i].release);
        struct rb_apt_release *release = parse(text);
        struct rb_apt_request asked = {.suite = CASES[i].suite};
        enum rb_trouble trouble;
        assert_int_equal(rb_apt_release_judge(release, &asked, at, "Release", &trouble, NULL),
                         CASES[i].status);
        assert_int_equal(trouble, CASES[i].status == 0 ? RB_TROUBLE_NONE : RB_TROUBLE_UNTRUSTED);
        rb_apt_release_free(release);
    }
}

static void a_release_without_a_date_is_refused(void **state)
{
    (void)state;
    struct rb_apt_release *release = parse("Suite: a\n");
    struct rb_err err;
    struct rb_apt_request asked = {.suite = "a"};
    enum rb_trouble trouble;
    assert_int_equal(rb_apt_release_judge(release, &asked, 1, "Release", &trouble, &err),
                     RB_EVERIFY);
    assert_string_equal(err.text, "Release has no Date");
    rb_apt_release_free(release);
}

#define LISTED(size, path)                                                                         \
    " aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa " size " " path "\n"

static void indexes_are_chosen(void **state)
{
    (void)state;
    static const char *const MAIN[] = {"main", "contrib", NULL}, *const AMD64[] = {"amd64", NULL};
    static const struct {
        const char *release;
        const char *chosen[4]; /* the best form of each index */
    } CASES[] = {
        {"SHA256:\n" LISTED("50060337", "main/binary-amd64/Packages")
             LISTED("12084798", "main/binary-amd64/Packages.gz")
                 LISTED("8790396", "main/binary-amd64/Packages.xz")
                     LISTED("10", "contrib/binary-amd64/Packages.gz"),
         {"main/binary-amd64/Packages.xz", "contrib/binary-amd64/Packages.gz"}},
        /* a little larger, and unpacked ten times as fast */
        {"SHA256:\n" LISTED("9500000", "main/binary-amd64/Packages.zst")
             LISTED("8790396", "main/binary-amd64/Packages.xz")
                 LISTED("8780000", "main/binary-amd64/Packages.bz2")
                     LISTED("10", "contrib/binary-amd64/Packages.bz2")
                         LISTED("10", "contrib/binary-amd64/Packages"),
         {"main/binary-amd64/Packages.zst", "contrib/binary-amd64/Packages"}},
        {"Architectures: all amd64\nNo-Support-for-Architecture-all: Packages\n"
         "SHA256:\n" LISTED("10", "main/binary-amd64/Packages") LISTED(
             "10", "main/binary-all/Packages") LISTED("10", "contrib/binary-amd64/Packages.zst")
             LISTED("10", "contrib/binary-amd64/Packages.gz"),
         {"main/binary-amd64/Packages", "contrib/binary-amd64/Packages.zst"}},
        {"Architectures: amd64 all\n"
         "SHA256:\n" LISTED("10", "main/binary-amd64/Packages") LISTED(
             "10", "main/binary-all/Packages.gz") LISTED("10", "contrib/binary-amd64/Packages"),
         {"main/binary-amd64/Packages", "main/binary-all/Packages.gz",
          "contrib/binary-amd64/Packages"}},
        /* there is nothing in it to ask for */
        {"SHA256:\n" LISTED("0", "main/binary-amd64/Packages") LISTED(
             "64", "main/binary-amd64/Packages.xz") LISTED("9", "contrib/binary-amd64/Packages.xz"),
         {"contrib/binary-amd64/Packages.xz"}},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct rb_apt_release *release = parse(CASES[i].release);
        RB_CLEANUP_FREE struct rb_apt_index *indexes = NULL;
        size_t count = 0;
        assert_int_equal(rb_apt_choose(release, MAIN, AMD64, "Release", &indexes, &count, NULL), 0);
        for (size_t j = 0; j < count; j++)
            assert_string_equal(indexes[j].forms[0]->path, CASES[i].chosen[j]);
        assert_null(CASES[i].chosen[count]);
        rb_apt_release_free(release);
    }
}

static void a_flat_repository_has_one_index(void **state)
{
    (void)state;
    static const char *const NONE[] = {NULL}, *const AMD64[] = {"amd64", NULL};
    static const struct {
        const char *release;
        const char *address; /* NULL: there is no index */
    } CASES[] = {
        {"SHA256:\n" LISTED("90", "Packages") LISTED("30", "Packages.gz"), "Packages.gz"},
        {"SHA256:\n" LISTED("90", "./Packages") LISTED("30", "./Packages.xz"), "./Packages.xz"},
        {"SHA256:\n" LISTED("30", "main/binary-amd64/Packages"), NULL},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct rb_apt_release *release = parse(CASES[i].release);
        RB_CLEANUP_FREE struct rb_apt_index *indexes = NULL;
        size_t count = 0;
        int status = rb_apt_choose(release, NONE, AMD64, "Release", &indexes, &count, NULL);
        assert_int_equal(status, CASES[i].address == NULL ? RB_ENOTFOUND : 0);
        if (status == 0) {
            RB_CLEANUP_FREE char *address = rb_apt_file_address(indexes[0].forms[0], false);
            assert_int_equal(count, 1);
            assert_string_equal(address, CASES[i].address);
        }
        rb_apt_release_free(release);
    }
}

static void too_large_an_index_is_refused(void **state)
{
    (void)state;
    static const char *const MAIN[] = {"main", NULL}, *const AMD64[] = {"amd64", NULL};
    struct rb_apt_release *release = parse(
        "SHA256:\n aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 268435457 "
        "main/binary-amd64/Packages.xz\n");
    struct rb_apt_index *indexes = NULL;
    size_t count = 0;
    assert_int_equal(rb_apt_choose(release, MAIN, AMD64, "Release", &indexes, &count, NULL),
                     RB_ELIMIT);
    assert_null(indexes);
    rb_apt_release_free(release);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clearsigned_text_comes_out_as_it_was_signed),
        cmocka_unit_test(text_beside_the_signed_is_refused),
        cmocka_unit_test(armour_is_taken_off_as_gpg_does),
        cmocka_unit_test(what_is_no_keyring_is_refused),
        cmocka_unit_test(the_verdict_lies_in_the_status_lines),
        cmocka_unit_test(a_subkeys_signature_names_the_primary_key),
        cmocka_unit_test(suites_are_compared_as_apt_does),
        cmocka_unit_test(a_release_without_a_date_is_refused),
        cmocka_unit_test(indexes_are_chosen),
        cmocka_unit_test(a_flat_repository_has_one_index),
        cmocka_unit_test(too_large_an_index_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
