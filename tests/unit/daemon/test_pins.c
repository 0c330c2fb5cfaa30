/* SPDX-License-Identifier: Apache-2.0 */
/* What planning sees of a source that people have pinned, of an engine that is not started. */
#include <string.h>
#include <unistd.h>

#include "engine_parts.h"
#include "fixture.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"

enum { IMAGES = 3 };

struct pins_fixture {
    struct fixture *base;
    struct rb_engine engine;
    struct engine_pipeline pipelines[2];
    struct rb_pipeline models[2];
    struct rb_image image_model;
    struct rb_source source_model;
    struct engine_source sources[2]; /* the images' base, and their code */
    struct engine_source *by_id[2];
    struct engine_image images[IMAGES]; /* shop/app, shop/tool, blog/app */
    int64_t versions[3];
};

static char *const NAMES[IMAGES] = {"shop/app", "shop/tool", "blog/app"};

static int64_t see(struct pins_fixture *fixture, const char *value, const char *detail)
{
    struct rb_err err;
    int64_t id = 0;
    const struct rb_check_record record = {.source_id = fixture->base->source_id,
                                           .checked_at = fixture->base->now,
                                           .version = value,
                                           .detail = detail};
    assert_ok(rb_store_record_check(fixture->base->store, &record, &id, &err), &err);
    fixture->base->now += 1000;
    return id;
}

static int setup(void **state)
{
    struct pins_fixture *fixture = rb_zalloc(sizeof(*fixture));
    struct rb_engine *engine = &fixture->engine;
    if (fixture_setup((void **)&fixture->base) != 0)
        return -1;
    engine->store = fixture->base->store;
    engine->clock = &fixture->base->clock;
    engine->state_folder = rb_strdup(fixture_path(fixture->base, "state"));
    fixture->versions[0] = see(fixture, "first", NULL);
    fixture->versions[1] = see(fixture, "second", NULL);
    fixture->versions[2] = see(fixture, "third", NULL);
    fixture->models[0].name = "shop";
    fixture->models[1].name = "blog";
    fixture->image_model.rebuild_on = "package";
    fixture->source_model.kind = RB_SOURCE_IMAGE;
    fixture->sources[0] = (struct engine_source){.engine = engine,
                                                 .id = fixture->base->source_id,
                                                 .model = &fixture->source_model,
                                                 .name = "shop/code",
                                                 .version = "third",
                                                 .version_id = fixture->versions[2],
                                                 .changed_at = 3000};
    fixture->sources[1] =
        (struct engine_source){.engine = engine, .id = INT64_MAX, .model = &fixture->source_model};
    fixture->by_id[0] = &fixture->sources[0];
    fixture->by_id[1] = &fixture->sources[1];
    engine->sources = fixture->sources;
    engine->sources_by_id = fixture->by_id;
    engine->source_count = 2;
    engine->images = fixture->images;
    engine->image_count = IMAGES;
    for (size_t i = 0; i < IMAGES; i++) {
        fixture->pipelines[i / 2].model = &fixture->models[i / 2];
        fixture->images[i] = (struct engine_image){.id = (int64_t)i + 1,
                                                   .pipeline = &fixture->pipelines[i / 2],
                                                   .model = &fixture->image_model,
                                                   .name = NAMES[i],
                                                   .base_source = &fixture->sources[0],
                                                   .code_source = &fixture->sources[1],
                                                   .base = RB_PLAN_NO_BASE};
    }
    engine_begin_marks(engine);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct pins_fixture *fixture = *state;
    engine_end_marks(&fixture->engine);
    rb_free(fixture->engine.state_folder);
    int status = fixture_teardown((void **)&fixture->base);
    rb_free(fixture);
    return status;
}

static void pin(struct pins_fixture *fixture, const char *subject, int64_t version_id)
{
    struct rb_err err;
    const struct rb_pin_row row = {
        .subject = subject, .version_id = version_id, .who = "user:ann", .why = "because"};
    assert_ok(rb_store_pin(fixture->base->store, &row, &err), &err);
}

/* What each image sees, as text: "third third third". */
static const char *seen(struct pins_fixture *fixture)
{
    struct rb_err err;
    const char *text = "";
    assert_ok(engine_read_pins(&fixture->engine, &err), &err);
    for (size_t i = 0; i < IMAGES; i++)
        text = rb_arena_printf(fixture->base->arena, "%s%s%s", text, i == 0 ? "" : " ",
                               engine_see(&fixture->images[i], &fixture->sources[0]).version);
    return text;
}

static void the_narrower_pin_counts(void **state)
{
    struct pins_fixture *fixture = *state;
    struct rb_err err;
    const char *all =
        rb_arena_printf(fixture->base->arena, "source:%lld", (long long)fixture->sources[0].id);
    assert_string_equal(seen(fixture), "third third third");
    pin(fixture, "shop/app/code", fixture->versions[0]);
    assert_string_equal(seen(fixture), "first third third");
    pin(fixture, all, fixture->versions[1]);
    assert_string_equal(seen(fixture), "first second second");
    pin(fixture, "shop/code", fixture->versions[2]);
    assert_string_equal(seen(fixture), "first third second");
    assert_int_equal(engine_changed_at(&fixture->images[0]), 1000);
    assert_int_equal(engine_changed_at(&fixture->images[1]), 3000);
    assert_ok(rb_store_unpin(fixture->base->store, "shop/app/code", NULL, &err), &err);
    assert_string_equal(seen(fixture), "third third second");
    assert_ok(rb_store_unpin(fixture->base->store, all, NULL, &err), &err);
    assert_ok(rb_store_unpin(fixture->base->store, "shop/code", NULL, &err), &err);
    assert_string_equal(seen(fixture), "third third third");
}

static void a_change_of_pins_has_its_images_looked_at(void **state)
{
    struct pins_fixture *fixture = *state;
    struct rb_err err;
    engine_clear_marks(&fixture->engine);
    (void)seen(fixture);
    assert_false(engine_has_marks(&fixture->engine));
    pin(fixture, "shop/code", fixture->versions[0]);
    (void)seen(fixture);
    assert_true(engine_has_marks(&fixture->engine));
    engine_clear_marks(&fixture->engine);
    (void)seen(fixture);
    assert_false(engine_has_marks(&fixture->engine));
    assert_ok(rb_store_unpin(fixture->base->store, "shop/code", NULL, &err), &err);
    (void)seen(fixture);
    assert_true(engine_has_marks(&fixture->engine));
}

static void what_is_over_is_lifted_and_the_next_end_is_told(void **state)
{
    struct pins_fixture *fixture = *state;
    struct rb_err err;
    int64_t now = fixture->base->now, wake_at;
    const struct rb_pin_row row = {.subject = "shop/code",
                                   .version_id = fixture->versions[0],
                                   .who = "user:ann",
                                   .why = "w",
                                   .until_at = now + 1000};
    assert_ok(rb_store_pin(fixture->base->store, &row, &err), &err);
    assert_ok(rb_store_pause(fixture->base->store, "shop", "user:ann", "w", now + 2000, &err),
              &err);
    assert_ok(engine_lift_words(&fixture->engine, fixture->base->arena, &wake_at, &err), &err);
    assert_int_equal(wake_at, now + 1000);
    assert_string_equal(seen(fixture), "first first third");
    fixture->base->now = now + 1000;
    assert_ok(engine_lift_words(&fixture->engine, fixture->base->arena, &wake_at, &err), &err);
    assert_int_equal(wake_at, now + 2000);
    assert_string_equal(seen(fixture), "third third third");
    fixture->base->now = now + 2000;
    assert_ok(engine_lift_words(&fixture->engine, fixture->base->arena, &wake_at, &err), &err);
    assert_int_equal(wake_at, 0);
}

/* Pins the version that has this index file, which is then removed as a check would. */
static void a_repository_keeps_what_is_pinned_alone(void **state)
{
    struct pins_fixture *fixture = *state;
    struct rb_err err;
    const char *index = fixture_path(fixture->base, "a.index");
    const char *detail = rb_arena_printf(fixture->base->arena, "{\"index\":\"%s\"}", index);
    int64_t id = see(fixture, "fourth", detail);
    const char *kept = rb_arena_printf(fixture->base->arena, "%s/pinned/%lld.index",
                                       fixture->engine.state_folder, (long long)id);
    fixture->source_model.kind = RB_SOURCE_APT;
    assert_int_equal(rb_engine_keep_version(&fixture->engine, id, NULL, NULL, &err), RB_EINVALID);
    assert_non_null(strstr(err.text, "not kept any more"));
    assert_ok(rb_file_write_atomic(index, "x", 1, 0644, &err), &err);
    assert_ok(rb_engine_keep_version(&fixture->engine, id, "shop", NULL, &err), &err);
    assert_int_equal(unlink(index), 0);
    assert_ok(rb_engine_keep_version(&fixture->engine, id, "shop", "shop/tool", &err), &err);
    pin(fixture, "shop/code", id);
    assert_string_equal(seen(fixture), "fourth fourth third");
    assert_true(rb_file_exists(kept));
    assert_ok(rb_store_unpin(fixture->base->store, "shop/code", NULL, &err), &err);
    (void)seen(fixture);
    assert_false(rb_file_exists(kept));
    assert_int_equal(rb_engine_keep_version(&fixture->engine, id, "shop", "shop/other", &err),
                     RB_EINVALID);
    assert_string_equal(err.text, "it is an input of no image of shop/other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_narrower_pin_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(a_change_of_pins_has_its_images_looked_at, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_over_is_lifted_and_the_next_end_is_told, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_repository_keeps_what_is_pinned_alone, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
