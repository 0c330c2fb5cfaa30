/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy file: YAML (rebake-policy(5)) to a checked model. Pure: nothing is touched but the
 * file that is named; what the rules' jq and the windows' recurrences mean is not looked at here.
 * The model is immutable and all of it lives in one arena, freed with it.
 */
#ifndef REBAKE_PIPELINES_POLICY_FILE_H
#define REBAKE_PIPELINES_POLICY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rebake/base/err.h"
#include "rebake/pipelines/diagnostic.h"
#include "rebake/pipelines/pipeline.h"

/* A time that comes again, or comes once. */
struct rb_policy_window {
    const char *name;
    struct rb_place place;
    const char *recurrence; /* RFC 5545 section 3.3.10, "FREQ=WEEKLY;BYDAY=SA,SU"; NULL: once */
    const char *start;      /* local time: "22:00", or "2026-12-23T18:00" */
    int64_t for_ms;
    const char *timezone; /* of the tz database, "Europe/Berlin"; "UTC" unless said */
};

enum rb_policy_effect {
    RB_POLICY_EFFECT_NONE, /* the rule only sets */
    RB_POLICY_EFFECT_ALLOW,
    RB_POLICY_EFFECT_HOLD,
    RB_POLICY_EFFECT_REFUSE
};

/* A hold stands until each of these is so; where none is said, as long as the rule matches. */
struct rb_policy_until {
    int approvals;                /* by so many persons; 0: none is wanted */
    const char *const *approvers; /* one of these counts; NULL: anybody */
    int64_t settled_ms;           /* nothing has changed for so long; 0: not asked */
    bool tests;                   /* the tests of what is to go out have passed */
};

/* How something is done, where it is allowed. NULL, 0 and false: not said. */
struct rb_policy_how {
    const char *priority; /* "0" to "100" */
    bool urgent;
    const char *supersede; /* "finish", "cancel" */
    bool bisect;
    int64_t deadline_ms; /* from now */
    const char *builder_class;
    const char *executor;
    const char *base;
    const struct rb_image_argument *arguments;
    size_t argument_count;
    const char *const *waves;
    const char *budget; /* its name; NULL: the pipeline's */
    int64_t budget_ms;  /* of building a day; 0: no budget */
    const char *concurrency;
    const char *most;    /* builds of it at a time, a number; NULL: no bound */
    const char *selinux; /* what is required: "enforcing" */
};

struct rb_policy_rule {
    const char *name;
    struct rb_place place;
    const char *const *subjects; /* NULL: each */
    const char *when;            /* jq; NULL: always */
    struct rb_place when_place;
    const struct rb_policy_window *during;  /* matches inside of it alone; NULL: at any time */
    const struct rb_policy_window *outside; /* matches outside of it alone */
    enum rb_policy_effect effect;
    const char *reason; /* for people; NULL: the rule's name has to do */
    struct rb_policy_until until;
    struct rb_policy_how how;
};

/* An advisory that does not count, for a while. */
struct rb_policy_waiver {
    struct rb_place place;
    const char *advisory;        /* any of its names */
    const char *const *subjects; /* "shop/app", "shop"; NULL: all */
    const char *owner;
    const char *reason;
    int64_t until_at;
};

/* In which time an exposure is to be gone, by severity; 0: no limit. */
struct rb_policy_sla {
    int64_t exploited_ms, critical_ms, high_ms, medium_ms, low_ms;
};

struct rb_policy_file {
    const char *file;
    const char *name;
    const char *extends; /* a built-in policy's name, or a path as it was written; NULL: none */
    struct rb_place extends_place;
    const struct rb_policy_window *windows; /* in the order of the file, as all that follows */
    size_t window_count;
    const struct rb_policy_rule *rules;
    size_t rule_count;
    const struct rb_policy_waiver *waivers;
    size_t waiver_count;
    struct rb_policy_sla sla;
};

/* As rb_pipeline_read and rb_pipeline_parse do: RB_EINVALID with all that is wrong in diagnostics,
   RB_ELIMIT for a file larger than 1 MiB. */
RB_NODISCARD int rb_policy_file_read(const char *path, struct rb_policy_file **ret_file,
                                     struct rb_diagnostics *diagnostics, struct rb_err *err);
RB_NODISCARD int rb_policy_file_parse(const char *data, size_t size, const char *name,
                                      struct rb_policy_file **ret_file,
                                      struct rb_diagnostics *diagnostics, struct rb_err *err);
void rb_policy_file_free(struct rb_policy_file *file); /* NULL is allowed */

#endif
