/* SPDX-License-Identifier: Apache-2.0 */
/* Which databases are looked for, and where; apk's among them. */
#include "databases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "root_folder.h"

#define DPKG_STATUS "var/lib/dpkg/status"
#define APK         "lib/apk/db/installed"

static const char DEB[] = "Package: base-files\nStatus: install ok installed\nArchitecture: amd64\n"
                          "Version: 12.4\n\n";
/* The shape of Alpine's, files and all; a virtual package has no origin. */
static const char INSTALLED[] = "C:Q1Deb0jNytkrjPW4N/eKLZ43BwOlw=\n"
                                "P:musl\n"
                                "V:1.2.2-r7\n"
                                "A:x86_64\n"
                                "S:383152\n"
                                "T:the musl c library (libc) implementation\n"
                                "o:musl\n"
                                "m:Timo Ter\xc3\xa4s <timo.teras@example.org>\n"
                                "c:bf5bbfdbf780092f387b7abe401fbfceda90c84d\n"
                                "p:so:libc.musl-x86_64.so.1=1\n"
                                "F:lib\n"
                                "R:ld-musl-x86_64.so.1\n"
                                "a:0:0:755\n"
                                "Z:Q12adwqQOjo9dFl+VJD2Ecd901vhE=\n"
                                "\n"
                                "P:libssl3\n"
                                "V:3.3.2-r1\n"
                                "A:x86_64\n"
                                "o:openssl\n"
                                "F:usr/lib\n"
                                "M:0:0:1777\n"
                                "\n"
                                "P:.build-deps\n"
                                "V:20240601.101010\n"
                                "A:noarch\n";

struct root {
    char *path;
    struct root_folder folder;
    struct file_tree tree;
};

static int make_root(void **state)
{
    struct root *root = rb_zalloc(sizeof(*root));
    assert_int_equal(rb_folder_make_temporary("/tmp/rebake-test-root-", &root->path, NULL), 0);
    assert_int_equal(root_folder_open(&root->folder, root->path, NULL), 0);
    root->tree = root_folder_tree(&root->folder);
    *state = root;
    return 0;
}

static int drop_root(void **state)
{
    struct root *root = *state;
    root_folder_close(&root->folder);
    assert_int_equal(rb_tree_remove(root->path, NULL), 0);
    rb_free(root->path);
    rb_free(root);
    return 0;
}

static char *make_parent(const struct root *root, const char *name)
{
    char *path = rb_asprintf("%s/%s", root->path, name);
    RB_CLEANUP_FREE char *parent = rb_strndup(path, (size_t)(strrchr(path, '/') - path));
    assert_int_equal(rb_folder_make(parent, 0700, NULL), 0);
    return path;
}

static void write_file(const struct root *root, const char *name, const void *data, size_t size)
{
    RB_CLEANUP_FREE char *path = make_parent(root, name);
    assert_int_equal(rb_file_write_atomic(path, data, size, 0600, NULL), 0);
}

static void write_link(const struct root *root, const char *name, const char *target)
{
    RB_CLEANUP_FREE char *path = make_parent(root, name);
    assert_int_equal(symlink(target, path), 0);
}

static void expect_packages(const struct root *root, const char *expected)
{
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf found = RB_STRBUF_INIT(4096);
    RB_CLEANUP(path_set_deinit) struct path_set owned = {0};
    struct contents contents = {&inventory, &owned};
    struct rb_err err;
    rb_inventory_init(&inventory);
    if (databases_read(&root->tree, &contents, &err) != 0)
        fail_msg("%s", err.text);
    rb_inventory_sort(&inventory);
    for (size_t i = 0; i < inventory.package_count; i++) {
        const struct rb_package *package = &inventory.packages[i];
        rb_strbuf_printf(&found, "%s %s %s %s of %s %s\n", rb_package_type_name(package->type),
                         package->name, package->version, package->architecture,
                         package->source_name, package->source_version);
    }
    assert_string_equal(rb_strbuf_text(&found), expected);
}

static void expect_error(const struct root *root, int code, const char *text)
{
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    RB_CLEANUP(path_set_deinit) struct path_set owned = {0};
    struct contents contents = {&inventory, &owned};
    struct rb_err err;
    rb_inventory_init(&inventory);
    assert_int_equal(databases_read(&root->tree, &contents, &err), code);
    assert_string_equal(err.text, text);
}

#define APK_PACKAGES                                                                               \
    "apk .build-deps 20240601.101010 noarch of .build-deps 20240601.101010\n"                      \
    "apk libssl3 3.3.2-r1 x86_64 of openssl 3.3.2-r1\n"                                            \
    "apk musl 1.2.2-r7 x86_64 of musl 1.2.2-r7\n"

static void test_none(void **state)
{
    struct root *root = *state;
    expect_packages(root, "");
    write_file(root, APK, "", 0);
    write_file(root, "var/lib/rpm/Packages", "", 0);
    expect_packages(root, "");
}

static void test_all_that_are_there(void **state)
{
    struct root *root = *state;
    write_file(root, DPKG_STATUS, DEB, strlen(DEB));
    write_file(root, APK, INSTALLED, strlen(INSTALLED));
    expect_packages(root, "deb base-files 12.4 amd64 of base-files 12.4\n" APK_PACKAGES);
}

/* The folders of a root whose /lib is a link, and a database that was moved. */
static void test_links(void **state)
{
    struct root *root = *state;
    write_file(root, "data/installed", INSTALLED, strlen(INSTALLED));
    write_link(root, "usr/lib/apk/db/installed", "/data/installed");
    write_link(root, "lib", "usr/lib");
    expect_packages(root, APK_PACKAGES);
}

static void test_bad_ones(void **state)
{
    static const struct {
        const char *text;
        int code;
        const char *error;
    } CASES[] = {
        {"P:a\nV:1\n\nhello\n", RB_EINVALID, "\"hello\" is not a line \"LETTER:value\""},
        {"P:a\nA:x86_64\n", RB_EINVALID, "a package without name or version (a)"},
        {"P:a\nV:1\nV:2\n", RB_EINVALID, "a package has two fields V"},
    };
    struct root *root = *state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP_FREE char *text = rb_asprintf(APK ": %s", CASES[i].error);
        write_file(root, APK, CASES[i].text, strlen(CASES[i].text));
        expect_error(root, CASES[i].code, text);
    }
    write_file(root, APK, "P:a\0b\nV:1\n", 10);
    expect_error(root, RB_EINVALID, APK ": not text");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, drop_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_none),
        TEST(test_all_that_are_there),
        TEST(test_links),
        TEST(test_bad_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
