/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_packages [Packages.xz]: from a downloaded Packages file to an index on disk, beside what it
 * cannot be faster than in the same run: `xz -dc` of the same file. Without an argument it takes
 * the largest Packages file that this machine's apt has (on Debian: main, 63,000 packages) and
 * compresses it as the archive does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packages_file.h"
#include "rebake/base/digest.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/inventory/index.h"

enum { ROUNDS = 5, LOOKUPS = 1000000 };

static double time_build(const char *data, size_t size, char *hex, const char *index_path,
                         size_t *ret_count)
{
    struct rb_err err;
    double start = bench_cpu_ms();
    struct rb_index_builder *builder = rb_index_builder_new();
    bench_must(rb_index_builder_feed_compressed(builder, data, size, BENCH_FILE_MAX, hex,
                                                "Packages", &err),
               &err);
    bench_must(rb_index_builder_end_file(builder, "Packages", &err), &err);
    *ret_count = rb_index_builder_count(builder);
    bench_must(rb_index_builder_write(builder, index_path, &err), &err);
    rb_index_builder_free(builder);
    return bench_cpu_ms() - start;
}

static void time_lookups(const char *index_path)
{
    struct rb_err err;
    struct rb_index *index = NULL;
    double start = bench_cpu_ms();
    bench_must(rb_index_open(index_path, &index, &err), &err);
    printf("open and verify the index     %8.2f ms\n", bench_cpu_ms() - start);
    size_t count = rb_index_count(index), found = 0;
    start = bench_cpu_ms();
    for (size_t i = 0; i < LOOKUPS; i++) {
        struct rb_offer offer;
        size_t first;
        rb_index_get(index, i * 7919 % count, &offer);
        found += rb_index_find(index, offer.name, &first);
    }
    printf("one lookup by name            %8.0f ns\n", (bench_cpu_ms() - start) * 1e6 / LOOKUPS);
    if (found < LOOKUPS)
        bench_must(rb_err_set(&err, RB_EINTERNAL, "a name was not found"), &err);
    rb_index_close(index);
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

int main(int argc, char **argv)
{
    struct rb_err err;
    RB_CLEANUP_FREE char *folder = NULL;
    bench_must(rb_folder_make_temporary("/tmp/rebake-bench-", &folder, &err), &err);
    RB_CLEANUP_FREE char *index_path = rb_asprintf("%s/packages.index", folder);
    struct bench_file packed = {0};
    size_t count = 0;
    if (argc > 1) {
        bench_must(rb_file_read(argv[1], BENCH_FILE_MAX, &packed.data, &packed.size, &err), &err);
    } else {
        struct bench_file plain = bench_largest_packages();
        packed = bench_packed(&plain);
        rb_free(plain.data);
    }
    const char *data = packed.data;
    size_t size = packed.size;
    double xz = bench_unpack_ms(&packed, ROUNDS), build = 1e9, hashed = 1e9;
    for (int i = 0; i < ROUNDS; i++) {
        char hex[RB_SHA256_HEX_SIZE];
        build = least(build, time_build(data, size, NULL, index_path, &count));
        hashed = least(hashed, time_build(data, size, hex, index_path, &count));
    }
    int64_t index_bytes;
    bench_must(rb_file_size(index_path, &index_bytes, &err), &err);
    printf("%zu packages, %.1f MB compressed, index of %.1f MB; best of %d, processor time\n",
           count, (double)size / 1e6, (double)index_bytes / 1e6, ROUNDS);
    printf("xz -dc, the limit             %8.1f ms\n", xz);
    printf("unpack, parse, write index    %8.1f ms  %.2f of the limit\n", build, build / xz);
    printf("the same with sha256          %8.1f ms  %.2f of the limit\n", hashed, hashed / xz);
    time_lookups(index_path);
    rb_free(packed.data);
    bench_must(rb_tree_remove(folder, &err), &err);
    return 0;
}
