/* SPDX-License-Identifier: Apache-2.0 */
/* The target: from the pipeline's model into a job's spec, and out of it again. */
#include <string.h>

#include "deploy_parts.h"
#include "rebake/base/memory.h"
#include "rebake/deploy/deploy.h"
#include "rebake/net/reference.h"

static const char WHAT[] = "spec of the deployment";

static json_t *texts(const char *const *list)
{
    json_t *array = rb_json_array();
    for (; list != NULL && *list != NULL; list++)
        rb_json_append_string(array, *list);
    return array;
}

json_t *rb_deploy_target_spec(const struct rb_deployment *deployment)
{
    const struct rb_podman_target *podman = &deployment->podman;
    json_t *target = rb_json_object(), *spec = rb_json_object(), *health = rb_json_object();
    rb_json_set_string(spec, "container", podman->container);
    rb_json_set_string(spec, "network", podman->network);
    rb_json_set(spec, "ports", texts(podman->ports));
    rb_json_set(spec, "environment", texts(podman->environment));
    rb_json_set(spec, "volumes", texts(podman->volumes));
    rb_json_set(spec, "command", texts(podman->command));
    rb_json_set_bool(spec, "readOnly", podman->read_only);
    rb_json_set(spec, "drop", texts(podman->drop));
    rb_json_set(spec, "add", texts(podman->add));
    rb_json_set(health, "command", texts(deployment->health_command));
    rb_json_set_integer(health, "withinSeconds", (deployment->health_within_ms + 999) / 1000);
    rb_json_set(target, "podman", spec);
    rb_json_set(target, "health", health);
    rb_json_set(target, "ignore", texts(deployment->ignore));
    return target;
}

/* A member that must be an array of texts, or absent: then it is empty. */
static int want_texts(const json_t *object, const char *member, const json_t **ret_array,
                      struct rb_err *err)
{
    const json_t *array = json_object_get(object, member), *item;
    size_t i;
    if (array != NULL && !json_is_array(array))
        return rb_err_set(err, RB_EINVALID, "%s: \"%s\" is not a list", WHAT, member);
    json_array_foreach(array, i, item)
    {
        if (!json_is_string(item))
            return rb_err_set(err, RB_EINVALID, "%s: \"%s\" holds what is not a text", WHAT,
                              member);
    }
    *ret_array = array;
    return 0;
}

/* As podman has it. It also goes into a pattern. */
static bool is_container_name(const char *name)
{
    static const char ALLOWED[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    size_t size = strlen(name);
    return size > 0 && size <= 200 && strspn(name, ALLOWED) == size &&
           strchr("_.-", name[0]) == NULL;
}

static int read_podman(const json_t *podman, struct deploy_target *target, struct rb_err *err)
{
    const struct {
        const char *member;
        const json_t **array;
    } lists[] = {{"ports", &target->ports},     {"environment", &target->environment},
                 {"volumes", &target->volumes}, {"command", &target->command},
                 {"drop", &target->drop},       {"add", &target->add}};
    int status = rb_json_want_string(podman, WHAT, "container", &target->container, err);
    for (size_t i = 0; status == 0 && i < RB_COUNT_OF(lists); i++)
        status = want_texts(podman, lists[i].member, lists[i].array, err);
    if (status != 0)
        return status;
    target->network = rb_json_get_string(podman, "network", NULL);
    target->read_only = rb_json_get_bool(podman, "readOnly", false);
    if (!is_container_name(target->container))
        return rb_err_set(err, RB_EINVALID, "%s: \"%.80s\" is not a name of a container", WHAT,
                          target->container);
    RB_CLEANUP_FREE char *text = rb_json_canonical(podman);
    rb_sha256_of(text, strlen(text), target->spec_hash);
    return 0;
}

static int read_health(const json_t *health, struct deploy_target *target, struct rb_err *err)
{
    enum { LONGEST_S = 24 * 3600 };
    int64_t within_s = rb_json_get_integer(health, "withinSeconds", 30);
    int status = want_texts(health, "command", &target->health_command, err);
    if (status != 0)
        return status;
    if (within_s < 0 || within_s > LONGEST_S)
        return rb_err_set(err, RB_EINVALID, "%s: \"withinSeconds\" must be from 0 to %d", WHAT,
                          LONGEST_S);
    target->health_within_ms = within_s * 1000;
    if (json_array_size(target->health_command) == 0)
        target->health_command = NULL;
    return 0;
}

/* Nothing is ever deployed by tag: the reference names a repository, the digest what of it. */
static int check_pin(struct deploy_target *target, struct rb_err *err)
{
    RB_CLEANUP_FREE char *pinned = deploy_pinned(target);
    RB_CLEANUP(rb_reference_deinit) struct rb_reference reference = {0};
    if (!rb_digest_is_valid(target->digest))
        return rb_err_set(err, RB_EINVALID, "%s: \"%.80s\" is not a digest", WHAT, target->digest);
    int status = rb_reference_parse(pinned, &reference, err);
    if (status != 0)
        return status;
    if (reference.tag != NULL)
        return rb_err_set(err, RB_EINVALID, "%s: \"%s\" has a tag; only its digest may say which",
                          WHAT, target->reference);
    target->plain_http = rb_reference_is_loopback(&reference) != 0;
    return 0;
}

int deploy_read_target(const json_t *spec, struct deploy_target *ret_target, struct rb_err *err)
{
    const json_t *target = json_object_get(spec, "target");
    const json_t *podman = json_object_get(target, "podman");
    struct deploy_target read = {.force = rb_json_get_bool(spec, "force", false)};
    int status = rb_json_want_string(spec, WHAT, "deployment", &read.deployment, err);
    if (status == 0)
        status = rb_json_want_string(spec, WHAT, "reference", &read.reference, err);
    if (status == 0)
        status = rb_json_want_string(spec, WHAT, "digest", &read.digest, err);
    if (status == 0)
        status = check_pin(&read, err);
    if (status == 0 && !json_is_object(podman))
        status = rb_err_set(err, RB_EINVALID, "%s: \"target\" holds no \"podman\"", WHAT);
    if (status == 0)
        status = read_podman(podman, &read, err);
    if (status == 0)
        status = read_health(json_object_get(target, "health"), &read, err);
    if (status == 0)
        status = want_texts(target, "ignore", &read.ignore, err);
    if (status == 0)
        *ret_target = read;
    return status;
}

char *deploy_pinned(const struct deploy_target *target)
{
    return rb_asprintf("%s@%s", target->reference, target->digest);
}
