/* SPDX-License-Identifier: Apache-2.0 */
/* Pipelines, sources and the versions seen of them. */
#ifndef REBAKE_STORE_SOURCES_H
#define REBAKE_STORE_SOURCES_H

#include <stdbool.h>

#include "rebake/base/json.h"
#include "rebake/store/store.h"

struct rb_pipeline_row {
    int64_t id;
    const char *name;
    const char *file;
    const char *content_hash;
    int64_t loaded_at;
};

/* Adds a pipeline or notes its new content; event pipeline.loaded when it is new or changed. */
RB_NODISCARD int rb_store_put_pipeline(struct rb_store *store, const char *name, const char *file,
                                       const char *content_hash, int64_t *ret_id,
                                       struct rb_err *err);
RB_NODISCARD int rb_store_pipelines(struct rb_store *store, struct rb_arena *arena,
                                    struct rb_pipeline_row **ret_rows, size_t *ret_count,
                                    struct rb_err *err);

/* One upstream, however many pipelines name it: identity is the sha256 of its canonical spec. */
struct rb_source_row {
    int64_t id;
    const char *kind;        /* "git", "image", "apt" */
    const char *spec;        /* JSON */
    const char *description; /* for people */
    const char *memo;        /* JSON of the last good check, or NULL */
    int64_t last_check_at;   /* 0: never */
    int64_t last_good_at;
    int64_t last_change_at;
    int64_t next_check_at;
    int64_t interval_ms;    /* how far apart its checks are now; 0: not known yet */
    int failures;           /* in a row */
    const char *error_code; /* of the last check, or NULL when it was good */
    const char *error;
    const char *trouble;   /* what is wrong with it: "none", or a word of rb_trouble_name() */
    int64_t trouble_since; /* 0 when nothing is */
    int64_t checks;        /* so many were recorded, */
    int64_t requests;      /* and this is what they cost together */
    int64_t bytes;
    int64_t version_id; /* the current version; 0: none yet */
    const char *version;
    const char *version_detail; /* JSON */
    const char *names;          /* "pipeline/name" of each that uses it, separated by ", " */
};

/* Finds or adds the source with this identity and binds it to the pipeline's name for it. */
RB_NODISCARD int rb_store_put_source(struct rb_store *store, int64_t pipeline_id, const char *name,
                                     const char *identity, const char *kind, const char *spec,
                                     const char *description, int64_t *ret_id, struct rb_err *err);
/* Unbinds names of the pipeline that are not in the list (NULL-terminated). */
RB_NODISCARD int rb_store_retain_sources(struct rb_store *store, int64_t pipeline_id,
                                         const char *const *names, struct rb_err *err);
/* Sources that some pipeline uses, by description. */
RB_NODISCARD int rb_store_sources(struct rb_store *store, struct rb_arena *arena,
                                  struct rb_source_row **ret_rows, size_t *ret_count,
                                  struct rb_err *err);
RB_NODISCARD int rb_store_source(struct rb_store *store, int64_t id, struct rb_arena *arena,
                                 struct rb_source_row *ret_row, struct rb_err *err);

/* The source with this identity. RB_ENOTFOUND when no pipeline ever named it. */
RB_NODISCARD int rb_store_source_by_identity(struct rb_store *store, const char *identity,
                                             struct rb_arena *arena, struct rb_source_row *ret_row,
                                             struct rb_err *err);

struct rb_check_record {
    int64_t source_id;
    int64_t checked_at;
    int64_t next_check_at;
    int64_t interval_ms;
    int requests;
    int64_t bytes;
    const char *error_code; /* NULL: the check was good */
    const char *error;
    const char *trouble; /* NULL: none */
    const char *memo;    /* JSON; kept as it was when NULL */
    const char *version; /* a new version was seen; NULL: unchanged */
    const char
        *detail; /* JSON: replaces the current version's when version is NULL and this is not */
    int64_t upstream_at;
};

/* Records a check: events source.changed (a new version), source.failed (the first failure in a
   row, or another error or trouble than before), source.recovered, source.moved (a good check that
   was answered from elsewhere, when that is new). ret_version_id may be NULL; 0 if none is new. */
RB_NODISCARD int rb_store_record_check(struct rb_store *store, const struct rb_check_record *record,
                                       int64_t *ret_version_id, struct rb_err *err);
RB_NODISCARD int rb_store_set_next_check(struct rb_store *store, int64_t source_id,
                                         int64_t next_check_at, struct rb_err *err);

struct rb_version_row {
    int64_t id;
    int64_t source_id;
    const char *value;
    const char *detail; /* JSON */
    int64_t seen_at;
    int64_t upstream_at;
};
/* RB_ENOTFOUND when there is none. */
RB_NODISCARD int rb_store_version(struct rb_store *store, int64_t id, struct rb_arena *arena,
                                  struct rb_version_row *ret_row, struct rb_err *err);
/* The one with that number or value, or whose value begins so, by four characters at least.
   RB_ENOTFOUND when there is none, RB_EINVALID when there are several. */
RB_NODISCARD int rb_store_version_named(struct rb_store *store, int64_t source_id, const char *text,
                                        struct rb_arena *arena, struct rb_version_row *ret_row,
                                        struct rb_err *err);
/* Newest first. */
RB_NODISCARD int rb_store_versions(struct rb_store *store, int64_t source_id, size_t limit,
                                   struct rb_arena *arena, struct rb_version_row **ret_rows,
                                   size_t *ret_count, struct rb_err *err);

#endif
