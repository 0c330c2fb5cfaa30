/* SPDX-License-Identifier: Apache-2.0 */
/* An apk source's check: what is remembered between two looks at a repository, and what is told. */
#include "apk_fetch.h"
#include "check.h"
#include "fetching.h"
#include "kept.h"
#include "rebake/base/memory.h"
#include "rebake/base/strlist.h"
#include "rebake/base/text.h"

struct apk_check {
    struct rb_apk_fetch *fetch;
    struct rb_strlist architectures;
    char *folder;
    char *known_hash;
    rb_check_cb *done;
    void *context;
};

static void free_check(struct apk_check *check)
{
    rb_strlist_deinit(&check->architectures);
    rb_free(check->folder);
    rb_free(check->known_hash);
    rb_free(check);
}

static json_t *make_memo(const struct apk_check *check, const struct rb_apk_result *found)
{
    json_t *memo = rb_json_object(), *indexes = rb_json_object();
    for (size_t i = 0; i < check->architectures.count; i++) {
        const struct rb_apk_state *state = &found->states[i];
        json_t *index = rb_json_object();
        rb_json_set_string(index, "hash", state->hash);
        rb_json_set_integer(index, "madeAt", state->made_at);
        rb_json_set_string(index, "etag", state->etag);
        rb_json_set_string(index, "lastModified", state->last_modified);
        rb_json_set(indexes, check->architectures.items[i], index);
    }
    rb_json_set(memo, "indexes", indexes);
    return memo;
}

static json_t *make_detail(const struct apk_check *check, const struct rb_apk_result *found,
                           int64_t *ret_newest_at)
{
    json_t *detail = rb_json_object(), *indexes = rb_json_object();
    for (size_t i = 0; i < check->architectures.count; i++) {
        const struct rb_apk_state *state = &found->states[i];
        json_t *index = rb_json_object();
        rb_json_set_string(index, "hash", state->hash);
        rb_json_set_time(index, "date", state->made_at);
        rb_json_set_string(index, "description", state->description);
        rb_json_set(indexes, check->architectures.items[i], index);
        *ret_newest_at = state->made_at > *ret_newest_at ? state->made_at : *ret_newest_at;
    }
    rb_json_set(detail, "indexes", indexes);
    rb_json_set_time(detail, "date", *ret_newest_at);
    rb_json_set_string(detail, "index", found->index_path);
    rb_json_set_integer(detail, "offers", (int64_t)found->offer_count);
    return detail;
}

static void report_result(struct apk_check *check, const struct rb_apk_result *found,
                          struct rb_check_outcome *outcome)
{
    RB_CLEANUP_JSON json_t *memo = make_memo(check, found);
    RB_CLEANUP_JSON json_t *detail = NULL;
    struct rb_check_result result = {
        .unchanged = found->unchanged, .version = check->known_hash, .memo = memo};
    if (!found->unchanged) {
        detail = make_detail(check, found, &result.upstream_at);
        /* The known state again, whose index was lost. */
        result.unchanged = rb_text_equal(found->hash, check->known_hash);
        result.version = found->hash;
        result.detail = detail;
        rb_kept_drop_others(check->folder, found->hash);
    }
    outcome->result = &result;
    check->done(check->context, outcome);
}

static void on_fetched(void *context, const struct rb_apk_result *found, const struct rb_err *error)
{
    struct apk_check *check = context;
    struct rb_check_outcome outcome = rb_check_outcome_of(&found->cost);
    outcome.error = error;
    outcome.trouble = found->trouble;
    if (error != NULL)
        check->done(check->context, &outcome);
    else
        report_result(check, found, &outcome);
    free_check(check);
}

/* The ages are kept even where the version was lost: time does not run backwards. */
static struct rb_apk_state *read_memo(const json_t *memo, const struct rb_strlist *architectures)
{
    const json_t *indexes = json_object_get(memo, "indexes");
    struct rb_apk_state *known = rb_calloc(architectures->count, sizeof(*known));
    for (size_t i = 0; i < architectures->count; i++) {
        const json_t *index = json_object_get(indexes, architectures->items[i]);
        known[i] = (struct rb_apk_state){
            .hash = rb_json_get_string(index, "hash", NULL),
            .made_at = rb_json_get_integer(index, "madeAt", 0),
            .etag = rb_json_get_string(index, "etag", NULL),
            .last_modified = rb_json_get_string(index, "lastModified", NULL),
        };
    }
    return known;
}

char *rb_apk_kept_folder(const char *cache_folder, const struct rb_apk_source *source)
{
    return rb_kept_folder(cache_folder, "apk", (const char *const[]){source->url, NULL},
                          source->architectures);
}

static void *start(const struct rb_watch_tools *tools, const struct rb_check_request *request,
                   rb_check_cb *done, void *context)
{
    const struct rb_apk_source *source = &request->source->apk;
    struct apk_check *check = rb_zalloc(sizeof(*check));
    rb_strlist_add_all(&check->architectures, source->architectures);
    check->folder = rb_apk_kept_folder(tools->cache_folder, source);
    check->known_hash = rb_strdup(request->known_version);
    check->done = done;
    check->context = context;
    RB_CLEANUP_FREE struct rb_apk_state *known = read_memo(request->memo, &check->architectures);
    struct rb_apk_request ask = {
        .url = source->url,
        .architectures = source->architectures,
        .keys = source->keys,
        .folder = check->folder,
        .known_hash = check->known_hash,
        .known = known,
    };
    check->fetch =
        rb_apk_fetch_start(tools->loop, tools->http, tools->clock, &ask, on_fetched, check);
    return check;
}

static void cancel(void *state)
{
    struct apk_check *check = state;
    rb_apk_fetch_cancel(check->fetch);
    free_check(check);
}

const struct rb_check_kind rb_check_apk = {
    .start = start, .cancel = cancel, .fetch = rb_apk_fetch_version};
