/* SPDX-License-Identifier: Apache-2.0 */
/* An apk source's check: real RSA keys, real HTTP, indexes as apk index and abuild-sign make them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "source_look.h"

static const char *const X86[] = {"x86_64", NULL}, *const BOTH[] = {"x86_64", "aarch64", NULL};

static const char PACKAGES[] = "C:Q1abc=\nP:openssl\nV:3.3.2-r%s\nA:%s\nS:1\no:openssl-src\nt:1\n\n"
                               "P:musl\nV:1.2.5_git20240101-r0\nA:%s\n\n";

static char *keys_folder;

static int make_keys(void **state)
{
    (void)state;
    assert_int_equal(rb_folder_make_temporary("/tmp/rebake-apk-keys-", &keys_folder, NULL), 0);
    test_shell(keys_folder, "mkdir trusted\n"
                            "for key in good other; do\n"
                            "  openssl genrsa -out $key.rsa 2048 2>/dev/null\n"
                            "  openssl rsa -in $key.rsa -pubout -out $key.rsa.pub 2>/dev/null\n"
                            "done\ncp good.rsa.pub trusted/");
    return 0;
}

static int remove_keys(void **state)
{
    (void)state;
    assert_int_equal(rb_tree_remove(keys_folder, NULL), 0);
    rb_free(rb_steal(&keys_folder));
    return 0;
}

/* How the index of an architecture is published. Zero is: of x86_64, made on 2026-07-11, signed by
   good with SHA-1, as Alpine does. */
struct state {
    const char *architecture;
    const char *revision; /* of openssl */
    const char *made;
    const char *kind; /* "RSA256" with "sha256" */
    const char *digest;
    const char *key;
    const char *named; /* the key's name in the file, where it lies */
    const char *packages;
    bool is_unsigned;
};

static const char *or_else(const char *text, const char *fallback)
{
    return text != NULL ? text : fallback;
}

static void publish(struct source_look *look, const struct state *state)
{
    const char *architecture = or_else(state->architecture, "x86_64");
    const char *key = or_else(state->key, "good");
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/APKINDEX", architecture);
    RB_CLEANUP_FREE char *packages =
        rb_asprintf(PACKAGES, or_else(state->revision, "0"), architecture, architecture);
    look_write(look, path, or_else(state->packages, packages));
    test_shell(look->archive.folder,
               "cd %s; printf v3.20.3-89-gabc >DESCRIPTION; rm -f .SIGN.*\n"
               "tar -cf index.tar --format=ustar --mtime='%s' DESCRIPTION APKINDEX\n"
               "gzip -nc index.tar >index.gz\n"
               "sign=.SIGN.%s.%s.rsa.pub\n"
               "openssl dgst -%s -sign %s/%s.rsa -out $sign index.gz\n"
               "tar -cf sign.tar --format=ustar $sign\n"
               "head -c $((512 + ($(stat -c %%s $sign) + 511) / 512 * 512)) sign.tar >cut.tar\n"
               "gzip -nc cut.tar >sign.gz\n"
               "%s index.gz >APKINDEX.tar.gz",
               architecture, or_else(state->made, "2026-07-11 00:00:00Z"),
               or_else(state->kind, "RSA"), or_else(state->named, key),
               or_else(state->digest, "sha1"), keys_folder, key,
               state->is_unsigned ? "cat" : "cat sign.gz");
}

static char trusted[256];
static const char *keys[] = {trusted, NULL};

static int set_up(void **state)
{
    int status = source_look_set_up(state);
    struct source_look *look = *state;
    (void)snprintf(trusted, sizeof(trusted), "%s/trusted", keys_folder);
    look->source.kind = RB_SOURCE_APK;
    look->source.apk = (struct rb_apk_source){.url = look->url, .architectures = X86, .keys = keys};
    return status;
}

static void a_repository_that_moved_is_followed_and_told(void **state)
{
    struct source_look *look = *state;
    publish(look, &(struct state){0});
    look->source.apk.url = look->old_url;
    look_moves(look);
}

static void a_state_is_told_in_full(void **state)
{
    struct source_look *look = *state;
    publish(look, &(struct state){0});
    look_good(look);
    assert_false(look->unchanged);
    assert_int_equal(look->requests, 1);
    const json_t *index = json_object_get(json_object_get(look->detail, "indexes"), "x86_64");
    assert_string_equal(rb_json_get_string(index, "description", ""), "v3.20.3-89-gabc");
    assert_string_equal(rb_json_get_string(index, "date", ""), "2026-07-11T00:00:00Z");
    assert_int_equal(rb_json_get_integer(look->detail, "offers", 0), 2);
    RB_CLEANUP_FREE char *openssl = look_offers(look, "openssl");
    RB_CLEANUP_FREE char *musl = look_offers(look, "musl");
    assert_string_equal(openssl, "x86_64 3.3.2-r0 openssl-src 3.3.2-r0\n");
    assert_string_equal(musl, "x86_64 1.2.5_git20240101-r0 musl 1.2.5_git20240101-r0\n");
    /* the version can be made by hand */
    test_shell(
        look->archive.folder,
        "test %s = $(echo x86_64 $(sha256sum <x86_64/index.gz | cut -d' ' -f1) | sha256sum | "
        "cut -d' ' -f1)",
        look->version);
    for (int i = 0; i < 2; i++) {
        look_good(look);
        assert_true(look->unchanged);
        assert_string_equal(look->archive.requests[0], "/x86_64/APKINDEX.tar.gz 304");
    }
}

static void each_architecture_has_its_index(void **state)
{
    struct source_look *look = *state;
    look->source.apk.architectures = BOTH;
    publish(look, &(struct state){0});
    publish(look, &(struct state){.architecture = "aarch64"});
    look_good(look);
    assert_int_equal(look->requests, 2);
    look_good(look);
    assert_true(look->unchanged);
    /* where one has changed, the other is read again */
    publish(look, &(struct state){.architecture = "aarch64", .revision = "1"});
    look_good(look);
    assert_false(look->unchanged);
    assert_int_equal(look->requests, 3);
    RB_CLEANUP_FREE char *openssl = look_offers(look, "openssl");
    assert_string_equal(openssl, "aarch64 3.3.2-r1 openssl-src 3.3.2-r1\n"
                                 "x86_64 3.3.2-r0 openssl-src 3.3.2-r0\n");
    RB_CLEANUP_FREE char *kept = look_kept(look, "apk", "*.index");
    RB_CLEANUP_FREE char *expected = rb_asprintf("%s.index ", look->version);
    assert_string_equal(kept, expected);
    test_shell("/", "rm '%s'", rb_json_get_string(look->detail, "index", ""));
    look_good(look);
    assert_true(look->unchanged);
    assert_true(rb_file_exists(rb_json_get_string(look->detail, "index", "")));
    look->archive.fault = (struct test_fault){.suffix = "aarch64/APKINDEX.tar.gz", .status = 404};
    look_bad(look, RB_TROUBLE_VANISHED, "aarch64/APKINDEX.tar.gz");
}

static void only_a_key_of_the_operators_is_believed(void **state)
{
    static const struct {
        struct state state;
        enum rb_trouble trouble;
        const char *text; /* NULL: good */
    } CASES[] = {
        {{.kind = "RSA256", .digest = "sha256"}, RB_TROUBLE_NONE, NULL},
        {{.kind = "RSA512", .digest = "sha512"}, RB_TROUBLE_NONE, NULL},
        {{.kind = "RSA256"}, RB_TROUBLE_UNTRUSTED, "bad signature"},
        {{.key = "other"}, RB_TROUBLE_KEY_CHANGED, "signed by key other.rsa.pub, which is not"},
        {{.key = "other", .named = "good"}, RB_TROUBLE_UNTRUSTED, "bad signature"},
        {{.named = ".."}, RB_TROUBLE_UNTRUSTED, "is not signed"},
        {{.is_unsigned = true}, RB_TROUBLE_UNTRUSTED, "is not signed"},
        {{.packages = "P:x\nV:1_foo\n\n"}, RB_TROUBLE_MALFORMED, "is not a version"},
        {{.packages = "P:x\n\n"}, RB_TROUBLE_MALFORMED, "without name or version"},
        {{.packages = "<html>"}, RB_TROUBLE_MALFORMED, "not a line"},
        {{.made = "2026-07-12 02:00:00Z"}, RB_TROUBLE_UNTRUSTED, "dated in the future"},
    };
    struct source_look *look = *state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        publish(look, &CASES[i].state);
        look_forget(look);
        if (CASES[i].text == NULL)
            look_good(look);
        else
            look_bad(look, CASES[i].trouble, CASES[i].text);
    }
}

static void keys_are_files_or_folders(void **state)
{
    struct source_look *look = *state;
    RB_CLEANUP_FREE char *file = rb_asprintf("%s/other.rsa.pub", keys_folder);
    RB_CLEANUP_FREE char *absent = rb_asprintf("%s/absent", keys_folder);
    RB_CLEANUP_FREE char *private_key = rb_asprintf("%s/other.rsa", keys_folder);
    const char *several[] = {trusted, file, NULL}, *none[] = {absent, NULL};
    const char *no_key[] = {private_key, NULL};
    publish(look, &(struct state){.key = "other"});
    look->source.apk.keys = several;
    look_good(look);
    look->source.apk.keys = none;
    look_forget(look);
    look_bad(look, RB_TROUBLE_OURS, "there is no key at");
    look->source.apk.keys = no_key;
    test_shell(keys_folder, "cp other.rsa x && mv x other.rsa");
    look_bad(look, RB_TROUBLE_KEY_CHANGED, "which is not among");
}

static void a_file_that_is_broken_is_refused(void **state)
{
    static const struct {
        struct test_fault fault;
        enum rb_trouble trouble;
    } CASES[] = {
        {{.suffix = ".gz", .flip = true}, RB_TROUBLE_UNTRUSTED},
        {{.suffix = ".gz", .grow_by = 1}, RB_TROUBLE_UNTRUSTED},
        {{.suffix = ".gz", .cut_at = 600}, RB_TROUBLE_UNREACHABLE},
        {{.suffix = ".gz", .status = 429, .header = "Retry-After", .value = "60"},
         RB_TROUBLE_LIMITED},
        {{.suffix = ".gz", .status = 429}, RB_TROUBLE_LIMITED},
        {{.suffix = ".gz", .status = 503}, RB_TROUBLE_UNREACHABLE},
    };
    struct source_look *look = *state;
    publish(look, &(struct state){0});
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        look->archive.fault = CASES[i].fault;
        look_bad(look, CASES[i].trouble, "APKINDEX.tar.gz");
    }
    look->archive.fault = (struct test_fault){0};
    look_write(look, "x86_64/APKINDEX.tar.gz", "<html>");
    look_bad(look, RB_TROUBLE_MALFORMED, "is no gzip file");
}

static void time_does_not_run_backwards(void **state)
{
    struct source_look *look = *state;
    publish(look, &(struct state){0});
    look_good(look);
    publish(look, &(struct state){.made = "2026-07-10 00:00:00Z"});
    look_bad(look, RB_TROUBLE_BACKWARDS, "has gone back in time");
    rb_free(rb_steal(&look->version));
    look_bad(look, RB_TROUBLE_BACKWARDS, "has gone back in time");
}

static void a_check_can_be_cancelled_at_any_time(void **state)
{
    struct source_look *look = *state;
    publish(look, &(struct state){0});
    int turns = 0;
    while (look_cancelled(look, turns))
        turns++;
    assert_true(turns > 3);
}

int main(void)
{
#define CHECK(name) cmocka_unit_test_setup_teardown(name, set_up, source_look_tear_down)
    const struct CMUnitTest tests[] = {
        CHECK(a_repository_that_moved_is_followed_and_told),
        CHECK(a_state_is_told_in_full),
        CHECK(each_architecture_has_its_index),
        CHECK(only_a_key_of_the_operators_is_believed),
        CHECK(keys_are_files_or_folders),
        CHECK(a_file_that_is_broken_is_refused),
        CHECK(time_does_not_run_backwards),
        CHECK(a_check_can_be_cancelled_at_any_time),
    };
    return cmocka_run_group_tests(tests, make_keys, remove_keys);
}
