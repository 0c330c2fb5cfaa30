/* SPDX-License-Identifier: Apache-2.0 */
#include "image_tags.h"

#include "rebake/base/json.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

/* A page is asked for as large as registries give them; many give less. */
#define FIRST_PAGE "tags/list?n=1000"

enum { PAGES_MAXIMUM = 1000, PAGE_MAXIMUM = 1 << 20, TAGS_MAXIMUM = 200 * 1000 };

struct rb_image_tags_read {
    struct rb_registry *registry;
    struct rb_reference reference;
    const struct rb_tag_choice *choice;
    rb_image_tags_cb *done;
    void *context;
    struct rb_document_fetch *fetch;
    char *what;
    char *path; /* of the page that is asked for */
    char *best;
    int pages;
    struct rb_image_tags tags;
};

static void free_read(struct rb_image_tags_read *reading)
{
    rb_reference_deinit(&reading->reference);
    rb_free(reading->what);
    rb_free(reading->path);
    rb_free(reading->best);
    rb_free(reading);
}

int rb_image_tags_page(const char *data, size_t size, const char *what, json_t **ret_names,
                       struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *page = NULL;
    int status = rb_json_parse(data, size, what, &page, err);
    if (status != 0)
        return status;
    json_t *names = json_object_get(page, "tags");
    const json_t *name;
    size_t i;
    if (!json_is_array(names) && !json_is_null(names))
        return rb_err_set(err, RB_EINVALID, "%s: it holds no \"tags\"", what);
    json_array_foreach(names, i, name)
    {
        if (!json_is_string(name))
            return rb_err_set(err, RB_EINVALID, "%s: a tag is no text", what);
    }
    *ret_names = json_is_null(names) ? rb_json_array() : json_incref(names);
    return 0;
}

/* The best so far, after one name more. */
static void offer(struct rb_image_tags_read *reading, const char *name)
{
    const char *const names[] = {name, reading->best};
    const char *best = rb_tag_choice_best(reading->choice, names, reading->best == NULL ? 1 : 2);
    if (best != name)
        return;
    rb_free(reading->best);
    reading->best = rb_strdup(name);
}

static int take_page(struct rb_image_tags_read *reading, const struct rb_document *page,
                     struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *names = NULL;
    int status = rb_image_tags_page(page->body, page->size, reading->what, &names, err);
    if (status != 0)
        return status;
    const json_t *name;
    size_t i;
    json_array_foreach(names, i, name) offer(reading, json_string_value(name));
    reading->tags.count += json_array_size(names);
    if (page->next != NULL &&
        (rb_text_equal(page->next, reading->path) || ++reading->pages == PAGES_MAXIMUM ||
         reading->tags.count > TAGS_MAXIMUM))
        return rb_err_set(err, RB_ELIMIT, "%s: the list does not end", reading->what);
    return 0;
}

static void ask(struct rb_image_tags_read *reading, const char *path);

static void on_page(void *context, const struct rb_document *page, const struct rb_err *error)
{
    struct rb_image_tags_read *reading = context;
    struct rb_err err;
    rb_http_cost_add(&reading->tags.cost, &page->cost);
    int status = error != NULL ? rb_err_copy(&err, error) : take_page(reading, page, &err);
    if (status == 0 && page->next != NULL) {
        ask(reading, page->next);
        return;
    }
    reading->tags.best = status == 0 ? reading->best : NULL;
    reading->done(reading->context, &reading->tags, status == 0 ? NULL : &err);
    free_read(reading);
}

static void ask(struct rb_image_tags_read *reading, const char *path)
{
    rb_free(reading->path);
    reading->path = rb_strdup(path);
    const struct rb_document_request request = {
        .reference = &reading->reference,
        .path = path,
        .what = reading->what,
        .accept = "Accept: application/json",
        .maximum = PAGE_MAXIMUM,
    };
    rb_document_fetch_start(reading->registry, &request, on_page, reading, &reading->fetch);
}

void rb_image_tags_start(struct rb_registry *registry, const struct rb_reference *reference,
                         const struct rb_tag_choice *choice, rb_image_tags_cb *done, void *context,
                         struct rb_image_tags_read **ret_read)
{
    struct rb_image_tags_read *reading = rb_zalloc(sizeof(*reading));
    reading->registry = registry;
    reading->reference.registry = rb_strdup(reference->registry);
    reading->reference.repository = rb_strdup(reference->repository);
    reading->choice = choice;
    reading->done = done;
    reading->context = context;
    reading->what = rb_asprintf("tags of %s/%s", reference->registry, reference->repository);
    ask(reading, FIRST_PAGE);
    *ret_read = reading;
}

void rb_image_tags_cancel(struct rb_image_tags_read *reading)
{
    rb_document_fetch_cancel(reading->fetch);
    free_read(reading);
}
