/* SPDX-License-Identifier: Apache-2.0 */
/* What the store's queue becomes to the dispatcher, and what is told of those that wait: of an
   engine that is not started, and none of whose builds may start. */
#include <string.h>

#include "engine_parts.h"
#include "fixture.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/plan/dispatch.h"
#include "rebake/store/queue.h"

enum { MINUTE = 60 * 1000, IMAGES = 2 };

struct queueing_fixture {
    struct fixture *base;
    struct rb_engine engine;
    struct engine_image images[IMAGES];
    struct engine_pipeline pipeline;
    struct rb_pipeline model;
    struct engine_source code;
    struct rb_source code_model;
    struct rb_image image_model;
};

static int setup(void **state)
{
    struct queueing_fixture *fixture = rb_zalloc(sizeof(*fixture));
    struct rb_engine *engine = &fixture->engine;
    if (fixture_setup((void **)&fixture->base) != 0)
        return -1;
    fixture->base->now = RB_DISPATCH_DAY_MS + 2 * 3600 * 1000; /* two in the night */
    fixture->model.name = "shop";
    fixture->pipeline.model = &fixture->model;
    fixture->image_model.rebuild_on = "package";
    fixture->code.model = &fixture->code_model;
    engine->store = fixture->base->store;
    engine->clock = &fixture->base->clock;
    engine->max_jobs = 2;
    engine->sources = &fixture->code;
    engine->source_count = 1;
    engine->images = fixture->images;
    engine->image_count = IMAGES;
    for (size_t i = 0; i < IMAGES; i++)
        fixture->images[i] =
            (struct engine_image){.id = i == 0 ? fixture->base->runtime_id : fixture->base->app_id,
                                  .name = i == 0 ? "shop/runtime" : "shop/app",
                                  .pipeline = &fixture->pipeline,
                                  .model = &fixture->image_model,
                                  .code_source = &fixture->code,
                                  .base = RB_PLAN_NO_BASE};
    engine_begin_marks(engine);
    engine_clear_marks(engine);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct queueing_fixture *fixture = *state;
    engine_end_marks(&fixture->engine);
    int status = fixture_teardown((void **)&fixture->base);
    rb_free(fixture);
    return status;
}

static int64_t queue(struct queueing_fixture *fixture, int64_t image_id, int64_t expected_ms,
                     int64_t budget_ms)
{
    struct rb_err err;
    int64_t id = fixture_queue(fixture->base, image_id);
    const struct rb_build_terms terms = {.priority = 50,
                                         .expected_ms = expected_ms,
                                         .budget = "shop",
                                         .budget_ms_a_day = budget_ms,
                                         .bound = "hosts",
                                         .bound_most = 0};
    assert_ok(rb_store_set_build_terms(fixture->base->store, id, &terms, &err), &err);
    return id;
}

static int64_t start(struct queueing_fixture *fixture)
{
    struct rb_err err;
    int64_t wake_at = 0;
    assert_ok(engine_start_builds(&fixture->engine, fixture->base->arena, &wake_at, &err), &err);
    return wake_at;
}

static struct rb_queue_row row_of(struct queueing_fixture *fixture, int64_t id)
{
    struct rb_err err;
    struct rb_queue_row row;
    assert_ok(rb_store_queued(fixture->base->store, id, fixture->base->arena, &row, &err), &err);
    return row;
}

static void what_ended_today_counts(void **state)
{
    struct queueing_fixture *fixture = *state;
    struct rb_err err;
    int64_t ended = queue(fixture, fixture->base->runtime_id, 0, 60 * MINUTE);
    const struct rb_build_end end = {.build_id = ended, .state = RB_BUILD_FAILED};
    assert_ok(rb_store_start_build(fixture->base->store, ended, "/j", 0, 0, &err), &err);
    fixture->base->now += 50 * MINUTE;
    assert_ok(rb_store_end_build(fixture->base->store, &end, NULL, &err), &err);
    int64_t id = queue(fixture, fixture->base->app_id, 11 * MINUTE, 60 * MINUTE);
    assert_int_equal(start(fixture), 2 * (int64_t)RB_DISPATCH_DAY_MS); /* the next midnight */
    struct rb_queue_row row = row_of(fixture, id);
    assert_string_equal(row.wait.cause, "budget");
    assert_string_equal(row.wait.waits_for, "budget:shop");
    fixture->base->now += RB_DISPATCH_DAY_MS; /* what it took is forgotten, but for the limit */
    assert_int_equal(start(fixture), 0);
    assert_string_equal(row_of(fixture, id).wait.cause, "limit");
    assert_string_equal(row_of(fixture, id).wait.waits_for, "limit:hosts");
}

static void what_never_fits_waits_for_a_request(void **state)
{
    struct queueing_fixture *fixture = *state;
    struct rb_err err;
    int64_t id = queue(fixture, fixture->base->app_id, 61 * MINUTE, 60 * MINUTE);
    assert_int_equal(start(fixture), 0);
    assert_string_equal(row_of(fixture, id).wait.cause, "over-budget");
    assert_ok(rb_store_add_request(fixture->base->store, fixture->base->app_id, "ann", "", &err),
              &err);
    fixture->images[1].request_who = rb_strdup("ann"); /* as planning reads it */
    fixture->engine.queue_changed = true;
    assert_false(engine_has_marks(&fixture->engine));
    assert_int_equal(start(fixture), 0);
    assert_string_equal(row_of(fixture, id).wait.cause, "limit"); /* it has no budget any more */
    assert_int_equal(row_of(fixture, id).terms.priority, 70);
    assert_true(engine_has_marks(&fixture->engine));
    rb_free(fixture->images[1].request_who);
}

static void what_no_pipeline_has_is_dropped(void **state)
{
    struct queueing_fixture *fixture = *state;
    struct rb_err err;
    struct rb_build_row build;
    int64_t id = queue(fixture, fixture->base->app_id, 0, 60 * MINUTE);
    engine_end_marks(&fixture->engine);
    fixture->engine.image_count = 1; /* runtime alone */
    engine_begin_marks(&fixture->engine);
    assert_int_equal(start(fixture), 0);
    assert_ok(rb_store_build(fixture->base->store, id, fixture->base->arena, &build, &err), &err);
    assert_int_equal(build.state, RB_BUILD_CANCELED);
    assert_string_equal(build.error, "its image is no longer in a pipeline");
}

/* A cause that is told already is not written again: nothing is committed. */
static void nothing_new_writes_nothing(void **state)
{
    struct queueing_fixture *fixture = *state;
    (void)queue(fixture, fixture->base->app_id, 0, 60 * MINUTE);
    (void)start(fixture);
    int64_t generation = rb_store_generation(fixture->base->store);
    fixture->engine.queue_changed = true;
    (void)start(fixture);
    assert_int_equal(rb_store_generation(fixture->base->store), generation);
}

static void the_queue_is_looked_at_when_it_may_be_another(void **state)
{
    struct queueing_fixture *fixture = *state;
    struct rb_engine *engine = &fixture->engine;
    (void)start(fixture);
    int64_t id = queue(fixture, fixture->base->app_id, 0, 60 * MINUTE);
    (void)start(fixture);
    assert_string_equal(row_of(fixture, id).wait.cause, ""); /* nobody said that it changed */
    engine_mark_facts(engine, &fixture->images[1]);
    (void)start(fixture);
    assert_string_equal(row_of(fixture, id).wait.cause, "limit");
    id = queue(fixture, fixture->base->runtime_id, 0, 60 * MINUTE);
    fixture->base->now += MINUTE;
    (void)start(fixture);
    assert_string_equal(row_of(fixture, id).wait.cause, "limit"); /* and yet it is, soon */
    id = queue(fixture, fixture->base->runtime_id, 0, 60 * MINUTE);
    fixture->base->now--; /* a clock that goes back */
    (void)start(fixture);
    assert_string_equal(row_of(fixture, id).wait.cause, "limit");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_ended_today_counts),
        TEST(what_never_fits_waits_for_a_request),
        TEST(what_no_pipeline_has_is_dropped),
        TEST(nothing_new_writes_nothing),
        TEST(the_queue_is_looked_at_when_it_may_be_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
