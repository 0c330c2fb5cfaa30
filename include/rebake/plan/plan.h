/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planner: from a snapshot of what is recorded to what each image is, why, and what to start. A
 * pure function: no clock, no I/O, no memory of its own; asked twice it answers the same, and asked
 * after its answer was carried out it asks for nothing more. DESIGN: docs/architecture.md.
 *
 * Bases and their children: a base that will move on by itself (it waits for a version, settles, is
 * stale, held, queued, building or between two attempts) holds its children, so that a change makes
 * one rebuild of each. A base that waits for a person (it failed, or is paused) keeps only its own
 * change from them: a child with reasons of its own is built on the base's newest good artifact, so
 * that a fix in an application does not wait for a broken base; a child without them is blocked,
 * and says by whom. Where there is no artifact to build on, a child is blocked in any case.
 * docs/decisions/0010-a-failed-base.md says why.
 *
 * A build that is open, and whose inputs have changed since: one that is queued is made to be for
 * what is there now, so that a change more is not a build more; one that runs is let finish, unless
 * policy says otherwise.
 *
 * Policy: where a policy is set for an image, nothing of it is built before policy allowed just
 * these inputs. The plan says what policy is to be asked (`ask`); the answer comes back in the next
 * snapshot as a verdict. An image that policy holds or refuses is to its children like a paused
 * one; one whose verdict is urgent neither settles nor waits for its base.
 */
#ifndef REBAKE_PLAN_PLAN_H
#define REBAKE_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rebake/base/arena.h"
#include "rebake/base/digest.h"

enum rb_plan_reason_kind {
    RB_REASON_RECIPE,
    RB_REASON_BASE,
    RB_REASON_CODE,
    RB_REASON_PACKAGE,
    RB_REASON_ADVISORY, /* a package whose newer version closes one */
    RB_REASON_MANUAL,
    RB_REASON_KIND_COUNT
};
const char *rb_plan_reason_kind_name(enum rb_plan_reason_kind kind); /* "recipe", "base", … */

struct rb_plan_reason {
    enum rb_plan_reason_kind kind;
    const char *subject; /* recipe: the image; base, code: the source's or image's name; package
                            and advisory: the package's name; manual: who asked */
    const char *from;    /* "" where there was nothing */
    const char *to;
    int64_t version_id;
};

/* A package with a newer version in a watched repository. */
struct rb_plan_update {
    const char *package;
    const char *from;
    const char *to;
    int64_t version_id; /* the repository's version that offers it */
};

/* How the newest finished build of an image ended, and what it was for. */
enum rb_plan_last {
    RB_LAST_NONE,
    RB_LAST_GOOD, /* succeeded or unchanged */
    RB_LAST_UNRESOLVED,
    RB_LAST_FAILED,    /* of its own: the recipe, a timeout */
    RB_LAST_TRANSIENT, /* the infrastructure failed */
    RB_LAST_CANCELED
};

/* The inputs of a build as they are or were; NULL where not known (yet). */
struct rb_plan_inputs {
    const char *recipe; /* hash */
    const char *base_digest;
    const char *tree; /* what stands for the code: rb_lock_code_key() */
};

enum { RB_PLAN_NO_BASE = -1 };

enum rb_plan_word { RB_PLAN_ALLOW, RB_PLAN_HOLD, RB_PLAN_REFUSE };

/* What policy answered when it was asked about an image. */
struct rb_plan_verdict {
    enum rb_plan_word word;
    const char *key;       /* the input key that it was asked with: it says nothing of another */
    const char *cause;     /* of a hold or a refusal: the rule and why, one line */
    const char *waits_for; /* of a hold: "approval", "time", "test", "policy"; or NULL */
    int64_t until_at;      /* then it counts no more, and is asked again; 0: as long as its key */
    bool urgent;           /* builds at once: it does not settle, and not on a base to come */
    bool replaces_running; /* a running build of older inputs is given up for these */
    bool bisect;           /* a failed build is tried with one input put back at a time */
};

/* What came of building the inputs that failed last with one of them as it was before. */
enum rb_plan_trial { RB_TRIAL_NONE, RB_TRIAL_GOOD, RB_TRIAL_BAD };

struct rb_plan_image {
    const char *name;          /* "shop/app" */
    int base;                  /* index of the image it is built from, or RB_PLAN_NO_BASE */
    const char *base_name;     /* the image's or source's name */
    const char *code_name;     /* the code source's name */
    struct rb_plan_inputs now; /* for an image base, base_digest is ignored: the planner takes the
                                  base's artifact */
    int64_t base_version_id;   /* of the source versions behind now; 0 where none */
    int64_t code_version_id;
    const char *missing; /* the source that has no version yet, "shop/code"; NULL: none */
    /* The newest good artifact and what it was built from. */
    const char *artifact_digest; /* NULL: none yet */
    struct rb_plan_inputs built;
    const struct rb_plan_update *updates; /* for that artifact, sorted by package */
    size_t update_count;
    bool updates_are_fixes; /* each closes an advisory: others were left out */
    /* What is under way or was tried. */
    bool open_running;
    bool open_requested;  /* a person asked for it */
    int given_up;         /* builds in a row that were given up for newer inputs */
    int64_t open_build;   /* id of a queued or running build; 0: none */
    const char *open_key; /* what it is for: an input key; NULL: not known */
    enum rb_plan_last last;
    int last_attempt;
    const char *last_key; /* input key of that build */
    int64_t last_finished_at;
    enum rb_plan_trial base_trial; /* of last_key's inputs, with the base put back */
    enum rb_plan_trial code_trial;
    const struct rb_plan_reason *last_remaining; /* reasons that it left (unresolved), in the order
                                                    that a decision has them */
    size_t last_remaining_count;
    const char *last_request_who; /* the request that the last build served: it stands as long as
                                     that build failed. NULL: nobody asked for it */
    const char *last_request_why;
    const char *request_who; /* an open request; NULL: none. It is built whatever was tried */
    const char *request_why;
    bool request_force;    /* it outranks a pause and policy's hold, and never policy's refusal */
    const char *paused_by; /* "who: why"; NULL: not paused */
    int64_t settle_ms;
    int64_t at_most_ms;          /* how long it settles in all; 0: as long as things change */
    int64_t changed_at;          /* when the newest of its inputs was seen */
    int64_t retry_unresolved_ms; /* what a build did not cure is tried again after it; 0: not by
                                    time */
    int64_t settling_since;      /* since when it is RB_PLAN_SETTLING; 0: it is not */
    bool ask_policy;             /* false: no policy is set for it, and it may be built */
    const struct rb_plan_verdict *verdict; /* the last; NULL: none yet */
};

struct rb_plan_snapshot {
    int64_t now_at;
    const struct rb_plan_image *images;
    size_t image_count;
};

enum rb_plan_state {
    RB_PLAN_WAITING, /* an input is not known yet */
    RB_PLAN_FRESH,
    RB_PLAN_SETTLING, /* stale; its quiet time has not passed */
    RB_PLAN_STALE,    /* to be built: an action is given */
    RB_PLAN_QUEUED,
    RB_PLAN_BUILDING,
    RB_PLAN_HELD,        /* stale, or about to be; its base is to be rebuilt first */
    RB_PLAN_BLOCKED,     /* a change cannot reach it: an image below it cannot be built */
    RB_PLAN_BACKOFF,     /* failed; will be tried again */
    RB_PLAN_FAILED,      /* failed or canceled; waits for an input to change or a person */
    RB_PLAN_UNRESOLVED,  /* stale for reasons that a rebuild did not cure */
    RB_PLAN_PAUSED,      /* stale, and would be built but for the pause */
    RB_PLAN_DECIDING,    /* stale; policy has not answered yet */
    RB_PLAN_ON_HOLD,     /* stale; policy says: not yet */
    RB_PLAN_REFUSED,     /* stale; policy says no */
    RB_PLAN_QUARANTINED, /* the same inputs failed RB_PLAN_ATTEMPTS times for causes outside of
                            them; waits for an input to change or a person */
    RB_PLAN_STATE_COUNT
};
const char *rb_plan_state_name(enum rb_plan_state state); /* "waiting", "fresh", … */

struct rb_plan_decision {
    enum rb_plan_state state;
    const struct rb_plan_reason *reasons; /* by kind, then subject */
    size_t reason_count;
    const char *cause;     /* one line for people; "" when there is nothing to say */
    const char *waits_for; /* "shop/runtime", "build:7", "shop/code"; or NULL */
    int64_t wake_at;       /* when to ask again though nothing changed; 0: no need */
    /* Of an open build that is for older inputs: a queued one is to be for these instead (as
       `build` has it below), or the open one is to be given up: why, or NULL. */
    bool replace;
    const char *give_up;
    bool ask; /* policy has said nothing yet of these inputs: it is to be asked */
    /* With RB_PLAN_STALE: what to build. */
    bool build;
    int attempt;
    const struct rb_plan_reason *trial; /* only to see whether it builds with what this input was
                                           before: no artifact is to come of it. NULL: in earnest */
    const char *base_digest;
    /* Names what would be built: sha256 over recipe, base digest, tree and the available updates.
       A key that was built, left unresolved or failed is not built again by itself. A request is
       not part of it: a person asks for the same inputs once more. "" where there is no reason. */
    char input_key[RB_SHA256_HEX_SIZE];
};

struct rb_plan {
    struct rb_plan_decision *decisions; /* one for each image, in the snapshot's order */
    size_t count;
    size_t build_count;
    size_t ask_count;
    size_t change_count; /* open builds that are to be replaced or given up */
    int64_t wake_at;     /* the earliest of the decisions', 0: none */
};

/* A running build is given up for newer inputs so often in a row, and then let finish: what changes
   all the time is built too. */
enum { RB_PLAN_GIVEN_UP_MAXIMUM = 3 };

enum { RB_PLAN_ATTEMPTS = 3 }; /* tries of the same inputs before an image is quarantined */

/* Plans. All that the plan names lives in arena or in the snapshot. A snapshot whose bases form a
   cycle is a bug (pipelines refuse them). Linear in images, reasons and updates. */
void rb_plan_make(const struct rb_plan_snapshot *snapshot, struct rb_arena *arena,
                  struct rb_plan *ret_plan);

/* When a failed build may be tried again: 30 s, 2 min, 8 min, … up to 1 h after finished_at. */
int64_t rb_plan_retry_at(int64_t finished_at, int attempt);

#endif
