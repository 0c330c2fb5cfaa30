/* SPDX-License-Identifier: Apache-2.0 */
/* Whom and what a look at a repository believes: real keys, real HTTP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "apt_fixture.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "watch/gpgv.h"

static void only_a_key_of_the_keyring_is_believed(void **state)
{
    struct apt_fixture *fixture = *state;
    static const struct {
        const char *sign_with;
        const char *keyring;
        const char *error; /* NULL: good */
    } CASES[] = {
        {"-u good@example.com", "good.gpg", NULL},
        {"-u good@example.com", "good.asc", NULL},
        {"-u good@example.com", "both.asc", NULL},
        {"-u good@example.com", "all.gpg", NULL},
        {"-u other@example.com -u good@example.com", "good.gpg", NULL}, /* gpgv exits with 2 */
        {"-u good@example.com -u other@example.com", "good.gpg", NULL},
        {"-u other@example.com", "good.gpg", "which is not in the keyring"},
        {"-u good@example.com", "other.gpg", "which is not in the keyring"},
        {"--digest-algo SHA1 -u good@example.com", "good.gpg", "with a hash that is broken"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP_FREE char *keyring =
            rb_asprintf("%s/%s", fixture->archive.keys->folder, CASES[i].keyring);
        fixture->request.signed_by = keyring;
        for (int detached = 0; detached < 2; detached++) {
            test_archive_publish(&fixture->archive, &(struct test_state){
                                                        .sign_with = CASES[i].sign_with,
                                                        .detached = detached == 1,
                                                    });
            if (CASES[i].error == NULL)
                fetch_good(fixture);
            else
                fetch_bad(fixture, RB_EVERIFY, CASES[i].error);
        }
    }
}

static void on_verified(void *context, const struct rb_gpgv_verdict *verdict,
                        const struct rb_err *error)
{
    struct apt_fixture *fixture = context;
    fixture->answered = true;
    fixture->err = error != NULL ? *error : (struct rb_err){0};
    assert_true(error != NULL || strlen(verdict->fingerprint) == 40);
}

/* For each of these gpgv exits with 0. */
static void signatures_by_keys_that_are_over_are_refused(void **state)
{
    struct apt_fixture *fixture = *state;
    static const char CONTENT[] = "Suite: stable\n";
    static const struct {
        const char *signature;
        const char *error;
    } CASES[] = {
        {"expired.sig", "Release is signed by key "},
        {"expired.sig", ", which has expired"},
        {"revoked.sig", ", which is revoked"},
        {"sha1.sig", "with a hash that is broken (SHA-1 or older)"},
    };
    const char *folder = fixture->archive.keys->folder;
    RB_CLEANUP_FREE char *keyring = rb_asprintf("%s/all.gpg", folder);
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", folder, CASES[i].signature);
        RB_CLEANUP_FREE char *signature = NULL;
        size_t size = 0;
        assert_int_equal(rb_file_read(path, 1 << 20, &signature, &size, NULL), 0);
        struct rb_gpgv_request request = {.what = "Release",
                                          .keyring = keyring,
                                          .folder = fixture->folder,
                                          .content = CONTENT,
                                          .content_size = strlen(CONTENT),
                                          .signature = signature,
                                          .signature_size = size};
        fixture->answered = false;
        (void)rb_gpgv_start(fixture->loop, &request, on_verified, fixture);
        rb_loop_run(fixture->loop);
        assert_true(fixture->answered);
        assert_int_equal(fixture->err.code, RB_EVERIFY);
        assert_non_null(strstr(fixture->err.text, CASES[i].error));
    }
    assert_only_indexes(fixture, 0);
}

static void a_keyring_that_is_none_is_told(void **state)
{
    struct apt_fixture *fixture = *state;
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    fixture->request.signed_by = "/absent.gpg";
    fetch_bad(fixture, RB_ENOTFOUND, "open /absent.gpg");
    RB_CLEANUP_FREE char *text = rb_asprintf("%s/text", fixture->archive.keys->folder);
    fixture->request.signed_by = text;
    fetch_bad(fixture, RB_EINVALID, "is not a keyring");
    fixture->request.signed_by = NULL;
    fetch_bad(fixture, RB_EINVALID, "no keyring says whose signature is believed");
    assert_int_equal(fixture->requests, 0);
    fixture->request.signed_by = fixture->keyring;
    fixture->request.suite = "stable/";
    fetch_bad(fixture, RB_EINVALID, "a flat repository has no components");
}

static void what_was_changed_on_its_way_is_refused(void **state)
{
    struct apt_fixture *fixture = *state;
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    test_shell(fixture->archive.folder, "sed -i 's/^Origin: Test/Origin: Best/' "
                                        "dists/stable/InRelease");
    fetch_bad(fixture, RB_EVERIFY, "bad signature");
    test_archive_publish(&fixture->archive, &(struct test_state){.detached = true});
    test_shell(fixture->archive.folder, "echo 'Label: x' >> dists/stable/Release");
    fetch_bad(fixture, RB_EVERIFY, "bad signature");
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    test_shell(fixture->archive.folder, "echo 'Label: x' >> dists/stable/InRelease");
    fetch_bad(fixture, RB_EVERIFY, "is not one signed text with one signature behind it");
    test_shell(fixture->archive.folder, "echo '<html>Log in</html>' > dists/stable/InRelease");
    fetch_bad(fixture, RB_EVERIFY, "does the network ask for a login?");
    test_archive_publish(&fixture->archive, &(struct test_state){.unsigned_release = true});
    fetch_bad(fixture, RB_EVERIFY, "there is neither InRelease nor Release.gpg");
    assert_only_indexes(fixture, 0);
}

static void a_trusted_repository_needs_no_signature(void **state)
{
    struct apt_fixture *fixture = *state;
    fixture->request.trusted = true;
    fixture->request.signed_by = NULL;
    test_archive_publish(&fixture->archive, &(struct test_state){.unsigned_release = true});
    fetch_good(fixture);
    assert_offers(fixture, "hello", "2.10-3");
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    fetch_good(fixture);
}

static void time_does_not_run_backwards(void **state)
{
    struct apt_fixture *fixture = *state;
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    fetch_good(fixture);
    remember(fixture);
    test_archive_publish(&fixture->archive,
                         &(struct test_state){.date = "Sat, 11 Jul 2026 09:42:09 UTC"});
    fetch_bad(fixture, RB_EVERIFY,
              "has gone back in time (2026-07-11T09:42:09Z, but 2026-07-11T09:42:10Z was seen)");
    test_archive_publish(&fixture->archive,
                         &(struct test_state){.date = "Sun, 12 Jul 2026 01:00:01 UTC"});
    fetch_bad(fixture, RB_EVERIFY, "is dated in the future (2026-07-12T01:00:01Z)");
    fixture->now += 1000;
    fetch_good(fixture);
}

static void validity_ends_even_when_nothing_changes(void **state)
{
    struct apt_fixture *fixture = *state;
    struct test_state until = {.valid_until = "Sun, 12 Jul 2026 00:00:00 UTC"};
    test_archive_publish(&fixture->archive, &until);
    fetch_good(fixture);
    remember(fixture);
    fetch_good(fixture);
    assert_true(fixture->unchanged);
    fixture->now += 1;
    fetch_bad(fixture, RB_EVERIFY, "has expired (Valid-Until: 2026-07-12T00:00:00Z)");
    assert_string_equal(fixture->archive.requests[0], "/dists/stable/InRelease 304");
    fixture->request.etag = NULL;
    fetch_bad(fixture, RB_EVERIFY, "has expired (Valid-Until: 2026-07-12T00:00:00Z)");
}

static void a_snapshot_may_be_old(void **state)
{
    struct apt_fixture *fixture = *state;
    struct test_state until = {.valid_until = "Sun, 12 Jul 2026 00:00:00 UTC"};
    test_archive_publish(&fixture->archive, &until);
    fixture->request.may_be_old = true;
    fixture->now += INT64_C(400) * 24 * 3600 * 1000;
    fetch_good(fixture);
    remember(fixture);
    fetch_good(fixture);
    assert_true(fixture->unchanged);
}

static void another_suite_is_refused(void **state)
{
    struct apt_fixture *fixture = *state;
    test_archive_publish(&fixture->archive,
                         &(struct test_state){.suite = "testing", .codename = "stable"});
    fetch_good(fixture); /* by its codename */
    test_archive_publish(&fixture->archive,
                         &(struct test_state){.suite = "testing", .codename = "trixie"});
    fetch_bad(fixture, RB_EVERIFY,
              "asked for \"stable\", got Suite \"testing\", Codename \"trixie\"");
}

/* A name like "stable" is given to another release: other packages for each name. */
static void another_release_is_not_followed_unasked(void **state)
{
    struct apt_fixture *fixture = *state;
    struct test_state next = {.codename = "trixie", .date = "Sat, 11 Jul 2026 10:00:00 UTC"};
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    fetch_good(fixture);
    remember(fixture);
    test_archive_publish(&fixture->archive, &next);
    fetch_troubled(
        fixture, RB_TROUBLE_MOVED,
        "stands for another release now: \"trixie\" instead of \"bookworm\"; to follow it, "
        "say so in the source: \"codename: trixie\"");
    fixture->request.codename = "trixie";
    fetch_good(fixture);
    fixture->request.known_hash = NULL;
    fixture->request.codename = "bookworm";
    fetch_troubled(fixture, RB_TROUBLE_MOVED,
                   "stands for \"trixie\", not for the codename "
                   "\"bookworm\"");
    /* its age is worse than its name */
    test_archive_publish(&fixture->archive, &(struct test_state){.codename = "trixie",
                                                                 .date = "Sat, 11 Jul 2026 "
                                                                         "09:00:00 UTC"});
    fetch_troubled(fixture, RB_TROUBLE_BACKWARDS, "has gone back in time");
}

static void each_trouble_is_told_by_its_name(void **state)
{
    struct apt_fixture *fixture = *state;
    struct test_state good = {.valid_until = "Sun, 12 Jul 2026 00:00:00 UTC"};
    RB_CLEANUP_FREE char *other = rb_asprintf("%s/other.gpg", fixture->archive.keys->folder);
    test_archive_publish(&fixture->archive, &good);
    fetch_good(fixture);
    remember(fixture);
    fixture->request.signed_by = other;
    fixture->request.etag = NULL;
    fetch_troubled(fixture, RB_TROUBLE_KEY_CHANGED, "which is not in the keyring");
    fixture->request.signed_by = "/absent.gpg";
    fetch_troubled(fixture, RB_TROUBLE_OURS, "open /absent.gpg");
    fixture->request.signed_by = fixture->keyring;
    fixture->now += 1;
    fetch_troubled(fixture, RB_TROUBLE_EXPIRED, "has expired");
    fixture->now -= 1;
    test_shell(fixture->archive.folder, "sed -i 's/^Origin: Test/Origin: Best/' "
                                        "dists/stable/InRelease");
    fetch_troubled(fixture, RB_TROUBLE_UNTRUSTED, "bad signature");
    test_archive_publish(&fixture->archive,
                         &(struct test_state){.date = "Sat, 11 Jul 2026 09:42:09 UTC"});
    fetch_troubled(fixture, RB_TROUBLE_BACKWARDS, "has gone back in time");
    test_archive_publish(&fixture->archive, &(struct test_state){.suite = "x", .codename = "y"});
    fetch_troubled(fixture, RB_TROUBLE_UNTRUSTED, "is of another suite");
    test_shell(fixture->archive.folder, "rm -r dists/stable");
    fetch_troubled(fixture, RB_TROUBLE_VANISHED, "dists/stable/Release");
}

/* What the Release file lists is signed: a file that is right packed and wrong unpacked was made so
   by the archive itself. */
static void a_wrong_plain_hash_is_refused(void **state)
{
    struct apt_fixture *fixture = *state;
    test_archive_publish(&fixture->archive,
                         &(struct test_state){.detached = true, .unsigned_release = true});
    test_shell(fixture->archive.folder,
               "cd dists/stable; sed -i 's/^ \\(.\\)[0-9a-f]\\{63\\} \\([0-9]* [^ ]*Packages\\)$/ "
               "0000000000000000000000000000000000000000000000000000000000000000 \\2/' Release;"
               "gpg --batch -q -u good@example.com -a --detach-sign -o Release.gpg Release");
    fetch_bad(fixture, RB_EVERIFY, "binary-amd64/Packages is not what the Release file lists");
}

static void a_lying_plain_size_bounds_the_unpacking(void **state)
{
    struct apt_fixture *fixture = *state;
    test_archive_publish(&fixture->archive,
                         &(struct test_state){.detached = true, .unsigned_release = true});
    test_shell(fixture->archive.folder,
               "cd dists/stable; sed -i 's/ [0-9]* \\([^ ]*Packages\\)$/ 10 \\1/' Release;"
               "gpg --batch -q -u good@example.com -a --detach-sign -o Release.gpg Release");
    fetch_bad(fixture, RB_ELIMIT, "Packages.xz");
}

int main(void)
{
#define CHECK(name) cmocka_unit_test_setup_teardown(name, apt_fixture_set_up, apt_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        CHECK(only_a_key_of_the_keyring_is_believed),
        CHECK(signatures_by_keys_that_are_over_are_refused),
        CHECK(a_keyring_that_is_none_is_told),
        CHECK(what_was_changed_on_its_way_is_refused),
        CHECK(a_trusted_repository_needs_no_signature),
        CHECK(time_does_not_run_backwards),
        CHECK(validity_ends_even_when_nothing_changes),
        CHECK(a_snapshot_may_be_old),
        CHECK(another_suite_is_refused),
        CHECK(another_release_is_not_followed_unasked),
        CHECK(each_trouble_is_told_by_its_name),
        CHECK(a_wrong_plain_hash_is_refused),
        CHECK(a_lying_plain_size_bounds_the_unpacking),
    };
    return cmocka_run_group_tests(tests, apt_fixture_make_keys, apt_fixture_remove_keys);
}
