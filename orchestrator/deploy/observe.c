/* SPDX-License-Identifier: Apache-2.0 */
/* The job "observe": how what runs differs from what was deployed. It changes nothing. */
#include <string.h>

#include "deploy_parts.h"
#include "rebake/base/memory.h"
#include "rebake/deploy/deploy.h"

/* Who writes very much into a container is not to hide by it. */
static int find_changed_files(struct rb_job *job, const struct deploy_target *target,
                              const char *id, const json_t *container, json_t *drift,
                              struct rb_err *err)
{
    RB_CLEANUP_FREE char *output = NULL;
    RB_CLEANUP_JSON json_t *changes = NULL;
    const char *const arguments[] = {"podman", "diff", "--format", "json", id, NULL};
    int status = rb_job_capture(job, arguments, DEPLOY_CHANGES_MAXIMUM, &output,
                                "list the changed files", err);
    if (status == RB_ELIMIT) {
        deploy_add_drift(drift, "file", "/", "as in the image", "more changes than can be listed");
        return 0;
    }
    if (status == 0)
        status = rb_json_parse(output, strlen(output), "podman diff", &changes, err);
    if (status == 0)
        deploy_compare_files(target, container, changes, drift);
    return status;
}

static bool is_another_image(const json_t *drift)
{
    size_t i;
    const json_t *item;
    json_array_foreach(drift, i, item)
    {
        if (strcmp(rb_json_get_string(item, "kind", ""), "digest") == 0)
            return true;
    }
    return false;
}

static int find_name(struct rb_job *job, const struct deploy_target *target, const char *id,
                     json_t *drift, struct rb_err *err)
{
    bool named = false;
    int status = deploy_is_named(job, target, id, &named, err);
    if (status == 0 && !named)
        deploy_add_drift(drift, "name", target->container, "found by its name",
                         "found by its id alone");
    return status;
}

static int look(struct rb_job *job, const struct deploy_target *target, json_t *drift,
                struct rb_err *err)
{
    RB_CLEANUP(deploy_containers_deinit) struct deploy_containers found = {0};
    RB_CLEANUP_JSON json_t *container = NULL;
    rb_job_step(job, "look");
    int status = deploy_find_containers(job, target, &found, err);
    if (status != 0)
        return status;
    if (found.current.id == NULL) {
        deploy_add_drift(drift, "missing", target->container, "running", "no such container");
        return 0;
    }
    status = deploy_inspect(job, found.current.id, &container, err);
    if (status != 0)
        return status;
    status = find_name(job, target, found.current.id, drift, err);
    if (status != 0)
        return status;
    deploy_compare_settings(target, container, drift);
    if (is_another_image(drift)) /* whose files are not to be like those of ours */
        return 0;
    rb_job_step(job, "files");
    return find_changed_files(job, target, found.current.id, container, drift, err);
}

static int observe(struct rb_job *job, json_t *result, const char **ret_class, struct rb_err *err)
{
    struct deploy_target target;
    json_t *drift = rb_json_array();
    (void)ret_class;
    rb_json_set(result, "drift", drift);
    int status = deploy_read_target(job->spec, &target, err);
    return status == 0 ? look(job, &target, drift, err) : status;
}

const struct rb_job_kind rb_observe_job = {.name = "observe", .run = observe, .contained = true};
