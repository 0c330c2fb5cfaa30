/* SPDX-License-Identifier: Apache-2.0 */
/* An rpm source's check: what is remembered between two looks at a repository, and what is told. */
#include "check.h"
#include "feed_reader.h"
#include "fetching.h"
#include "kept.h"
#include "rebake/base/arena.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rpm_fetch.h"
#include "rpm_state.h"

struct rpm_check {
    struct rb_rpm_fetch *fetch; /* NULL once it has ended */
    char *folder;
    char *known_hash;
    json_t *memo; /* the last check's, or NULL */
    const struct rb_watch_tools *tools;
    /* While the advisories are compiled: what was found. */
    struct rb_arena *arena;
    struct rb_rpm_result found;
    char *set_ending; /* of the compiled advisories (rb_kept_path); NULL: none are compiled */
    char *set_path;
    struct rb_process *reader;
    bool is_cancelled;
    rb_check_cb *done;
    void *context;
};

static void free_check(struct rpm_check *check)
{
    rb_free(check->folder);
    rb_free(check->known_hash);
    json_decref(check->memo);
    rb_free(check->set_ending);
    rb_free(check->set_path);
    rb_arena_free(check->arena);
    rb_free(check);
}

static json_t *make_detail(const struct rpm_check *check, const struct rb_rpm_result *found)
{
    json_t *detail = rb_json_object();
    rb_json_set_string(detail, "repomd", found->hash);
    rb_json_set_string(detail, "revision", found->revision);
    rb_json_set_time(detail, "date", found->newest_at);
    rb_json_set_string(detail, "mirror", found->mirror);
    rb_json_set_string(detail, "index", found->index_path);
    rb_json_set_integer(detail, "offers", (int64_t)found->offer_count);
    rb_json_set_string(detail, "updateinfo", found->updateinfo_path);
    rb_json_set_integer(detail, "advisories", (int64_t)found->advisory_count);
    if (check->set_path != NULL)
        rb_json_set_string(detail, "advisorySet", check->set_path);
    return detail;
}

/* An unchanged state keeps its age; only how to ask for it may be new. */
static json_t *make_memo(const struct rpm_check *check, const struct rb_rpm_result *found)
{
    json_t *memo = check->memo != NULL ? json_copy(check->memo) : rb_json_object();
    RB_ASSERT(memo != NULL);
    rb_json_set_string(memo, "mirror", found->mirror);
    rb_json_set_string(memo, "etag", found->etag);
    rb_json_set_string(memo, "lastModified", found->last_modified);
    if (found->unchanged)
        return memo;
    rb_json_set_string(memo, "revision", found->revision);
    rb_json_set_integer(memo, "newestAt", found->newest_at);
    rb_json_set_bool(memo, "hasUpdateinfo", found->updateinfo_path != NULL);
    return memo;
}

static void report_result(struct rpm_check *check, const struct rb_rpm_result *found,
                          struct rb_check_outcome *outcome)
{
    RB_CLEANUP_JSON json_t *memo = make_memo(check, found);
    RB_CLEANUP_JSON json_t *detail = NULL;
    struct rb_check_result result = {
        .unchanged = found->unchanged, .version = check->known_hash, .memo = memo};
    if (!found->unchanged) {
        detail = make_detail(check, found);
        /* The known state again, of which something was lost. */
        result.unchanged = rb_text_equal(found->hash, check->known_hash);
        result.version = found->hash;
        result.detail = detail;
        result.upstream_at = found->newest_at;
        rb_kept_drop_others(check->folder, found->hash);
    }
    outcome->result = &result;
    check->done(check->context, outcome);
}

/* What was found, on its own: the fetch ends with its call. */
static void keep_found(struct rpm_check *check, const struct rb_rpm_result *found)
{
    struct rb_arena *arena = check->arena = rb_arena_new();
    check->found = *found;
    check->found.revision = rb_arena_strdup(arena, found->revision);
    check->found.index_path = rb_arena_strdup(arena, found->index_path);
    check->found.updateinfo_path = rb_arena_strdup(arena, found->updateinfo_path);
    check->found.mirror = rb_arena_strdup(arena, found->mirror);
    check->found.etag = rb_arena_strdup(arena, found->etag);
    check->found.last_modified = rb_arena_strdup(arena, found->last_modified);
}

static void conclude(struct rpm_check *check, const struct rb_rpm_result *found,
                     const struct rb_err *error, enum rb_trouble trouble)
{
    struct rb_check_outcome outcome = rb_check_outcome_of(&found->cost);
    outcome.error = error;
    outcome.trouble = trouble;
    if (error != NULL)
        check->done(check->context, &outcome);
    else
        report_result(check, found, &outcome);
    free_check(check);
}

static void on_compiled(void *context, const struct rb_process_result *result)
{
    struct rpm_check *check = context;
    struct rb_err err;
    check->reader = NULL;
    if (check->is_cancelled)
        free_check(check);
    else if (rb_process_check(result, check->found.updateinfo_path, &err) != 0)
        conclude(check, &check->found, &err, RB_TROUBLE_OURS);
    else
        conclude(check, &check->found, NULL, check->found.trouble);
}

static void compile(struct rpm_check *check)
{
    struct rb_err err;
    if (rb_feed_reader_start(check->tools, RB_SOURCE_RPM, check->found.updateinfo_path,
                             check->set_path, on_compiled, check, &check->reader, &err) != 0)
        conclude(check, &check->found, &err, RB_TROUBLE_OURS);
}

static void on_fetched(void *context, const struct rb_rpm_result *found, const struct rb_err *error)
{
    struct rpm_check *check = context;
    check->fetch = NULL;
    bool has_advisories = error == NULL && !found->unchanged && found->updateinfo_path != NULL &&
                          check->set_ending != NULL;
    if (!has_advisories) {
        conclude(check, found, error, found->trouble);
        return;
    }
    keep_found(check, found);
    check->set_path = rb_kept_path(check->folder, found->hash, check->set_ending);
    compile(check);
}

static void *start(const struct rb_watch_tools *tools, const struct rb_check_request *request,
                   rb_check_cb *done, void *context)
{
    const struct rb_rpm_source *source = &request->source->rpm;
    struct rpm_check *check = rb_zalloc(sizeof(*check));
    check->folder = rb_rpm_kept_folder(tools->cache_folder, source);
    check->known_hash = rb_strdup(request->known_version);
    check->tools = tools;
    if (tools->program != NULL)
        check->set_ending = rb_asprintf(RB_RPM_UPDATEINFO ".set%d", RB_FEED_SET_FORMAT);
    check->done = done;
    check->context = context;
    struct rb_rpm_request ask = {
        .url = source->url,
        .mirrorlist = source->mirrorlist,
        .architectures = source->architectures,
        .signed_by = source->signed_by,
        .folder = check->folder,
        .known_hash = check->known_hash,
        .made_ending = check->set_ending,
    };
    /* The age is kept even where the version was lost: time does not run backwards. */
    if (json_is_object(request->memo)) {
        check->memo = json_incref((json_t *)(uintptr_t)request->memo);
        ask.known_revision = rb_json_get_string(check->memo, "revision", NULL);
        ask.known_newest_at = rb_json_get_integer(check->memo, "newestAt", 0);
        ask.known_has_updateinfo = rb_json_get_bool(check->memo, "hasUpdateinfo", false);
        ask.mirror = rb_json_get_string(check->memo, "mirror", NULL);
        ask.etag = rb_json_get_string(check->memo, "etag", NULL);
        ask.last_modified = rb_json_get_string(check->memo, "lastModified", NULL);
    }
    check->fetch =
        rb_rpm_fetch_start(tools->loop, tools->http, tools->clock, &ask, on_fetched, check);
    return check;
}

static void cancel(void *state)
{
    struct rpm_check *check = state;
    if (check->reader != NULL) { /* freed when it has ended */
        check->is_cancelled = true;
        rb_process_kill(check->reader);
        return;
    }
    rb_rpm_fetch_cancel(check->fetch);
    free_check(check);
}

const struct rb_check_kind rb_check_rpm = {
    .start = start, .cancel = cancel, .fetch = rb_rpm_fetch_version};
