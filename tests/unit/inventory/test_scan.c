/* SPDX-License-Identifier: Apache-2.0 */
/* Where images come from, what is kept of them, and what is refused. */
#include "rebake/inventory/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "fake_registry.h"
#include "image.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"

#define PACKAGE(name, version)                                                                     \
    "Package: " name "\nStatus: install ok installed\nArchitecture: amd64\nVersion: " version "\n" \
    "\n"
#define STATUS "var/lib/dpkg/status"

static const struct entry SIMPLE[] = {{FILE_, "etc/os-release", "ID=debian\n"},
                                      {FILE_, STATUS, PACKAGE("a", "1")},
                                      {END, NULL, NULL}};
static const struct entry MORE[] = {{FILE_, "usr/bin/a", "0123456789"}, {END, NULL, NULL}};

static int scan_it(struct fake *fake, const char *reference, bool keep_apt, struct rb_scan *scan,
                   struct rb_err *err)
{
    const struct rb_scan_options options = {.keep_apt = keep_apt};
    return rb_scan_reference(&fake->session, reference, &options, scan, err);
}

/* Scans, expects package a=1 alone, and that it was digest that was scanned. */
static void expect_simple(struct fake *fake, const char *reference, const char *digest)
{
    struct rb_scan scan;
    struct rb_err err;
    if (scan_it(fake, reference, false, &scan, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(scan.inventory.package_count, 1);
    assert_string_equal(scan.inventory.packages[0].name, "a");
    assert_string_equal(scan.inventory.packages[0].version, "1");
    assert_string_equal(scan.inventory.distribution, "debian");
    assert_string_equal(scan.digest, digest);
    assert_int_equal(scan.file_count, 0);
    rb_scan_deinit(&scan);
}

static void expect_error(struct fake *fake, const char *reference, int code, const char *text)
{
    struct rb_scan scan;
    struct rb_err err = {0};
    assert_int_equal(scan_it(fake, reference, false, &scan, &err), code);
    if (strstr(err.text, text) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, text);
}

static void test_layout(void **state)
{
    struct fake *fake = *state;
    RB_CLEANUP(image_cleanup) struct image *image = image_new();
    RB_CLEANUP_FREE char *alone = rb_asprintf("oci:%s", image->folder);
    RB_CLEANUP_FREE char *tagged = rb_asprintf("oci:%s:v1", image->folder);
    RB_CLEANUP_FREE char *other = rb_asprintf("oci:%s:v3", image->folder);
    char first[RB_DIGEST_SIZE];
    expect_error(fake, alone, RB_ENOTFOUND, "/index.json");
    image_add(image, SIMPLE, GZIP, FLAWLESS);
    image_tag(image, "v1");
    memcpy(first, image->manifest_digest, sizeof(first));
    expect_simple(fake, alone, first);
    expect_simple(fake, tagged, first);
    image_add(image, MORE, GZIP, FLAWLESS);
    image_tag(image, "v2");
    expect_simple(fake, tagged, first);
    expect_error(fake, alone, RB_EINVALID, "2 images");
    expect_error(fake, other, RB_ENOTFOUND, "v3");
    expect_error(fake, "oci:/nowhere", RB_ENOTFOUND, "/nowhere");
}

static void test_layout_with_an_index_inside(void **state)
{
    struct fake *fake = *state;
    RB_CLEANUP(image_cleanup) struct image *image = image_new();
    RB_CLEANUP_FREE char *reference = rb_asprintf("oci:%s", image->folder);
    struct rb_platform here = rb_platform_here();
    image_add(image, SIMPLE, ZSTD, FLAWLESS);
    image_tag(image, NULL);
    RB_CLEANUP_FREE char *inner = rb_asprintf(
        "{\"manifests\":[{\"digest\":\"%s\",\"size\":1,\"platform\":{\"os\":\"%s\","
        "\"architecture\":\"%s\",\"variant\":\"%s\"}}]}",
        image->manifest_digest, here.os, here.architecture, here.variant ? here.variant : "");
    RB_CLEANUP_JSON json_t *descriptor = image_write_blob(image, inner, strlen(inner));
    RB_CLEANUP_FREE char *text = rb_json_canonical(descriptor);
    RB_CLEANUP_FREE char *index = rb_asprintf("{\"manifests\":[%s]}", text);
    image_write_index(image, index);
    expect_simple(fake, reference, image->manifest_digest);
}

static void test_flawed_layers(void **state)
{
    static const struct {
        enum packing packing;
        enum flaw flaw;
        int code;
        const char *text;
    } CASES[] = {
        {GZIP, TRUNCATED, RB_EINVALID, "layer 1 of 2"},
        {ZSTD, TRUNCATED, RB_EINVALID, "layer 1 of 2"},
        {PLAIN, TRUNCATED, RB_EVERIFY, "layer 1 of 2"},
        {GZIP, WRONG_DIFF_ID, RB_EVERIFY, "config says"},
        {PLAIN, WRONG_DIFF_ID, RB_EVERIFY, "config says"},
        {PLAIN, WRONG_DIGEST, RB_EVERIFY, "digest"},
    };
    struct fake *fake = *state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP(image_cleanup) struct image *image = image_new();
        RB_CLEANUP_FREE char *reference = rb_asprintf("oci:%s", image->folder);
        image_add(image, SIMPLE, CASES[i].packing, CASES[i].flaw);
        image_add(image, MORE, GZIP, FLAWLESS);
        image_tag(image, NULL);
        expect_error(fake, reference, CASES[i].code, CASES[i].text);
    }
}

/* The digest covers what is behind the end of the compressed data, and it means nothing. */
static void test_trailing_bytes(void **state)
{
    struct fake *fake = *state;
    RB_CLEANUP(image_cleanup) struct image *image = image_new();
    RB_CLEANUP_FREE char *reference = rb_asprintf("oci:%s", image->folder);
    image_add(image, SIMPLE, GZIP, TRAILING);
    image_tag(image, NULL);
    expect_simple(fake, reference, image->manifest_digest);
}

static void test_tar_files_that_are_none(void **state)
{
    static const struct entry UP[] = {{FILE_, "a/../../etc/os-release", "x"}, {END, NULL, NULL}};
    static const struct entry BAD_STATUS[] = {{FILE_, STATUS, "Package\n"}, {END, NULL, NULL}};
    struct fake *fake = *state;
    RB_CLEANUP(image_cleanup) struct image *image = image_new();
    RB_CLEANUP_FREE char *reference = rb_asprintf("oci:%s", image->folder);
    image_add_blob(image, "no tar file at all", 18, "sha256:" HEX64("0123"));
    image_tag(image, NULL);
    expect_error(fake, reference, RB_EINVALID, "tar file");
    RB_CLEANUP(image_cleanup) struct image *up = image_new();
    RB_CLEANUP_FREE char *up_reference = rb_asprintf("oci:%s", up->folder);
    image_add(up, UP, GZIP, FLAWLESS);
    image_tag(up, NULL);
    expect_error(fake, up_reference, RB_EINVALID, "leads out of it");
    RB_CLEANUP(image_cleanup) struct image *bad = image_new();
    RB_CLEANUP_FREE char *bad_reference = rb_asprintf("oci:%s", bad->folder);
    image_add(bad, BAD_STATUS, GZIP, FLAWLESS);
    image_tag(bad, NULL);
    expect_error(fake, bad_reference, RB_EINVALID, STATUS);
}

static la_ssize_t take(struct archive *archive, void *context, const void *data, size_t size)
{
    (void)archive;
    return rb_strbuf_append(context, data, size) ? (la_ssize_t)size : -1;
}

/* A file of `size` zeros at path, packed by zstd: 300 MiB become about 10 KiB. */
static struct rb_strbuf bomb_of(const char *path, size_t size)
{
    static const char ZEROS[1 << 20];
    struct rb_strbuf packed = RB_STRBUF_INIT(16 << 20);
    struct archive *archive = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    assert_int_equal(archive_write_set_format_pax_restricted(archive), ARCHIVE_OK);
    assert_int_equal(archive_write_add_filter_zstd(archive), ARCHIVE_OK);
    assert_int_equal(archive_write_open(archive, &packed, NULL, take, NULL), ARCHIVE_OK);
    archive_entry_set_pathname(entry, path);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_size(entry, (la_int64_t)size);
    assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
    for (size_t left = size; left > 0; left -= sizeof(ZEROS))
        assert_int_equal(archive_write_data(archive, ZEROS, sizeof(ZEROS)), sizeof(ZEROS));
    archive_entry_free(entry);
    assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
    return packed;
}

static void test_bombs(void **state)
{
    static const struct {
        const char *path;
        size_t size;
        const char *text;
    } CASES[] = {
        {"usr/bin/a", 300 << 20, "times its size"},
        {STATUS, 300 << 20, STATUS " is larger than we read"},
    };
    struct fake *fake = *state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP(image_cleanup) struct image *image = image_new();
        RB_CLEANUP_FREE char *reference = rb_asprintf("oci:%s", image->folder);
        RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf bomb = bomb_of(CASES[i].path, CASES[i].size);
        image_add_blob(image, bomb.data, bomb.size, "sha256:" HEX64("0123"));
        image_tag(image, NULL);
        expect_error(fake, reference, RB_ELIMIT, CASES[i].text);
    }
}

static void test_too_many_files(void **state)
{
    struct fake *fake = *state;
    enum { MANY = 12000 };
    RB_CLEANUP(image_cleanup) struct image *image = image_new();
    RB_CLEANUP_FREE char *reference = rb_asprintf("oci:%s", image->folder);
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct entry *entries = rb_arena_array(arena, MANY + 1, sizeof(*entries));
    for (int i = 0; i < MANY; i++)
        entries[i] =
            (struct entry){FILE_, rb_arena_printf(arena, "var/lib/dpkg/status.d/%d", i), ""};
    image_add(image, entries, ZSTD, FLAWLESS);
    image_tag(image, NULL);
    expect_error(fake, reference, RB_ELIMIT, "more than 10000 files");
}

static void test_documents_that_do_not_fit(void **state)
{
    struct fake *fake = *state;
    RB_CLEANUP(image_cleanup) struct image *image = image_new();
    RB_CLEANUP_FREE char *reference = rb_asprintf("oci:%s", image->folder);
    image_add(image, SIMPLE, GZIP, FLAWLESS);
    rb_json_append_string(image->diff_ids, "sha256:" HEX64("0123"));
    image_tag(image, NULL);
    expect_error(fake, reference, RB_EINVALID, "its config names 2");
    image_write_index(image, "{\"manifests\":[{\"digest\":\"sha256:" HEX64("0123") "\","
                                                                                   "\"size\":3}]}");
    expect_error(fake, reference, RB_ENOTFOUND, "0123");
    image_write_index(image, "{\"manifests\":[{\"digest\":\"sha256:../../x\",\"size\":3}]}");
    expect_error(fake, reference, RB_EINVALID, "digest");
    image_write_index(image, "{\"manifests\":[]}");
    expect_error(fake, reference, RB_ENOTFOUND, "no image");
    image_write_index(image, "{");
    expect_error(fake, reference, RB_EINVALID, "index.json: line 1");
}

static const struct entry APT[] = {
    {FILE_, STATUS, PACKAGE("a", "1")},
    {FILE_, "etc/apt/sources.list", "deb one"},
    {FOLDER, "etc/apt/sources.list.d", NULL},
    {FILE_, "etc/apt/sources.list.d/debian.sources", "Types: deb"},
    {SYMLINK, "etc/apt/trusted.gpg.d/here.gpg", "/usr/share/keyrings/k.gpg"},
    {SYMLINK, "etc/apt/trusted.gpg.d/gone.gpg", "/nowhere"},
    {FILE_, "usr/share/keyrings/k.gpg", "key"},
    {FILE_, "usr/share/keyrings-more/k.gpg", "other"},
    {FILE_, "var/lib/dpkg/arch", "amd64\n"},
    {FILE_, "etc/aptitude", "x"},
    {END, NULL, NULL}};
static const struct entry APT_ABOVE[] = {{FILE_, "etc/apt/.wh.sources.list", ""},
                                         {FILE_, "etc/apt/apt.conf.d/proxy", "Acquire"},
                                         {END, NULL, NULL}};
static const char APT_KEPT[] = "etc/apt/apt.conf.d/proxy=Acquire\n"
                               "etc/apt/sources.list.d/debian.sources=Types: deb\n"
                               "etc/apt/trusted.gpg.d/here.gpg=key\n"
                               "usr/share/keyrings/k.gpg=key\n"
                               "var/lib/dpkg/arch=amd64\n\n";

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct rb_kept_file *)a)->path, ((const struct rb_kept_file *)b)->path);
}

static void expect_files(struct fake *fake, const char *reference, const char *expected)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf found = RB_STRBUF_INIT(4096);
    struct rb_scan scan;
    struct rb_err err;
    if (scan_it(fake, reference, true, &scan, &err) != 0)
        fail_msg("%s", err.text);
    qsort(scan.files, scan.file_count, sizeof(*scan.files), by_path);
    for (size_t i = 0; i < scan.file_count; i++) {
        assert_int_equal(scan.files[i].size, strlen(scan.files[i].data));
        rb_strbuf_printf(&found, "%s=%s\n", scan.files[i].path, scan.files[i].data);
    }
    assert_string_equal(rb_strbuf_text(&found), expected);
    rb_scan_deinit(&scan);
}

static void test_apt_is_kept(void **state)
{
    RB_CLEANUP(image_cleanup) struct image *image = image_new();
    RB_CLEANUP_FREE char *reference = rb_asprintf("oci:%s", image->folder);
    image_add(image, APT, GZIP, FLAWLESS);
    image_add(image, APT_ABOVE, GZIP, FLAWLESS);
    image_tag(image, NULL);
    expect_files(*state, reference, APT_KEPT);
}

static void write_below(const char *folder, const char *name, const char *text)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", folder, name);
    RB_CLEANUP_FREE char *parent = rb_strndup(path, (size_t)(strrchr(path, '/') - path));
    assert_int_equal(rb_folder_make(parent, 0700, NULL), 0);
    assert_int_equal(rb_file_write_atomic(path, text, strlen(text), 0600, NULL), 0);
}

static void link_below(const char *folder, const char *name, const char *target)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", folder, name);
    RB_CLEANUP_FREE char *parent = rb_strndup(path, (size_t)(strrchr(path, '/') - path));
    assert_int_equal(rb_folder_make(parent, 0700, NULL), 0);
    assert_int_equal(symlink(target, path), 0);
}

static void test_a_folder(void **state)
{
    struct fake *fake = *state;
    RB_CLEANUP_FREE char *root = rb_asprintf("%s/root", fake->folder);
    RB_CLEANUP_FREE char *reference = rb_asprintf("rootfs:%s", root);
    RB_CLEANUP_FREE char *outside = rb_asprintf("%s/secret", fake->folder);
    expect_error(fake, reference, RB_ENOTFOUND, "root");
    write_below(root, "usr/lib/os-release", "ID=debian\n");
    link_below(root, "etc/os-release", "/usr/lib/os-release");
    write_below(root, "data/status", PACKAGE("a", "1"));
    link_below(root, STATUS, "../../../../../../../../data/status");
    expect_simple(fake, reference, "");
    write_below(fake->folder, "secret", "deb secret");
    write_below(root, "etc/apt/preferences", "Pin");
    link_below(root, "etc/apt/sources.list", outside);
    link_below(root, "etc/apt/sources.list.d/up.list", "../../../../secret");
    expect_files(fake, reference, "etc/apt/preferences=Pin\n");
}

static void test_a_tar_file(void **state)
{
    static const enum packing PACKINGS[] = {PLAIN, GZIP, ZSTD, XZ};
    struct fake *fake = *state;
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/root.tar", fake->folder);
    RB_CLEANUP_FREE char *reference = rb_asprintf("rootfs:%s", path);
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf tar = tar_of(SIMPLE);
    for (size_t i = 0; i < RB_COUNT_OF(PACKINGS); i++) {
        RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf packed = pack(&tar, PACKINGS[i]);
        assert_int_equal(rb_file_write_atomic(path, packed.data, packed.size, 0600, NULL), 0);
        expect_simple(fake, reference, "");
    }
    assert_int_equal(truncate(path, 100), 0);
    expect_error(fake, reference, RB_EINVALID, "root.tar");
}

/* Serves the layout's blobs and its manifest as :1. */
static void serve_image(struct fake *fake, const struct image *image, char *storage[8])
{
    size_t i, count = 0;
    const json_t *layer;
    char digest[RB_DIGEST_SIZE];
    RB_CLEANUP_FREE char *path =
        rb_asprintf("%s/blobs/sha256/%s", image->folder, image->manifest_digest + 7);
    RB_CLEANUP_JSON json_t *manifest = NULL;
    size_t size;
    assert_int_equal(rb_file_read(path, 1 << 20, &storage[count], &size, NULL), 0);
    assert_int_equal(rb_json_parse(storage[count], size, "", &manifest, NULL), 0);
    fake_serve(fake, "manifests", "1", storage[count++], size, MANIFEST_TYPE, digest);
    RB_CLEANUP_JSON json_t *blobs = json_copy(json_object_get(manifest, "layers"));
    json_array_append(blobs, json_object_get(manifest, "config"));
    json_array_foreach(blobs, i, layer)
    {
        RB_CLEANUP_FREE char *blob = rb_asprintf("%s/blobs/sha256/%s", image->folder,
                                                 rb_json_get_string(layer, "digest", "") + 7);
        assert_int_equal(rb_file_read(blob, 1 << 20, &storage[count], &size, NULL), 0);
        fake_serve(fake, "blobs", NULL, storage[count++], size, NULL, digest);
    }
}

static void test_a_registry(void **state)
{
    struct fake *fake = *state;
    RB_CLEANUP(image_cleanup) struct image *image = image_new();
    RB_CLEANUP_FREE char *reference = rb_asprintf("127.0.0.1:%d/app:1", fake_port(fake));
    RB_CLEANUP_FREE char *absent = rb_asprintf("127.0.0.1:%d/app:2", fake_port(fake));
    char *storage[8] = {0};
    image_add(image, SIMPLE, GZIP, FLAWLESS);
    image_add(image, MORE, ZSTD, FLAWLESS);
    image_tag(image, NULL);
    serve_image(fake, image, storage);
    fake->auth = AUTH_BEARER;
    expect_simple(fake, reference, image->manifest_digest);
    expect_error(fake, absent, RB_ENOTFOUND, "/app:2");
    /* A layer whose bytes are others; a layer that is gone. */
    fake->documents[1].body = storage[2];
    expect_error(fake, reference, RB_EVERIFY, "blob");
    size_t count = fake->document_count;
    fake->document_count = 1;
    expect_error(fake, reference, RB_ENOTFOUND, "blob");
    fake->document_count = count;
    expect_error(fake, "not a reference", RB_EINVALID, "not a reference");
    for (size_t i = 0; i < RB_COUNT_OF(storage); i++)
        rb_free(storage[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_layout),
        TEST(test_layout_with_an_index_inside),
        TEST(test_flawed_layers),
        TEST(test_trailing_bytes),
        TEST(test_tar_files_that_are_none),
        TEST(test_bombs),
        TEST(test_too_many_files),
        TEST(test_documents_that_do_not_fit),
        TEST(test_apt_is_kept),
        TEST(test_a_folder),
        TEST(test_a_tar_file),
        TEST(test_a_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
