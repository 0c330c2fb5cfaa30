/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdlib.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"

static const struct rb_reason CODE_REASON = {
    .kind = "code", .subject = "code", .from = "", .to = "1111"};

static int64_t read_clock(void *context)
{
    const struct fixture *fixture = context;
    return fixture->now;
}

void assert_ok(int status, const struct rb_err *err)
{
    if (status != 0)
        fail_msg("error %d: %s", status, err->text);
}

void fixture_fill(struct fixture *fixture, struct rb_store *store)
{
    struct rb_err err;
    assert_ok(
        rb_store_put_pipeline(store, "shop", "/etc/shop.yaml", "h1", &fixture->pipeline_id, &err),
        &err);
    assert_ok(rb_store_put_source(store, fixture->pipeline_id, "code", "identity-1", "git",
                                  "{\"git\":\"https://git.example.com/shop.git\"}",
                                  "git https://git.example.com/shop.git main", &fixture->source_id,
                                  &err),
              &err);
    assert_ok(rb_store_put_image(store, fixture->pipeline_id, "runtime", "r1", &fixture->runtime_id,
                                 &err),
              &err);
    assert_ok(rb_store_put_image(store, fixture->pipeline_id, "app", "r2", &fixture->app_id, &err),
              &err);
    assert_ok(rb_store_put_deployment(store, fixture->pipeline_id, "production", fixture->app_id,
                                      "s1", &fixture->production_id, &err),
              &err);
}

int fixture_setup(void **state)
{
    struct rb_err err;
    struct fixture *fixture = rb_zalloc(sizeof(*fixture));
    fixture->clock = (struct rb_clock){.now = read_clock, .context = fixture};
    fixture->now = 1000;
    fixture->arena = rb_arena_new();
    assert_ok(rb_store_open(":memory:", &fixture->clock, &fixture->store, &err), &err);
    fixture_fill(fixture, fixture->store);
    *state = fixture;
    return 0;
}

int fixture_teardown(void **state)
{
    struct rb_err err;
    struct fixture *fixture = *state;
    rb_store_close(fixture->store);
    if (fixture->folder != NULL)
        assert_ok(rb_tree_remove(fixture->folder, &err), &err);
    rb_free(fixture->folder);
    rb_arena_free(fixture->arena);
    rb_free(fixture);
    return 0;
}

const char *fixture_path(struct fixture *fixture, const char *name)
{
    struct rb_err err;
    const char *parent = getenv("TMPDIR");
    if (fixture->folder == NULL) {
        RB_CLEANUP_FREE char *prefix =
            rb_asprintf("%s/rebake-store-", parent != NULL ? parent : "/tmp");
        assert_ok(rb_folder_make_temporary(prefix, &fixture->folder, &err), &err);
    }
    return rb_arena_printf(fixture->arena, "%s/%s", fixture->folder, name);
}

int64_t fixture_queue(struct fixture *fixture, int64_t image_id)
{
    struct rb_err err;
    int64_t id = 0;
    assert_ok(rb_store_add_build(fixture->store, image_id, 1, "{\"code\":{\"tree\":\"t1\"}}",
                                 "lock-1", "key-1", &CODE_REASON, 1, &id, &err),
              &err);
    return id;
}

int64_t fixture_build(struct fixture *fixture, int64_t image_id, enum rb_build_state state,
                      const char *digest)
{
    struct rb_err err;
    RB_CLEANUP_JSON json_t *inventory = rb_json_object();
    int64_t id = fixture_queue(fixture, image_id);
    rb_json_set_string(inventory, "architecture", "amd64");
    struct rb_build_end end = {.build_id = id,
                               .state = state,
                               .reference = "registry.example.com/shop/app",
                               .digest = digest,
                               .size_bytes = 4096,
                               .good = digest != NULL,
                               .inventory = digest != NULL ? inventory : NULL};
    assert_ok(rb_store_start_build(fixture->store, id, "/jobs/1", 77, 88, &err), &err);
    assert_ok(rb_store_end_build(fixture->store, &end, NULL, &err), &err);
    return id;
}

int64_t fixture_artifact(struct fixture *fixture, int64_t image_id, const json_t *inventory,
                         const char *digest)
{
    struct rb_err err;
    int64_t artifact_id = 0;
    const struct rb_build_end end = {.build_id = fixture_queue(fixture, image_id),
                                     .state = RB_BUILD_SUCCEEDED,
                                     .reference = "registry.example.com/x",
                                     .digest = digest,
                                     .good = true,
                                     .inventory = inventory};
    assert_ok(rb_store_end_build(fixture->store, &end, &artifact_id, &err), &err);
    return artifact_id;
}

const char *fixture_events(struct fixture *fixture, size_t count)
{
    struct rb_err err;
    struct rb_event *events;
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(65536);
    assert_ok(
        rb_store_events(fixture->store, NULL, 0, count, fixture->arena, &events, &count, &err),
        &err);
    for (size_t i = count; i-- > 0;)
        rb_strbuf_printf(&text, "%s %s%s", events[i].name, events[i].subject, i > 0 ? "\n" : "");
    return rb_arena_strdup(fixture->arena, rb_strbuf_text(&text));
}
