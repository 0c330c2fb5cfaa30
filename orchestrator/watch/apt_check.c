/* SPDX-License-Identifier: Apache-2.0 */
/* An apt source's check: what is remembered between two looks at a repository, and what is told. */
#include "apt_request.h"
#include "check.h"
#include "fetching.h"
#include "kept.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/watch/apt.h"

struct apt_check {
    struct rb_apt_fetch *fetch;
    char *index_folder;
    char *known_hash;
    json_t *memo; /* the last check's, or NULL */
    rb_check_cb *done;
    void *context;
};

static void free_check(struct apt_check *check)
{
    rb_free(check->index_folder);
    rb_free(check->known_hash);
    json_decref(check->memo);
    rb_free(check);
}

static void copy_field(json_t *detail, const char *member, const struct rb_apt_release *release,
                       const char *name)
{
    rb_json_set_string(detail, member, rb_apt_release_field(release, name));
}

static json_t *make_detail(const struct rb_apt_result *result)
{
    const struct rb_apt_release *release = result->release;
    json_t *detail = rb_json_object();
    rb_json_set_string(detail, "release", result->release_hash);
    rb_json_set_time(detail, "date", rb_apt_release_date(release));
    copy_field(detail, "suite", release, "Suite");
    copy_field(detail, "codename", release, "Codename");
    copy_field(detail, "origin", release, "Origin");
    copy_field(detail, "label", release, "Label");
    copy_field(detail, "version", release, "Version");
    rb_json_set_bool(detail, "notAutomatic", rb_apt_release_flag(release, "NotAutomatic"));
    rb_json_set_bool(detail, "butAutomaticUpgrades",
                     rb_apt_release_flag(release, "ButAutomaticUpgrades"));
    rb_json_set_string(detail, "index", result->index_path);
    rb_json_set_integer(detail, "offers", (int64_t)result->offer_count);
    return detail;
}

/* An unchanged state keeps its dates; only how to ask for it may be new. */
static json_t *make_memo(const struct apt_check *check, const struct rb_apt_result *result)
{
    json_t *memo = check->memo != NULL ? json_copy(check->memo) : rb_json_object();
    RB_ASSERT(memo != NULL);
    rb_json_set_string(memo, "etag", result->etag);
    rb_json_set_string(memo, "lastModified", result->last_modified);
    if (result->release != NULL) {
        rb_json_set_integer(memo, "dateAt", rb_apt_release_date(result->release));
        rb_json_set_integer(memo, "validUntilAt", rb_apt_release_valid_until(result->release));
        copy_field(memo, "codename", result->release, "Codename");
    }
    return memo;
}

static void report_result(struct apt_check *check, const struct rb_apt_result *found,
                          struct rb_check_outcome *outcome)
{
    RB_CLEANUP_JSON json_t *memo = make_memo(check, found);
    RB_CLEANUP_JSON json_t *detail = NULL;
    struct rb_check_result result = {
        .unchanged = found->unchanged, .version = check->known_hash, .memo = memo};
    if (!found->unchanged) {
        detail = make_detail(found);
        /* The known state again, whose index was lost. */
        result.unchanged = rb_text_equal(found->release_hash, check->known_hash);
        result.version = found->release_hash;
        result.detail = detail;
        result.upstream_at = rb_apt_release_date(found->release);
        rb_kept_drop_others(check->index_folder, found->release_hash);
    }
    outcome->result = &result;
    check->done(check->context, outcome);
}

static void on_fetched(void *context, const struct rb_apt_result *found, const struct rb_err *error)
{
    struct apt_check *check = context;
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
    const struct rb_source *source = request->source;
    struct apt_check *check = rb_zalloc(sizeof(*check));
    check->index_folder = rb_apt_kept_folder(tools->cache_folder, &source->apt);
    check->known_hash = rb_strdup(request->known_version);
    check->done = done;
    check->context = context;
    struct rb_apt_request ask = rb_apt_request_of(&source->apt, check->index_folder);
    ask.known_hash = check->known_hash;
    ask.keeps_release = true;
    /* The dates are kept even where the version was lost: time does not run backwards. */
    if (json_is_object(request->memo)) {
        check->memo = json_incref((json_t *)(uintptr_t)request->memo);
        ask.known_date_at = rb_json_get_integer(check->memo, "dateAt", 0);
        ask.known_valid_until_at = rb_json_get_integer(check->memo, "validUntilAt", 0);
        ask.known_codename = rb_json_get_string(check->memo, "codename", NULL);
        ask.etag = rb_json_get_string(check->memo, "etag", NULL);
        ask.last_modified = rb_json_get_string(check->memo, "lastModified", NULL);
    }
    rb_apt_fetch_start(tools->loop, tools->http, tools->clock, &ask, on_fetched, check,
                       &check->fetch);
    return check;
}

static void cancel(void *state)
{
    struct apt_check *check = state;
    rb_apt_fetch_cancel(check->fetch);
    free_check(check);
}

const struct rb_check_kind rb_check_apt = {
    .start = start, .cancel = cancel, .fetch = rb_apt_fetch_version};
