/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Histories: a fleet of images and what happens upstream of it in a stretch of time, to be replayed
 * against a policy. Read from a file of JSON lines (docs/reference/simulate.md), or generated.
 */
#ifndef REBAKE_SIMULATE_HISTORY_H
#define REBAKE_SIMULATE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "rebake/base/err.h"

struct rb_history_image {
    const char *pipeline;
    const char *name;    /* in full: "fleet/app7" */
    int base;            /* its index, smaller than the image's own; or -1 */
    const int *packages; /* that it holds, with its base's; sorted */
    size_t package_count;
    int64_t build_ms;
    bool deployed;
    bool exposed; /* to the network */
};

struct rb_history_advisory {
    const char *id;
    const char *severity; /* "low", "medium", "high", "critical" */
    double score;
    double epss;
    bool kev;
};

enum rb_history_kind {
    RB_HISTORY_PACKAGE, /* a newer version of a package is there */
    RB_HISTORY_CODE,    /* an image's own code changed */
    RB_HISTORY_BASE,    /* the upstream base of an image without a base here moved */
    RB_HISTORY_KIND_COUNT
};

struct rb_history_event {
    int64_t at;
    enum rb_history_kind kind;
    int subject;                                /* of a package, or of an image */
    const struct rb_history_advisory *advisory; /* that the package's version closes; NULL: none */
};

struct rb_history {
    const char **packages;
    size_t package_count;
    struct rb_history_image *images;
    size_t image_count;
    struct rb_history_event *events; /* by time */
    size_t event_count;
    int64_t begins_at;
    int64_t ends_at;
};

enum {
    RB_HISTORY_IMAGES_MAXIMUM = 100000,
    RB_HISTORY_EVENTS_MAXIMUM = 10000000,
    RB_HISTORY_BYTES_MAXIMUM = 1 << 30
};

/* The caller frees it. RB_EINVALID names the line that is wrong. */
RB_NODISCARD int rb_history_read(const char *path, struct rb_history **ret_history,
                                 struct rb_err *err);
RB_NODISCARD int rb_history_write(const struct rb_history *history, FILE *out, struct rb_err *err);

/* A year of Debian's security updates over a fleet of so many images: the same for the same seed.
   Some 600 advisories, point releases, commits and base images that move. */
struct rb_history *rb_history_generate(size_t image_count, uint64_t seed);

void rb_history_free(struct rb_history *history); /* NULL is allowed */
void rb_history_cleanup(struct rb_history **history);

#endif
