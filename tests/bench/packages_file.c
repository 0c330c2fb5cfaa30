/* SPDX-License-Identifier: Apache-2.0 */
#include "packages_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "rebake/base/memory.h"
#include "rebake/loop/process.h"

void bench_must(int status, const struct rb_err *err)
{
    if (status == 0)
        return;
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static double cpu_ms(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

double bench_cpu_ms(void)
{
    return cpu_ms(RUSAGE_SELF);
}

static struct bench_file run(const char *const *arguments, const void *input, size_t size,
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
    RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
    bench_must(rb_process_run(&options, &result, &err), &err);
    bench_must(rb_process_check(&result, arguments[0], &err), &err);
    struct bench_file file = {.size = result.output_size};
    file.data = rb_steal(&result.output);
    return file;
}

struct bench_file bench_largest_packages(void)
{
    const char *const targets[] = {"apt-get",     "indextargets",         "--format",
                                   "$(FILENAME)", "Created-By: Packages", NULL};
    struct bench_file lists = run(targets, NULL, 0, 1 << 20);
    const char *largest = NULL;
    off_t largest_size = 0;
    char *rest = NULL;
    for (const char *list = strtok_r(lists.data, "\n", &rest); list != NULL;
         list = strtok_r(NULL, "\n", &rest)) {
        struct stat status;
        if (stat(list, &status) == 0 && status.st_size > largest_size) {
            largest = list;
            largest_size = status.st_size;
        }
    }
    struct rb_err err;
    if (largest == NULL)
        bench_must(rb_err_set(&err, RB_ENOTFOUND, "apt has no Packages file; run apt-get update"),
                   &err);
    const char *const unpack[] = {"/usr/lib/apt/apt-helper", "cat-file", largest, NULL};
    struct bench_file plain = run(unpack, NULL, 0, BENCH_FILE_MAX);
    rb_free(lists.data);
    return plain;
}

struct bench_file bench_packed(const struct bench_file *plain)
{
    const char *const pack[] = {"xz", "-c", NULL};
    return run(pack, plain->data, plain->size, BENCH_FILE_MAX);
}

struct bench_file bench_unpacked(const char *path)
{
    const char *const unpack[] = {"xz", "-dc", path, NULL};
    return run(unpack, NULL, 0, BENCH_FILE_MAX);
}

double bench_unpack_ms(const struct bench_file *packed, int rounds)
{
    const char *const unpack[] = {"xz", "-dc", NULL};
    double least = 1e9;
    for (int i = 0; i < rounds; i++) {
        double start = cpu_ms(RUSAGE_CHILDREN);
        struct bench_file plain = run(unpack, packed->data, packed->size, 0);
        double took = cpu_ms(RUSAGE_CHILDREN) - start;
        rb_free(plain.data);
        least = took < least ? took : least;
    }
    return least;
}
