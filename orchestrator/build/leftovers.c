/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a job may come in another process than its work: what must be known then stands in the
 * scratch folder. images.json: the ids that were there before. kept.json: written by a good build,
 * what it replaced.
 */
#include "leftovers.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "build_log.h"
#include "buildah.h"
#include "rebake/base/digest.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/net/reference.h"

enum {
    LIST_MAXIMUM = 64 << 20,
    NOTE_MAXIMUM = 64 << 20,
    NAME_MAXIMUM = 8192,
    ROUNDS_MAXIMUM = 200
};

static char *note_path(const struct rb_job *job, const char *name)
{
    return rb_asprintf("%s/%s.json", job->scratch, name);
}

char *leftovers_name(const struct rb_job *job)
{
    char hex[RB_SHA256_HEX_SIZE];
    return rb_asprintf("localhost/rebake/job:%.32s",
                       rb_sha256_of(job->folder, strlen(job->folder), hex));
}

/* [{"id": 64 digits, "names": [] or null}, …] */
static int list_images(struct rb_job *job, json_t **ret_images, struct rb_err *err)
{
    const char *arguments[] = {"buildah", "images", "--all", "--no-trunc", "--json", NULL};
    RB_CLEANUP_FREE char *text = NULL;
    int status = rb_job_capture(job, arguments, LIST_MAXIMUM, &text, "list the images", err);
    if (status != 0)
        return status;
    return rb_json_parse(text, strlen(text), "buildah's list of images", ret_images, err);
}

static const char *id_of(const json_t *image)
{
    const char *id = rb_json_get_string(image, "id", "");
    return rb_text_starts_with(id, "sha256:") ? id + 7 : id;
}

static bool starts_with_id(const json_t *images, const char *id)
{
    size_t i;
    const json_t *image;
    json_array_foreach(images, i, image)
    {
        if (rb_text_starts_with(id_of(image), id))
            return true;
    }
    return false;
}

int leftovers_note(struct rb_job *job, struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = note_path(job, "images");
    RB_CLEANUP_JSON json_t *images = NULL;
    RB_CLEANUP_JSON json_t *note = rb_json_object();
    int status = list_images(job, &images, err);
    if (status != 0)
        return status;
    rb_json_set(note, "images", json_incref(images));
    rb_json_set_integer(note, "log", build_log_mark(job));
    return rb_json_write_file(path, note, 0600, err);
}

/* Readable where the image's name may stand in a reference. */
static char *cache_name(const char *name)
{
    RB_CLEANUP(rb_reference_deinit) struct rb_reference reference = {0};
    char hex[RB_SHA256_HEX_SIZE];
    RB_CLEANUP_FREE char *readable = rb_asprintf("localhost/rebake/%s:cache", name);
    if (rb_reference_parse(readable, &reference, NULL) == 0)
        return rb_steal(&readable);
    return rb_asprintf("localhost/rebake/%.32s:cache", rb_sha256_of(name, strlen(name), hex));
}

int leftovers_keep(struct rb_job *job, const char *name, const char *id, const char *base,
                   struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = note_path(job, "kept");
    RB_CLEANUP_FREE char *local_name = cache_name(name);
    RB_CLEANUP_FREE char *old_base = NULL;
    RB_CLEANUP_JSON json_t *note = rb_json_object();
    char old[BUILDAH_ID_SIZE];
    int status = buildah_find(job, local_name, old, err);
    if (status == 0 && old[0] != '\0' && strcmp(old, id) != 0)
        status = buildah_base_of(job, old, &old_base, err);
    if (status == 0)
        status = buildah_tag(job, id, local_name, err);
    if (status != 0)
        return status;
    if (old[0] != '\0' && strcmp(old, id) != 0)
        rb_json_set_string(note, "image", old);
    if (old_base != NULL && strcmp(old_base, base) != 0)
        rb_json_set_string(note, "base", old_base);
    return rb_json_write_file(path, note, 0600, err);
}

/* Whoever is needed by another stays, and buildah says so in the log. */
static void remove_image(struct rb_job *job, const char *image)
{
    const char *arguments[] = {"buildah", "rmi", image, NULL};
    struct rb_err err;
    if (image != NULL && rb_job_run(job, arguments, "remove an image", &err) != 0)
        rb_job_log(job, "%s stays", image);
}

static bool has_name(const json_t *image)
{
    return json_array_size(json_object_get(image, "names")) > 0;
}

/* The newest image that the build committed and that is still here, or NULL. The log is in part the
   recipe's own word: an image that was there before, or has a name, is not believed to be ours. */
static char *find_new_image(const json_t *before, const json_t *now,
                            const struct rb_strlist *committed)
{
    for (size_t i = committed->count; i-- > 0;) {
        size_t j;
        const json_t *image;
        if (starts_with_id(before, committed->items[i]))
            continue;
        json_array_foreach(now, j, image)
        {
            if (rb_text_starts_with(id_of(image), committed->items[i]) && !has_name(image))
                return rb_strdup(id_of(image));
        }
    }
    return NULL;
}

/* Removing an image takes the nameless ones below it along: so each round looks again. */
static void remove_new_images(struct rb_job *job, const json_t *before,
                              const struct rb_strlist *committed)
{
    RB_CLEANUP_FREE char *last = NULL;
    for (int round = 0; round < ROUNDS_MAXIMUM && committed->count > 0; round++) {
        RB_CLEANUP_JSON json_t *now = NULL;
        struct rb_err err;
        if (list_images(job, &now, &err) != 0) {
            rb_job_log(job, "the images of the failed build stay: %s", err.text);
            return;
        }
        char *image = find_new_image(before, now, committed);
        if (image == NULL || rb_text_equal(image, last)) {
            rb_free(image);
            return;
        }
        remove_image(job, image);
        rb_free(last);
        last = image;
    }
}

static void remove_images(struct rb_job *job)
{
    RB_CLEANUP_FREE char *before_path = note_path(job, "images");
    RB_CLEANUP_FREE char *kept_path = note_path(job, "kept");
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist committed = {0};
    RB_CLEANUP_JSON json_t *before = NULL;
    RB_CLEANUP_JSON json_t *kept = NULL;
    if (rb_json_read_file(kept_path, NOTE_MAXIMUM, &kept, NULL) == 0) {
        remove_image(job, rb_json_get_string(kept, "image", NULL));
        remove_image(job, rb_json_get_string(kept, "base", NULL));
    } else if (rb_json_read_file(before_path, NOTE_MAXIMUM, &before, NULL) == 0) {
        build_log_images(job, rb_json_get_integer(before, "log", 0), &committed);
        remove_new_images(job, json_object_get(before, "images"), &committed);
    }
}

/* Whose scratch folder it is: a job that no runner holds any more (job/runner.c locks the spec). */
static bool is_abandoned(const char *scratch)
{
    if (!rb_text_ends_with(scratch, "/scratch"))
        return false;
    RB_CLEANUP_FREE char *spec =
        rb_asprintf("%.*s/spec.json", (int)(strlen(scratch) - strlen("/scratch")), scratch);
    RB_CLEANUP_CLOSE int fd = open(spec, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT;
    return flock(fd, LOCK_SH | LOCK_NB) == 0;
}

static void remove_container(struct rb_job *job, const char *id)
{
    static const char owner_format[] = "{{.CNIConfigDir}}";
    const char *ask[] = {"buildah", "inspect", "--type=container", "--format", owner_format,
                         id,        NULL};
    const char *arguments[] = {"buildah", "rm", id, NULL};
    RB_CLEANUP_FREE char *owner = NULL;
    struct rb_err err;
    if (rb_job_capture(job, ask, NAME_MAXIMUM, &owner, "look at a container", &err) != 0)
        return; /* it went meanwhile */
    owner[strcspn(owner, "\n")] = '\0';
    if (strcmp(owner, job->scratch) != 0 && !is_abandoned(owner))
        return;
    if (rb_job_run(job, arguments, "remove a working container", &err) != 0)
        rb_job_log(job, "%s", err.text);
}

static void remove_containers(struct rb_job *job)
{
    const char *arguments[] = {"buildah", "containers", "--quiet", "--notruncate", NULL};
    RB_CLEANUP_FREE char *text = NULL;
    struct rb_err err;
    if (rb_job_capture(job, arguments, LIST_MAXIMUM, &text, "list the containers", &err) != 0) {
        rb_job_log(job, "the working containers stay: %s", err.text);
        return;
    }
    char *rest = text, *id;
    while ((id = strsep(&rest, "\n")) != NULL) {
        if (id[0] != '\0')
            remove_container(job, id);
    }
}

void leftovers_remove(struct rb_job *job)
{
    RB_CLEANUP_FREE char *name = leftovers_name(job);
    char id[BUILDAH_ID_SIZE];
    remove_containers(job);
    /* With the name goes the image, unless it was kept under another. */
    if (buildah_find(job, name, id, NULL) == 0 && id[0] != '\0')
        remove_image(job, name);
    remove_images(job);
}
