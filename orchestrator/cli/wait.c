/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake wait`: for scripts. The daemon is asked until nothing that was named moves any more. */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/strlist.h"
#include "rebake/base/text.h"

enum { DEFAULT_TIMEOUT_MS = 30 * 60 * 1000 };

enum verdict { MOVING, WELL, STUCK };

struct watch {
    struct rb_client *client;
    char *const *subjects; /* empty: everything */
    int subject_count;
    bool check; /* all sources were asked to be checked */
    bool found; /* some subject was */
    enum verdict verdict;
    char last[RB_ERR_TEXT_SIZE]; /* what moves, or is stuck */
};

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(word, *words) == 0)
            return true;
    }
    return false;
}

static enum verdict verdict_of_image(const json_t *image)
{
    static const char *const stuck[] = {"failed",  "blocked", "unresolved",  "paused",
                                        "on-hold", "refused", "quarantined", NULL};
    const char *state = rb_json_get_string(image, "state", "");
    return strcmp(state, "fresh") == 0 ? WELL : is_one_of(state, stuck) ? STUCK : MOVING;
}

/* While policy is being asked it moves. */
static bool is_held_by_policy(const json_t *deployment)
{
    static const char *const held[] = {"on-hold", "refused", "quarantined", NULL};
    return is_one_of(rb_json_get_string(deployment, "held", ""), held);
}

static enum verdict verdict_of_deployment(const json_t *deployment)
{
    static const char *const stuck[] = {"failed", "unreachable", NULL};
    const char *state = rb_json_get_string(deployment, "state", "");
    const char *wanted = rb_json_get_string(deployment, "wantedDigest", NULL);
    bool current = rb_text_equal(rb_json_get_string(deployment, "digest", NULL), wanted);
    if (strcmp(state, "healthy") == 0 && current)
        return WELL;
    if (is_held_by_policy(deployment))
        return STUCK;
    /* Without an artifact it waits for its image, whose verdict counts. */
    return is_one_of(state, stuck) || wanted == NULL ? STUCK : MOVING;
}

static bool is_asked_for(const struct watch *watch, const char *name)
{
    const char *slash = strchr(name, '/');
    for (int i = 0; i < watch->subject_count; i++) {
        if (strcmp(watch->subjects[i], name) == 0 ||
            (slash != NULL && strcmp(watch->subjects[i], slash + 1) == 0))
            return true;
    }
    return watch->subject_count == 0;
}

/* What moves outweighs what is stuck, which outweighs what is well. */
static void add_verdict(struct watch *watch, const json_t *object, enum verdict verdict)
{
    bool weighs_more = (verdict == MOVING && watch->verdict != MOVING) ||
                       (verdict == STUCK && watch->verdict == WELL);
    if (!weighs_more)
        return;
    const char *cause =
        rb_json_get_string(object, "heldCause", rb_json_get_string(object, "cause", ""));
    watch->verdict = verdict;
    (void)snprintf(watch->last, sizeof(watch->last), "%s is %s%s%s",
                   rb_json_get_string(object, "name", "?"),
                   rb_json_get_string(object, "held", rb_json_get_string(object, "state", "?")),
                   *cause == '\0' ? "" : ": ", cause);
}

static void judge_all(struct watch *watch, const json_t *objects,
                      enum verdict (*judge)(const json_t *object))
{
    size_t i;
    const json_t *object;
    json_array_foreach(objects, i, object)
    {
        if (!is_asked_for(watch, rb_json_get_string(object, "name", "")))
            continue;
        watch->found = true;
        add_verdict(watch, object, judge(object));
    }
}

/* A check that was asked for has no time to come: it is due until it is done. */
static void judge_checks(struct watch *watch, const json_t *sources)
{
    size_t i;
    const json_t *source;
    json_array_foreach(sources, i, source)
    {
        if (rb_json_get_string(source, "nextCheckAt", NULL) != NULL)
            continue;
        watch->verdict = MOVING;
        (void)snprintf(watch->last, sizeof(watch->last), "%s is being checked",
                       rb_json_get_string(source, "description", "a source"));
    }
}

static int look(struct watch *watch, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *status = NULL;
    int result = rb_client_get(watch->client, "/v1/status", &status, err);
    if (result != 0)
        return result;
    watch->verdict = WELL;
    watch->found = false;
    judge_all(watch, json_object_get(status, "deployments"), verdict_of_deployment);
    judge_all(watch, json_object_get(status, "images"), verdict_of_image);
    if (!watch->found)
        return rb_err_set(err, RB_ENOTFOUND,
                          "there is no such image or deployment: see `rebake status`");
    if (rb_json_get_bool(status, "planning", false)) {
        watch->verdict = MOVING;
        (void)snprintf(watch->last, sizeof(watch->last), "what comes next is being planned");
    }
    if (watch->check)
        judge_checks(watch, json_object_get(status, "sources"));
    return 0;
}

static int wait_for(struct watch *watch, const struct rb_client_options *asked, struct rb_err *err)
{
    int64_t timeout_ms = asked->timeout_ms > 0 ? asked->timeout_ms : DEFAULT_TIMEOUT_MS;
    int64_t deadline_at = rb_clock_monotonic_ms() + timeout_ms;
    int status = watch->check ? rb_client_post(watch->client, "/v1/check", NULL, NULL, err) : 0;
    while (status == 0) {
        status = look(watch, err);
        if (status != 0 || watch->verdict != MOVING)
            return status;
        if (rb_clock_monotonic_ms() >= deadline_at)
            return rb_err_set(err, RB_ETIMEOUT, "the time is over: %s", watch->last);
        rb_client_rest(watch->client);
    }
    return status;
}

static int run_wait(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {"check", "timeout", NULL};
    struct rb_client_options asked;
    int count = rb_client_parse(command, argc, argv, more, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    RB_CLEANUP(rb_client_cleanup) struct rb_client *client = rb_client_new(asked.socket_path);
    struct watch watch = {
        .client = client, .subjects = argv, .subject_count = count, .check = asked.check};
    struct rb_err err;
    int status = wait_for(&watch, &asked, &err);
    if (status != 0)
        return rb_command_fail(command, &err);
    if (watch.verdict == WELL)
        return RB_EXIT_OK;
    fprintf(stderr, "rebake wait: %s\n", watch.last);
    return RB_EXIT_FAILED;
}

const struct rb_command rb_command_wait = {
    .name = "wait",
    .arguments = "[--check] [--timeout SPAN] [IMAGE|DEPLOYMENT]...",
    .summary = "Wait until nothing moves any more",
    .help = "Exit code 0 when all that was named is fresh and healthy, 1 when something cannot go\n"
            "on, 3 when the time is over.\n\n"
            "  --check         check all sources first\n"
            "  --timeout SPAN  how long to wait (default: 30m)\n"
            "  --socket PATH   the daemon's socket\n",
    .run = run_wait,
};
