/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The job "deploy". The name of the container before tells how far a rollout came, also to a job
 * that finds the rest of one that was killed:
 *
 *     NAME                               what runs is proven
 *     NAME, NAME-previous-ID             NAME is being tried
 *           NAME-previous-ID             the old one is set aside, the new one not yet made
 *
 *     pull ──▶ old set aside ──▶ new made ──▶ old stopped, new started ──▶ healthy ──▶ old removed
 *                   └──────────────┴─────────────────┴──anything else──▶ put back
 *
 * Putting back is the kind's clean-up: it runs on every way out, with time of its own. Where there
 * was no container before, a mark in the job's scratch folder tells that NAME is not proven.
 */
#include <string.h>

#include "deploy_parts.h"
#include "rebake/base/clock.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/deploy/deploy.h"

enum {
    PROBE_EVERY_MS = 500,
    STEADY_MS = 2000,          /* without a health command: what still runs after this is healthy */
    TAKEN_DOWN_MS = 60 * 1000, /* how long another hand may take to stop the container */
    LOOKS_MAXIMUM = 5,         /* how often the container may be gone since it was listed */
};

static char *mark_path(const struct rb_job *job)
{
    return rb_asprintf("%s/unproven", job->scratch);
}

/* Runs podman with up to four arguments. */
static int podman(struct rb_job *job, const char *what, struct rb_err *err, const char *a,
                  const char *b, const char *c, const char *d)
{
    const char *const arguments[] = {"podman", a, b, c, d, NULL};
    return rb_job_run(job, arguments, what, err);
}

/* At once: it is stopped already, or has failed to prove itself. One that another hand removed is
   what was wanted. */
static int remove_container(struct rb_job *job, const char *id, struct rb_err *err)
{
    const char *const arguments[] = {"podman", "rm",        "--force", "--ignore", "--time",
                                     "0",      "--volumes", id,        NULL};
    return rb_job_run(job, arguments, "remove the container", err);
}

/* The container before comes back under its name and runs. Both ids may be NULL. */
static int put_back(struct rb_job *job, const struct deploy_target *target, const char *unproven,
                    const char *previous, struct rb_err *err)
{
    int status = 0;
    if (unproven != NULL)
        status = remove_container(job, unproven, err);
    if (status == 0 && previous != NULL)
        status = podman(job, "rename the container before", err, "rename", previous,
                        target->container, NULL);
    if (status == 0 && previous != NULL)
        status = podman(job, "start the container before", err, "start", previous, NULL, NULL);
    return status;
}

static void clean(struct rb_job *job)
{
    RB_CLEANUP(deploy_containers_deinit) struct deploy_containers found = {0};
    RB_CLEANUP_FREE char *mark = mark_path(job);
    struct deploy_target target;
    struct rb_err err;
    int status = deploy_read_target(job->spec, &target, &err);
    if (status != 0) /* then nothing was begun */
        return;
    status = deploy_find_containers(job, &target, &found, &err);
    bool begun = found.previous.id != NULL || rb_file_exists(mark);
    if (status == 0 && !begun)
        return;
    rb_job_log(job, "putting things back"); /* no step: the one that failed is to be told */
    if (status == 0)
        status = put_back(job, &target, found.current.ours ? found.current.id : NULL,
                          found.previous.ours ? found.previous.id : NULL, &err);
    if (status != 0)
        rb_job_log(job, "the container before could not be put back: %s", err.text);
    else
        rb_job_log(job, found.previous.id != NULL ? "the container before is back"
                                                  : "the new container is removed");
}

/* What an earlier job left when it was killed, and who else uses our names. */
static int settle_rest(struct rb_job *job, const struct deploy_target *target,
                       struct deploy_containers *found, struct rb_err *err)
{
    int status = deploy_find_containers(job, target, found, err);
    if (status != 0)
        return status;
    const struct deploy_container *both[] = {&found->current, &found->previous};
    for (size_t i = 0; i < RB_COUNT_OF(both); i++) {
        if (both[i]->id != NULL && !both[i]->ours)
            return rb_err_set(
                err, RB_EEXIST,
                "container %.12s has the name %s%s and is not of deployment %s: remove "
                "or rename it",
                both[i]->id, target->container, i == 0 ? "" : "-previous-…", target->deployment);
    }
    if (found->previous.id == NULL)
        return 0;
    rb_job_log(job, "an earlier rollout was cut short: its container before is put back first");
    status = put_back(job, target, found->current.id, found->previous.id, err);
    return status == 0 ? deploy_find_containers(job, target, found, err) : status;
}

static int is_going_down(struct rb_job *job, const char *id, bool *ret_going, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *container = NULL;
    int status = deploy_inspect(job, id, &container, err);
    if (status != 0)
        return status;
    const char *state = rb_json_get_string(json_object_get(container, "State"), "Status", "");
    *ret_going = strcmp(state, "stopping") == 0 || strcmp(state, "removing") == 0;
    return 0;
}

/* Another hand stops or removes it: what is renamed in the midst of that loses its name. */
static int wait_for_another_hand(struct rb_job *job, const struct deploy_target *target,
                                 struct deploy_containers *found, struct rb_err *err)
{
    int64_t until_ms = rb_clock_monotonic_ms() + TAKEN_DOWN_MS;
    while (found->current.id != NULL) {
        bool going = false;
        int status = is_going_down(job, found->current.id, &going, err);
        if (status != 0 || !going)
            return status;
        if (rb_clock_monotonic_ms() >= until_ms)
            return rb_err_set(err, RB_EBUSY,
                              "container %s is being taken down by another hand since %d s",
                              target->container, TAKEN_DOWN_MS / 1000);
        status = rb_job_wait(job, PROBE_EVERY_MS, err);
        if (status == 0)
            status = deploy_find_containers(job, target, found, err);
        if (status != 0)
            return status;
    }
    return 0;
}

/* One that lost its name cannot be set aside, and blocks the name: it goes first. */
static int remove_nameless(struct rb_job *job, const struct deploy_target *target,
                           struct deploy_containers *found, struct rb_err *err)
{
    bool named = true;
    if (found->current.id == NULL)
        return 0;
    int status = deploy_is_named(job, target, found->current.id, &named, err);
    if (status != 0 || named)
        return status;
    rb_job_log(job, "podman has lost the container's name: it is removed first");
    status = remove_container(job, found->current.id, err);
    return status == 0 ? deploy_find_containers(job, target, found, err) : status;
}

static int is_as_wanted(struct rb_job *job, const struct deploy_target *target, const char *id,
                        bool *ret_as_wanted, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *container = NULL;
    RB_CLEANUP_JSON json_t *drift = rb_json_array();
    int status = deploy_inspect(job, id, &container, err);
    if (status != 0)
        return status;
    deploy_compare_settings(target, container, drift);
    *ret_as_wanted = json_array_size(drift) == 0;
    return 0;
}

/* Has the container left its place, by podman's own list? A podman that fails says nothing. */
static bool is_gone(struct rb_job *job, const struct deploy_target *target, const char *id)
{
    RB_CLEANUP(deploy_containers_deinit) struct deploy_containers now = {0};
    struct rb_err ignored;
    return deploy_find_containers(job, target, &now, &ignored) == 0 &&
           !rb_text_equal(now.current.id, id);
}

static int look_once(struct rb_job *job, const struct deploy_target *target,
                     struct deploy_containers *found, bool *ret_as_wanted, struct rb_err *err)
{
    int status = settle_rest(job, target, found, err);
    if (status == 0)
        status = wait_for_another_hand(job, target, found, err);
    if (status == 0)
        status = remove_nameless(job, target, found, err);
    if (status == 0 && found->current.id != NULL && !target->force)
        status = is_as_wanted(job, target, found->current.id, ret_as_wanted, err);
    return status;
}

/* What is there, once it is at rest: no other hand at it, and nothing left of an earlier job. A
   look that failed over a container that is gone since it was listed is begun anew. */
static int look(struct rb_job *job, const struct deploy_target *target,
                struct deploy_containers *found, bool *ret_as_wanted, struct rb_err *err)
{
    rb_job_step(job, "look");
    for (int looks = 1;; looks++) {
        int status = look_once(job, target, found, ret_as_wanted, err);
        if (status == 0 || looks == LOOKS_MAXIMUM || found->current.id == NULL ||
            !is_gone(job, target, found->current.id))
            return status;
        rb_job_log(job, "another hand has removed container %.12s: looking again",
                   found->current.id);
    }
}

/* An image that is here needs no registry: healing works while that is away. */
static int pull(struct rb_job *job, const struct deploy_target *target, struct rb_err *err)
{
    RB_CLEANUP_FREE char *pinned = deploy_pinned(target);
    struct rb_err absent;
    rb_job_step(job, "pull");
    if (podman(job, "look for the image", &absent, "image", "exists", pinned, NULL) == 0)
        return 0;
    int status = rb_job_check(job, err);
    if (status != 0)
        return status;
    return podman(job, "pull the image", err, "pull", "--quiet",
                  target->plain_http ? "--tls-verify=false" : "--tls-verify=true", pinned);
}

static int create(struct rb_job *job, const struct deploy_target *target, char **ret_id,
                  struct rb_err *err)
{
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist arguments = {0};
    RB_CLEANUP_FREE char *output = NULL;
    deploy_create_arguments(target, &arguments);
    int status = rb_job_capture(job, (const char *const *)arguments.items, 65536, &output,
                                "create the container", err);
    if (status != 0)
        return status;
    *ret_id = rb_strndup(output, strcspn(output, "\n"));
    return 0;
}

/* One that another hand has removed by now is out of the way too. */
static int set_aside(struct rb_job *job, const struct deploy_target *target, const char *id,
                     struct rb_err *err)
{
    RB_CLEANUP_FREE char *name = deploy_previous_name(target, id);
    int status = podman(job, "set the old container aside", err, "rename", id, name, NULL);
    return status != 0 && is_gone(job, target, id) ? 0 : status;
}

/* The old one serves until the new one is ready to start; ports and names allow one at a time. */
static int replace(struct rb_job *job, const struct deploy_target *target, const char *old_id,
                   char **ret_id, struct rb_err *err)
{
    RB_CLEANUP_FREE char *mark = mark_path(job);
    rb_job_step(job, "replace");
    int status = rb_file_write_atomic(mark, "", 0, 0600, err);
    if (status == 0 && old_id != NULL)
        status = set_aside(job, target, old_id, err);
    if (status == 0)
        status = create(job, target, ret_id, err);
    if (status == 0 && old_id != NULL)
        status = podman(job, "stop the old container", err, "stop", "--ignore", old_id, NULL);
    if (status == 0)
        status = podman(job, "start the new container", err, "start", *ret_id, NULL, NULL);
    return status;
}

/* Fails when the container does not run (any more). */
static int check_running(struct rb_job *job, const char *id, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *container = NULL;
    int status = deploy_inspect(job, id, &container, err);
    if (status != 0)
        return status;
    const json_t *state = json_object_get(container, "State");
    if (rb_json_get_bool(state, "Running", false))
        return 0;
    return rb_err_set(err, RB_EIO, "the container ended by itself with exit code %lld",
                      (long long)rb_json_get_integer(state, "ExitCode", -1));
}

/* One try of the health command, with no more than what is left of its time. Only a try that came
   to its end has something to say. */
static bool probe(struct rb_job *job, const struct deploy_target *target, const char *id,
                  int64_t until_ms, struct rb_err *said)
{
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist arguments = {0};
    int64_t job_deadline_at = job->deadline_at;
    struct rb_err err;
    size_t i;
    const json_t *word;
    rb_strlist_add(&arguments, "podman");
    rb_strlist_add(&arguments, "exec");
    rb_strlist_add(&arguments, id);
    json_array_foreach(target->health_command, i, word)
        rb_strlist_add(&arguments, json_string_value(word));
    if (until_ms < job->deadline_at)
        job->deadline_at = until_ms;
    int status = rb_job_run(job, (const char *const *)arguments.items, "the health command", &err);
    job->deadline_at = job_deadline_at;
    if (status != 0 && status != RB_ETIMEOUT && status != RB_ECANCELED)
        *said = err;
    return status == 0;
}

static int wait_for_health(struct rb_job *job, const struct deploy_target *target, const char *id,
                           struct rb_err *err)
{
    int64_t until_ms = rb_clock_monotonic_ms() + target->health_within_ms;
    struct rb_err said = {.text = "the health command did not come to its end"};
    for (;;) {
        int status = check_running(job, id, err);
        if (status != 0)
            return status;
        if (probe(job, target, id, until_ms, &said))
            return 0;
        status = rb_job_wait(job, PROBE_EVERY_MS, err);
        if (status != 0)
            return status;
        if (rb_clock_monotonic_ms() >= until_ms)
            return rb_err_set(err, RB_EIO, "not healthy within %llds: %s",
                              (long long)(target->health_within_ms / 1000), said.text);
    }
}

static int prove(struct rb_job *job, const struct deploy_target *target, const char *id,
                 struct rb_err *err)
{
    struct rb_err ignored;
    rb_job_step(job, "health");
    int status = 0;
    if (target->health_command == NULL)
        status = rb_job_wait(job, STEADY_MS, err);
    if (status == 0)
        status = target->health_command == NULL ? check_running(job, id, err)
                                                : wait_for_health(job, target, id, err);
    if (status != 0 &&
        podman(job, "read the container's log", &ignored, "logs", "--tail=20", id, NULL) != 0)
        rb_job_log(job, "%s", ignored.text);
    return status;
}

static int finish(struct rb_job *job, const char *old_id, struct rb_err *err)
{
    RB_CLEANUP_FREE char *mark = mark_path(job);
    rb_job_step(job, "finish");
    int status = old_id == NULL ? 0 : remove_container(job, old_id, err);
    return status == 0 ? rb_tree_remove(mark, err) : status;
}

/* Brings it up; *ret_id is the container that serves, for the caller to free. */
static int roll_out(struct rb_job *job, const struct deploy_target *target, char **ret_id,
                    const char **ret_class, struct rb_err *err)
{
    RB_CLEANUP(deploy_containers_deinit) struct deploy_containers found = {0};
    struct rb_err unhealthy;
    bool as_wanted = false;
    int status = look(job, target, &found, &as_wanted, err);
    if (status == 0 && as_wanted && prove(job, target, found.current.id, &unhealthy) == 0) {
        *ret_id = rb_steal(&found.current.id);
        return 0;
    }
    if (status == 0)
        status = pull(job, target, err);
    if (status == 0)
        status = replace(job, target, found.current.id, ret_id, err);
    if (status != 0)
        return status;
    status = prove(job, target, *ret_id, err);
    if (status != 0) { /* what does not run will not run tomorrow either */
        *ret_class = "recipe";
        return status;
    }
    return finish(job, found.current.id, err);
}

static int deploy(struct rb_job *job, json_t *result, const char **ret_class, struct rb_err *err)
{
    RB_CLEANUP_FREE char *id = NULL;
    struct deploy_target target;
    int status = deploy_read_target(job->spec, &target, err);
    if (status == 0)
        status = roll_out(job, &target, &id, ret_class, err);
    if (status != 0)
        return status;
    rb_json_set_string(result, "container", id);
    rb_json_set_bool(result, "healthy", true);
    return 0;
}

const struct rb_job_kind rb_deploy_job = {.name = "deploy", .run = deploy, .clean = clean};
