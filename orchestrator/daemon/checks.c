/* SPDX-License-Identifier: Apache-2.0 */
/* When sources are checked, and what becomes of the answer. */
#include "engine_parts.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { CHECKS_AT_ONCE = 32, LONGEST_SLEEP_MS = 60 * 1000 };

static size_t checks_under_way(const struct rb_engine *engine)
{
    size_t count = 0;
    for (size_t i = 0; i < engine->source_count; i++)
        count += engine->sources[i].check != NULL;
    return count;
}

/* A check with --once is one that this engine made: what an earlier one saw may be old. */
bool engine_checks_are_quiet(const struct rb_engine *engine)
{
    for (size_t i = 0; i < engine->source_count; i++) {
        if (engine->sources[i].check != NULL || !engine->sources[i].checked)
            return false;
    }
    return true;
}

static void log_outcome(const struct engine_source *source, const struct rb_check_outcome *outcome)
{
    if (outcome->error != NULL)
        rb_log(RB_LOG_WARNING, "check failed", "source", source->name, "error",
               outcome->error->text, NULL);
    else if (!outcome->result->unchanged)
        rb_log(RB_LOG_INFO, "new version", "source", source->name, "version",
               outcome->result->version, NULL);
}

/* Takes a good answer over into what we know of the source. */
static void adopt_result(struct engine_source *source, const struct rb_check_result *result,
                         int64_t version_id, int64_t now)
{
    if (result->memo != NULL) {
        json_decref(source->memo);
        source->memo = json_incref(result->memo);
    }
    if (result->detail != NULL) {
        json_decref(source->detail);
        source->detail = json_incref(result->detail);
        rb_index_close(source->index);
        source->index = NULL;
    }
    if (version_id == 0)
        return;
    rb_free(source->version);
    source->version = rb_strdup(result->version);
    source->version_id = version_id;
    source->changed_at = now;
}

static int record_outcome(struct engine_source *source, const struct rb_check_outcome *outcome,
                          struct rb_err *err)
{
    struct rb_engine *engine = source->engine;
    const struct rb_check_result *result = outcome->result;
    int64_t now = rb_clock_now(engine->clock), version_id = 0;
    source->failures = outcome->error == NULL ? 0 : source->failures + 1;
    int64_t rest_ms = rb_check_next_ms(source->model->every_ms, source->failures,
                                       outcome->retry_after_ms, &engine->random);
    source->next_check_at = source->check_again ? 0 : now + rest_ms;
    source->check_again = false;
    /* A check made from nothing (a lost index) may find the version that is known. */
    bool is_new =
        result != NULL && !result->unchanged && !rb_text_equal(result->version, source->version);
    RB_CLEANUP_FREE char *memo =
        result != NULL && result->memo != NULL ? rb_json_canonical(result->memo) : NULL;
    RB_CLEANUP_FREE char *detail =
        result != NULL && result->detail != NULL ? rb_json_canonical(result->detail) : NULL;
    struct rb_check_record record = {
        .source_id = source->id,
        .checked_at = now,
        .next_check_at = source->next_check_at,
        .requests = outcome->requests,
        .bytes = outcome->bytes,
        .error_code = outcome->error == NULL ? NULL : rb_errc_name(outcome->error->code),
        .error = outcome->error == NULL ? NULL : outcome->error->text,
        .memo = memo,
        .version = is_new ? result->version : NULL,
        .detail = detail,
        .upstream_at = result == NULL ? 0 : result->upstream_at,
    };
    int status = rb_store_record_check(engine->store, &record, &version_id, err);
    if (status == 0 && result != NULL)
        adopt_result(source, result, version_id, now);
    return status;
}

static void check_done(void *context, const struct rb_check_outcome *outcome)
{
    struct engine_source *source = context;
    struct rb_engine *engine = source->engine;
    struct rb_err err;
    source->check = NULL;
    source->checked = true;
    log_outcome(source, outcome);
    if (record_outcome(source, outcome, &err) != 0)
        rb_log(RB_LOG_ERROR, "a check could not be recorded; it will be made again", "source",
               source->name, "error", err.text, NULL);
    rb_timer_start(engine->check_timer, 0, 0);
    rb_engine_plan_soon(engine);
}

static void start_check(struct engine_source *source)
{
    static const char *const NO_PATHS[] = {NULL};
    struct rb_check_request request = {
        .source = source->model,
        .memo = source->memo,
        .known_version = source->detail == NULL ? NULL : source->version,
        .paths = source->paths.count == 0 ? NO_PATHS : (const char *const *)source->paths.items,
    };
    source->check = rb_check_start(&source->engine->tools, &request, check_done, source);
}

void engine_start_due_checks(struct rb_engine *engine)
{
    int64_t now = rb_clock_now(engine->clock), next_at = now + LONGEST_SLEEP_MS;
    size_t under_way = checks_under_way(engine);
    for (size_t i = 0; i < engine->source_count; i++) {
        struct engine_source *source = &engine->sources[i];
        if (source->check != NULL)
            continue;
        if (source->next_check_at > now && (!engine->once || source->checked)) {
            next_at = engine_earlier(next_at, source->next_check_at);
        } else if (under_way < CHECKS_AT_ONCE && !(engine->once && source->checked)) {
            start_check(source);
            under_way++;
        }
    }
    rb_timer_start(engine->check_timer, next_at - now, 0);
}

void engine_check_soon(struct engine_source *source)
{
    source->next_check_at = 0;
    source->check_again = source->check != NULL;
    rb_timer_start(source->engine->check_timer, 0, 0);
}

static bool is_asked_for(const struct engine_source *source, int64_t source_id)
{
    return source_id == 0 || source->id == source_id;
}

/* What is asked for is in the store before it is answered, so that a restart does not lose it and
   whoever waits sees when it is done. */
static int record_question(struct rb_engine *engine, int64_t source_id, struct rb_err *err)
{
    int status = rb_store_begin(engine->store, err);
    if (status != 0)
        return status;
    for (size_t i = 0; status == 0 && i < engine->source_count; i++) {
        if (is_asked_for(&engine->sources[i], source_id))
            status = rb_store_set_next_check(engine->store, engine->sources[i].id, 0, err);
    }
    if (status == 0)
        status = rb_store_commit(engine->store, err);
    if (status != 0)
        rb_store_rollback(engine->store);
    return status;
}

int rb_engine_check_now(struct rb_engine *engine, int64_t source_id, struct rb_err *err)
{
    int status = record_question(engine, source_id, err);
    for (size_t i = 0; status == 0 && i < engine->source_count; i++) {
        if (is_asked_for(&engine->sources[i], source_id))
            engine_check_soon(&engine->sources[i]);
    }
    return status;
}

void engine_cancel_checks(struct rb_engine *engine)
{
    for (size_t i = 0; i < engine->source_count; i++) {
        if (engine->sources[i].check != NULL)
            rb_check_cancel(engine->sources[i].check);
        engine->sources[i].check = NULL;
    }
}
