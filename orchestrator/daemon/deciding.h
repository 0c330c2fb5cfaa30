/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What policy says of what the engine is about to do. A question is asked over a socket and
 * answered later; its answer is kept as the verdict on its subject, in the store too, and planning
 * looks at that:
 *
 *   planned ──no verdict on just this──▶ asked ──answer──▶ verdict ──▶ planned again
 *                                          └──no answer──▶ a hold, asked again after a while
 *
 * A verdict is never older than it may be: a hold is asked again when its time has come and every
 * few minutes besides, a leave that was not made use of is forgotten.
 */
#ifndef REBAKE_DAEMON_DECIDING_H
#define REBAKE_DAEMON_DECIDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rebake/base/arena.h"
#include "rebake/base/json.h"
#include "rebake/base/strbuf.h"
#include "rebake/plan/planner.h"
#include "rebake/policy/client.h"

struct rb_engine;
struct engine_pipeline;
struct engine_image;
struct engine_deployment;
struct rb_deployment_row;
struct engine_question;

/* Policy's last word on one subject. */
struct engine_verdict {
    struct rb_arena *arena; /* NULL: there is none yet */
    struct rb_plan_verdict plan;
    json_t *result;      /* the whole answer; NULL: none was given */
    int64_t decision_id; /* in the store; 0: it is not there */
    int64_t asked_at;
    json_t *approvals;                /* that it was shown */
    int64_t again_at;                 /* then it is asked again, if it is still no leave */
    int failures;                     /* questions in a row that got no answer */
    struct engine_question *question; /* under way, or NULL */
};

/* What policy is to be asked about. */
struct engine_subject {
    const char *what; /* "rebuild", "deploy", "drift" */
    const struct engine_pipeline *pipeline;
    struct engine_verdict *verdict;
    int64_t image_id; /* one of the two is set */
    int64_t deployment_id;
    const char *name;
    const char *key;
};

/* policy_servers.c: who is asked for each pipeline. The embedded server runs where some pipeline
   names a file or a policy that comes with the program. */
/* RB_EINVALID where a policy of the pipeline is broken: that is printed to diagnostics (NULL: not),
   and err has its first mistake. RB_ENOTFOUND and RB_EAUTH for a secret that cannot be read. */
RB_NODISCARD int engine_check_policy(const struct engine_pipeline *pipeline,
                                     struct rb_strbuf *diagnostics, struct rb_err *err);
void engine_start_policy(struct rb_engine *engine); /* the pipelines are loaded */
/* Before they are loaded anew; no question is under way. */
void engine_let_go_of_policy(struct rb_engine *engine);
void engine_stop_policy(struct rb_engine *engine);

/* deciding.c */
/* The verdict as planning is to see it; NULL: none that counts. */
const struct rb_plan_verdict *engine_verdict_now(const struct engine_verdict *verdict,
                                                 int64_t now_at);
/* Is it a word on that key which is to be asked for again? */
bool engine_verdict_is_due(const struct engine_verdict *verdict, int64_t now_at);
/* What was decided before this engine began. */
RB_NODISCARD int engine_recall_verdict(struct rb_engine *engine,
                                       const struct engine_subject *subject, struct rb_err *err);
/* Asks, unless that is under way or too much is: then it is asked when planned again. Takes the
   input's reference. */
void engine_ask(struct rb_engine *engine, const struct engine_subject *subject, json_t *input);
bool engine_may_ask(const struct rb_engine *engine, const struct engine_subject *subject);
/* No policy is set: that is recorded, and what would be done stands on it. */
RB_NODISCARD int engine_allow_by_nobody(struct rb_engine *engine,
                                        const struct engine_subject *subject, int64_t *ret_id,
                                        struct rb_err *err);
/* Who got no answer is asked again at once: somebody is known to be back. */
void engine_ask_again(struct rb_engine *engine);
void engine_cancel_questions(struct rb_engine *engine);
void engine_free_verdict(struct engine_verdict *verdict);

/* asking.c */
/* Those in force: [{"who","why","at","until"}]. The caller drops the reference. */
RB_NODISCARD int engine_approvals(struct rb_engine *engine, const char *name, const char *key,
                                  json_t **ret_approvals, struct rb_err *err);
/* After planning: asks what the plan wants to know, and what is to be asked again. */
RB_NODISCARD int engine_ask_for_images(struct rb_engine *engine,
                                       const struct rb_planner_update *update, int64_t *wake_at,
                                       struct rb_err *err);
struct engine_leave {
    bool given;
    int64_t decision_id; /* that gives it */
    int64_t again_at;    /* it is not given, and asked for again then; 0: it is being asked */
};
/* May this rollout ("deploy", "drift") begin? Where it may not, the store is told why. */
RB_NODISCARD int engine_ask_for_rollout(struct rb_engine *engine,
                                        struct engine_deployment *deployment,
                                        const struct rb_deployment_row *row, const char *what,
                                        struct engine_leave *ret_leave, struct rb_err *err);

/* obeying.c: what policy says of how. */
/* Why that cannot be done here; NULL: it can, or nothing is said of it. It lives in arena. */
const char *engine_cannot_obey(const char *what, const json_t *result, struct rb_arena *arena);
/* What of it is a part of the lock: build arguments, the builder's class. The caller drops the
   reference; NULL: nothing. */
json_t *engine_lock_of_policy(const json_t *result);
/* Priority, budget and bound of a build, each as it is where nothing is said of it. Texts are the
   arena's. */
struct rb_build_terms;
void engine_terms_of_policy(const json_t *result, struct rb_arena *arena,
                            struct rb_build_terms *terms);

/* policy_input.c: the facts that policy is shown (docs/reference/policy-input.schema.json). The
   caller drops the reference. */
RB_NODISCARD int engine_image_input(struct rb_engine *engine, struct engine_image *image,
                                    const struct rb_plan_decision *decision, json_t **ret_input,
                                    struct rb_err *err);
RB_NODISCARD int engine_deployment_input(struct rb_engine *engine,
                                         struct engine_deployment *deployment,
                                         const struct rb_deployment_row *row, const char *what,
                                         json_t **ret_input, struct rb_err *err);

#endif
