/* SPDX-License-Identifier: Apache-2.0 */
/* What a stack of layers amounts to: each case is a few layers and what a container of them would
   see installed. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "image.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/inventory/scan.h"

#define PACKAGE(name, version)                                                                     \
    "Package: " name "\nStatus: install ok installed\nArchitecture: amd64\nVersion: " version "\n" \
    "\n"
#define SINGLE(name, version) "Package: " name "\nArchitecture: amd64\nVersion: " version "\n"
#define OS(id)                "ID=" id "\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n"

enum { MOST_ENTRIES = 10, MOST_LAYERS = 4 };

struct example {
    const char *name;
    struct entry layers[MOST_LAYERS][MOST_ENTRIES]; /* the bottom first */
    const char *expected;                           /* "id: name=version ..." */
};

#define STATUS "var/lib/dpkg/status"

#define SIX      "six-1.dist-info/METADATA"
#define SIX_TEXT "Name: six\nVersion: 1\n"
#define PAD      "node_modules/pad/package.json"
#define PAD_TEXT "{\"name\":\"pad\",\"version\":\"3\"}"

static const struct example EXAMPLES[] = {
    {"one layer",
     {{{FOLDER, "etc/", NULL},
       {FILE_, "etc/os-release", OS("debian")},
       {FILE_, STATUS, PACKAGE("a", "1") PACKAGE("b", "2")}}},
     "debian: a=1 b=2"},
    {"names as tar -C root . writes them",
     {{{FOLDER, "./", NULL},
       {FILE_, "./etc/os-release", OS("debian")},
       {FILE_, "./var//lib/./dpkg/status", PACKAGE("a", "1")}}},
     "debian: a=1"},
    {"names from the root", {{{FILE_, "/" STATUS, PACKAGE("a", "1")}}}, ": a=1"},
    {"nothing of ours", {{{FILE_, "bin/true", "x"}}}, ":"},
    {"an empty layer between",
     {{{FILE_, STATUS, PACKAGE("a", "1")}}, {{END, NULL, NULL}}, {{FILE_, "x", "y"}}},
     ": a=1"},
    {"the upper layer wins",
     {{{FILE_, STATUS, PACKAGE("a", "1")}}, {{FILE_, STATUS, PACKAGE("a", "2")}}},
     ": a=2"},
    {"the later entry of a layer wins",
     {{{FILE_, STATUS, PACKAGE("a", "1")}, {FILE_, STATUS, PACKAGE("a", "2")}}},
     ": a=2"},
    {"a whiteout",
     {{{FILE_, STATUS, PACKAGE("a", "1")}}, {{FILE_, "var/lib/dpkg/.wh.status", ""}}},
     ":"},
    {"a whiteout of a parent",
     {{{FILE_, STATUS, PACKAGE("a", "1")}}, {{FILE_, "var/.wh.lib", ""}}},
     ":"},
    {"a whiteout of something like it",
     {{{FILE_, STATUS, PACKAGE("a", "1")}}, {{FILE_, "var/lib/.wh.dpk", ""}}},
     ": a=1"},
    {"a whiteout says nothing of its own layer",
     {{{FILE_, STATUS, PACKAGE("a", "1")}},
      {{FILE_, STATUS, PACKAGE("a", "2")}, {FILE_, "var/lib/dpkg/.wh.status", ""}}},
     ": a=2"},
    {"what a whiteout hid comes back above it",
     {{{FILE_, STATUS, PACKAGE("a", "1")}},
      {{FILE_, "var/lib/.wh.dpkg", ""}},
      {{FILE_, STATUS, PACKAGE("a", "3")}}},
     ": a=3"},
    {"an opaque folder",
     {{{FILE_, STATUS, PACKAGE("a", "1")},
       {FILE_, "var/lib/dpkg/status.d/b", SINGLE("b", "2")},
       {FILE_, "etc/os-release", OS("debian")}},
      {{FILE_, "var/lib/.wh..wh..opq", ""}, {FILE_, "var/lib/dpkg/status.d/c", SINGLE("c", "3")}}},
     "debian: c=3"},
    {"an opaque root",
     {{{FILE_, STATUS, PACKAGE("a", "1")}, {FILE_, "etc/os-release", OS("debian")}},
      {{FILE_, ".wh..wh..opq", ""}, {FILE_, STATUS, PACKAGE("b", "2")}}},
     ": b=2"},
    {"other reserved names say nothing",
     {{{FILE_, STATUS, PACKAGE("a", "1")}}, {{FOLDER, "var/lib/dpkg/.wh..wh.plnk", NULL}}},
     ": a=1"},
    {"a file where a folder was",
     {{{FILE_, STATUS, PACKAGE("a", "1")}}, {{FILE_, "var/lib", "x"}}},
     ":"},
    {"a folder where the file was",
     {{{FILE_, STATUS, PACKAGE("a", "1")}}, {{FOLDER, STATUS, NULL}}},
     ":"},
    {"a pipe where the file was",
     {{{FILE_, STATUS, PACKAGE("a", "1")}}, {{FIFO, STATUS, NULL}}},
     ":"},
    {"a file a package, and the sums beside",
     {{{FILE_, "var/lib/dpkg/status.d/a", SINGLE("a", "1")},
       {FILE_, "var/lib/dpkg/status.d/a.md5sums", "0123  usr/bin/a"},
       {FILE_, "var/lib/dpkg/status.d/b", SINGLE("b", "2")}}},
     ": a=1 b=2"},
    {"a file a package, in layers",
     {{{FILE_, "var/lib/dpkg/status.d/a", SINGLE("a", "1")},
       {FILE_, "var/lib/dpkg/status.d/b", SINGLE("b", "2")}},
      {{FILE_, "var/lib/dpkg/status.d/a", SINGLE("a", "1.1")},
       {FILE_, "var/lib/dpkg/status.d/.wh.b", ""},
       {FILE_, STATUS, PACKAGE("c", "3")}}},
     ": a=1.1 c=3"},
    {"os-release is a link",
     {{{SYMLINK, "etc/os-release", "../usr/lib/os-release"},
       {FILE_, "usr/lib/os-release", OS("debian")}}},
     "debian:"},
    {"os-release in etc comes first",
     {{{FILE_, "etc/os-release", OS("mine")}, {FILE_, "usr/lib/os-release", OS("debian")}}},
     "mine:"},
    {"only usr/lib has os-release", {{{FILE_, "usr/lib/os-release", OS("debian")}}}, "debian:"},
    {"a link with no end falls back",
     {{{SYMLINK, "etc/os-release", "gone"}, {FILE_, "usr/lib/os-release", OS("debian")}}},
     "debian:"},
    {"dpkg's folder is a link",
     {{{SYMLINK, "var/lib/dpkg", "../../usr/share/dpkg-db"},
       {FILE_, "usr/share/dpkg-db/status", PACKAGE("a", "1")},
       {FILE_, "usr/share/dpkg-db/status.d/b", SINGLE("b", "2")}}},
     ": a=1 b=2"},
    {"a link to a link to a link",
     {{{SYMLINK, "var", "/one"},
       {SYMLINK, "one", "two"},
       {SYMLINK, "two", "/three/./"},
       {FILE_, "three/lib/dpkg/status", PACKAGE("a", "1")}}},
     ": a=1"},
    {"a link that leads out stays inside",
     {{{SYMLINK, STATUS, "../../../../../../data/status"},
       {FILE_, "data/status", PACKAGE("a", "1")}}},
     ": a=1"},
    {"an absolute link stays inside",
     {{{SYMLINK, STATUS, "/etc/passwd"}, {FILE_, "etc/passwd", PACKAGE("inside", "1")}}},
     ": inside=1"},
    {"a link to itself", {{{SYMLINK, STATUS, "status"}}}, ":"},
    {"links in a circle",
     {{{SYMLINK, "var", "b"}, {SYMLINK, "b", "c"}, {SYMLINK, "c", "var"}}},
     ":"},
    {"a link in one layer, its target in another",
     {{{FILE_, "data/status", PACKAGE("a", "1")}},
      {{SYMLINK, STATUS, "/data/status"}},
      {{FILE_, "data/status", PACKAGE("a", "2")}}},
     ": a=2"},
    {"a link that a folder replaced",
     {{{SYMLINK, "var/lib/dpkg", "/old"}, {FILE_, "old/status", PACKAGE("a", "1")}},
      {{FOLDER, "var/lib/dpkg", NULL}, {FILE_, STATUS, PACKAGE("a", "2")}}},
     ": a=2"},
    {"a link that a folder replaced which is not written down",
     {{{SYMLINK, "var/lib/dpkg", "/old"}, {FILE_, "old/status", PACKAGE("a", "1")}},
      {{FILE_, STATUS, PACKAGE("a", "2")}}},
     ": a=2"},
    {"a hard link", {{{FILE_, "data", PACKAGE("a", "1")}, {HARDLINK, STATUS, "data"}}}, ": a=1"},
    {"a hard link to a hard link, from the root",
     {{{FILE_, "data", PACKAGE("a", "1")},
       {HARDLINK, "more", "data"},
       {HARDLINK, STATUS, "/more"}}},
     ": a=1"},
    {"a hard link keeps what its layer had",
     {{{FILE_, "data", PACKAGE("a", "1")}, {HARDLINK, STATUS, "data"}},
      {{FILE_, "data", PACKAGE("a", "2")}}},
     ": a=1"},
    {"a hard link to nothing", {{{HARDLINK, STATUS, "nothing"}}}, ":"},
    {"a language's package whose file has two names",
     {{{FILE_, "cache/" SIX, SIX_TEXT}, {HARDLINK, "usr/" SIX, "./cache/" SIX}}},
     ": six=1 six=1"},
    {"one of the names is gone",
     {{{FILE_, "cache/" SIX, SIX_TEXT}, {HARDLINK, "usr/" SIX, "cache/" SIX}},
      {{FILE_, ".wh.cache", ""}}},
     ": six=1"},
    {"the other one is",
     {{{FILE_, "cache/" SIX, SIX_TEXT}, {HARDLINK, "usr/" SIX, "cache/" SIX}},
      {{FILE_, "usr/" SIX, "Name: six\nVersion: 2\n"}}},
     ": six=1 six=2"},
    {"the name of a file tells nothing, those of its links do",
     {{{FILE_, "store/ab", PAD_TEXT},
       {HARDLINK, "srv/" PAD, "store/ab"},
       {HARDLINK, "usr/" PAD, "store/ab"},
       {HARDLINK, "usr/share/pad", "store/ab"}}},
     ": pad=3 pad=3"},
    {"such a file is gone, its links are there",
     {{{FILE_, "store/ab", PAD_TEXT}, {HARDLINK, "srv/" PAD, "store/ab"}},
      {{FILE_, ".wh.store", ""}}},
     ": pad=3"},
    {"the links are gone, such a file is there",
     {{{FILE_, "store/ab", PAD_TEXT}, {HARDLINK, "srv/" PAD, "store/ab"}},
      {{FILE_, ".wh.srv", ""}}},
     ":"},
    {"a language's package that is owned under one of its file's names",
     {{{FILE_, "store/" SIX, SIX_TEXT},
       {HARDLINK, "usr/" SIX, "store/" SIX},
       {FILE_, "var/lib/dpkg/info/six.list", "/usr/" SIX "\n"}}},
     ":"},
    {"a language's hard link to nothing", {{{HARDLINK, SIX, "nothing"}}}, ":"},
};

static void describe(const struct rb_inventory *inventory, struct rb_strbuf *out)
{
    rb_strbuf_printf(out, "%s:", inventory->distribution);
    for (size_t i = 0; i < inventory->package_count; i++)
        rb_strbuf_printf(out, " %s=%s", inventory->packages[i].name,
                         inventory->packages[i].version);
}

static struct image *make(const struct example *example, enum packing packing)
{
    struct image *image = image_new();
    for (size_t i = 0; i < MOST_LAYERS; i++)
        image_add(image, example->layers[i], packing, FLAWLESS);
    image_tag(image, NULL);
    return image;
}

/* cache: a folder, or NULL. */
static bool is_found(struct rb_net_session *session, const struct image *image,
                     const struct example *example, const char *cache)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf found = RB_STRBUF_INIT(4096);
    struct rb_err err = {0};
    struct rb_scan scan;
    const struct rb_scan_options options = {.cache_folder = cache};
    RB_CLEANUP_FREE char *reference = rb_asprintf("oci:%s", image->folder);
    if (rb_scan_reference(session, reference, &options, &scan, &err) != 0)
        fail_msg("%s: %s", example->name, err.text);
    describe(&scan.inventory, &found);
    assert_string_equal(scan.digest, image->manifest_digest);
    rb_scan_deinit(&scan);
    bool right = strcmp(rb_strbuf_text(&found), example->expected) == 0;
    if (!right)
        print_error("%s: \"%s\" instead of \"%s\"\n", example->name, rb_strbuf_text(&found),
                    example->expected);
    return right;
}

static bool is_right(struct rb_net_session *session, const struct example *example,
                     enum packing packing)
{
    RB_CLEANUP(image_cleanup) struct image *image = make(example, packing);
    return is_found(session, image, example, NULL);
}

/* Takes away the bytes of all layers; what describes the image stays. */
static void lose_layers(const struct image *image)
{
    size_t i;
    const json_t *layer;
    json_array_foreach(image->layers, i, layer)
    {
        RB_CLEANUP_FREE char *path =
            rb_asprintf("%s/blobs/sha256/%s", image->folder,
                        rb_json_get_string(layer, "digest", "") + strlen("sha256:"));
        (void)unlink(path); /* two layers may be one */
    }
}

static void test_a_layer_that_was_read_is_not_read_again(void **state)
{
    char *cache = NULL;
    assert_int_equal(rb_folder_make_temporary("/tmp/rebake-layers-", &cache, NULL), 0);
    for (size_t i = 0; i < RB_COUNT_OF(EXAMPLES); i++) {
        RB_CLEANUP(image_cleanup) struct image *image = make(&EXAMPLES[i], GZIP);
        assert_true(is_found(*state, image, &EXAMPLES[i], cache));
        lose_layers(image);
        assert_true(is_found(*state, image, &EXAMPLES[i], cache));
    }
    assert_int_equal(rb_tree_remove(cache, NULL), 0);
    rb_free(cache);
}

/* Spoils all files in the folder, each at another place. */
static void spoil(const char *folder, size_t place)
{
    DIR *entries = opendir(folder);
    const struct dirent *entry;
    assert_non_null(entries);
    while ((entry = readdir(entries)) != NULL) {
        RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", folder, entry->d_name);
        RB_CLEANUP_FREE char *data = NULL;
        size_t size;
        if (rb_file_read(path, 1 << 20, &data, &size, NULL) != 0)
            continue;
        data[place % size] ^= 1;
        assert_int_equal(rb_file_write_atomic(path, data, size, 0600, NULL), 0);
    }
    closedir(entries);
}

static void test_what_was_kept_and_is_damaged_is_read_again(void **state)
{
    char *cache = NULL;
    RB_CLEANUP(image_cleanup) struct image *image = make(&EXAMPLES[0], GZIP);
    assert_int_equal(rb_folder_make_temporary("/tmp/rebake-layers-", &cache, NULL), 0);
    for (size_t place = 0; place < 400; place += 13) {
        assert_true(is_found(*state, image, &EXAMPLES[0], cache));
        spoil(cache, place);
    }
    lose_layers(image);
    struct rb_err err;
    struct rb_scan scan;
    const struct rb_scan_options options = {.cache_folder = cache};
    RB_CLEANUP_FREE char *reference = rb_asprintf("oci:%s", image->folder);
    assert_int_not_equal(rb_scan_reference(*state, reference, &options, &scan, &err), 0);
    assert_int_equal(rb_tree_remove(cache, NULL), 0);
    rb_free(cache);
}

static void test_examples(void **state)
{
    int wrong = 0;
    for (size_t i = 0; i < RB_COUNT_OF(EXAMPLES); i++)
        wrong += !is_right(*state, &EXAMPLES[i], GZIP);
    assert_int_equal(wrong, 0);
}

static void test_every_packing(void **state)
{
    static const enum packing PACKINGS[] = {PLAIN, GZIP, ZSTD, XZ};
    for (size_t i = 0; i < RB_COUNT_OF(PACKINGS); i++)
        assert_true(is_right(*state, &EXAMPLES[0], PACKINGS[i]));
}

static int setup(void **state)
{
    static struct rb_net_session session;
    rb_net_session_init(&session);
    *state = &session;
    return 0;
}

static int teardown(void **state)
{
    rb_net_session_deinit(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_every_packing),
        cmocka_unit_test(test_a_layer_that_was_read_is_not_read_again),
        cmocka_unit_test(test_what_was_kept_and_is_damaged_is_read_again),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
