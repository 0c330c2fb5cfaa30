/* SPDX-License-Identifier: Apache-2.0 */
/* What the API tells, in the shapes of docs/reference/api.md. */
#include <string.h>

#include "api_fixture.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/store/queue.h"

enum { MEBIBYTE = 1024 * 1024 };

static int64_t see_version(struct api_fixture *fixture, const char *value)
{
    struct rb_err err;
    int64_t id = 0;
    const struct rb_check_record record = {.source_id = fixture->base->source_id,
                                           .checked_at = fixture->base->now,
                                           .next_check_at = fixture->base->now + 60000,
                                           .requests = 1,
                                           .bytes = 10,
                                           .version = value,
                                           .upstream_at = 990000};
    assert_ok(rb_store_record_check(fixture->base->store, &record, &id, &err), &err);
    return id;
}

/* A build for one reason, ended well; gives the artifact. */
static int64_t build_for(struct api_fixture *fixture, int64_t image_id,
                         const struct rb_reason *reason, const char *digest)
{
    struct rb_err err;
    int64_t build_id, artifact_id = 0;
    struct rb_store *store = fixture->base->store;
    assert_ok(rb_store_add_build(store, image_id, 1, "{\"code\":{\"tree\":\"t\"}}", "l", "k",
                                 reason, 1, &build_id, &err),
              &err);
    assert_ok(rb_store_start_build(store, build_id, "/jobs/build", 0, 0, &err), &err);
    fixture->base->now += 4200;
    const struct rb_build_end end = {.build_id = build_id,
                                     .state = RB_BUILD_SUCCEEDED,
                                     .reference = "registry.example.com/shop/x",
                                     .digest = digest,
                                     .size_bytes = 54,
                                     .good = true};
    assert_ok(rb_store_end_build(store, &end, &artifact_id, &err), &err);
    return artifact_id;
}

/* A commit lands; runtime is rebuilt for it, then app for runtime, then app is deployed. */
static void tell_the_story(struct api_fixture *fixture)
{
    struct rb_err err;
    int64_t rollout_id;
    const struct rb_reason commit = {.kind = "code",
                                     .subject = "code",
                                     .from = "",
                                     .to = "c1",
                                     .version_id = see_version(fixture, "c1")};
    const struct rb_reason base = {
        .kind = "base", .subject = "runtime", .from = "", .to = DIGEST_A};
    build_for(fixture, fixture->base->runtime_id, &commit, DIGEST_A);
    int64_t artifact_id = build_for(fixture, fixture->base->app_id, &base, DIGEST_B);
    assert_ok(rb_store_add_rollout(fixture->base->store, fixture->base->production_id, "deploy",
                                   artifact_id, "s1", &rollout_id, &err),
              &err);
    assert_ok(rb_store_end_rollout(fixture->base->store, rollout_id, NULL, 0, &err), &err);
}

static void status_tells_of_a_plan_to_come(void **state)
{
    struct api_fixture *fixture = *state;
    for (int i = 0; i < 2; i++) {
        fixture->behind = i != 0;
        json_t *status = api_get(fixture, "/v1/status");
        assert_int_equal(json_is_true(at(status, "planning")), i != 0);
        json_decref(status);
    }
}

static void status_of_a_new_daemon(void **state)
{
    struct api_fixture *fixture = *state;
    json_t *status = api_get(fixture, "/v1/status");
    assert_string_equal(text_at(status, "version"), "1.2.3");
    assert_string_equal(text_at(status, "startedAt"), "1970-01-01T00:00:05Z");
    assert_string_equal(text_at(status, "now"), "1970-01-01T00:16:40Z");
    assert_true(json_is_false(at(status, "paused")));
    assert_string_equal(text_at(status, "pipelines.0.name"), "shop");
    assert_string_equal(text_at(status, "pipelines.0.file"), "/etc/shop.yaml");
    assert_string_equal(text_at(status, "sources.0.state"), "new");
    assert_true(json_is_null(at(status, "sources.0.version")));
    assert_true(json_is_null(at(status, "sources.0.lagMs")));
    assert_string_equal(text_at(status, "images.0.name"), "shop/app");
    assert_string_equal(text_at(status, "images.0.state"), "new");
    assert_true(json_is_null(at(status, "images.0.artifact")));
    assert_int_equal(json_array_size(at(status, "images.0.reasons")), 0);
    assert_int_equal(json_array_size(at(status, "builds")), 0);
    assert_string_equal(text_at(status, "deployments.0.name"), "shop/production");
    assert_true(json_is_null(at(status, "deployments.0.digest")));
    json_decref(status);
}

/* A queued image tells why its build has not started. */
static void status_of_what_waits(void **state)
{
    struct api_fixture *fixture = *state;
    struct rb_store *store = fixture->base->store;
    struct rb_err err;
    int64_t id = fixture_queue(fixture->base, fixture->base->app_id);
    const struct rb_build_terms terms = {.priority = 74, .expected_ms = 240000};
    const struct rb_build_wait wait = {"places", "waits for a place: 4 of 4 are taken", "places"};
    RB_CLEANUP_FREE char *waits_for = rb_asprintf("build:%lld", (long long)id);
    assert_ok(rb_store_set_build_terms(store, id, &terms, &err), &err);
    assert_ok(
        rb_store_set_image_state(store, fixture->base->app_id, "queued", "", waits_for, "[]", &err),
        &err);
    json_t *status = api_get(fixture, "/v1/status");
    assert_string_equal(text_at(status, "images.0.cause"), "");
    assert_int_equal(json_integer_value(at(status, "builds.0.priority")), 74);
    assert_int_equal(json_integer_value(at(status, "builds.0.expectedMs")), 240000);
    assert_true(json_is_null(at(status, "builds.0.waits")));
    json_decref(status);
    assert_ok(rb_store_set_build_wait(store, id, &wait, &err), &err);
    status = api_get(fixture, "/v1/status");
    assert_string_equal(text_at(status, "images.0.cause"), wait.text);
    assert_string_equal(text_at(status, "builds.0.waits.cause"), "places");
    assert_string_equal(text_at(status, "builds.0.waits.text"), wait.text);
    assert_string_equal(text_at(status, "builds.0.waits.waitsFor"), "places");
    json_decref(status);
    assert_ok(rb_store_start_build(store, id, "/j", 0, 0, &err), &err);
    status = api_get(fixture, "/v1/status");
    assert_string_equal(text_at(status, "images.0.cause"), "");
    assert_true(json_is_null(at(status, "builds.0.waits")));
    json_decref(status);
}

static void status_of_a_story(void **state)
{
    struct api_fixture *fixture = *state;
    const struct rb_drift_item drift = {"file", "/etc/motd", "as in the image", "changed"};
    struct rb_err err;
    tell_the_story(fixture);
    assert_ok(rb_store_record_observation(fixture->base->store, fixture->base->production_id,
                                          &drift, 1, NULL, fixture->base->now + 300000, &err),
              &err);
    assert_ok(rb_store_set_image_state(fixture->base->store, fixture->base->app_id, "held",
                                       "its base is rebuilt first", "shop/runtime",
                                       "[{\"kind\":\"base\",\"subject\":\"runtime\","
                                       "\"from\":\"a\",\"to\":\"b\"}]",
                                       &err),
              &err);
    fixture_queue(fixture->base, fixture->base->app_id);
    fixture->base->now += 1000;
    json_t *status = api_get(fixture, "/v1/status");
    assert_string_equal(text_at(status, "sources.0.names.0"), "shop/code");
    assert_string_equal(text_at(status, "sources.0.state"), "good");
    assert_string_equal(text_at(status, "sources.0.version"), "c1");
    assert_int_equal(number_at(status, "sources.0.lagMs"), 2 * 4200 + 1000);
    assert_string_equal(text_at(status, "images.0.state"), "held");
    assert_string_equal(text_at(status, "images.0.waitsFor"), "shop/runtime");
    assert_string_equal(text_at(status, "images.0.reasons.0.to"), "b");
    assert_string_equal(text_at(status, "images.0.artifact.digest"), DIGEST_B);
    assert_int_equal(number_at(status, "images.0.artifact.sizeBytes"), 54);
    assert_string_equal(text_at(status, "builds.0.image"), "shop/app");
    assert_string_equal(text_at(status, "builds.0.state"), "queued");
    assert_int_equal(number_at(status, "builds.0.elapsedMs"), 0);
    assert_true(json_is_null(at(status, "builds.0.log")));
    assert_string_equal(text_at(status, "deployments.0.state"), "drifted");
    assert_string_equal(text_at(status, "deployments.0.image"), "shop/app");
    assert_string_equal(text_at(status, "deployments.0.digest"), DIGEST_B);
    assert_string_equal(text_at(status, "deployments.0.wantedDigest"), DIGEST_B);
    assert_int_equal(number_at(status, "deployments.0.driftCount"), 1);
    assert_string_equal(text_at(status, "deployments.0.drift.0.subject"), "/etc/motd");
    assert_true(json_is_null(at(status, "deployments.0.drift.0.resolvedAt")));
    json_decref(status);
}

static void failing_source_tells_how_blind_we_are(void **state)
{
    struct api_fixture *fixture = *state;
    struct rb_err err;
    see_version(fixture, "c1");
    fixture->base->now += 60000;
    const struct rb_check_record failed = {.source_id = fixture->base->source_id,
                                           .checked_at = fixture->base->now,
                                           .error_code = "network",
                                           .error = "no route"};
    assert_ok(rb_store_record_check(fixture->base->store, &failed, NULL, &err), &err);
    json_t *json = api_get(fixture, "/v1/sources");
    assert_string_equal(text_at(json, "sources.0.state"), "failing");
    assert_string_equal(text_at(json, "sources.0.error"), "no route");
    assert_string_equal(text_at(json, "sources.0.errorCode"), "network");
    assert_int_equal(number_at(json, "sources.0.failures"), 1);
    assert_int_equal(number_at(json, "sources.0.lagMs"), 60000);
    assert_string_equal(text_at(json, "sources.0.version"), "c1");
    json_decref(json);
}

static void image_has_its_builds(void **state)
{
    struct api_fixture *fixture = *state;
    for (int i = 0; i < 25; i++)
        fixture_build(fixture->base, fixture->base->app_id, RB_BUILD_FAILED, NULL);
    json_t *json = api_get(fixture, "/v1/images/shop/app");
    assert_string_equal(text_at(json, "name"), "shop/app");
    assert_int_equal(json_array_size(at(json, "builds")), 20);
    assert_int_equal(number_at(json, "builds.0.id"), 25);
    assert_string_equal(text_at(json, "builds.0.reasons.0.kind"), "code");
    json_decref(json);
    json = api_get(fixture, "/v1/images/app");
    assert_string_equal(text_at(json, "name"), "shop/app");
    json_decref(json);
    struct reply reply = api_ask(fixture, "GET", "/v1/images/shop/none", NULL);
    assert_refused(&reply, 404, "there is no image shop/none");
}

static void build_in_full(void **state)
{
    struct api_fixture *fixture = *state;
    tell_the_story(fixture);
    json_t *json = api_get(fixture, "/v1/builds/2");
    assert_string_equal(text_at(json, "image"), "shop/app");
    assert_string_equal(text_at(json, "state"), "succeeded");
    assert_int_equal(number_at(json, "attempt"), 1);
    assert_int_equal(number_at(json, "elapsedMs"), 4200);
    assert_string_equal(text_at(json, "lock.code.tree"), "t");
    assert_string_equal(text_at(json, "artifact.digest"), DIGEST_B);
    assert_string_equal(text_at(json, "log"), "/jobs/build/log");
    assert_true(json_is_null(at(json, "error")));
    json_decref(json);
}

static void why_goes_back_to_upstream(void **state)
{
    struct api_fixture *fixture = *state;
    tell_the_story(fixture);
    json_t *json = api_get(fixture, "/v1/why/app");
    assert_string_equal(text_at(json, "subject"), "shop/app");
    assert_string_equal(text_at(json, "kind"), "image");
    assert_string_equal(text_at(json, "image.name"), "shop/app");
    assert_true(json_is_null(at(json, "deployment")));
    assert_int_equal(json_array_size(at(json, "chain")), 2);
    assert_int_equal(number_at(json, "chain.0.build.id"), 2);
    assert_string_equal(text_at(json, "chain.0.reasons.0.kind"), "base");
    assert_int_equal(number_at(json, "chain.0.reasons.0.build"), 1);
    assert_true(json_is_null(at(json, "chain.0.reasons.0.version")));
    assert_string_equal(text_at(json, "chain.0.artifact.digest"), DIGEST_B);
    assert_string_equal(text_at(json, "chain.0.rollouts.0.deployment"), "shop/production");
    assert_string_equal(text_at(json, "chain.0.rollouts.0.state"), "succeeded");
    assert_string_equal(text_at(json, "chain.1.build.image"), "shop/runtime");
    assert_true(json_is_null(at(json, "chain.1.reasons.0.build")));
    assert_string_equal(text_at(json, "chain.1.reasons.0.version.source"), "shop/code");
    assert_string_equal(text_at(json, "chain.1.reasons.0.version.value"), "c1");
    assert_string_equal(text_at(json, "chain.1.reasons.0.version.seenAt"), "1970-01-01T00:16:40Z");
    assert_string_equal(text_at(json, "chain.1.reasons.0.version.upstreamAt"),
                        "1970-01-01T00:16:30Z");
    assert_int_equal(json_array_size(at(json, "chain.1.rollouts")), 0);
    json_decref(json);
}

static void why_of_other_subjects(void **state)
{
    struct api_fixture *fixture = *state;
    json_t *json = api_get(fixture, "/v1/why/shop/runtime");
    assert_int_equal(json_array_size(at(json, "chain")), 0);
    json_decref(json);
    tell_the_story(fixture);
    json = api_get(fixture, "/v1/why/production");
    assert_string_equal(text_at(json, "subject"), "shop/production");
    assert_string_equal(text_at(json, "kind"), "deployment");
    assert_string_equal(text_at(json, "deployment.state"), "healthy");
    assert_string_equal(text_at(json, "image.name"), "shop/app");
    assert_int_equal(json_array_size(at(json, "chain")), 2);
    json_decref(json);
    json = api_get(fixture, "/v1/why/build:1");
    assert_string_equal(text_at(json, "kind"), "build");
    assert_string_equal(text_at(json, "image.name"), "shop/runtime");
    assert_int_equal(json_array_size(at(json, "chain")), 1);
    json_decref(json);
    struct reply reply = api_ask(fixture, "GET", "/v1/why/prodution", NULL);
    assert_refused(&reply, 404, "(did you mean production?)");
}

static void history_is_paged_and_filtered(void **state)
{
    struct api_fixture *fixture = *state;
    tell_the_story(fixture);
    json_t *json = api_get(fixture, "/v1/history");
    assert_string_equal(text_at(json, "events.0.name"), "deployment.succeeded");
    assert_string_equal(text_at(json, "events.0.subject"), "shop/production");
    assert_string_equal(text_at(json, "events.0.actor"), "rebaked");
    assert_string_equal(text_at(json, "events.0.data.digest"), DIGEST_B);
    json_decref(json);
    json = api_get(fixture, "/v1/history?subject=runtime&limit=2");
    assert_int_equal(json_array_size(at(json, "events")), 2);
    assert_string_equal(text_at(json, "events.0.name"), "build.finished");
    assert_string_equal(text_at(json, "events.0.subject"), "shop/runtime");
    const char *next =
        rb_arena_printf(fixture->base->arena, "/v1/history?subject=shop/runtime&before=%lld",
                        (long long)number_at(json, "events.1.id"));
    json_decref(json);
    json = api_get(fixture, next);
    assert_int_equal(json_array_size(at(json, "events")), 3);
    assert_string_equal(text_at(json, "events.2.name"), "image.added");
    json_decref(json);
    json = api_get(fixture, "/v1/history?subject=shop/code");
    assert_string_equal(text_at(json, "subject"), "source:1");
    assert_string_equal(text_at(json, "events.0.name"), "source.changed");
    json_decref(json);
    json = api_get(fixture, "/v1/history?subject=build:2");
    assert_int_equal(json_array_size(at(json, "events")), 4);
    json_decref(json);
    struct reply reply = api_ask(fixture, "GET", "/v1/history?subject=nobody", NULL);
    assert_refused(&reply, 404, "there is no image or deployment nobody");
}

static void log_is_read_in_pieces(void **state)
{
    struct api_fixture *fixture = *state;
    const char *folder = fixture_path(fixture->base, "job");
    const char *path = rb_arena_printf(fixture->base->arena, "%s/log", folder);
    struct rb_err err;
    size_t size = MEBIBYTE + 10;
    char *text = rb_arena_alloc(fixture->base->arena, size);
    int64_t id = fixture_queue(fixture->base, fixture->base->app_id);
    struct reply reply = api_ask(fixture, "GET", "/v1/builds/1/log", NULL);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.size, 0);
    assert_string_equal(reply.log_state, "queued");
    assert_string_equal(reply.log_size, "0");
    assert_ok(rb_store_start_build(fixture->base->store, id, folder, 0, 0, &err), &err);
    reply = api_ask(fixture, "GET", "/v1/builds/1/log", NULL);
    assert_int_equal(reply.size, 0);
    assert_string_equal(reply.log_state, "running");
    memset(text, 'x', size - 1);
    text[size - 1] = '\n';
    assert_ok(rb_folder_make(folder, 0700, &err), &err);
    assert_ok(rb_file_write_atomic(path, text, size, 0600, &err), &err);
    reply = api_ask(fixture, "GET", "/v1/builds/1/log", NULL);
    assert_int_equal(reply.size, MEBIBYTE);
    assert_string_equal(reply.log_size, "1048586");
    assert_string_equal(reply.type, "text/plain; charset=utf-8");
    reply = api_ask(fixture, "GET", "/v1/builds/1/log?offset=1048576", NULL);
    assert_int_equal(reply.size, 10);
    assert_string_equal(reply.body, "xxxxxxxxx\n");
    reply = api_ask(fixture, "GET", "/v1/builds/1/log?offset=9000000", NULL);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.size, 0);
    reply = api_ask(fixture, "GET", "/v1/builds/1/log?offset=-1", NULL);
    assert_refused(&reply, 400, "offset=-1 is not a number");
    reply = api_ask(fixture, "GET", "/v1/builds/7/log", NULL);
    assert_refused(&reply, 404, "there is no build 7");
}

/* Each line is a comment on the metric that follows, or a sample of the one that was begun. */
static void metrics_are_well_formed(void **state)
{
    struct api_fixture *fixture = *state;
    struct reply reply = api_ask(fixture, "GET", "/metrics", NULL);
    char name[128] = "";
    size_t samples = 0;
    assert_int_equal(reply.status, 200);
    for (const char *line = reply.body; *line != '\0'; line = strchr(line, '\n') + 1) {
        assert_non_null(strchr(line, '\n'));
        if (*line == '#') {
            assert_int_equal(sscanf(line, "# %*[A-Z] %127s", name), 1);
            continue;
        }
        size_t size = strcspn(line, "{ ");
        char *end;
        assert_int_equal(size, strlen(name));
        assert_memory_equal(line, name, size);
        const char *value = line[size] == '{' ? strchr(line, '}') + 1 : line + size;
        assert_int_equal(*value, ' ');
        (void)strtod(value + 1, &end);
        assert_int_equal(*end, '\n');
        samples++;
    }
    assert_true(samples > 12);
    assert_non_null(strstr(reply.body, "rebake_images{pipeline=\"shop\",state=\"new\"} 2\n"));
    assert_non_null(strstr(reply.body, "# TYPE rebake_sla_breaches_total counter\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(status_of_a_new_daemon, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(status_of_what_waits, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(status_tells_of_a_plan_to_come, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(status_of_a_story, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(failing_source_tells_how_blind_we_are, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(image_has_its_builds, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(build_in_full, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(why_goes_back_to_upstream, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(why_of_other_subjects, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(history_is_paged_and_filtered, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(log_is_read_in_pieces, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(metrics_are_well_formed, api_setup, api_teardown),
    };
    return cmocka_run_group_tests_name("api status", tests, NULL, NULL);
}
