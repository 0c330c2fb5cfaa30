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
#include <sys/resource.h>
#include <sys/stat.h>

#include "rebake/base/digest.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/inventory/index.h"
#include "rebake/loop/process.h"

enum { FILE_MAX = 512 << 20, ROUNDS = 5, LOOKUPS = 1000000 };

static void must(int status, const struct rb_err *err)
{
    if (status == 0)
        return;
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

/* Processor time, so that what else the machine does is not measured: our own, or that of the
   children that have ended. */
static double cpu_ms(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static struct rb_process_result run(const char *const *arguments, const void *input, size_t size,
                                    size_t output_maximum)
{
    struct rb_process_options options = {
        .arguments = arguments,
        .input = input,
        .input_size = size,
        .output_maximum = output_maximum,
        .errors_maximum = 4096,
    };
    struct rb_err err;
    struct rb_process_result result = {0};
    must(rb_process_run(&options, &result, &err), &err);
    must(rb_process_check(&result, arguments[0], &err), &err);
    return result;
}

/* The largest of apt's lists, as xz. */
static void make_file(const char *path)
{
    const char *const targets[] = {"apt-get",     "indextargets",         "--format",
                                   "$(FILENAME)", "Created-By: Packages", NULL};
    struct rb_process_result lists = run(targets, NULL, 0, 1 << 20);
    const char *largest = NULL;
    off_t largest_size = 0;
    char *rest = NULL;
    for (const char *list = strtok_r(lists.output, "\n", &rest); list != NULL;
         list = strtok_r(NULL, "\n", &rest)) {
        struct stat status;
        if (stat(list, &status) == 0 && status.st_size > largest_size) {
            largest = list;
            largest_size = status.st_size;
        }
    }
    struct rb_err err;
    if (largest == NULL)
        must(rb_err_set(&err, RB_ENOTFOUND, "apt has no Packages file; run apt-get update"), &err);
    const char *const unpack[] = {"/usr/lib/apt/apt-helper", "cat-file", largest, NULL};
    struct rb_process_result plain = run(unpack, NULL, 0, FILE_MAX);
    const char *const pack[] = {"xz", "-c", NULL};
    struct rb_process_result packed = run(pack, plain.output, plain.output_size, FILE_MAX);
    must(rb_file_write_atomic(path, packed.output, packed.output_size, 0600, &err), &err);
    rb_process_result_deinit(&packed);
    rb_process_result_deinit(&plain);
    rb_process_result_deinit(&lists);
}

static double time_xz(const char *path)
{
    const char *const arguments[] = {"xz", "-dc", path, NULL};
    double start = cpu_ms(RUSAGE_CHILDREN);
    struct rb_process_result result = run(arguments, NULL, 0, 0);
    double took = cpu_ms(RUSAGE_CHILDREN) - start;
    rb_process_result_deinit(&result);
    return took;
}

static double time_build(const char *data, size_t size, char *hex, const char *index_path,
                         size_t *ret_count)
{
    struct rb_err err;
    double start = cpu_ms(RUSAGE_SELF);
    struct rb_index_builder *builder = rb_index_builder_new();
    must(rb_index_builder_feed_compressed(builder, data, size, FILE_MAX, hex, "Packages", &err),
         &err);
    must(rb_index_builder_end_file(builder, "Packages", &err), &err);
    *ret_count = rb_index_builder_count(builder);
    must(rb_index_builder_write(builder, index_path, &err), &err);
    rb_index_builder_free(builder);
    return cpu_ms(RUSAGE_SELF) - start;
}

static void time_lookups(const char *index_path)
{
    struct rb_err err;
    struct rb_index *index = NULL;
    double start = cpu_ms(RUSAGE_SELF);
    must(rb_index_open(index_path, &index, &err), &err);
    printf("open and verify the index     %8.2f ms\n", cpu_ms(RUSAGE_SELF) - start);
    size_t count = rb_index_count(index), found = 0;
    start = cpu_ms(RUSAGE_SELF);
    for (size_t i = 0; i < LOOKUPS; i++) {
        struct rb_offer offer;
        size_t first;
        rb_index_get(index, i * 7919 % count, &offer);
        found += rb_index_find(index, offer.name, &first);
    }
    printf("one lookup by name            %8.0f ns\n",
           (cpu_ms(RUSAGE_SELF) - start) * 1e6 / LOOKUPS);
    if (found < LOOKUPS)
        must(rb_err_set(&err, RB_EINTERNAL, "a name was not found"), &err);
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
    must(rb_folder_make_temporary("/tmp/rebake-bench-", &folder, &err), &err);
    RB_CLEANUP_FREE char *made = rb_asprintf("%s/Packages.xz", folder);
    RB_CLEANUP_FREE char *index_path = rb_asprintf("%s/packages.index", folder);
    const char *path = argc > 1 ? argv[1] : made;
    if (argc < 2)
        make_file(made);
    RB_CLEANUP_FREE char *data = NULL;
    size_t size, count = 0;
    must(rb_file_read(path, FILE_MAX, &data, &size, &err), &err);
    double xz = 1e9, build = 1e9, hashed = 1e9;
    for (int i = 0; i < ROUNDS; i++) {
        char hex[RB_SHA256_HEX_SIZE];
        xz = least(xz, time_xz(path));
        build = least(build, time_build(data, size, NULL, index_path, &count));
        hashed = least(hashed, time_build(data, size, hex, index_path, &count));
    }
    int64_t index_bytes;
    must(rb_file_size(index_path, &index_bytes, &err), &err);
    printf("%zu packages, %.1f MB compressed, index of %.1f MB; best of %d, processor time\n",
           count, (double)size / 1e6, (double)index_bytes / 1e6, ROUNDS);
    printf("xz -dc, the limit             %8.1f ms\n", xz);
    printf("unpack, parse, write index    %8.1f ms  %.2f of the limit\n", build, build / xz);
    printf("the same with sha256          %8.1f ms  %.2f of the limit\n", hashed, hashed / xz);
    time_lookups(index_path);
    must(rb_tree_remove(folder, &err), &err);
    return 0;
}
