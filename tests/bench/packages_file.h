/* SPDX-License-Identifier: Apache-2.0 */
/* Packages files that benchmarks of the index work on, and what they are measured with. */
#ifndef REBAKE_BENCH_PACKAGES_FILE_H
#define REBAKE_BENCH_PACKAGES_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "rebake/base/err.h"

enum { BENCH_FILE_MAX = 512 << 20 };

struct bench_file {
    char *data; /* freed by whoever has it */
    size_t size;
};

/* Ends the program with the error, if there is one. */
void bench_must(int status, const struct rb_err *err);

/* Our own processor time, so that what else the machine does is not measured. */
double bench_cpu_ms(void);

/* The largest of this machine's apt's lists, plain. */
struct bench_file bench_largest_packages(void);
/* As the archive compresses it. */
struct bench_file bench_packed(const struct bench_file *plain);
struct bench_file bench_unpacked(const char *path);
/* Processor time of `xz -dc`, the least of some rounds. */
double bench_unpack_ms(const struct bench_file *packed, int rounds);

#endif
