/* SPDX-License-Identifier: Apache-2.0 */
/* What policy is shown of an image and a rollout, by an engine that is not started. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine_parts.h"
#include "fixture.h"
#include "rebake/advisory/read.h"
#include "rebake/base/memory.h"
#include "rebake/store/approvals.h"
#include "set_fixture.h"
#include "vulnerabilities.h"

static const char OLD[] =
    "{\"id\":\"DSA-1-1\",\"modified\":\"2026-01-02T03:04:05Z\",\"upstream\":[\"CVE-2026-1\"],"
    "\"severity\":[{\"type\":\"CVSS_V3\",\"score\":"
    "\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"}],"
    "\"affected\":[{\"package\":{\"ecosystem\":\"Debian:12\",\"name\":\"ssl-source\"},"
    "\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"2\"}]}]}]"
    "}";
static const char LASTING[] =
    "{\"id\":\"DSA-2-1\",\"modified\":\"2026-01-02T03:04:05Z\",\"upstream\":[\"CVE-2026-2\"],"
    "\"affected\":[{\"package\":{\"ecosystem\":\"Debian:12\",\"name\":\"tar\"},"
    "\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"}]}]}]}";

struct input_fixture {
    struct fixture *base;
    struct rb_engine engine;
    struct rb_pipeline model;
    struct rb_image runtime_model, app_model;
    struct rb_deployment deployment_model;
    struct rb_source advisories_model, kev_model, debian_model, code_model, security_model;
    struct engine_pipeline pipeline;
    struct engine_source sources[5];
    struct engine_source *repositories[1];
    struct engine_image images[2];
    struct engine_deployment deployment;
    struct rb_plan_update update;
    char threats[64];
};

static struct rb_threats *exploited(struct input_fixture *fixture)
{
    struct rb_threats_builder *builder = rb_threats_builder_new(RB_THREATS_KEV);
    const struct rb_exploited entry = {.name = "bad"};
    struct rb_threats *threats = NULL;
    struct rb_err err;
    (void)snprintf(fixture->threats, sizeof(fixture->threats), "/tmp/test-threats-%d", getpid());
    assert_ok(rb_threats_builder_add_exploited(builder, "CVE-2026-1", &entry, &err), &err);
    assert_ok(rb_threats_builder_write(builder, fixture->threats, &err), &err);
    assert_ok(rb_threats_open(fixture->threats, &threats, &err), &err);
    rb_threats_builder_free(builder);
    (void)unlink(fixture->threats);
    return threats;
}

static void make_sources(struct input_fixture *fixture)
{
    static const char *const texts[] = {OLD, LASTING, NULL};
    struct rb_source *const models[] = {&fixture->advisories_model, &fixture->kev_model,
                                        &fixture->debian_model, &fixture->code_model,
                                        &fixture->security_model};
    static const enum rb_source_kind KINDS[] = {RB_SOURCE_OSV, RB_SOURCE_KEV, RB_SOURCE_IMAGE,
                                                RB_SOURCE_GIT, RB_SOURCE_APT};
    for (size_t i = 0; i < RB_COUNT_OF(models); i++) {
        models[i]->kind = KINDS[i];
        fixture->sources[i] = (struct engine_source){
            .engine = &fixture->engine, .model = models[i], .name = (char *)"shop/source"};
    }
    fixture->sources[0].advisories = test_set_make(RB_ORIGIN_DISTRIBUTION, rb_osv_read, texts);
    fixture->sources[1].threats = exploited(fixture);
    fixture->sources[3].changed_at = 1000;
    fixture->engine.sources = fixture->sources;
    fixture->engine.source_count = RB_COUNT_OF(models);
}

static void add_package(struct rb_inventory *inventory, const char *name, const char *source,
                        const char *version)
{
    rb_inventory_add(inventory, &(struct rb_package){.type = RB_PACKAGE_DEB,
                                                     .name = name,
                                                     .version = version,
                                                     .architecture = "amd64",
                                                     .source_name = source,
                                                     .source_version = version});
}

static void make_images(struct input_fixture *fixture)
{
    static const char *const none[] = {NULL}, *const ports[] = {"443:443", NULL};
    static const char *const added[] = {"net_bind_service", NULL};
    struct engine_image *runtime = &fixture->images[0], *app = &fixture->images[1];
    fixture->repositories[0] = &fixture->sources[4];
    *runtime = (struct engine_image){.id = fixture->base->runtime_id,
                                     .pipeline = &fixture->pipeline,
                                     .model = &fixture->runtime_model,
                                     .name = (char *)"shop/runtime",
                                     .base = RB_PLAN_NO_BASE,
                                     .base_source = &fixture->sources[2],
                                     .code_source = &fixture->sources[3],
                                     .repositories = fixture->repositories,
                                     .repository_count = 1,
                                     .updates = &fixture->update,
                                     .update_count = 1};
    rb_inventory_init(&runtime->inventory);
    runtime->inventory.distribution = "debian";
    runtime->inventory.distribution_version = "12";
    add_package(&runtime->inventory, "libssl3", "ssl-source", "1");
    add_package(&runtime->inventory, "tar", "tar", "1");
    rb_inventory_sort(&runtime->inventory);
    fixture->update = (struct rb_plan_update){.package = "libssl3", .from = "1", .to = "2"};
    *app = (struct engine_image){.id = fixture->base->app_id,
                                 .pipeline = &fixture->pipeline,
                                 .model = &fixture->app_model,
                                 .name = (char *)"shop/app",
                                 .code_source = &fixture->sources[3],
                                 .artifact_digest = DIGEST_A};
    rb_inventory_init(&app->inventory);
    fixture->deployment_model.image = &fixture->app_model;
    fixture->deployment_model.podman =
        (struct rb_podman_target){.ports = ports, .add = added, .drop = none, .read_only = true};
    fixture->deployment = (struct engine_deployment){.id = fixture->base->production_id,
                                                     .pipeline = &fixture->pipeline,
                                                     .model = &fixture->deployment_model,
                                                     .name = (char *)"shop/production",
                                                     .image = app};
}

static int setup(void **state)
{
    struct input_fixture *fixture = rb_zalloc(sizeof(*fixture));
    if (fixture_setup((void **)&fixture->base) != 0)
        return -1;
    fixture->base->now = INT64_C(1796000000000);
    fixture->engine.store = fixture->base->store;
    fixture->engine.clock = &fixture->base->clock;
    fixture->model.name = "shop";
    fixture->pipeline.model = &fixture->model;
    fixture->pipeline.id = fixture->base->pipeline_id;
    make_sources(fixture);
    make_images(fixture);
    fixture->engine.images = fixture->images;
    fixture->engine.image_count = 2;
    fixture->engine.deployments = &fixture->deployment;
    fixture->engine.deployment_count = 1;
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct input_fixture *fixture = *state;
    rb_advisory_set_close(fixture->sources[0].advisories);
    rb_threats_close(fixture->sources[1].threats);
    for (size_t i = 0; i < 2; i++)
        engine_forget_known(&fixture->images[i]);
    for (size_t i = 0; i < 2; i++)
        rb_inventory_deinit(&fixture->images[i].inventory);
    int status = fixture_teardown((void **)&fixture->base);
    rb_free(fixture);
    return status;
}

/* The member "a.b.c", where a number stands for an item. */
static const json_t *at(const json_t *json, const char *path)
{
    char part[64];
    while (json != NULL && *path != '\0') {
        size_t size = strcspn(path, ".");
        assert_true(size < sizeof(part));
        memcpy(part, path, size);
        part[size] = '\0';
        json = json_is_array(json) ? json_array_get(json, (size_t)(part[0] - '0'))
                                   : json_object_get(json, part);
        path += size + (path[size] == '.');
    }
    return json;
}

static void assert_is(const json_t *json, const char *path, const char *expected)
{
    const json_t *value = at(json, path);
    char text[512] = {0};
    if (value != NULL)
        (void)json_dumpb(value, text, sizeof(text) - 1, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
    if (value == NULL || strcmp(text, expected) != 0)
        fail_msg("%s is %s, expected %s", path, value == NULL ? "absent" : text, expected);
}

static json_t *input_of(struct input_fixture *fixture, size_t image)
{
    const struct rb_plan_reason reason = {
        .kind = RB_REASON_PACKAGE, .subject = "libssl3", .from = "1", .to = "2"};
    const struct rb_plan_decision decision = {
        .reasons = &reason, .reason_count = 1, .cause = "", .input_key = "k1"};
    json_t *input = NULL;
    struct rb_err err;
    assert_ok(
        engine_image_input(&fixture->engine, &fixture->images[image], &decision, &input, &err),
        &err);
    return input;
}

static void an_image_is_shown_with_what_it_would_close(void **state)
{
    struct input_fixture *fixture = *state;
    RB_CLEANUP_JSON json_t *input = input_of(fixture, 0);
    assert_is(input, "subject", "\"rebuild\"");
    assert_is(input, "name", "\"shop/runtime\"");
    assert_is(input, "key", "\"k1\"");
    assert_is(input, "reasons.0.to", "\"2\"");
    assert_is(input, "vulnerability.closes.0.id", "\"CVE-2026-1\"");
    assert_is(input, "vulnerability.closes.0.severity", "\"critical\"");
    assert_is(input, "vulnerability.closes.0.score", "9.8");
    assert_is(input, "vulnerability.closes.0.package", "\"libssl3\"");
    assert_is(input, "vulnerability.closes.0.kev", "true");
    assert_null(at(input, "vulnerability.closes.1"));
    assert_is(input, "vulnerability.open.1.id", "\"CVE-2026-2\"");
    assert_null(at(input, "vulnerability.open.1.severity")); /* nobody says how bad it is */
    assert_is(input, "vulnerability.worst", "\"critical\"");
    assert_is(input, "vulnerability.worstScore", "9.8");
    assert_is(input, "threat.kev", "true");
    assert_is(input, "tests.last", "\"none\"");
    assert_is(input, "configuration.pinned", "false");
    assert_is(input, "settledFor", "1795999999");
}

static void what_is_known_is_worked_out_once(void **state)
{
    struct input_fixture *fixture = *state;
    struct engine_image *runtime = &fixture->images[0];
    RB_CLEANUP_JSON json_t *first = engine_open_in_image(&fixture->engine, runtime);
    RB_CLEANUP_JSON json_t *second = engine_open_in_image(&fixture->engine, runtime);
    assert_ptr_equal(first, second);
    fixture->sources[1].version_id = 7; /* another list of what is exploited */
    RB_CLEANUP_JSON json_t *third = engine_open_in_image(&fixture->engine, runtime);
    assert_ptr_not_equal(first, third);
    assert_int_equal(json_equal(first, third), 1);
}

/* A base is as exposed as what stands on it. */
static void where_it_runs_is_what_stands_on_it_too(void **state)
{
    struct input_fixture *fixture = *state;
    RB_CLEANUP_JSON json_t *base = input_of(fixture, 0);
    RB_CLEANUP_JSON json_t *app = input_of(fixture, 1);
    assert_is(base, "threat.exposed", "true");
    assert_is(base, "threat.runsOn", "[\"shop/production\"]");
    assert_null(at(base, "configuration.readOnlyRoot")); /* it does not run itself */
    assert_is(app, "configuration.readOnlyRoot", "true");
    assert_is(app, "configuration.capabilities", "[\"net_bind_service\"]");
    assert_is(app, "vulnerability.worst", "\"none\"");
    assert_null(at(app, "configuration.pinned")); /* its base is an image of ours */
}

static void approvals_of_just_this_are_shown(void **state)
{
    struct input_fixture *fixture = *state;
    struct rb_err err;
    struct rb_approval_row row = {.subject = "shop/app", .key = "k0", .who = "user:ann", .why = ""};
    assert_ok(rb_store_approve(fixture->engine.store, &row, &err), &err);
    RB_CLEANUP_JSON json_t *before = input_of(fixture, 1);
    assert_is(before, "approvals", "[]");
    row.key = "k1";
    assert_ok(rb_store_approve(fixture->engine.store, &row, &err), &err);
    RB_CLEANUP_JSON json_t *after = input_of(fixture, 1);
    assert_is(after, "approvals.0.who", "\"user:ann\"");
    assert_null(at(after, "approvals.1"));
}

static void what_was_spent_is_of_today_and_of_the_month(void **state)
{
    struct input_fixture *fixture = *state;
    static const int64_t DAY_MS = 24 * 3600 * 1000;
    fixture->base->now -= 2 * DAY_MS;
    fixture_build(fixture->base, fixture->base->app_id, RB_BUILD_SUCCEEDED, DIGEST_A);
    fixture->base->now += 2 * DAY_MS;
    fixture_build(fixture->base, fixture->base->app_id, RB_BUILD_FAILED, NULL);
    RB_CLEANUP_JSON json_t *unpriced = input_of(fixture, 1);
    assert_null(at(unpriced, "cost.month.money"));
    rb_engine_set_cost(&fixture->engine, 0.5);
    RB_CLEANUP_JSON json_t *input = input_of(fixture, 1);
    assert_non_null(at(input, "cost.month.money"));
    assert_is(input, "cost.today.builds", "1");
    assert_is(input, "cost.pipelineToday.builds", "1");
    assert_non_null(at(input, "cost.month.minutes"));
    assert_is(input, "history.builds", "2");
    assert_is(input, "history.failures", "1");
}

static void a_rollout_is_shown_with_what_it_would_open(void **state)
{
    struct input_fixture *fixture = *state;
    struct rb_deployment_row row = {0};
    struct rb_err err;
    RB_CLEANUP_JSON json_t *input = NULL;
    struct engine_image *app = &fixture->images[1];
    fixture_build(fixture->base, app->id, RB_BUILD_SUCCEEDED, DIGEST_A);
    app->inventory.distribution = "debian";
    app->inventory.distribution_version = "12";
    add_package(&app->inventory, "tar", "tar", "1");
    assert_ok(engine_deployment_input(&fixture->engine, &fixture->deployment, &row, "deploy",
                                      &input, &err),
              &err);
    assert_is(input, "subject", "\"deploy\"");
    assert_is(input, "key", "\"" DIGEST_A "\"");
    assert_is(input, "deployment.target", "\"podman\"");
    assert_is(input, "vulnerability.opens.0.id", "\"CVE-2026-2\"");
    assert_is(input, "vulnerability.open", "[]");
    assert_is(input, "vulnerability.closes", "[]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_image_is_shown_with_what_it_would_close, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_known_is_worked_out_once, setup, teardown),
        cmocka_unit_test_setup_teardown(where_it_runs_is_what_stands_on_it_too, setup, teardown),
        cmocka_unit_test_setup_teardown(approvals_of_just_this_are_shown, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_spent_is_of_today_and_of_the_month, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_rollout_is_shown_with_what_it_would_open, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
