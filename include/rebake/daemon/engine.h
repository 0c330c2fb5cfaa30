/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine: the one loop of Rebake. It loads pipelines, has their sources checked, plans after
 * every change and on a timer, starts what the plan asks for as jobs, and records how they ended.
 * `rebaked` runs it for ever, `rebake run --once` until there is nothing left to do. All that it
 * knows is in the store; stopped at any point and started again, it goes on from there.
 */
#ifndef REBAKE_DAEMON_ENGINE_H
#define REBAKE_DAEMON_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "rebake/api/hooks.h"
#include "rebake/base/clock.h"
#include "rebake/base/err.h"
#include "rebake/base/json.h"
#include "rebake/base/strbuf.h"
#include "rebake/loop/loop.h"
#include "rebake/net/http.h"
#include "rebake/store/store.h"

struct rb_engine;

enum { RB_DEFAULT_JOBS = 2, RB_MOST_JOBS = 256 };

/* The value of the option --jobs. */
RB_NODISCARD int rb_jobs_parse(const char *text, int *ret_max_jobs, struct rb_err *err);

struct rb_engine_options {
    struct rb_loop *loop;
    const struct rb_clock *clock;
    const char *state_folder;          /* store, jobs, pipelines, cache; made with mode 0700 */
    const char *program;               /* absolute path of `rebake`, which carries jobs out */
    const char *const *pipeline_paths; /* files, or folders of *.yaml; NULL-terminated */
    int max_jobs;                      /* builds at the same time, 1 to RB_MOST_JOBS */
    bool once;                         /* stop the loop when nothing is left to do */
    struct rb_strbuf *diagnostics;     /* what is wrong with the pipeline files, for people */
};

/* Opens the store, loads the pipelines, takes up the jobs that an earlier engine left, and starts
   to check and plan once the loop runs. RB_EEXIST when another engine holds the state folder,
   RB_EINVALID when a pipeline has errors (they are in options->diagnostics). */
RB_NODISCARD int rb_engine_start(const struct rb_engine_options *options,
                                 struct rb_engine **ret_engine, struct rb_err *err);
/* Stops checks and lets go of running jobs: they go on, and are taken up by the next engine. NULL
   is allowed. */
void rb_engine_stop(struct rb_engine *engine);

/* True when the engine stopped the loop because it could not load what a source brought: what is
   loaded is not whole any more, and only a new start helps. It was logged. */
bool rb_engine_has_failed(const struct rb_engine *engine);

struct rb_store *rb_engine_store(struct rb_engine *engine);

/* Reads the pipeline files again, and those that sources of kind pipeline have brought. A broken
   file changes nothing: the error is returned and what was loaded stays in force. */
RB_NODISCARD int rb_engine_reload(struct rb_engine *engine, struct rb_err *err);
/* How the policy servers do that its pipelines ask: docs/reference/api.md. The caller drops the
   reference. */
json_t *rb_engine_policy_json(const struct rb_engine *engine);
/* What a minute of building costs; 0: not known. Policies are shown it from now on. */
void rb_engine_set_cost(struct rb_engine *engine, double cost_per_minute);
/* Something was recorded that the plan depends on. Many calls in a moment make one plan. */
void rb_engine_plan_soon(struct rb_engine *engine);
/* True from then until a plan has seen it: what the store says of states may be about to change. */
bool rb_engine_is_behind(const struct rb_engine *engine);
/* Checks a source now (0: all of them); one that is being checked is checked again after. In the
   store its next check stays due at once (0) until a check that began after this call has ended. */
RB_NODISCARD int rb_engine_check_now(struct rb_engine *engine, int64_t source_id,
                                     struct rb_err *err);
/* How the host of a source is treated; name is NULL for a source that is not loaded. */
struct rb_engine_host {
    const char *name;
    /* "up", "limited" (it asked for silence, or little is left of its allowance), "down", "probing"
     */
    const char *state;
    int64_t until;              /* of "limited" and "down": not asked before; 0: now */
    int under_way;              /* checks of its sources */
    struct rb_http_limit limit; /* its last word on its allowance; window_ms 0: none that holds */
};
struct rb_engine_host rb_engine_source_host(const struct rb_engine *engine, int64_t source_id);
/* Webhooks, as rb_hooks_options wants them: which sources one names, and storing those that were
   proven. What they name is checked a moment after, once for all that came in it; what was stored
   and not checked when the engine ended is checked by the next one. */
void rb_engine_match_hook(struct rb_engine *engine, const struct rb_hook_settings *hook,
                          const struct rb_hook_news *news, struct rb_arena *arena,
                          struct rb_accepted_hook *ret_hook);
RB_NODISCARD int rb_engine_accept_hooks(struct rb_engine *engine,
                                        struct rb_accepted_hook *const *hooks, size_t count,
                                        struct rb_err *err);

/* What would be done from here on, wave by wave, if each of what_if's items ({"source","version"}
   or
   {"source","package","version"}; NULL: none) were so. Nothing is written. The answer is that of
   POST /v1/plan (docs/reference/api.md), and the caller's. RB_EINVALID, RB_ENOTFOUND for what
   cannot be supposed. */
RB_NODISCARD int rb_engine_forecast(struct rb_engine *engine, const json_t *what_if,
                                    json_t **ret_json, struct rb_err *err);

/* That version of a source is to be pinned, for all images, those of a pipeline, or one
   ("shop/app"): sees to it that it can be had as long as it is, whatever comes. RB_EINVALID when it
   cannot be. */
RB_NODISCARD int rb_engine_keep_version(struct rb_engine *engine, int64_t version_id,
                                        const char *pipeline, const char *image,
                                        struct rb_err *err);

/* RB_ENOTFOUND when it is neither queued nor running. */
RB_NODISCARD int rb_engine_cancel_build(struct rb_engine *engine, int64_t build_id,
                                        struct rb_err *err);

#endif
