/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What checks found, on its way into the store. A check that changed nothing is the common one and
 * must cost next to nothing: such records wait up to a second and are committed together; losing
 * them costs a check each. Anything that somebody waits for (a version, a trouble that came or
 * went, the answer to a question) is committed before the loop turns again, and only then believed
 * and said:
 *
 *     check ends ──▶ noted ──┬── nothing new: the source waits for its next turn ──▶ commit
 *                            └── news ──▶ commit ──▶ believed, said, next turn
 */
#include "engine_parts.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum {
    RECORD_WITHIN_MS = 1000,
    MOST_FOUND = 1000,
    RECORD_AGAIN_MS = 5 * 1000,
    TRIM_EVERY = 2000 /* checks: what each used for a moment leaves holes */
};

struct engine_found {
    struct engine_source *source;
    struct rb_check_record record; /* its texts are ours: */
    char *error, *memo_text, *detail_text, *version;
    json_t *memo;
    json_t *detail;
    enum rb_trouble trouble;
    bool is_news; /* the source waits until it is recorded */
    bool is_seen; /* of upstream: the plan depends on it */
    int64_t version_id;
    int status; /* of recording it */
};

static void free_found(struct engine_found *found)
{
    rb_free(found->error);
    rb_free(found->memo_text);
    rb_free(found->detail_text);
    rb_free(found->version);
    json_decref(found->memo);
    json_decref(found->detail);
}

static struct engine_found *add_found(struct rb_engine *engine)
{
    if (engine->found_count == engine->found_capacity) {
        engine->found_capacity = engine->found_capacity == 0 ? 16 : engine->found_capacity * 2;
        engine->found =
            rb_reallocarray(engine->found, engine->found_capacity, sizeof(*engine->found));
    }
    return &engine->found[engine->found_count++];
}

static void record_soon(struct rb_engine *engine, bool at_once)
{
    if (engine->recording_soon || (!at_once && engine->found_count > 1))
        return;
    engine->recording_soon = at_once;
    rb_timer_start(engine->record_timer, at_once ? 0 : RECORD_WITHIN_MS, 0);
}

/* Takes what a good check says, as far as it is not known. */
static void take_result(struct engine_found *found, const struct rb_check_result *result)
{
    struct engine_source *source = found->source;
    /* A check made from nothing (a lost index) may find the version that is known. */
    if (!result->unchanged && !rb_text_equal(result->version, source->version))
        found->version = rb_strdup(result->version);
    if (result->memo != NULL && !json_equal(result->memo, source->memo)) {
        found->memo = json_incref(result->memo);
        found->memo_text = rb_json_canonical(result->memo);
    }
    if (result->detail != NULL &&
        (found->version != NULL || !json_equal(result->detail, source->detail))) {
        found->detail = json_incref(result->detail);
        found->detail_text = rb_json_canonical(result->detail);
    }
    found->record.upstream_at = result->upstream_at;
    found->is_seen = found->version != NULL || found->detail != NULL;
}

static void fill_record(struct engine_found *found, const struct rb_check_outcome *outcome,
                        int64_t interval_ms, int64_t next_check_at)
{
    struct engine_source *source = found->source;
    const struct rb_err *error = outcome->error;
    found->trouble = outcome->trouble;
    found->record = (struct rb_check_record){
        .source_id = source->id,
        .checked_at = rb_clock_now(source->engine->clock),
        .next_check_at = next_check_at,
        .interval_ms = interval_ms,
        .requests = outcome->requests,
        .bytes = outcome->bytes,
        .trouble = outcome->trouble == RB_TROUBLE_NONE ? NULL : rb_trouble_name(outcome->trouble),
    };
    if (error != NULL) {
        found->error = rb_strdup(error->text);
        found->record.error_code = rb_errc_name(error->code);
    }
    if (outcome->result != NULL)
        take_result(found, outcome->result);
    found->record.error = found->error;
    found->record.memo = found->memo_text;
    found->record.detail = found->detail_text;
    found->record.version = found->version;
}

/* What a source knows of upstream is what the store knows, or what can be had again. */
static void adopt(struct engine_found *found)
{
    struct engine_source *source = found->source;
    source->trouble = found->trouble;
    if (found->memo != NULL) {
        json_decref(source->memo);
        source->memo = json_incref(found->memo);
    }
    if (found->detail != NULL) {
        json_decref(source->detail);
        source->detail = json_incref(found->detail);
        rb_index_close(source->index);
        rb_advisory_set_close(source->advisories);
        rb_threats_close(source->threats);
        source->index = NULL;
        source->advisories = NULL;
        source->threats = NULL;
    }
    if (found->version_id != 0) {
        rb_free(source->version);
        source->version = rb_strdup(found->version);
        source->version_id = found->version_id;
        source->changed_at = found->record.checked_at;
    }
    if (found->detail != NULL || found->version_id != 0)
        engine_mark_users(source);
}

void engine_note_check(struct engine_source *source, const struct rb_check_outcome *outcome,
                       int64_t interval_ms, int64_t next_check_at)
{
    struct rb_engine *engine = source->engine;
    struct engine_found *found = add_found(engine);
    *found = (struct engine_found){.source = source};
    fill_record(found, outcome, interval_ms, next_check_at);
    found->is_news = found->is_seen || found->trouble != source->trouble || source->asked ||
                     source->check_again || engine->once;
    if (found->is_news) {
        source->recording = true;
    } else {
        adopt(found);
        engine_wait_for_turn(source, next_check_at);
    }
    record_soon(engine, found->is_news || engine->found_count >= MOST_FOUND);
}

static void log_found(const struct engine_found *found, enum rb_trouble before)
{
    const struct engine_source *source = found->source;
    if (found->error != NULL && found->trouble != before)
        rb_log(RB_LOG_WARNING, "check failed", "source", source->name, "trouble",
               rb_trouble_name(found->trouble), "error", found->error, NULL);
    else if (found->version_id != 0)
        rb_log(RB_LOG_INFO, "new version", "source", source->name, "version", found->version, NULL);
}

/* The source goes on: with what is recorded now, or to be asked again. */
static void conclude(struct engine_found *found)
{
    struct engine_source *source = found->source;
    int64_t next_check_at = found->record.next_check_at;
    if (found->is_news) {
        enum rb_trouble before = source->trouble;
        source->recording = false;
        source->asked = found->status != 0 && source->asked;
        if (found->status == 0) {
            adopt(found);
            log_found(found, before);
        } else {
            source->checked = false;
            next_check_at = rb_clock_now(source->engine->clock) + RECORD_AGAIN_MS;
        }
        engine_wait_for_turn(source, next_check_at);
    }
    if (found->status == 0 && found->error == NULL)
        engine_follow(source);
    free_found(found);
}

static int record_all(struct rb_engine *engine, struct rb_err *err)
{
    int status = rb_store_begin(engine->store, err);
    if (status != 0)
        return status;
    for (size_t i = 0; i < engine->found_count; i++) {
        struct engine_found *found = &engine->found[i];
        struct rb_err one;
        if (found->source->check_again) /* what is recorded last must say that it was asked for */
            found->record.next_check_at = 0;
        found->status =
            rb_store_record_check(engine->store, &found->record, &found->version_id, &one);
        if (found->status != 0)
            rb_log(RB_LOG_ERROR, "a check could not be recorded; it will be made again", "source",
                   found->source->name, "error", one.text, NULL);
    }
    return rb_store_commit(engine->store, err);
}

void engine_record_checks(struct rb_engine *engine)
{
    struct rb_err err;
    bool is_seen = false;
    size_t count = engine->found_count;
    engine->recording_soon = false;
    rb_timer_stop(engine->record_timer);
    if (count == 0)
        return;
    int status = record_all(engine, &err);
    if (status != 0)
        rb_log(RB_LOG_ERROR, "checks could not be recorded; they will be made again", "error",
               err.text, NULL);
    struct engine_found *all = rb_steal(&engine->found);
    engine->found_count = engine->found_capacity = 0;
    for (size_t i = 0; i < count; i++) {
        if (status != 0)
            all[i].status = status;
        is_seen = is_seen || (all[i].is_seen && all[i].status == 0);
        conclude(&all[i]);
    }
    rb_free(all);
    engine->untrimmed += count;
    if (engine->untrimmed >= TRIM_EVERY) {
        engine->untrimmed = 0;
        rb_memory_trim();
    }
    if (is_seen || engine->once)
        rb_engine_plan_soon(engine);
}
