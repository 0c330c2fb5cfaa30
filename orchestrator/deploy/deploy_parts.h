/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this room share: the target as a job's spec names it, the container that stands
 * for it, and the differences between the two.
 */
#ifndef DEPLOY_PARTS_H
#define DEPLOY_PARTS_H

#include "rebake/base/digest.h"
#include "rebake/base/strlist.h"
#include "rebake/job/job.h"

enum {
    DEPLOY_LIST_MAXIMUM = 4 << 20, /* bytes of podman's answers */
    DEPLOY_INSPECT_MAXIMUM = 4 << 20,
    DEPLOY_CHANGES_MAXIMUM = 16 << 20,
    DEPLOY_FILES_MAXIMUM = 100 /* changed files that are told one by one */
};

#define DEPLOY_LABEL_DEPLOYMENT "io.rebake.deployment"
#define DEPLOY_LABEL_SPEC       "io.rebake.spec"

/* All texts and documents are borrowed from the spec, but for those that say otherwise. */
struct deploy_target {
    const char *deployment;
    const char *reference; /* registry/name */
    const char *digest;
    bool force;
    bool plain_http; /* its registry is on the loopback, where TLS is not asked for */
    const char *container;
    const char *network; /* NULL: podman's default */
    bool read_only;
    const json_t *ports; /* arrays of texts, never NULL */
    const json_t *environment;
    const json_t *volumes;
    const json_t *command;
    const json_t *drop;
    const json_t *add;
    const json_t *health_command; /* an array that is not empty, or NULL */
    int64_t health_within_ms;
    const json_t *ignore;
    char spec_hash[RB_SHA256_HEX_SIZE]; /* of what the container is made from, beside the image */
};

/* target.c */
RB_NODISCARD int deploy_read_target(const json_t *spec, struct deploy_target *ret_target,
                                    struct rb_err *err);
/* "REFERENCE@DIGEST"; the caller frees it. */
char *deploy_pinned(const struct deploy_target *target);

/* containers.c: the target's container and, in the midst of a rollout, the one before it. */
struct deploy_container {
    char *id;  /* NULL: there is none */
    bool ours; /* it carries this deployment's label */
};
struct deploy_containers {
    struct deploy_container current;
    struct deploy_container previous;
};
void deploy_containers_deinit(struct deploy_containers *containers); /* usable with RB_CLEANUP */
/* The name that the container before gets while the new one is tried: NAME-previous- and the first
   twelve digits of its id, so that no name is used twice (podman 4.3 may forget to give one free).
   The caller frees it. */
char *deploy_previous_name(const struct deploy_target *target, const char *id);
RB_NODISCARD int deploy_find_containers(struct rb_job *job, const struct deploy_target *target,
                                        struct deploy_containers *ret_containers,
                                        struct rb_err *err);
/* The same from what `podman ps --format json` prints. */
RB_NODISCARD int deploy_read_containers(const json_t *list, const struct deploy_target *target,
                                        struct deploy_containers *ret_containers,
                                        struct rb_err *err);
/* What `podman inspect` says of one container, with the RepoDigests of its image beside; the caller
   drops the reference. */
RB_NODISCARD int deploy_inspect(struct rb_job *job, const char *id, json_t **ret_container,
                                struct rb_err *err);
/* Does podman find the target's container by its name? Where a container is renamed while another
   hand removes it, podman 4.3 takes the name from the one that has it now: it is listed, and found
   by its id alone. */
RB_NODISCARD int deploy_is_named(struct rb_job *job, const struct deploy_target *target,
                                 const char *id, bool *ret_named, struct rb_err *err);
/* The arguments that create the container. */
void deploy_create_arguments(const struct deploy_target *target, struct rb_strlist *arguments);

/* drift.c */
void deploy_add_drift(json_t *drift, const char *kind, const char *subject, const char *expected,
                      const char *found);

/* settings.c: compares what `podman inspect` says of the container with the target. Adds an item to
   drift for each difference. */
void deploy_compare_settings(const struct deploy_target *target, const json_t *container,
                             json_t *drift);

/* changes.c: the files that differ from the image, from what `podman diff --format json` prints. */
void deploy_compare_files(const struct deploy_target *target, const json_t *container,
                          const json_t *listed, json_t *drift);

#endif
