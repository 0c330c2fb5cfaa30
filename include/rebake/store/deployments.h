/* SPDX-License-Identifier: Apache-2.0 */
/* Deployments: a place where an image's artifacts go, its rollouts, what was observed, and drift.
 */
#ifndef REBAKE_STORE_DEPLOYMENTS_H
#define REBAKE_STORE_DEPLOYMENTS_H

#include <stdbool.h>

#include "rebake/store/store.h"

struct rb_deployment_row {
    int64_t id;
    int64_t pipeline_id;
    const char *pipeline;
    const char *name;
    int64_t image_id;
    const char *image;
    const char *spec_hash;        /* of the target's definition as configured now */
    int64_t artifact_id;          /* what was rolled out last with success; 0: nothing */
    const char *digest;           /* of that artifact, or NULL */
    const char *rolled_spec_hash; /* the definition it was rolled out with, or NULL */
    const char *state; /* "new", "deploying", "healthy", "drifted", "failed", "unreachable" */
    const char *cause; /* one line; "" when there is nothing to say */
    int64_t state_since;
    int64_t observed_at;     /* 0: never */
    int64_t next_observe_at; /* 0: at once */
    int failures;            /* of rollouts of the wanted artifact, in a row */
    int64_t retry_at;        /* not before this; 0: at once */
    const char *held;        /* a rollout is due, and policy is "deciding", or says "on-hold" or
                                "refused"; NULL: none is, or it may begin */
    const char *held_cause;  /* NULL likewise */
};

RB_NODISCARD int rb_store_put_deployment(struct rb_store *store, int64_t pipeline_id,
                                         const char *name, int64_t image_id, const char *spec_hash,
                                         int64_t *ret_id, struct rb_err *err);
RB_NODISCARD int rb_store_retain_deployments(struct rb_store *store, int64_t pipeline_id,
                                             const char *const *names, struct rb_err *err);
RB_NODISCARD int rb_store_deployments(struct rb_store *store, struct rb_arena *arena,
                                      struct rb_deployment_row **ret_rows, size_t *ret_count,
                                      struct rb_err *err);
/* Also one that no pipeline names any more. */
RB_NODISCARD int rb_store_deployment(struct rb_store *store, int64_t id, struct rb_arena *arena,
                                     struct rb_deployment_row *ret_row, struct rb_err *err);

/* held NULL: no more. Event deployment.held where it differs. */
RB_NODISCARD int rb_store_set_deployment_held(struct rb_store *store, int64_t deployment_id,
                                              const char *held, const char *cause,
                                              struct rb_err *err);

/* One job at a target: a rollout ("deploy", also to heal) or a look ("observe"). */
struct rb_rollout_row {
    int64_t id;
    int64_t deployment_id;
    const char *pipeline;
    const char *deployment;
    const char *kind; /* "deploy" or "heal" */
    int64_t artifact_id;
    const char *digest;
    const char *state; /* "running", "succeeded", "failed" */
    int64_t started_at;
    int64_t finished_at;
    const char *error;
    const char *job_folder;
    int64_t pid;
    int64_t pid_ticks;
    int64_t decision_id; /* that allowed it (rebake/store/decisions.h); 0: none */
};
/* Adds a running rollout; the deployment's state becomes "deploying"; event deployment.started. */
RB_NODISCARD int rb_store_add_rollout(struct rb_store *store, int64_t deployment_id,
                                      const char *kind, int64_t artifact_id, const char *spec_hash,
                                      int64_t *ret_id, struct rb_err *err);
RB_NODISCARD int rb_store_start_rollout(struct rb_store *store, int64_t rollout_id,
                                        const char *job_folder, int64_t pid, int64_t pid_ticks,
                                        struct rb_err *err);
/* error NULL: success; the deployment then holds the artifact and is "healthy", and its open drift
   is resolved; else "failed" with the cause, one failure more, and retry_at. Events
   deployment.succeeded, deployment.failed. */
RB_NODISCARD int rb_store_end_rollout(struct rb_store *store, int64_t rollout_id, const char *error,
                                      int64_t retry_at, struct rb_err *err);
/* Newest first; deployment_id 0: all. */
RB_NODISCARD int rb_store_rollouts(struct rb_store *store, int64_t deployment_id, bool open_only,
                                   size_t limit, struct rb_arena *arena,
                                   struct rb_rollout_row **ret_rows, size_t *ret_count,
                                   struct rb_err *err);
/* Where an artifact went; newest first. */
RB_NODISCARD int rb_store_artifact_rollouts(struct rb_store *store, int64_t artifact_id,
                                            size_t limit, struct rb_arena *arena,
                                            struct rb_rollout_row **ret_rows, size_t *ret_count,
                                            struct rb_err *err);

struct rb_drift_row {
    int64_t id;
    int64_t deployment_id;
    const char *kind;    /* "missing", "stopped", "digest", "configuration", "file" */
    const char *subject; /* what differs: "/etc/motd", "ReadonlyRootfs" */
    const char *expected;
    const char *found;
    int64_t first_seen_at;
    int64_t last_seen_at;
    int64_t resolved_at; /* 0: it is still there */
};
struct rb_drift_item {
    const char *kind;
    const char *subject;
    const char *expected;
    const char *found;
};
/* Records what a look found: new differences (event drift.found, one for all of them), ones still
   there, ones gone (drift.resolved). error not NULL: the target could not be asked, and drift stays
   as it was. The deployment becomes "healthy", "drifted" or "unreachable". */
RB_NODISCARD int rb_store_record_observation(struct rb_store *store, int64_t deployment_id,
                                             const struct rb_drift_item *items, size_t item_count,
                                             const char *error, int64_t next_observe_at,
                                             struct rb_err *err);
RB_NODISCARD int rb_store_set_next_observe(struct rb_store *store, int64_t deployment_id,
                                           int64_t next_observe_at, struct rb_err *err);
/* Newest first; deployment_id 0: all; open_only: not resolved. */
RB_NODISCARD int rb_store_drift(struct rb_store *store, int64_t deployment_id, bool open_only,
                                size_t limit, struct rb_arena *arena,
                                struct rb_drift_row **ret_rows, size_t *ret_count,
                                struct rb_err *err);

#endif
