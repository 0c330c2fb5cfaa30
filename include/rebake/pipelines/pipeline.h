/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pipeline file: YAML (rebake-pipeline(5)) to a checked model. Pure: nothing is touched but the
 * file that is named. The model is immutable and all of it lives in one arena, freed with it; other
 * rooms hold pointers into it only while they hold the pipeline.
 */
#ifndef REBAKE_PIPELINES_PIPELINE_H
#define REBAKE_PIPELINES_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rebake/base/digest.h"
#include "rebake/base/err.h"
#include "rebake/base/json.h"
#include "rebake/pipelines/diagnostic.h"
#include "rebake/pipelines/source.h"

struct rb_image_argument {
    const char *name;
    const char *value;
};

/* Each, or those alone that close an advisory. */
#define RB_REBUILD_ON_PACKAGE  "package"
#define RB_REBUILD_ON_ADVISORY "advisory"

struct rb_image {
    const char *name;
    struct rb_place place;
    const struct rb_source *from_source; /* exactly one of the two is set */
    const struct rb_image *from_image;
    const struct rb_source *context_source; /* a git source; NULL: an empty context is refused */
    const char *context_path;               /* relative, normalised, "." for the root */
    /* What of the code counts: paths from the source's root, NULL-terminated. The context's path
       alone where its source has no `paths`. */
    const char *const *code_paths;
    const char *recipe_file; /* inside the context; `file`, "Containerfile" unless said */
    const char *builder;     /* "buildah" */
    const struct rb_source *const *packages;   /* repositories; NULL-terminated, never NULL */
    const struct rb_image_argument *arguments; /* build arguments, sorted by name */
    size_t argument_count;
    const char *push;   /* registry/name, without tag or digest */
    int64_t timeout_ms; /* for one build; 30m unless said */
    int64_t settle_ms;  /* `rebuild: { settle }`: quiet time before a build; 0 unless said */
    int64_t at_most_ms; /* `rebuild: { at-most }`: the longest wait; ten times settle unless said */
    int64_t
        retry_unresolved_ms; /* `rebuild: { retry-unresolved }`: what a rebuild did not cure is
                                tried again after it; 0 unless said: only when an input changes */
    const char *rebuild_on;  /* `rebuild: { on }`: which newer packages count */
    char recipe_hash[RB_SHA256_HEX_SIZE]; /* of all the above that changes what is built or where it
                                             goes, sources by their address; of nothing else (not of
                                             places, intervals, key order, names of sources) */
};

/* A container run by podman on this machine. */
struct rb_podman_target {
    const char *container;          /* its name; PIPELINE-DEPLOYMENT unless said */
    const char *network;            /* podman's --network; NULL: podman's default */
    const char *const *ports;       /* podman's --publish, NULL-terminated */
    const char *const *environment; /* NAME=VALUE, NULL-terminated, sorted */
    const char *const *volumes;     /* podman's --volume, NULL-terminated */
    const char *const *command;     /* instead of the image's own; NULL-terminated, may be empty */
    bool read_only;                 /* a read-only root file system; false unless said */
    const char *const *drop;        /* capabilities dropped; ["all"] unless said */
    const char *const *add;         /* capabilities added */
};

struct rb_deployment {
    const char *name;
    struct rb_place place;
    const struct rb_image *image; /* `images: [NAME]`: one image for a podman target */
    struct rb_podman_target podman;
    const char *const *health_command; /* run in the container; NULL-terminated; NULL: running is
                                          healthy */
    int64_t health_within_ms;          /* 30s unless said */
    int64_t observe_every_ms;          /* 5m unless said */
    bool heal;                         /* true unless said */
    const char *const *ignore; /* globs of paths whose change is not drift; NULL-terminated */
};

/* Who decides: exactly one of file, builtin and urls is set. */
struct rb_policy_choice {
    struct rb_place place;
    const char *file;        /* a policy's, relative to the folder of the pipeline's */
    const char *builtin;     /* the name of a policy that comes with the program */
    const char *const *urls; /* of policy servers, in the order of asking; NULL-terminated */
    int64_t timeout_ms;      /* for one answer; 2s unless said */
    const char *bearer;      /* the name of the secret that is sent to them; NULL: none */
};

struct rb_pipeline {
    const char *name;
    const char *file;
    const struct rb_source *sources; /* in the order of the file */
    size_t source_count;
    const struct rb_image *images; /* in dependency order: a base stands before its children; none
                                      is needed beside a source of kind pipeline */
    size_t image_count;
    const struct rb_deployment *deployments;
    size_t deployment_count;
    const struct rb_policy_choice *policy; /* NULL: everything is allowed */
    char content_hash[RB_SHA256_HEX_SIZE]; /* of the file's bytes */
};

/* Reads a pipeline. On success *ret_pipeline is owned by the caller. RB_EINVALID when the file has
   errors: they are in diagnostics (initialised empty by the caller, freed by the caller), and err
   holds a summary ("shop.yaml: 3 errors"). Limits: 1 MiB (RB_ELIMIT, without diagnostics), depth
   32, 100,000 nodes with what aliases stand for, 1,000 anchors and as many aliases. RB_EIO and
   RB_ENOTFOUND for the file itself, also without diagnostics. */
RB_NODISCARD int rb_pipeline_read(const char *path, struct rb_pipeline **ret_pipeline,
                                  struct rb_diagnostics *diagnostics, struct rb_err *err);
/* The same from memory; file is the name shown. */
RB_NODISCARD int rb_pipeline_parse(const char *data, size_t size, const char *file,
                                   struct rb_pipeline **ret_pipeline,
                                   struct rb_diagnostics *diagnostics, struct rb_err *err);
void rb_pipeline_free(struct rb_pipeline *pipeline); /* NULL is allowed */
void rb_pipeline_cleanup(struct rb_pipeline **pipeline);

/* True for what a folder's pipeline files are called: *.yaml and *.yml, none hidden. */
bool rb_pipeline_is_file_name(const char *name);

/* True for the text of a policy (rebake-policy(5)), or of its tests: they may stand in a folder of
   pipelines, for pipelines to name them. */
bool rb_pipeline_is_other(const char *data, size_t size);
/* Of a policy alone. */
bool rb_pipeline_is_policy(const char *data, size_t size);

const struct rb_source *rb_pipeline_source(const struct rb_pipeline *pipeline, const char *name);
const struct rb_image *rb_pipeline_image(const struct rb_pipeline *pipeline, const char *name);

/* The graph of a pipeline, for people: "text" (a tree), "dot" (Graphviz), "mermaid" or "json". */
RB_NODISCARD int rb_pipeline_graph(const struct rb_pipeline *pipeline, const char *format,
                                   struct rb_strbuf *out, struct rb_err *err);

#endif
