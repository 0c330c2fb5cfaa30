/* SPDX-License-Identifier: Apache-2.0 */
/* How podman is asked for containers, and told to make one. */
#include <string.h>

#include "deploy_parts.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"

#define PREVIOUS "-previous-"

enum { ID_DIGITS = 12 };

void deploy_containers_deinit(struct deploy_containers *containers)
{
    rb_free(containers->current.id);
    rb_free(containers->previous.id);
    *containers = (struct deploy_containers){0};
}

char *deploy_previous_name(const struct deploy_target *target, const char *id)
{
    return rb_asprintf("%s" PREVIOUS "%.*s", target->container, ID_DIGITS, id);
}

/* Where the container is in a rollout, by the names that podman lists for it; NULL: it is none of
   the target's. */
static struct deploy_container *place_of(const json_t *container,
                                         const struct deploy_target *target,
                                         struct deploy_containers *containers)
{
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(container, "Names"), i, item)
    {
        const char *name = json_string_value(item);
        if (name == NULL || !rb_text_starts_with(name, target->container))
            continue;
        name += strlen(target->container);
        if (*name == '\0')
            return &containers->current;
        if (rb_text_starts_with(name, PREVIOUS))
            return &containers->previous;
    }
    return NULL;
}

int deploy_read_containers(const json_t *list, const struct deploy_target *target,
                           struct deploy_containers *ret_containers, struct rb_err *err)
{
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item)
    {
        struct deploy_container *found = place_of(item, target, ret_containers);
        const char *id;
        if (found == NULL || found->id != NULL)
            continue;
        int status = rb_json_want_string(item, "podman ps", "Id", &id, err);
        if (status != 0)
            return status;
        const char *label =
            rb_json_get_string(json_object_get(item, "Labels"), DEPLOY_LABEL_DEPLOYMENT, NULL);
        found->id = rb_strdup(id);
        found->ours = rb_text_equal(label, target->deployment);
    }
    return 0;
}

/* The name as a regular expression of Go: of all that a name may hold, only '.' means more. */
static char *name_filter(const struct deploy_target *target)
{
    struct rb_strbuf filter = RB_STRBUF_INIT(1024);
    rb_strbuf_puts(&filter, "name=^");
    for (const char *at = target->container; *at != '\0'; at++)
        rb_strbuf_printf(&filter, "%s%c", *at == '.' ? "\\" : "", *at);
    rb_strbuf_puts(&filter, "(" PREVIOUS "[0-9a-f]+)?$");
    return rb_strbuf_steal(&filter);
}

int deploy_find_containers(struct rb_job *job, const struct deploy_target *target,
                           struct deploy_containers *ret_containers, struct rb_err *err)
{
    RB_CLEANUP_FREE char *filter = name_filter(target);
    RB_CLEANUP_FREE char *output = NULL;
    RB_CLEANUP_JSON json_t *list = NULL;
    const char *const arguments[] = {"podman", "ps",       "--all", "--no-trunc", "--filter",
                                     filter,   "--format", "json",  NULL};
    deploy_containers_deinit(ret_containers);
    int status =
        rb_job_capture(job, arguments, DEPLOY_LIST_MAXIMUM, &output, "list the containers", err);
    if (status == 0)
        status = rb_json_parse(output, strlen(output), "podman ps", &list, err);
    if (status == 0)
        status = deploy_read_containers(list, target, ret_containers, err);
    return status;
}

static int inspect(struct rb_job *job, const char *type, const char *id, json_t **ret_object,
                   struct rb_err *err)
{
    RB_CLEANUP_FREE char *output = NULL;
    RB_CLEANUP_FREE char *what = rb_asprintf("inspect the %s", type);
    RB_CLEANUP_JSON json_t *list = NULL;
    const char *const arguments[] = {"podman", "inspect", "--type", type, id, NULL};
    int status = rb_job_capture(job, arguments, DEPLOY_INSPECT_MAXIMUM, &output, what, err);
    if (status == 0)
        status = rb_json_parse(output, strlen(output), "podman inspect", &list, err);
    if (status != 0)
        return status;
    json_t *object = json_array_get(list, 0);
    if (!json_is_object(object))
        return rb_err_set(err, RB_EIO, "podman inspect: no %s in its answer", type);
    *ret_object = json_incref(object);
    return 0;
}

int deploy_inspect(struct rb_job *job, const char *id, json_t **ret_container, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *container = NULL;
    RB_CLEANUP_JSON json_t *image = NULL;
    const char *image_id;
    int status = inspect(job, "container", id, &container, err);
    if (status == 0)
        status = rb_json_want_string(container, "podman inspect", "Image", &image_id, err);
    if (status == 0)
        status = inspect(job, "image", image_id, &image, err);
    if (status != 0)
        return status;
    json_t *digests = json_object_get(image, "RepoDigests");
    rb_json_set(container, "RepoDigests", digests == NULL ? rb_json_array() : json_incref(digests));
    *ret_container = rb_steal(&container);
    return 0;
}

int deploy_is_named(struct rb_job *job, const struct deploy_target *target, const char *id,
                    bool *ret_named, struct rb_err *err)
{
    const char *const by_name[] = {"podman", "container", "exists", target->container, NULL};
    const char *const by_id[] = {"podman", "container", "exists", id, NULL};
    struct rb_err unknown;
    *ret_named = rb_job_run(job, by_name, "find the container by its name", &unknown) == 0;
    return *ret_named ? 0 : rb_job_run(job, by_id, "find the container by its id", err);
}

static void add_each(struct rb_strlist *arguments, const char *option, const json_t *values)
{
    size_t i;
    const json_t *value;
    json_array_foreach(values, i, value)
        rb_strlist_addf(arguments, "%s%s", option, json_string_value(value));
}

void deploy_create_arguments(const struct deploy_target *target, struct rb_strlist *arguments)
{
    static const char *const START[] = {"podman", "create", "--pull=never",
                                        "--security-opt=no-new-privileges", NULL};
    RB_CLEANUP_FREE char *pinned = deploy_pinned(target);
    rb_strlist_add_all(arguments, START);
    rb_strlist_addf(arguments, "--name=%s", target->container);
    rb_strlist_addf(arguments, "--label=" DEPLOY_LABEL_DEPLOYMENT "=%s", target->deployment);
    rb_strlist_addf(arguments, "--label=" DEPLOY_LABEL_SPEC "=%s", target->spec_hash);
    add_each(arguments, "--cap-drop=", target->drop);
    add_each(arguments, "--cap-add=", target->add);
    if (target->read_only)
        rb_strlist_add(arguments, "--read-only");
    if (target->network != NULL)
        rb_strlist_addf(arguments, "--network=%s", target->network);
    add_each(arguments, "--publish=", target->ports);
    add_each(arguments, "--env=", target->environment);
    add_each(arguments, "--volume=", target->volumes);
    rb_strlist_add(arguments, pinned);
    add_each(arguments, "", target->command);
}
