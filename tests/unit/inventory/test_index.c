/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "rebake/base/digest.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/inventory/index.h"

static const char first_file[] = "Package: zlib1g\n"
                                 "Source: zlib\n"
                                 "Version: 1:1.2.13.dfsg-1\n"
                                 "Architecture: amd64\n"
                                 "Depends: libc6\n"
                                 "\n"
                                 "Package: adduser\n"
                                 "Version: 3.134\n"
                                 "Architecture: all\n"
                                 "\n"
                                 "Package: libc6\n"
                                 "Source: glibc (2.36-9)\n"
                                 "Version: 2.36-9+b1\n"
                                 "Architecture: amd64\n"
                                 "\n"
                                 "Package: libc6\n"
                                 "Source: glibc\n"
                                 "Version: 2.36-10\n"
                                 "Architecture: amd64\n";
static const char second_file[] = "Package: libc6\n"
                                  "Source: glibc\n"
                                  "Version: 2.36-10\n"
                                  "Architecture: i386\n"
                                  "\n"
                                  "Package: adduser\n"
                                  "Version: 3.134\n"
                                  "Architecture: all\n";

/* What both files together offer, in the index's order. */
static const struct rb_offer wanted[] = {
    {"adduser", "3.134", "all", "adduser", "3.134"},
    {"libc6", "2.36-10", "amd64", "glibc", "2.36-10"},
    {"libc6", "2.36-9+b1", "amd64", "glibc", "2.36-9"},
    {"libc6", "2.36-10", "i386", "glibc", "2.36-10"},
    {"zlib1g", "1:1.2.13.dfsg-1", "amd64", "zlib", "1:1.2.13.dfsg-1"},
};

struct fixture {
    char *folder;
    char *path;
};

static int make_folder(void **state)
{
    struct fixture *fixture = rb_zalloc(sizeof(*fixture));
    if (rb_folder_make_temporary("/tmp/rebake-index-", &fixture->folder, NULL) != 0)
        return -1;
    fixture->path = rb_asprintf("%s/x.index", fixture->folder);
    *state = fixture;
    return 0;
}

static int remove_folder(void **state)
{
    struct fixture *fixture = *state;
    int status = rb_tree_remove(fixture->folder, NULL);
    rb_free(fixture->folder);
    rb_free(fixture->path);
    rb_free(fixture);
    return status;
}

static void feed(struct rb_index_builder *builder, const char *text, size_t piece)
{
    size_t size = strlen(text);
    for (size_t at = 0; at < size; at += piece)
        assert_int_equal(
            rb_index_builder_feed(builder, text + at, size - at < piece ? size - at : piece, NULL),
            0);
    assert_int_equal(rb_index_builder_end_file(builder, "Packages", NULL), 0);
}

static void write_both(const char *path, size_t piece)
{
    struct rb_index_builder *builder = rb_index_builder_new();
    feed(builder, first_file, piece);
    assert_int_equal(rb_index_builder_count(builder), 4);
    feed(builder, second_file, piece);
    assert_int_equal(rb_index_builder_write(builder, path, NULL), 0);
    assert_int_equal(rb_index_builder_count(builder), RB_COUNT_OF(wanted));
    rb_index_builder_free(builder);
}

static void assert_holds_wanted(const char *path)
{
    struct rb_index *index = NULL;
    assert_int_equal(rb_index_open(path, &index, NULL), 0);
    assert_int_equal(rb_index_count(index), RB_COUNT_OF(wanted));
    for (size_t i = 0; i < RB_COUNT_OF(wanted); i++) {
        struct rb_offer offer;
        rb_index_get(index, i, &offer);
        assert_string_equal(offer.name, wanted[i].name);
        assert_string_equal(offer.version, wanted[i].version);
        assert_string_equal(offer.architecture, wanted[i].architecture);
        assert_string_equal(offer.source_name, wanted[i].source_name);
        assert_string_equal(offer.source_version, wanted[i].source_version);
    }
    rb_index_close(index);
}

static void offers_come_back_sorted(void **state)
{
    const struct fixture *fixture = *state;
    static const size_t pieces[] = {1, 7, 64, 10000};
    for (size_t i = 0; i < RB_COUNT_OF(pieces); i++) {
        write_both(fixture->path, pieces[i]);
        assert_holds_wanted(fixture->path);
    }
}

static void names_are_found(void **state)
{
    const struct fixture *fixture = *state;
    write_both(fixture->path, 100);
    struct rb_index *index = NULL;
    assert_int_equal(rb_index_open(fixture->path, &index, NULL), 0);
    size_t first = 99;
    assert_int_equal(rb_index_find(index, "libc6", &first), 3);
    assert_int_equal(first, 1);
    assert_int_equal(rb_index_find(index, "adduser", &first), 1);
    assert_int_equal(first, 0);
    assert_int_equal(rb_index_find(index, "zlib1g", &first), 1);
    assert_int_equal(first, 4);
    static const char *const absent[] = {"", "a", "libc", "libc66", "zzz"};
    for (size_t i = 0; i < RB_COUNT_OF(absent); i++)
        assert_int_equal(rb_index_find(index, absent[i], &first), 0);
    rb_index_close(index);
}

static void an_empty_index_is_one(void **state)
{
    const struct fixture *fixture = *state;
    struct rb_index_builder *builder = rb_index_builder_new();
    assert_int_equal(rb_index_builder_write(builder, fixture->path, NULL), 0);
    rb_index_builder_free(builder);
    struct rb_index *index = NULL;
    assert_int_equal(rb_index_open(fixture->path, &index, NULL), 0);
    size_t first;
    assert_int_equal(rb_index_count(index), 0);
    assert_int_equal(rb_index_find(index, "a", &first), 0);
    rb_index_close(index);
}

/* Many strings and records: the tables grow, and every name is still found. */
static void large_indexes_hold_every_name(void **state)
{
    const struct fixture *fixture = *state;
    enum { COUNT = 20000 };
    struct rb_index_builder *builder = rb_index_builder_new();
    for (unsigned i = 0; i < COUNT; i++) {
        char stanza[100];
        int size =
            snprintf(stanza, sizeof(stanza), "Package: p%u\nVersion: %u.0\nArchitecture: all\n\n",
                     i * 7919 % COUNT, i);
        assert_int_equal(rb_index_builder_feed(builder, stanza, (size_t)size, NULL), 0);
    }
    assert_int_equal(rb_index_builder_end_file(builder, "Packages", NULL), 0);
    assert_int_equal(rb_index_builder_write(builder, fixture->path, NULL), 0);
    rb_index_builder_free(builder);
    struct rb_index *index = NULL;
    assert_int_equal(rb_index_open(fixture->path, &index, NULL), 0);
    assert_int_equal(rb_index_count(index), COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        char name[20], version[20];
        (void)snprintf(name, sizeof(name), "p%u", i * 7919 % COUNT);
        (void)snprintf(version, sizeof(version), "%u.0", i);
        size_t first;
        struct rb_offer offer;
        assert_int_equal(rb_index_find(index, name, &first), 1);
        rb_index_get(index, first, &offer);
        assert_string_equal(offer.version, version);
    }
    rb_index_close(index);
}

static void bad_stanzas_are_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *wanted;
    } bad[] = {
        {"Version: 1\nArchitecture: all\n", "P: line 1: a package has no Package field"},
        {"\nPackage: a\nArchitecture: all\n", "P: line 2: a package has no Version field"},
        {"Package: a\nVersion: 1\n", "P: line 1: a package has no Architecture field"},
        {"Package: a\nVersion: :\nArchitecture: all\n",
         "P: line 1: package a: \":\" is not a version"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(bad); i++) {
        struct rb_index_builder *builder = rb_index_builder_new();
        struct rb_err err;
        assert_int_equal(rb_index_builder_feed(builder, bad[i].text, strlen(bad[i].text), NULL), 0);
        assert_int_equal(rb_index_builder_end_file(builder, "P", &err), RB_EINVALID);
        assert_string_equal(err.text, bad[i].wanted);
        rb_index_builder_free(builder);
    }
}

static void overwrite(const char *path, const char *data, size_t size)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void damage_is_seen_at_open(void **state)
{
    const struct fixture *fixture = *state;
    write_both(fixture->path, 100);
    RB_CLEANUP_FREE char *data = NULL;
    size_t size = 0;
    assert_int_equal(rb_file_read(fixture->path, 1 << 20, &data, &size, NULL), 0);
    struct rb_index *index = NULL;
    struct rb_err err;
    /* What offers were read from matters to the next builder alone, which looks at it itself. */
    enum { ORIGIN_CHECKSUM_AT = 24, ORIGIN_CHECKSUM_SIZE = 4, ORIGIN_SIZE = 12 + 2 * 72 + 6 * 20 };
    for (size_t i = 0; i < size - ORIGIN_SIZE; i++) {
        if (i == ORIGIN_CHECKSUM_AT)
            i += ORIGIN_CHECKSUM_SIZE;
        data[i] = (char)(data[i] ^ 0x10);
        overwrite(fixture->path, data, size);
        assert_int_equal(rb_index_open(fixture->path, &index, &err), RB_EINVALID);
        data[i] = (char)(data[i] ^ 0x10);
    }
    for (size_t shorter = 0; shorter < size; shorter++) {
        overwrite(fixture->path, data, shorter);
        assert_int_equal(rb_index_open(fixture->path, &index, &err), RB_EINVALID);
    }
    assert_int_equal(rb_index_open("/nonexistent/x.index", &index, &err), RB_ENOTFOUND);
    assert_int_equal(rb_index_open(fixture->folder, &index, &err), RB_EINVALID);
}

static size_t compress_xz(const char *text, unsigned char *out, size_t out_size)
{
    size_t used = 0;
    assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, (const uint8_t *)text,
                                             strlen(text), out, &used, out_size),
                     LZMA_OK);
    return used;
}

static size_t compress_gzip(const char *text, unsigned char *out, size_t out_size)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)text;
    stream.avail_in = (uInt)strlen(text);
    stream.next_out = out;
    stream.avail_out = (uInt)out_size;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t used = out_size - stream.avail_out;
    deflateEnd(&stream);
    return used;
}

static size_t compress_zstd(const char *text, unsigned char *out, size_t out_size)
{
    size_t used = ZSTD_compress(out, out_size, text, strlen(text), 3);
    assert_false(ZSTD_isError(used));
    return used;
}

static size_t compress_bzip2(const char *text, unsigned char *out, size_t out_size)
{
    unsigned used = (unsigned)out_size;
    assert_int_equal(BZ2_bzBuffToBuffCompress((char *)out, &used, (char *)(uintptr_t)text,
                                              (unsigned)strlen(text), 9, 0, 0),
                     BZ_OK);
    return used;
}

static size_t compress_plain(const char *text, unsigned char *out, size_t out_size)
{
    size_t used = strlen(text);
    assert_true(used <= out_size);
    memcpy(out, text, used);
    return used;
}

static size_t (*const compressors[])(const char *text, unsigned char *out, size_t out_size) = {
    compress_xz, compress_gzip, compress_zstd, compress_bzip2, compress_plain};

enum { COMPRESSED_MAX = 4096 };

static void every_compression_is_unpacked(void **state)
{
    const struct fixture *fixture = *state;
    char hex_wanted[RB_SHA256_HEX_SIZE];
    rb_sha256_of(first_file, strlen(first_file), hex_wanted);
    for (size_t i = 0; i < RB_COUNT_OF(compressors); i++) {
        RB_CLEANUP_FREE unsigned char *packed = rb_alloc(COMPRESSED_MAX);
        struct rb_index_builder *builder = rb_index_builder_new();
        char hex[RB_SHA256_HEX_SIZE];
        size_t size = compressors[i](first_file, packed, COMPRESSED_MAX);
        assert_int_equal(rb_index_builder_feed_compressed(builder, packed, size, strlen(first_file),
                                                          hex, "first", NULL),
                         0);
        assert_string_equal(hex, hex_wanted);
        assert_int_equal(rb_index_builder_end_file(builder, "first", NULL), 0);
        size = compressors[i](second_file, packed, COMPRESSED_MAX);
        assert_int_equal(
            rb_index_builder_feed_compressed(builder, packed, size, 1 << 20, NULL, "second", NULL),
            0);
        assert_int_equal(rb_index_builder_end_file(builder, "second", NULL), 0);
        assert_int_equal(rb_index_builder_write(builder, fixture->path, NULL), 0);
        rb_index_builder_free(builder);
        assert_holds_wanted(fixture->path);
    }
}

static int unpack(const unsigned char *packed, size_t size, uint64_t maximum, struct rb_err *err)
{
    struct rb_index_builder *builder = rb_index_builder_new();
    /* The exact size on the heap, so that a read behind the end is seen. */
    RB_CLEANUP_FREE unsigned char *exact = rb_alloc(size);
    if (size > 0)
        memcpy(exact, packed, size);
    int status =
        rb_index_builder_feed_compressed(builder, exact, size, maximum, NULL, "Packages", err);
    rb_index_builder_free(builder);
    return status;
}

static void compressed_data_is_bounded_and_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(compressors); i++) {
        RB_CLEANUP_FREE unsigned char *packed = rb_alloc(COMPRESSED_MAX);
        size_t size = compressors[i](first_file, packed, COMPRESSED_MAX);
        struct rb_err err;
        assert_int_equal(unpack(packed, size, strlen(first_file) - 1, &err), RB_ELIMIT);
        assert_string_equal(err.text, "Packages: larger than expected when unpacked");
        if (compressors[i] == compress_plain)
            continue;
        for (size_t shorter = 8; shorter < size; shorter++)
            assert_int_equal(unpack(packed, shorter, 1 << 20, &err), RB_EINVALID);
        packed[size] = 'x';
        assert_int_equal(unpack(packed, size + 1, 1 << 20, &err), RB_EINVALID);
    }
}

/* RFC 1952, the zstd and the xz format all let a file be several streams, one behind the other. */
static void streams_behind_each_other_are_one_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(compressors); i++) {
        RB_CLEANUP_FREE unsigned char *packed = rb_alloc(2 * COMPRESSED_MAX);
        size_t size = compressors[i](first_file, packed, COMPRESSED_MAX);
        packed[size] = '\n';
        size_t between = compressors[i] == compress_plain;
        size += between;
        size += compressors[i]("\nPackage: z\nVersion: 1\nArchitecture: all\n", packed + size,
                               COMPRESSED_MAX);
        struct rb_index_builder *builder = rb_index_builder_new();
        assert_int_equal(
            rb_index_builder_feed_compressed(builder, packed, size, 1 << 20, NULL, "P", NULL), 0);
        assert_int_equal(rb_index_builder_end_file(builder, "P", NULL), 0);
        assert_int_equal(rb_index_builder_count(builder), 5);
        rb_index_builder_free(builder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offers_come_back_sorted),
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(an_empty_index_is_one),
        cmocka_unit_test(large_indexes_hold_every_name),
        cmocka_unit_test(bad_stanzas_are_errors),
        cmocka_unit_test(damage_is_seen_at_open),
        cmocka_unit_test(every_compression_is_unpacked),
        cmocka_unit_test(compressed_data_is_bounded_and_whole),
        cmocka_unit_test(streams_behind_each_other_are_one_file),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
