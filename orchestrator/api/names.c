/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <string.h>

#include "rebake/base/strbuf.h"
#include "rebake/base/strlist.h"
#include "rebake/base/text.h"

enum { CANDIDATES_TEXT_MAXIMUM = 512 };

/* A thing that a name may mean: one of the two is set. */
struct entry {
    const char *pipeline;
    const char *name;
    const struct rb_image_row *image;
    const struct rb_deployment_row *deployment;
};

struct book {
    struct entry *entries; /* images first */
    size_t count;
    const char *what; /* it lists: "image", "image or deployment" */
};

const char *api_full_name(const struct api_request *request, const char *pipeline, const char *name)
{
    return rb_arena_printf(request->arena, "%s/%s", pipeline, name);
}

static int read_book(const struct api_request *request, bool with_deployments, struct book *book,
                     struct rb_err *err)
{
    struct rb_store *store = request->options->store;
    struct rb_image_row *images;
    struct rb_deployment_row *deployments = NULL;
    size_t image_count = 0, deployment_count = 0;
    int status = rb_store_images(store, request->arena, &images, &image_count, err);
    if (status == 0 && with_deployments)
        status = rb_store_deployments(store, request->arena, &deployments, &deployment_count, err);
    if (status != 0)
        return status;
    book->entries =
        rb_arena_array(request->arena, image_count + deployment_count, sizeof(struct entry));
    book->count = 0;
    book->what = with_deployments ? "image or deployment" : "image";
    for (size_t i = 0; i < image_count; i++)
        book->entries[book->count++] = (struct entry){
            .pipeline = images[i].pipeline, .name = images[i].name, .image = &images[i]};
    for (size_t i = 0; i < deployment_count; i++)
        book->entries[book->count++] = (struct entry){.pipeline = deployments[i].pipeline,
                                                      .name = deployments[i].name,
                                                      .deployment = &deployments[i]};
    return 0;
}

/* Is the thing called so: in full, or by its own name alone? */
static bool is_called(const struct entry *entry, const char *asked)
{
    size_t size = strlen(entry->pipeline);
    if (strcmp(entry->name, asked) == 0)
        return true;
    return strncmp(entry->pipeline, asked, size) == 0 && asked[size] == '/' &&
           strcmp(entry->name, asked + size + 1) == 0;
}

static int not_found(const struct api_request *request, const struct book *book, const char *asked,
                     struct rb_err *err)
{
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist names = {0};
    bool in_full = strchr(asked, '/') != NULL;
    for (size_t i = 0; i < book->count; i++)
        rb_strlist_add(&names, in_full ? api_full_name(request, book->entries[i].pipeline,
                                                       book->entries[i].name)
                                       : book->entries[i].name);
    const char *nearest =
        names.count == 0 ? NULL : rb_text_nearest(asked, (const char *const *)names.items);
    if (nearest == NULL)
        return rb_err_set(err, RB_ENOTFOUND, "there is no %s %s", book->what, asked);
    return rb_err_set(err, RB_ENOTFOUND, "there is no %s %s (did you mean %s?)", book->what, asked,
                      nearest);
}

static int ambiguous(const struct rb_strlist *candidates, const char *asked, struct rb_err *err)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(CANDIDATES_TEXT_MAXIMUM);
    for (size_t i = 0; i < candidates->count; i++)
        (void)rb_strbuf_printf(&text, "%s%s", i == 0 ? "" : ", ", candidates->items[i]);
    return rb_err_set(err, RB_EINVALID, "several pipelines have %s: name one of %s%s", asked,
                      rb_strbuf_text(&text), text.overflowed ? " and more" : "");
}

static int look_up(const struct api_request *request, const struct book *book, const char *asked,
                   const struct entry **ret_entry, struct rb_err *err)
{
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist found = {0};
    for (size_t i = 0; i < book->count; i++) {
        const struct entry *entry = &book->entries[i];
        if (!is_called(entry, asked))
            continue;
        const char *full = api_full_name(request, entry->pipeline, entry->name);
        if (rb_strlist_contains(&found, full)) /* the image of that name came first */
            continue;
        rb_strlist_add(&found, full);
        *ret_entry = entry;
    }
    if (found.count > 1)
        return ambiguous(&found, asked, err);
    return found.count == 1 ? 0 : not_found(request, book, asked, err);
}

int api_find_image(const struct api_request *request, const char *name,
                   struct rb_image_row *ret_row, struct rb_err *err)
{
    struct book book;
    const struct entry *entry = NULL;
    int status = read_book(request, false, &book, err);
    if (status == 0)
        status = look_up(request, &book, name, &entry, err);
    if (status != 0)
        return status;
    RB_ASSERT(entry != NULL && entry->image != NULL);
    *ret_row = *entry->image;
    return 0;
}

int api_find_named(const struct api_request *request, const char *name, struct api_named *ret_named,
                   struct rb_err *err)
{
    struct book book;
    const struct entry *entry = NULL;
    int status = read_book(request, true, &book, err);
    if (status == 0)
        status = look_up(request, &book, name, &entry, err);
    if (status != 0)
        return status;
    RB_ASSERT(entry != NULL && (entry->image != NULL || entry->deployment != NULL));
    *ret_named = (struct api_named){.name = api_full_name(request, entry->pipeline, entry->name),
                                    .is_deployment = entry->deployment != NULL};
    if (entry->image != NULL) {
        ret_named->image = *entry->image;
        return 0;
    }
    ret_named->deployment = *entry->deployment;
    return rb_store_image(request->options->store, entry->deployment->image_id, request->arena,
                          &ret_named->image, err);
}

const struct rb_image_row *api_image_named(const struct rb_image_row *images, size_t count,
                                           const char *pipeline, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(images[i].pipeline, pipeline) == 0 && strcmp(images[i].name, name) == 0)
            return &images[i];
    }
    return NULL;
}
