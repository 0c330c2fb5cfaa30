/* SPDX-License-Identifier: Apache-2.0 */
/* Images, their builds with the reasons, the artifacts that came out, requests and pauses. */
#ifndef REBAKE_STORE_BUILDS_H
#define REBAKE_STORE_BUILDS_H

#include <stdbool.h>

#include "rebake/base/json.h"
#include "rebake/store/store.h"

struct rb_image_row {
    int64_t id;
    int64_t pipeline_id;
    const char *pipeline;
    const char *name;
    const char *recipe_hash;
    const char *state; /* what the planner said last: enum rb_plan_state's names, "new" at first */
    const char *cause; /* why it is in that state, one line; "" when there is nothing to say */
    const char *waits_for; /* the object it waits for: "shop/runtime", "build:7"; or NULL */
    const char *reasons;   /* JSON array of {"kind","subject","from","to","versionId"} */
    int64_t state_since;
    int64_t artifact_id;   /* the newest good artifact; 0: none */
    const char *input_key; /* the planner's key of what would be built; "" when nothing would */
};

RB_NODISCARD int rb_store_put_image(struct rb_store *store, int64_t pipeline_id, const char *name,
                                    const char *recipe_hash, int64_t *ret_id, struct rb_err *err);
/* Retires the pipeline's images that are not in the list: they leave the lists, their history
 * stays. */
RB_NODISCARD int rb_store_retain_images(struct rb_store *store, int64_t pipeline_id,
                                        const char *const *names, struct rb_err *err);
RB_NODISCARD int rb_store_images(struct rb_store *store, struct rb_arena *arena,
                                 struct rb_image_row **ret_rows, size_t *ret_count,
                                 struct rb_err *err);
/* RB_ENOTFOUND when there is none; retired images are found too. */
RB_NODISCARD int rb_store_image(struct rb_store *store, int64_t id, struct rb_arena *arena,
                                struct rb_image_row *ret_row, struct rb_err *err);
/* Writes only what differs; event image.state when the state changed. */
RB_NODISCARD int rb_store_set_image_state(struct rb_store *store, int64_t image_id,
                                          const char *state, const char *cause,
                                          const char *waits_for, const char *reasons,
                                          struct rb_err *err);

RB_NODISCARD int rb_store_set_image_key(struct rb_store *store, int64_t image_id,
                                        const char *input_key, struct rb_err *err);

enum rb_build_state {
    RB_BUILD_QUEUED,
    RB_BUILD_RUNNING,
    RB_BUILD_SUCCEEDED,  /* a new artifact, and its reasons are gone */
    RB_BUILD_UNCHANGED,  /* the content equals the last artifact's: nothing new */
    RB_BUILD_UNRESOLVED, /* built, but a reason is still there */
    RB_BUILD_FAILED,
    RB_BUILD_CANCELED,
    RB_BUILD_STATE_COUNT
};
const char *rb_build_state_name(enum rb_build_state state); /* "queued", … */
bool rb_build_state_is_final(enum rb_build_state state);

struct rb_reason {
    const char *kind;    /* "package", "base", "code", "recipe", "manual" */
    const char *subject; /* package name, source or image name, who asked */
    const char *from;    /* "" where there was nothing */
    const char *to;
    int64_t version_id; /* the source's version that brought it; 0 where none did */
    bool remains;       /* the build's inventory shows it still */
};

struct rb_build_row {
    int64_t id;
    int64_t image_id;
    const char *pipeline;
    const char *image;
    enum rb_build_state state;
    int attempt;      /* 1, and more for retries of the same inputs */
    const char *lock; /* JSON */
    const char *lock_hash;
    const char *input_key; /* the planner's key of what it was built for */
    int64_t created_at;
    int64_t started_at;      /* 0: not yet */
    int64_t finished_at;     /* 0: not yet */
    const char *error_class; /* "recipe", "infrastructure", "timeout", "canceled", or NULL */
    const char *error;
    const char *job_folder; /* where spec, log and result are */
    int64_t pid;            /* of the runner, with its start ticks; 0: none */
    int64_t pid_ticks;
    int64_t artifact_id; /* 0: none */
    int64_t decision_id; /* that allowed it (rebake/store/decisions.h); 0: none */
    const char *trial;   /* "base", "code": only tried with this input put back; NULL: in earnest */
    bool given_up; /* canceled, since newer inputs took its place: it says nothing of its own */
    struct rb_reason *reasons;
    size_t reason_count;
};

/* Adds a queued build with its reasons; event build.queued. Serves the image's open request. */
RB_NODISCARD int rb_store_add_build(struct rb_store *store, int64_t image_id, int attempt,
                                    const char *lock, const char *lock_hash, const char *input_key,
                                    const struct rb_reason *reasons, size_t reason_count,
                                    int64_t *ret_id, struct rb_err *err);
/* A queued build is to be for other inputs, in its place in the queue. Who asked for it stays among
   its reasons, and open requests of its image are served by it. Event build.replaced. RB_EINVALID
   when it is not queued any more. */
RB_NODISCARD int rb_store_replace_build(struct rb_store *store, int64_t build_id, int attempt,
                                        const char *lock, const char *lock_hash,
                                        const char *input_key, const struct rb_reason *reasons,
                                        size_t reason_count, struct rb_err *err);
/* Notes that a running build is being given up, and why: once it ends as canceled, it was. */
RB_NODISCARD int rb_store_give_up_build(struct rb_store *store, int64_t build_id, const char *why,
                                        struct rb_err *err);
/* Notes that a person cancels a build that is queued or runs, and why: once it ends as canceled,
   that was the reason. Event build.cancel. */
RB_NODISCARD int rb_store_note_cancel(struct rb_store *store, int64_t build_id, const char *who,
                                      const char *why, struct rb_err *err);
/* The newest build of the image that has ended and was not given up (id 0: there is none), and how
   many were given up while they ran since. */
RB_NODISCARD int rb_store_last_build(struct rb_store *store, int64_t image_id,
                                     struct rb_arena *arena, struct rb_build_row *ret_row,
                                     int *ret_given_up, struct rb_err *err);
/* The build, just added, is a trial: no artifact comes of it, and it is not the image's last. */
RB_NODISCARD int rb_store_set_trial(struct rb_store *store, int64_t build_id, const char *trial,
                                    struct rb_err *err);
/* How the newest trial of the image for this input key with that input put back ended, if there was
   one. */
RB_NODISCARD int rb_store_trial(struct rb_store *store, int64_t image_id, const char *input_key,
                                const char *trial, bool *ret_done, bool *ret_good,
                                struct rb_err *err);
/* Notes the runner, before it is known to run (pid 0) and after; event build.started the first
 * time. */
RB_NODISCARD int rb_store_start_build(struct rb_store *store, int64_t build_id,
                                      const char *job_folder, int64_t pid, int64_t pid_ticks,
                                      struct rb_err *err);

struct rb_artifact_row {
    int64_t id;
    int64_t image_id;
    int64_t build_id;
    const char *pipeline;
    const char *image;
    const char *reference; /* registry/name */
    const char *digest;    /* of the manifest */
    int64_t size_bytes;    /* of config and layers, compressed */
    int64_t created_at;
    bool good; /* may be deployed and built upon */
};

struct rb_build_end {
    int64_t build_id;
    enum rb_build_state state; /* a final one */
    const char *error_class;   /* or NULL */
    const char *error;
    /* The artifact: NULL digest when there is none. For RB_BUILD_UNCHANGED it is the digest of the
       existing artifact, which the build is tied to. */
    const char *reference;
    const char *digest;
    int64_t size_bytes;
    bool good;
    bool given_up; /* with RB_BUILD_CANCELED: for newer inputs */
    /* What is inside a new artifact, an object as rb_inventory_to_json makes it: equal ones are
       kept once. Borrowed; may be NULL. */
    const json_t *inventory;
    const bool *remains; /* one for each reason of the build; NULL: all gone */
};
/* Ends a build, adds its artifact and inventory, in one transaction; events build.finished and
   artifact.created. ret_artifact_id may be NULL. */
RB_NODISCARD int rb_store_end_build(struct rb_store *store, const struct rb_build_end *end,
                                    int64_t *ret_artifact_id, struct rb_err *err);

RB_NODISCARD int rb_store_build(struct rb_store *store, int64_t id, struct rb_arena *arena,
                                struct rb_build_row *ret_row, struct rb_err *err);
/* The newest build of the image that stands behind its artifact: good, also where its content was
   nothing new. Its lock is the newest good one. RB_ENOTFOUND when there is none. */
RB_NODISCARD int rb_store_good_build(struct rb_store *store, int64_t image_id,
                                     struct rb_arena *arena, struct rb_build_row *ret_row,
                                     struct rb_err *err);
/* Newest first; image_id 0: all images; only queued and running ones with open_only. */
RB_NODISCARD int rb_store_builds(struct rb_store *store, int64_t image_id, bool open_only,
                                 size_t limit /* 0: all */, struct rb_arena *arena,
                                 struct rb_build_row **ret_rows, size_t *ret_count,
                                 struct rb_err *err);
RB_NODISCARD int rb_store_artifact(struct rb_store *store, int64_t id, struct rb_arena *arena,
                                   struct rb_artifact_row *ret_row, struct rb_err *err);
/* The newest artifact of the image with that digest; RB_ENOTFOUND when there is none. */
RB_NODISCARD int rb_store_artifact_by_digest(struct rb_store *store, int64_t image_id,
                                             const char *digest, struct rb_arena *arena,
                                             struct rb_artifact_row *ret_row, struct rb_err *err);
/* The artifact's inventory as it was given (an object for rb_inventory_from_json); the caller drops
   the reference. RB_ENOTFOUND when it was stored without one. */
RB_NODISCARD int rb_store_inventory(struct rb_store *store, int64_t artifact_id,
                                    json_t **ret_inventory, struct rb_err *err);

/* A person asked for a build of an image (`rebake trigger`); served by the next build of it. */
struct rb_request_row {
    int64_t id;
    int64_t image_id;
    const char *who;
    const char *why;
    int64_t at;
    bool force; /* whatever pauses, policy's holds and failures say */
};
/* Event image.requested. */
RB_NODISCARD int rb_store_add_request(struct rb_store *store, int64_t image_id, const char *who,
                                      const char *why, struct rb_err *err);
/* The same, with force. */
RB_NODISCARD int rb_store_force_build(struct rb_store *store, int64_t image_id, const char *who,
                                      const char *why, struct rb_err *err);
RB_NODISCARD int rb_store_open_requests(struct rb_store *store, struct rb_arena *arena,
                                        struct rb_request_row **ret_rows, size_t *ret_count,
                                        struct rb_err *err);

/* Pauses: a person's word that nothing is to start for a subject: "all", "shop" (a pipeline),
   "shop/app" (an image or a deployment). Pausing twice changes who, why and until when. */
struct rb_pause_row {
    const char *subject;
    const char *who;
    const char *why;
    int64_t at;
    int64_t until_at; /* 0: until somebody lifts it */
};
RB_NODISCARD int rb_store_pause(struct rb_store *store, const char *subject, const char *who,
                                const char *why, int64_t until_at, struct rb_err *err);
/* who NULL: the daemon, for its time is over. RB_ENOTFOUND when it is not paused. */
RB_NODISCARD int rb_store_resume(struct rb_store *store, const char *subject, const char *who,
                                 struct rb_err *err);
RB_NODISCARD int rb_store_pauses(struct rb_store *store, struct rb_arena *arena,
                                 struct rb_pause_row **ret_rows, size_t *ret_count,
                                 struct rb_err *err);

#endif
