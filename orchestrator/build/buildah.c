/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every build is one with layers and with a fixed time: only then do a build from the layer cache
 * and one without it give the same image (docs/decisions/0021-buildah.md).
 */
#include "buildah.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rebake/base/digest.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strlist.h"
#include "rebake/base/text.h"
#include "rebake/net/reference.h"

enum { INSPECT_MAXIMUM = 16 << 20, LIST_MAXIMUM = 4096 };

static int run(struct rb_job *job, const struct rb_strlist *arguments, const char *what,
               struct rb_err *err)
{
    return rb_job_run(job, (const char *const *)arguments->items, what, err);
}

static const char *tls_flag(const char *reference_text)
{
    RB_CLEANUP(rb_reference_deinit) struct rb_reference reference = {0};
    bool is_loopback = rb_reference_parse(reference_text, &reference, NULL) == 0 &&
                       rb_reference_is_loopback(&reference);
    return is_loopback ? "--tls-verify=false" : "--tls-verify=true";
}

static bool is_id(const char *text)
{
    return strlen(text) == 64 && text[strspn(text, "0123456789abcdef")] == '\0';
}

/* "sha256:HEX" and a newline, as buildah prints ids. */
static int read_id(char *text, char *id, struct rb_err *err)
{
    text[strcspn(text, "\n")] = '\0';
    const char *hex = rb_text_starts_with(text, "sha256:") ? text + 7 : text;
    if (!is_id(hex))
        return rb_err_set(err, RB_EINTERNAL, "buildah names its image \"%.100s\"", text);
    (void)snprintf(id, BUILDAH_ID_SIZE, "%s", hex);
    return 0;
}

int buildah_pull(struct rb_job *job, const char *reference, struct rb_err *err)
{
    const char *arguments[] = {"buildah",           "pull",    "--quiet", "--policy", "missing",
                               tls_flag(reference), reference, NULL};
    RB_CLEANUP_FREE char *what = rb_asprintf("pull %s", reference);
    return rb_job_run(job, arguments, what, err);
}

int buildah_find(struct rb_job *job, const char *name, char *id, struct rb_err *err)
{
    RB_CLEANUP_FREE char *filter = rb_asprintf("--filter=reference=%s", name);
    const char *arguments[] = {"buildah", "images", "--quiet", "--no-trunc", filter, NULL};
    RB_CLEANUP_FREE char *text = NULL;
    int status = rb_job_capture(job, arguments, LIST_MAXIMUM, &text, "look for an image", err);
    id[0] = '\0';
    if (status != 0 || text[0] == '\0')
        return status;
    return read_id(text, id, err);
}

static void add_arguments(struct rb_strlist *command, const json_t *arguments)
{
    const char *name;
    const json_t *value;
    json_object_foreach((json_t *)(uintptr_t)arguments, name, value)
        rb_strlist_addf(command, "--build-arg=%s=%s", name, json_string_value(value));
}

int buildah_build(struct rb_job *job, const struct buildah_build *build, char *id,
                  struct rb_err *err)
{
    static const char *const always[] = {"buildah",
                                         "build",
                                         "--timestamp=0",
                                         "--format=oci",
                                         "--identity-label=false",
                                         "--pull=never",
                                         "--network=host",
                                         NULL};
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist command = {0};
    rb_strlist_add_all(&command, always);
    rb_strlist_add(&command, build->layers ? "--layers" : "--layers=false");
    if (geteuid() == 0)
        rb_strlist_add(&command, "--isolation=chroot");
    if (!build->layer_cache)
        rb_strlist_add(&command, "--no-cache");
    /* Kept by buildah with its working containers, and used by none on the host's network: by it
       leftovers.c knows them. */
    rb_strlist_addf(&command, "--cni-config-dir=%s", job->scratch);
    rb_strlist_addf(&command, "--tag=%s", build->name);
    if (build->extra_context != NULL)
        rb_strlist_addf(&command, "--build-context=%s", build->extra_context);
    add_arguments(&command, build->arguments);
    rb_strlist_addf(&command, "--file=%s", build->recipe);
    rb_strlist_add(&command, build->context);
    int status = run(job, &command, "build", err);
    if (status == 0)
        status = buildah_find(job, build->name, id, err);
    if (status == 0 && id[0] == '\0')
        status = rb_err_set(err, RB_EINTERNAL, "buildah built an image and does not find it");
    return status;
}

static int inspect(struct rb_job *job, const char *image, json_t **ret_json, struct rb_err *err)
{
    const char *arguments[] = {"buildah", "inspect", "--type=image", image, NULL};
    RB_CLEANUP_FREE char *text = NULL;
    int status = rb_job_capture(job, arguments, INSPECT_MAXIMUM, &text, "inspect an image", err);
    if (status != 0)
        return status;
    return rb_json_parse(text, strlen(text), "buildah's description of an image", ret_json, err);
}

void buildah_image_deinit(struct buildah_image *image)
{
    json_decref(image->diff_ids);
    *image = (struct buildah_image){0};
}

/* image-spec config.md: each entry that is not an empty layer stands for one layer. */
static size_t layers_told(const json_t *history)
{
    size_t count = 0, i;
    const json_t *entry;
    json_array_foreach(history, i, entry) count += !rb_json_get_bool(entry, "empty_layer", false);
    return count;
}

int buildah_look(struct rb_job *job, const char *image, struct buildah_image *ret_image,
                 struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *json = NULL;
    int status = inspect(job, image, &json, err);
    if (status != 0)
        return status;
    const json_t *config = json_object_get(json, "OCIv1");
    json_t *ids = json_object_get(json_object_get(config, "rootfs"), "diff_ids");
    if (!json_is_array(ids))
        return rb_err_set(err, RB_EINTERNAL, "buildah names no layers of %s", image);
    ret_image->diff_ids = json_incref(ids);
    ret_image->has_history =
        layers_told(json_object_get(config, "history")) == json_array_size(ids);
    return 0;
}

int buildah_base_of(struct rb_job *job, const char *image, char **ret_reference, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *json = NULL;
    int status = inspect(job, image, &json, err);
    if (status == 0)
        *ret_reference = rb_strdup(rb_json_get_string(json_object_get(json, "ImageAnnotations"),
                                                      "org.opencontainers.image.base.name", NULL));
    return status;
}

int buildah_push(struct rb_job *job, const char *id, const char *destination, char *digest,
                 struct rb_err *err)
{
    RB_CLEANUP_FREE char *digest_path = rb_asprintf("%s/digest", job->scratch);
    RB_CLEANUP_FREE char *digest_flag = rb_asprintf("--digestfile=%s", digest_path);
    RB_CLEANUP_FREE char *target = rb_asprintf("docker://%s", destination);
    RB_CLEANUP_FREE char *what = rb_asprintf("push to %s", destination);
    RB_CLEANUP_FREE char *text = NULL;
    const char *arguments[] = {"buildah",   "push", "--format=oci", tls_flag(destination),
                               digest_flag, id,     target,         NULL};
    int status = rb_job_run(job, arguments, what, err);
    if (status == 0)
        status = rb_file_read(digest_path, LIST_MAXIMUM, &text, NULL, err);
    if (status != 0)
        return status;
    text[strcspn(text, "\n")] = '\0';
    if (!rb_digest_is_valid(text))
        return rb_err_set(err, RB_EINTERNAL, "buildah says that it pushed \"%.100s\"", text);
    (void)snprintf(digest, RB_DIGEST_SIZE, "%s", text);
    return 0;
}

int buildah_tag(struct rb_job *job, const char *id, const char *name, struct rb_err *err)
{
    const char *arguments[] = {"buildah", "tag", id, name, NULL};
    return rb_job_run(job, arguments, "name the image", err);
}
