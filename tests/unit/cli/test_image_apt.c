/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "image_apt.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { FILES_MAX = 16 };

/* A scan that kept these files; the list ends with a NULL path. */
static struct rb_scan scan_of(struct rb_kept_file *files)
{
    size_t count = 0;
    for (; files[count].path != NULL; count++) {
        if (files[count].size == 0)
            files[count].size = strlen(files[count].data);
    }
    return (struct rb_scan){.files = files, .file_count = count};
}

static void sources_are_read_in_apts_order(void **state)
{
    (void)state;
    struct rb_kept_file files[FILES_MAX] = {
        {"etc/apt/sources.list.d/b.list", "deb http://b s c\n", 0},
        {"etc/apt/sources.list.d/a.sources",
         "Types: deb\nURIs: http://a\nSuites: s\n"
         "Components: c\n",
         0},
        {"etc/apt/sources.list.d/c.list.save", "deb http://backup s c\n", 0},
        {"etc/apt/sources.list.d/c d.list", "deb http://space s c\n", 0},
        {"etc/apt/sources.list.d/.list", "deb http://hidden s c\n", 0},
        {"etc/apt/sources.list.d/sub/x.list", "deb http://deeper s c\n", 0},
        {"etc/apt/sources.list", "deb http://main s c\n", 0},
    };
    struct rb_scan scan = scan_of(files);
    RB_CLEANUP(rb_image_apt_deinit) struct rb_image_apt apt;
    assert_int_equal(rb_image_apt_read(&scan, &apt, NULL), 0);
    assert_int_equal(apt.source_count, 3);
    assert_string_equal(apt.sources[0].url, "http://main");
    assert_string_equal(apt.sources[1].url, "http://a");
    assert_string_equal(apt.sources[2].url, "http://b");
    assert_false(apt.may_be_old);
    assert_int_equal(rb_image_apt_add_line(&apt, "deb http://more s c", NULL), 0);
    assert_int_equal(apt.source_count, 4);
    assert_string_equal(apt.sources[3].url, "http://more");
}

static void an_image_without_apt_is_empty(void **state)
{
    (void)state;
    struct rb_scan scan = {0};
    RB_CLEANUP(rb_image_apt_deinit) struct rb_image_apt apt;
    assert_int_equal(rb_image_apt_read(&scan, &apt, NULL), 0);
    assert_int_equal(apt.source_count, 0);
}

static void configuration_is_read(void **state)
{
    (void)state;
    struct rb_kept_file files[FILES_MAX] = {
        {"etc/apt/apt.conf.d/99snapshot", "Acquire { Check-Valid-Until \"false\"; };\n", 0},
        {"etc/apt/preferences.d/pin", "Package: *\nPin: release c=main\nPin-Priority: 9\n", 0},
    };
    struct rb_scan scan = scan_of(files);
    RB_CLEANUP(rb_image_apt_deinit) struct rb_image_apt apt;
    assert_int_equal(rb_image_apt_read(&scan, &apt, NULL), 0);
    assert_true(apt.may_be_old);
    assert_true(rb_preferences_name_components(apt.preferences));
}

static void what_is_broken_is_told_with_its_place(void **state)
{
    (void)state;
    static const struct {
        struct rb_kept_file file;
        const char *wanted;
    } cases[] = {
        {{"etc/apt/sources.list", "\nfoo bar\n", 9},
         "etc/apt/sources.list: line 2: \"foo\" is neither deb nor deb-src"},
        {{"etc/apt/sources.list.d/x.sources", "URIs: http://x\n", 15},
         "etc/apt/sources.list.d/x.sources: line 1: a source without Types"},
        {{"etc/apt/apt.conf", "APT {", 5},
         "etc/apt/apt.conf: line 1: the file ends within a statement"},
        {{"etc/apt/preferences", "Pin: x\n", 7},
         "etc/apt/preferences: line 1: a record without a Package field"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        struct rb_kept_file file = cases[i].file;
        struct rb_scan scan = {.files = &file, .file_count = 1};
        struct rb_image_apt apt;
        struct rb_err err;
        assert_int_equal(rb_image_apt_read(&scan, &apt, &err), RB_EINVALID);
        assert_string_equal(err.text, cases[i].wanted);
    }
}

static void lines_of_the_user_must_be_sources(void **state)
{
    (void)state;
    struct rb_scan scan = {0};
    RB_CLEANUP(rb_image_apt_deinit) struct rb_image_apt apt;
    assert_int_equal(rb_image_apt_read(&scan, &apt, NULL), 0);
    struct rb_err err;
    assert_int_equal(rb_image_apt_add_line(&apt, "http://x s c", &err), RB_EINVALID);
    assert_string_equal(err.text, "--with: line 1: \"http://x\" is neither deb nor deb-src");
    assert_int_equal(rb_image_apt_add_line(&apt, "# deb http://x s c", &err), RB_EINVALID);
    assert_string_equal(err.text, "--with \"# deb http://x s c\" names no source of packages");
}

#define ARMOUR(data)                                                                               \
    "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n" data "\n-----END PGP PUBLIC KEY BLOCK-----\n"

/* The packets need not be keys: gpgv judges them, here they are only joined. */
static const struct {
    const char *signed_by;
    const char *wanted; /* the joined packets, or the error */
} keyrings[] = {
    {"/usr/share/keyrings/a.gpg", "\x99"
                                  "aaa"},
    {"/usr/share/keyrings/a.gpg,/etc/apt/keyrings/b.asc", "\x99"
                                                          "aaa\x98"
                                                          "bbb"},
    {"/etc/apt/keyrings/b.asc /usr/share/keyrings/a.gpg", "\x98"
                                                          "bbb\x99"
                                                          "aaa"},
    {"\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n.\nmGJiYg==\n-----END PGP PUBLIC KEY BLOCK-----",
     "\x98"
     "bbb"},
    {NULL, "\x98"
           "bbb\x99"
           "ttt"},
    {"/nowhere.gpg", "the keyring /nowhere.gpg is not in the image"},
    {"0123456789ABCDEF0123456789ABCDEF01234567",
     "Signed-By names the key 0123456789ABCDEF0123456789ABCDEF01234567 by its fingerprint alone: "
     "name the keyring that holds it"},
    {"a.gpg", "Signed-By \"a.gpg\" is not an absolute path"},
    {"/etc/apt/keyrings/text",
     "/etc/apt/keyrings/text is not a keyring: neither OpenPGP packets nor armoured public keys"},
};

static void keyrings_are_joined(void **state)
{
    (void)state;
    struct rb_kept_file files[FILES_MAX] = {
        {"usr/share/keyrings/a.gpg",
         "\x99"
         "aaa",
         0},
        {"etc/apt/keyrings/b.asc", ARMOUR("mGJiYg=="), 0},
        {"etc/apt/keyrings/text", "no key", 0},
        {"etc/apt/trusted.gpg",
         "\x99"
         "ttt",
         0},
        {"etc/apt/trusted.gpg.d/b.asc", ARMOUR("mGJiYg=="), 0},
        {"etc/apt/trusted.gpg.d/b.asc~", "no key", 0},
    };
    struct rb_scan scan = scan_of(files);
    for (size_t i = 0; i < RB_COUNT_OF(keyrings); i++) {
        RB_CLEANUP_FREE char *data = NULL;
        size_t size = 0;
        struct rb_err err;
        if (rb_image_keyring(&scan, keyrings[i].signed_by, false, &data, &size, &err) != 0) {
            assert_string_equal(err.text, keyrings[i].wanted);
            continue;
        }
        assert_int_equal(size, strlen(keyrings[i].wanted));
        assert_memory_equal(data, keyrings[i].wanted, size);
    }
}

static void an_image_that_trusts_nobody_says_so(void **state)
{
    (void)state;
    struct rb_scan scan = {0};
    char *data = NULL;
    size_t size;
    struct rb_err err;
    assert_int_equal(rb_image_keyring(&scan, NULL, true, &data, &size, &err), RB_ENOTFOUND);
    assert_string_equal(err.text, "no key is named for it, and the image trusts none in general "
                                  "(etc/apt/trusted.gpg.d)");
}

static void keyrings_of_the_user_are_looked_for_here_first(void **state)
{
    (void)state;
    RB_CLEANUP_FREE char *folder = NULL;
    assert_int_equal(rb_folder_make_temporary("/tmp/rebake-keyring-", &folder, NULL), 0);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/k.gpg", folder);
    struct rb_kept_file files[FILES_MAX] = {{path + 1,
                                             "\x99"
                                             "image",
                                             0}};
    struct rb_scan scan = scan_of(files);
    RB_CLEANUP_FREE char *from_image = NULL;
    size_t size;
    assert_int_equal(rb_image_keyring(&scan, path, true, &from_image, &size, NULL), 0);
    assert_string_equal(from_image, "\x99"
                                    "image");
    assert_int_equal(rb_file_write_atomic(path, "\x99here", 5, 0600, NULL), 0);
    RB_CLEANUP_FREE char *from_here = NULL;
    assert_int_equal(rb_image_keyring(&scan, path, true, &from_here, &size, NULL), 0);
    assert_string_equal(from_here, "\x99here");
    RB_CLEANUP_FREE char *own = NULL;
    assert_int_equal(rb_image_keyring(&scan, path, false, &own, &size, NULL), 0);
    assert_string_equal(own, from_image);
    assert_int_equal(rb_tree_remove(folder, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_are_read_in_apts_order),
        cmocka_unit_test(an_image_without_apt_is_empty),
        cmocka_unit_test(configuration_is_read),
        cmocka_unit_test(what_is_broken_is_told_with_its_place),
        cmocka_unit_test(lines_of_the_user_must_be_sources),
        cmocka_unit_test(keyrings_are_joined),
        cmocka_unit_test(an_image_that_trusts_nobody_says_so),
        cmocka_unit_test(keyrings_of_the_user_are_looked_for_here_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
