/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine's files share. The engine holds, for each source, image and deployment of the
 * loaded pipelines, the facts that planning needs, read from the store when they may have changed;
 * nothing here is known only here.
 */
#ifndef REBAKE_DAEMON_ENGINE_PARTS_H
#define REBAKE_DAEMON_ENGINE_PARTS_H

#include "deciding.h"
#include "exposures.h"
#include "rebake/advisory/match.h"
#include "rebake/advisory/threat.h"
#include "rebake/base/arena.h"
#include "rebake/base/json.h"
#include "rebake/base/random.h"
#include "rebake/base/strlist.h"
#include "rebake/daemon/engine.h"
#include "rebake/hooks/directory.h"
#include "rebake/inventory/upgrade.h"
#include "rebake/job/job.h"
#include "rebake/loop/timer.h"
#include "rebake/net/http.h"
#include "rebake/net/registry.h"
#include "rebake/pipelines/pipeline.h"
#include "rebake/plan/planner.h"
#include "rebake/store/builds.h"
#include "rebake/store/deployments.h"
#include "rebake/store/pins.h"
#include "rebake/store/sources.h"
#include "rebake/watch/check_queue.h"
#include "rebake/watch/schedule.h"
#include "rebake/watch/watch.h"

struct engine_pipeline {
    int64_t id;
    struct rb_pipeline *model;
    struct engine_source **bound;    /* the runtime entry of each of the model's sources */
    size_t first_image;              /* number of the first of its images, the others follow */
    bool is_followed;                /* brought by a source; else a file of this machine */
    char *folder;                    /* that the file is in */
    struct rb_policy_client *policy; /* who is asked about it; NULL: nobody can be, which is no
                                        leave where the model has a policy */
    bool is_embedded;                /* that is the engine's own server */
};

struct engine_source {
    struct rb_engine *engine;
    int64_t id;
    const struct rb_source *model; /* of the first pipeline that names it */
    char *name;                    /* "shop/code": the first pipeline's name for it */
    struct rb_strlist paths;       /* git: whose trees are needed */
    char *version;                 /* NULL: none seen yet */
    int64_t version_id;
    int64_t changed_at;
    json_t *memo;
    json_t *detail;
    char *files_tree;       /* pipeline: whose files are loaded; NULL: none's */
    char *files_fault;      /* pipeline: what of them could not be, and why; NULL: nothing */
    struct rb_index *index; /* apt: opened when first needed for this version */
    struct rb_advisory_set *advisories; /* of a source of them: as index */
    struct rb_threats *threats;         /* likewise */
    enum rb_trouble trouble;            /* of the last check */
    int failures;                       /* in a row */
    int64_t every_ms;                   /* of the pipeline that asks for it most often */
    int64_t next_check_at;              /* when it was put into the queue; 0: at once */
    struct rb_check_turn turn;
    struct rb_check *check; /* under way, or NULL */
    bool asked;             /* the next check, or the one under way, answers somebody */
    bool check_again;       /* asked for while one was under way, or not recorded yet */
    bool checked;           /* at least once since the engine started */
    bool hooked;            /* a webhook named it: soon to be asked for */
    bool recording;         /* what its last check found must be in the store before the next */
    int *users;             /* numbers of the images that it is an input of */
    size_t user_count;
};

/* What was to be updated before, in the order of the inventory: for the versions that brought it.
 */
struct engine_updates_before {
    const struct rb_plan_update *all;
    size_t count;
    size_t next; /* where the next one is likely to be */
};

/* What was worked out of an image's inventory and updates, for these advisories. */
struct engine_known {
    int64_t stamp;
    json_t *open; /* NULL: not yet */
    json_t *closed;
};

struct engine_image {
    int64_t id;
    const struct engine_pipeline *pipeline;
    const struct rb_image *model;
    char *name;                        /* "shop/app" */
    int base;                          /* index in engine->images, or RB_PLAN_NO_BASE */
    struct engine_source *base_source; /* or NULL */
    struct engine_source *code_source;
    struct engine_source **repositories; /* one for each of model->packages */
    size_t repository_count;
    /* Facts, read again when `stale`; what they name lives in facts. */
    bool stale;
    struct rb_arena *facts;
    int64_t artifact_id;
    const char *artifact_digest;
    struct rb_inventory inventory; /* of that artifact */
    struct rb_plan_inputs built;
    struct rb_plan_image plan; /* the parts that come from builds */
    /* Updates for that artifact, computed for these versions of the repositories. */
    struct rb_arena *updates_arena;
    int64_t *updates_for;
    int64_t updates_for_advisories; /* engine_advisories_stamp, where advisories say what counts */
    struct rb_plan_update *updates;
    size_t update_count;
    struct rb_arena *before_arena;
    struct engine_updates_before before;
    struct engine_known known; /* of its vulnerabilities; derived */
    struct engine_verdict verdict;
    bool is_asking;         /* it is on the engine's list of those that policy is asked about */
    int64_t settling_since; /* 0: it is not settling */
    /* What the planner was shown last and keeps looking at. */
    char code_key[RB_SHA256_HEX_SIZE];
    char *base_version;
    char *paused_by;
    char *request_who;
    char *request_why;
    int64_t exposed_artifact, exposed_stamp,
        exposed_day; /* that its exposures were written down for */
    char *recorded;  /* what the store was last told of its state; NULL: nothing by this engine */
};

struct engine_deployment {
    int64_t id;
    const struct engine_pipeline *pipeline;
    const struct rb_deployment *model;
    char *name; /* "shop/production" */
    struct engine_image *image;
    char spec_hash[RB_SHA256_HEX_SIZE];
    struct engine_verdict verdict;
};

enum engine_job_kind { ENGINE_BUILD, ENGINE_ROLLOUT, ENGINE_OBSERVE };

/* A job that runs. */
struct engine_job {
    struct rb_engine *engine;
    struct engine_job *next;
    enum engine_job_kind kind;
    int64_t id;            /* of the build or rollout; of the deployment for ENGINE_OBSERVE */
    int64_t deployment_id; /* for the last two */
    bool given_up;         /* a build's: it is being stopped, for newer inputs */
    struct rb_running_job *running;
};

struct engine_found;
struct engine_marks;
struct engine_pin;

/* What people have said of images. */
struct engine_words {
    const struct rb_pause_row *pauses;
    size_t pause_count;
    const struct rb_request_row *requests;
    size_t request_count;
};

struct rb_engine {
    struct rb_loop *loop;
    const struct rb_clock *clock;
    struct rb_store *store;
    struct rb_http *http;
    struct rb_registry *registry;
    struct rb_watch_tools tools;
    struct rb_executor *executor;
    struct rb_random random;
    struct rb_timer *plan_timer;
    struct rb_timer *check_timer;
    struct rb_check_queue *queue;
    /* What checks found and the store does not know yet. */
    struct engine_found *found;
    size_t found_count;
    size_t found_capacity;
    size_t untrimmed; /* checks since memory was given back */
    struct rb_timer *record_timer;
    bool recording_soon;
    /* Webhooks that were accepted, and the sources that they name marked `hooked`. */
    struct rb_hook_directory *directory;
    struct rb_strlist hook_names; /* that the directory borrows */
    struct rb_timer *hook_timer;
    struct rb_timer *follow_timer; /* loads what sources of kind pipeline have brought */
    bool following_soon;
    bool failed; /* what is loaded is not whole any more: the loop was stopped */
    bool hook_timer_runs;
    int64_t hooked_up_to; /* id of the newest delivery */
    int64_t hooked_count;
    struct rb_strlist pipeline_paths;
    struct rb_strbuf *diagnostics;
    char *state_folder;
    char *cache_folder;
    char *pipelines_folder;
    char *program;
    int lock_fd;
    int max_jobs;
    bool once;
    bool planning_soon;
    bool behind; /* no plan has seen all that is recorded */
    int64_t started_at;
    struct engine_pipeline *pipelines;
    size_t pipeline_count;
    struct engine_source *sources;
    size_t source_count;
    struct engine_source **sources_by_id;
    struct engine_image *images;
    size_t image_count;
    struct engine_image **images_by_id;
    struct engine_marks *marks;
    struct engine_pin *pins; /* as of the last planning, in the order of the store */
    size_t pin_count;
    int64_t advisories_stamp;   /* as of this planning: another one when any advisories are */
    struct rb_planner *planner; /* of the loaded images, by their numbers */
    bool queue_changed;         /* builds were queued, started or ended since it was looked at */
    int64_t queue_looked_at;
    int64_t queue_wake_at; /* what the dispatcher said then; 0: nothing */
    size_t *asking;        /* images that policy is, or may have to be, asked about */
    size_t asking_count;
    struct engine_deployment *deployments;
    size_t deployment_count;
    struct engine_job *jobs;
    double cost_per_minute; /* of building; 0: not known */
    /* Policy. */
    struct engine_question *questions; /* under way */
    size_t question_count;
    struct rb_policy_server *policy_server; /* the embedded one; NULL: nobody needs it */
    struct engine_exposures *exposures;
    struct rb_policy_client *embedded_client;
    bool policy_was_heard; /* it was ready, or could not be, since it was started */
};

/* Pipelines on their way to be loaded. */
struct engine_loading {
    struct engine_pipeline *pipelines; /* the local ones first */
    size_t count;
    struct engine_followed *followed; /* what each source of kind pipeline has brought */
    size_t followed_count;
};

/* load.c: the loaded pipelines and what the store knows of them. */
enum engine_files {
    ENGINE_ALL_FILES,     /* those of this machine are read again */
    ENGINE_FOLLOWED_FILES /* those of this machine stay as they were read */
};
RB_NODISCARD int engine_load(struct rb_engine *engine, enum engine_files files, struct rb_err *err);
void engine_unload(struct rb_engine *engine);
/* The names of the pipeline files in a folder are added, as paths. */
RB_NODISCARD int engine_list_folder(const char *path, struct rb_strlist *files, struct rb_err *err);
/* That a file is in; the caller frees it. */
char *engine_folder_of(const char *path);
/* The canonical text by which a source's upstream is known, which the caller frees, and its
   identity. */
char *engine_source_spec(const struct rb_source *model, char identity[RB_SHA256_HEX_SIZE]);
struct engine_source *engine_source_by_id(const struct rb_engine *engine, int64_t id);
struct engine_deployment *engine_deployment_by_id(struct rb_engine *engine, int64_t id);

/* fixes.c: newer packages that close an advisory, by all that are watched. The stamp is another one
   when any advisories are. */
int64_t engine_advisories_stamp(const struct rb_engine *engine);
/* All that are watched and were read. */
size_t engine_find_sets(struct rb_engine *engine, struct rb_arena *arena,
                        struct rb_advisory_source **ret_sets);
/* What an offer of that version tells of the package's source, which advisories speak of; false
   where there is no such offer. index may be NULL. */
bool engine_offered(const struct rb_index *index, const char *version, struct rb_package *package);
/* Drops those upgrades that close none; returns how many are left. */
size_t engine_keep_fixes(struct rb_engine *engine, const struct rb_inventory *inventory,
                         struct rb_upgrade *upgrades, size_t count);

/* checks.c */
extern const struct rb_check_limits engine_check_limits;
void engine_check_soon(struct engine_source *source); /* again after one that is under way */
/* All that are loaded, each when it is due; what is overdue, a little apart. */
void engine_queue_sources(struct rb_engine *engine);
void engine_start_due_checks(struct rb_engine *engine);
/* Gives those under way up, and takes all out of the queue. */
void engine_cancel_checks(struct rb_engine *engine);
bool engine_checks_are_quiet(const struct rb_engine *engine);
/* Its next turn is at next_check_at (0: at once), unless it was asked for meanwhile. */
void engine_wait_for_turn(struct engine_source *source, int64_t next_check_at);

/* check_records.c: what checks found, on its way into the store. */
void engine_note_check(struct engine_source *source, const struct rb_check_outcome *outcome,
                       int64_t interval_ms, int64_t next_check_at);
void engine_record_checks(struct rb_engine *engine);

/* followed.c: pipelines that sources bring. */
/* Adds them to the local ones. What cannot be loaded is left out, and noted. */
RB_NODISCARD int engine_read_followed(struct rb_engine *engine, struct engine_loading *loading,
                                      struct rb_err *err);
/* Gives what was noted to the sources, which are loaded now. */
void engine_note_followed(struct rb_engine *engine, struct engine_loading *loading);
void engine_free_followed(struct engine_loading *loading);
/* A good check was recorded: does it bring other files than those that are loaded? */
void engine_follow(struct engine_source *source);
void engine_load_followed(struct rb_engine *engine);
/* A good check that found the files of which some are left out is none. err holds its error. */
void engine_tell_fault(const struct engine_source *source, struct rb_check_outcome *outcome,
                       struct rb_err *err);

/* deliveries.c */
RB_NODISCARD int engine_load_hooks(struct rb_engine *engine, struct rb_err *err);
void engine_unload_hooks(struct rb_engine *engine);
void engine_serve_hooks(struct rb_engine *engine);

/* changes.c: which images planning looks at again. */
void engine_begin_marks(struct rb_engine *engine); /* the tables are made; all images are marked */
void engine_end_marks(struct rb_engine *engine);
struct engine_image *engine_image_by_id(const struct rb_engine *engine, int64_t id);
void engine_mark_image(struct rb_engine *engine, const struct engine_image *image);
/* The same; what the store knows of it is read again too. */
void engine_mark_facts(struct rb_engine *engine, struct engine_image *image);
/* Another version of a source is known, or more of it. */
void engine_mark_users(const struct engine_source *source);
void engine_mark_all(struct rb_engine *engine);
/* Adds what people said and what advisories came since the last planning. The words and the numbers
   of the images live until the marks are cleared. */
RB_NODISCARD int engine_find_marks(struct rb_engine *engine, const struct engine_words **ret_words,
                                   const size_t **ret_marked, size_t *ret_count,
                                   struct rb_err *err);
bool engine_has_marks(const struct rb_engine *engine);
void engine_clear_marks(struct rb_engine *engine); /* what they led to is in the store */

/* facts.c: what planning needs to know of an image. */
bool engine_wants_fixes_alone(const struct engine_image *image);
RB_NODISCARD int engine_refresh_image(struct rb_engine *engine, struct engine_image *image,
                                      struct rb_err *err);
void engine_refresh_updates(struct rb_engine *engine, struct engine_image *image);
/* The source's package index, opened once a version; NULL where it cannot be had now. */
const struct rb_index *engine_index_of(struct engine_source *source);

/* policy_input.c: is the image the base, or built from it, however far above? */
bool engine_stands_on(const struct rb_engine *engine, const struct engine_image *image,
                      const struct engine_image *base);
/* Can it be reached from the network? */
bool engine_is_published(const struct engine_deployment *deployment);

/* urgency.c: what a build's priority is where policy sets none. */
RB_NODISCARD int engine_priority(struct rb_engine *engine, struct engine_image *image,
                                 const struct rb_plan_decision *decision, struct rb_arena *arena,
                                 int *ret_priority, struct rb_err *err);

/* planning.c: from facts to a plan, and the plan into the store. */
RB_NODISCARD int engine_plan(struct rb_engine *engine, struct rb_arena *arena, int64_t *ret_wake_at,
                             struct rb_err *err);

/* jobs.c: what all jobs have in common. */
struct engine_job *engine_add_job(struct rb_engine *engine, enum engine_job_kind kind, int64_t id,
                                  int64_t deployment_id);
void engine_remove_job(struct engine_job *job);
struct engine_job *engine_find_job(struct rb_engine *engine, enum engine_job_kind kind, int64_t id);
char *engine_job_folder(const struct rb_engine *engine, const char *kind, int64_t id);

/* pins.c: what planning sees of a source for an image: its newest version, or a pinned one. */
struct engine_seen {
    const char *version; /* NULL: none seen yet */
    int64_t version_id;
    int64_t changed_at;
    const json_t *detail;
};
struct engine_seen engine_see(const struct engine_image *image, const struct engine_source *source);
/* NULL where there is none, or where it cannot be read. */
const struct rb_index *engine_see_index(const struct engine_image *image,
                                        struct engine_source *source);
/* When the newest of the image's inputs was seen. */
int64_t engine_changed_at(const struct engine_image *image);
/* As the store has them now; images that a change of them concerns are marked. */
RB_NODISCARD int engine_read_pins(struct rb_engine *engine, struct rb_err *err);
void engine_drop_pins(struct rb_engine *engine);

/* pauses.c: ends pauses and pins whose time is over. *ret_wake_at: when the next one's is; 0: no
   one's. */
RB_NODISCARD int engine_lift_words(struct rb_engine *engine, struct rb_arena *arena,
                                   int64_t *ret_wake_at, struct rb_err *err);
bool engine_is_paused(const struct rb_pause_row *pauses, size_t count, const char *pipeline,
                      const char *name, const struct rb_pause_row **ret_pause);

/* building.c */
RB_NODISCARD int engine_start_build(struct rb_engine *engine, int64_t build_id, struct rb_err *err);
/* Ends one that waits and whose image no pipeline has any more. */
RB_NODISCARD int engine_drop_build(struct rb_engine *engine, int64_t build_id, struct rb_err *err);
/* trials.c: of a decision that is one; nothing of another. The lock gets the input that is put back
   from the newest good one. */
RB_NODISCARD int engine_put_back(struct rb_engine *engine, const struct engine_image *image,
                                 const struct rb_plan_decision *decision, json_t *lock,
                                 struct rb_err *err);
RB_NODISCARD int engine_note_trial(struct rb_engine *engine,
                                   const struct rb_plan_decision *decision, int64_t build_id,
                                   struct rb_err *err);

/* The image's open build is for inputs that newer ones have taken the place of. */
RB_NODISCARD int engine_give_up_build(struct rb_engine *engine, struct engine_image *image,
                                      const char *why, struct rb_err *err);
RB_NODISCARD int engine_adopt_builds(struct rb_engine *engine, struct rb_err *err);

/* queueing.c: whose turn it is. *wake_at gets no later than when to ask again. */
RB_NODISCARD int engine_start_builds(struct rb_engine *engine, struct rb_arena *arena,
                                     int64_t *wake_at, struct rb_err *err);

/* deploying.c */
RB_NODISCARD int engine_start_rollouts(struct rb_engine *engine, struct rb_arena *arena,
                                       int64_t *wake_at, struct rb_err *err);
RB_NODISCARD int engine_adopt_rollouts(struct rb_engine *engine, struct rb_err *err);

/* The earlier of two times, of which 0 is "never". */
int64_t engine_earlier(int64_t a, int64_t b);

#endif
