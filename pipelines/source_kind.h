/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the language knows of each kind of source. The table of fields is the single truth: it reads
 * the file, it makes the spec by which an upstream is known, and reads it back.
 */
#ifndef PIPELINES_SOURCE_KIND_H
#define PIPELINES_SOURCE_KIND_H

#include "decode.h"

struct rb_source_language {
    const char *name;              /* of the kind, and of the key that tells it */
    int64_t every_ms;              /* unless said */
    const struct rb_field *fields; /* of struct rb_source; a field without a member is no part of
                                      the upstream's identity */
    /* Fills in what the file does not say, and reports what no single field can tell. mark is that
       of the source's name; is_whole says that no field was wrong, so that what is absent is not
       there. NULL: nothing to do. */
    void (*complete)(const struct rb_decode *decode, struct rb_mark mark, const char *subject,
                     bool is_whole, struct rb_source *source);
    char *(*describe)(const struct rb_source *source); /* rb_source_describe */
    const char *other_name; /* another key that tells the kind; or NULL */
};

extern const struct rb_source_language rb_source_git;
extern const struct rb_source_language rb_source_pipeline;
extern const struct rb_source_language rb_source_image;
extern const struct rb_source_language rb_source_apt;
extern const struct rb_source_language rb_source_rpm;
extern const struct rb_source_language rb_source_apk;
extern const struct rb_source_language rb_source_pypi;
extern const struct rb_source_language rb_source_npm;
extern const struct rb_source_language rb_source_http;
extern const struct rb_source_language rb_source_osv;
extern const struct rb_source_language rb_source_debian_tracker;
extern const struct rb_source_language rb_source_secdb;
extern const struct rb_source_language rb_source_kev;
extern const struct rb_source_language rb_source_epss;

enum { RB_SOURCE_EVERY_MS = 60 * 1000 };

#define RB_SOURCE_FIELD(field_member) offsetof(struct rb_source, field_member)

/* The last field of every kind. */
#define RB_SOURCE_EVERY                                                                            \
    {                                                                                              \
        .key = "every", .kind = RB_FIELD_SPAN, .offset = RB_SOURCE_FIELD(every_ms), .least = "1s", \
        .most = "30d", .example = "every: 5m"                                                      \
    }

extern const size_t rb_source_kinds; /* how many there are */
const struct rb_source_language *rb_source_language(enum rb_source_kind kind);
/* By the key that tells it; false for one that tells none. */
bool rb_source_kind_of(const char *name, enum rb_source_kind *ret_kind);

#endif
