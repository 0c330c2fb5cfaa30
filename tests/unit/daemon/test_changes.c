/* SPDX-License-Identifier: Apache-2.0 */
/* Which images planning looks at again, of an engine that is not started. */
#include <stdio.h>
#include <string.h>

#include "engine_parts.h"
#include "fixture.h"
#include "rebake/base/memory.h"

enum { IMAGES = 600, SOURCES = 3, FIRST = 8, PART = 256 /* of all, each time */ };

struct marks_fixture {
    struct fixture *base;
    struct rb_engine engine;
    struct engine_pipeline pipelines[2];
    struct rb_pipeline models[2];
    struct rb_image image_model, fixes_model;
    struct rb_source source_models[SOURCES];
    struct engine_source *repositories[1];
    char names[IMAGES][32];
    size_t looks;
};

static int setup(void **state)
{
    struct marks_fixture *fixture = rb_zalloc(sizeof(*fixture));
    struct rb_engine *engine = &fixture->engine;
    if (fixture_setup((void **)&fixture->base) != 0)
        return -1;
    engine->store = fixture->base->store;
    engine->clock = &fixture->base->clock;
    engine->images = rb_calloc(IMAGES, sizeof(*engine->images));
    engine->sources = rb_calloc(SOURCES, sizeof(*engine->sources));
    engine->image_count = IMAGES;
    engine->source_count = SOURCES;
    fixture->models[0].name = "shop";
    fixture->models[1].name = "blog";
    fixture->image_model.rebuild_on = "package";
    fixture->fixes_model.rebuild_on = RB_REBUILD_ON_ADVISORY;
    for (size_t i = 0; i < SOURCES; i++) {
        fixture->source_models[i].kind = i == 2 ? RB_SOURCE_OSV : RB_SOURCE_GIT;
        engine->sources[i] =
            (struct engine_source){.engine = engine, .model = &fixture->source_models[i]};
    }
    fixture->repositories[0] = &engine->sources[0];
    for (size_t i = 0; i < 2; i++)
        fixture->pipelines[i].model = &fixture->models[i];
    /* Image 0 is of blog, the others of shop; 1 and 2 use the first source, by two ways; 3 is
       rebuilt for fixes alone. Ids run the other way. */
    for (size_t i = 0; i < IMAGES; i++) {
        (void)snprintf(fixture->names[i], sizeof(fixture->names[i]), "shop/i%zu", i);
        engine->images[i] = (struct engine_image){.id = (int64_t)(IMAGES - i),
                                                  .pipeline = &fixture->pipelines[i > 0 ? 0 : 1],
                                                  .model = &fixture->image_model,
                                                  .name = fixture->names[i],
                                                  .code_source = &engine->sources[1],
                                                  .base = RB_PLAN_NO_BASE};
    }
    engine->images[1].code_source = &engine->sources[0];
    engine->images[2].repositories = fixture->repositories;
    engine->images[2].repository_count = 1;
    engine->images[3].model = &fixture->fixes_model;
    engine_begin_marks(engine);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct marks_fixture *fixture = *state;
    engine_end_marks(&fixture->engine);
    rb_free(fixture->engine.images);
    rb_free(fixture->engine.sources);
    int status = fixture_teardown((void **)&fixture->base);
    rb_free(fixture);
    return status;
}

static size_t look(struct marks_fixture *fixture, bool *is_marked)
{
    const struct engine_words *words;
    const size_t *marked;
    size_t count;
    struct rb_err err;
    assert_ok(engine_find_marks(&fixture->engine, &words, &marked, &count, &err), &err);
    memset(is_marked, 0, IMAGES * sizeof(*is_marked));
    for (size_t i = 0; i < count; i++) {
        assert_false(is_marked[marked[i]]); /* each once */
        is_marked[marked[i]] = true;
    }
    engine_clear_marks(&fixture->engine);
    fixture->looks++;
    return count;
}

/* Until the part that is looked at besides the next time has none of the first images. */
static void come_to_rest(struct marks_fixture *fixture)
{
    bool is_marked[IMAGES];
    do {
        (void)look(fixture, is_marked);
    } while (fixture->looks * PART % IMAGES < FIRST ||
             fixture->looks * PART % IMAGES > IMAGES - PART);
}

/* Those of the first images that are marked, as text: "0 3". */
static const char *marked_first(struct marks_fixture *fixture)
{
    bool is_marked[IMAGES];
    const char *text = "";
    (void)look(fixture, is_marked);
    for (int i = 0; i < FIRST; i++) {
        if (is_marked[i])
            text =
                rb_arena_printf(fixture->base->arena, "%s%s%d", text, *text == '\0' ? "" : " ", i);
    }
    return text;
}

#define ASSERT_MARKED(what, expected)                                                              \
    do {                                                                                           \
        come_to_rest(fixture);                                                                     \
        what;                                                                                      \
        assert_string_equal(marked_first(fixture), expected);                                      \
    } while (0)

static void all_are_looked_at_once_and_in_parts_ever_after(void **state)
{
    struct marks_fixture *fixture = *state;
    bool is_marked[IMAGES], ever[IMAGES] = {false};
    assert_int_equal(look(fixture, is_marked), IMAGES);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(look(fixture, is_marked), PART);
        for (int j = 0; j < IMAGES; j++)
            ever[j] = ever[j] || is_marked[j];
    }
    for (int j = 0; j < IMAGES; j++)
        assert_true(ever[j]);
}

static void what_changes_marks_what_it_concerns(void **state)
{
    struct marks_fixture *fixture = *state;
    struct rb_engine *engine = &fixture->engine;
    ASSERT_MARKED((void)0, "");
    ASSERT_MARKED(engine_mark_users(&engine->sources[0]), "1 2");
    ASSERT_MARKED(engine_mark_users(&engine->sources[1]), "0 2 3 4 5 6 7");
    ASSERT_MARKED(engine->sources[2].version_id = 5, "3");
    engine->images[4].stale = false;
    ASSERT_MARKED(engine_mark_facts(engine, &engine->images[4]), "4");
    assert_true(engine->images[4].stale);
    ASSERT_MARKED(engine_mark_all(engine), "0 1 2 3 4 5 6 7");
}

static void what_people_say_marks_what_they_speak_of(void **state)
{
    struct marks_fixture *fixture = *state;
    struct rb_store *store = fixture->base->store;
    struct rb_err err;
    int64_t build_id;
    ASSERT_MARKED(assert_ok(rb_store_pause(store, "shop/i5", "a", "b", 0, &err), &err), "5");
    ASSERT_MARKED((void)0, "");
    ASSERT_MARKED(assert_ok(rb_store_pause(store, "shop/i5", "a", "c", 0, &err), &err), "5");
    ASSERT_MARKED(assert_ok(rb_store_resume(store, "shop/i5", "a", &err), &err), "5");
    ASSERT_MARKED(assert_ok(rb_store_pause(store, "blog", "a", "b", 0, &err), &err), "0");
    ASSERT_MARKED(assert_ok(rb_store_pause(store, "all", "a", "b", 0, &err), &err),
                  "0 1 2 3 4 5 6 7");
    /* Open requests are looked at each time, and once more when they are not open any more. */
    const size_t app = IMAGES - (size_t)fixture->base->app_id;
    ASSERT_MARKED(
        assert_ok(rb_store_add_request(store, fixture->base->app_id, "a", "", &err), &err), "");
    bool is_marked[IMAGES];
    (void)look(fixture, is_marked);
    assert_true(is_marked[app]);
    assert_ok(rb_store_add_build(store, fixture->base->app_id, 1, "{}", "l", "k", NULL, 0,
                                 &build_id, &err),
              &err);
    (void)look(fixture, is_marked);
    assert_true(is_marked[app]);
    ASSERT_MARKED((void)0, "");
}

static void images_are_found_by_their_ids(void **state)
{
    struct marks_fixture *fixture = *state;
    struct rb_engine *engine = &fixture->engine;
    for (size_t i = 0; i < IMAGES; i++)
        assert_ptr_equal(engine_image_by_id(engine, (int64_t)(IMAGES - i)), &engine->images[i]);
    assert_null(engine_image_by_id(engine, 0));
    assert_null(engine_image_by_id(engine, IMAGES + 1));
    struct rb_engine none = {0};
    assert_null(engine_image_by_id(&none, 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_are_looked_at_once_and_in_parts_ever_after),
        TEST(what_changes_marks_what_it_concerns),
        TEST(what_people_say_marks_what_they_speak_of),
        TEST(images_are_found_by_their_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
