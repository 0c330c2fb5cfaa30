/* SPDX-License-Identifier: Apache-2.0 */
/* An rpm source's check: what is remembered between two looks at a repository, and what is told. */
#include "check.h"
#include "fetching.h"
#include "kept.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rpm_fetch.h"
#include "rpm_state.h"

struct rpm_check {
    struct rb_rpm_fetch *fetch;
    char *folder;
    char *known_hash;
    json_t *memo; /* the last check's, or NULL */
    rb_check_cb *done;
    void *context;
};

static void free_check(struct rpm_check *check)
{
    rb_free(check->folder);
    rb_free(check->known_hash);
    json_decref(check->memo);
    rb_free(check);
}

static json_t *make_detail(const struct rb_rpm_result *found)
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
        detail = make_detail(found);
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

static void on_fetched(void *context, const struct rb_rpm_result *found, const struct rb_err *error)
{
    struct rpm_check *check = context;
    struct rb_check_outcome outcome = rb_check_outcome_of(&found->cost);
    outcome.error = error;
    outcome.trouble = found->trouble;
    if (error != NULL)
        check->done(check->context, &outcome);
    else
        report_result(check, found, &outcome);
    free_check(check);
}

static void *start(const struct rb_watch_tools *tools, const struct rb_check_request *request,
                   rb_check_cb *done, void *context)
{
    const struct rb_rpm_source *source = &request->source->rpm;
    struct rpm_check *check = rb_zalloc(sizeof(*check));
    check->folder = rb_rpm_kept_folder(tools->cache_folder, source);
    check->known_hash = rb_strdup(request->known_version);
    check->done = done;
    check->context = context;
    struct rb_rpm_request ask = {
        .url = source->url,
        .mirrorlist = source->mirrorlist,
        .architectures = source->architectures,
        .signed_by = source->signed_by,
        .folder = check->folder,
        .known_hash = check->known_hash,
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
    rb_rpm_fetch_cancel(check->fetch);
    free_check(check);
}

const struct rb_check_kind rb_check_rpm = {
    .start = start, .cancel = cancel, .fetch = rb_rpm_fetch_version};
