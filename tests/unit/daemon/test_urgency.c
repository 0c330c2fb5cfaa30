/* SPDX-License-Identifier: Apache-2.0 */
/* What a build's priority is made of, of an engine that is not started: an image and its base, an
   update that closes an advisory, and a deployment. */
#include <string.h>

#include "engine_parts.h"
#include "fixture.h"
#include "rebake/advisory/read.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/store/queue.h"
#include "set_fixture.h"
#include "vulnerabilities.h"

enum { RUNTIME, APP, IMAGES, OSV = 0, KEV, EPSS, SOURCES };

#define SCORE_98   "{\"type\":\"CVSS_V3\",\"score\":\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"}"
#define FIXED_BY_2 TEST_RANGE("ECOSYSTEM", TEST_FROM("0") "," TEST_FIXED("2"))
static const char RECORD[] =
    TEST_RECORD("CVE-2026-1", "\"severity\":[" SCORE_98 "],\"affected\":[" TEST_AFFECTED(
                                  "Debian:12", "bash", FIXED_BY_2) "]");
static const char *const RECORDS[] = {RECORD, NULL};
static const char *const NO_PORTS[] = {NULL}, *const PORTS[] = {"80:80", NULL};
static struct rb_plan_update updates[] = {{"bash", "1", "2", 7}};
static const struct rb_plan_reason CODE = {RB_REASON_CODE, "code", "", "c", 0};
static const struct rb_plan_reason BASE = {RB_REASON_BASE, "runtime", "", "d", 0};
static const struct rb_plan_reason MANUAL = {RB_REASON_MANUAL, "ann", "", "", 0};

struct urgency_fixture {
    struct fixture *base;
    struct rb_engine engine;
    struct engine_image images[IMAGES];
    struct engine_source sources[SOURCES];
    struct rb_source source_models[SOURCES];
    struct rb_deployment model;
    struct engine_deployment deployment;
    struct rb_package package;
};

static struct rb_threats *make_threats(struct fixture *base, enum rb_threats_kind kind)
{
    static const struct rb_exploited EXPLOITED = {.name = "Shell"};
    static const struct rb_epss LIKELY = {.score = 0.5, .percentile = 0.9};
    struct rb_threats_builder *builder = rb_threats_builder_new(kind);
    const char *path = fixture_path(base, kind == RB_THREATS_KEV ? "kev" : "epss");
    struct rb_threats *threats = NULL;
    struct rb_err err;
    int status = kind == RB_THREATS_KEV
                     ? rb_threats_builder_add_exploited(builder, "CVE-2026-1", &EXPLOITED, &err)
                     : rb_threats_builder_add_epss(builder, "CVE-2026-1", &LIKELY, &err);
    if (status == 0)
        status = rb_threats_builder_write(builder, path, &err);
    if (status == 0)
        status = rb_threats_open(path, &threats, &err);
    assert_ok(status, &err);
    rb_threats_builder_free(builder);
    return threats;
}

static int setup(void **state)
{
    static const enum rb_source_kind KINDS[] = {RB_SOURCE_OSV, RB_SOURCE_KEV, RB_SOURCE_EPSS};
    struct urgency_fixture *fixture = rb_zalloc(sizeof(*fixture));
    struct rb_engine *engine = &fixture->engine;
    if (fixture_setup((void **)&fixture->base) != 0)
        return -1;
    engine->store = fixture->base->store;
    engine->images = fixture->images;
    engine->sources = fixture->sources;
    engine->source_count = SOURCES;
    engine->deployments = &fixture->deployment;
    for (size_t i = 0; i < SOURCES; i++) {
        fixture->source_models[i].kind = KINDS[i];
        fixture->sources[i] =
            (struct engine_source){.engine = engine, .model = &fixture->source_models[i]};
    }
    fixture->package = (struct rb_package){.type = RB_PACKAGE_DEB,
                                           .name = "bash",
                                           .architecture = "",
                                           .version = "1",
                                           .source_name = "bash",
                                           .source_version = "1",
                                           .path = "",
                                           .module = ""};
    for (size_t i = 0; i < IMAGES; i++) {
        struct engine_image *image = &fixture->images[i];
        image->id = i == RUNTIME ? fixture->base->runtime_id : fixture->base->app_id;
        image->base = i == RUNTIME ? RB_PLAN_NO_BASE : RUNTIME;
        image->inventory = (struct rb_inventory){.packages = &fixture->package,
                                                 .package_count = 1,
                                                 .distribution = "debian",
                                                 .distribution_version = "12",
                                                 .codename = "bookworm"};
    }
    fixture->model.podman.ports = NO_PORTS;
    fixture->deployment =
        (struct engine_deployment){.model = &fixture->model, .image = &fixture->images[APP]};
    fixture->sources[OSV].advisories = test_set_make(RB_ORIGIN_GENERAL, rb_osv_read, RECORDS);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct urgency_fixture *fixture = *state;
    for (size_t i = 0; i < IMAGES; i++)
        engine_forget_known(&fixture->images[i]);
    for (size_t i = 0; i < SOURCES; i++) {
        rb_advisory_set_close(fixture->sources[i].advisories);
        rb_threats_close(fixture->sources[i].threats);
    }
    int status = fixture_teardown((void **)&fixture->base);
    rb_free(fixture);
    return status;
}

static int priority(struct urgency_fixture *fixture, int image, const struct rb_plan_reason *reason)
{
    const struct rb_plan_decision decision = {.reasons = reason, .reason_count = 1};
    struct rb_err err;
    int found = 0;
    engine_forget_known(&fixture->images[image]); /* the test has given it other updates */
    assert_ok(engine_priority(&fixture->engine, &fixture->images[image], &decision,
                              fixture->base->arena, &found, &err),
              &err);
    return found;
}

static void what_it_closes_and_where_it_runs(void **state)
{
    struct urgency_fixture *fixture = *state;
    struct engine_image *runtime = &fixture->images[RUNTIME];
    assert_int_equal(priority(fixture, RUNTIME, &CODE), 30); /* nothing to update */
    runtime->updates = updates;
    runtime->update_count = 1;
    assert_int_equal(priority(fixture, RUNTIME, &CODE), 35); /* a hole of 9.8 in what rests */
    fixture->engine.deployment_count = 1;
    assert_int_equal(priority(fixture, RUNTIME, &CODE), 42); /* app, that stands on it, runs */
    fixture->sources[EPSS].threats = make_threats(fixture->base, RB_THREATS_EPSS);
    assert_int_equal(priority(fixture, RUNTIME, &CODE), 60);
    fixture->model.podman.ports = PORTS;
    assert_int_equal(priority(fixture, RUNTIME, &CODE), 73);
    fixture->sources[KEV].threats = make_threats(fixture->base, RB_THREATS_KEV);
    assert_int_equal(priority(fixture, RUNTIME, &CODE), 99);
    assert_int_equal(priority(fixture, APP, &CODE), 30); /* that has none itself */
}

static void requests_and_bases_count_as_at_least(void **state)
{
    struct urgency_fixture *fixture = *state;
    struct rb_err err;
    struct rb_build_row build;
    RB_CLEANUP_JSON json_t *inventory = rb_json_object();
    assert_int_equal(priority(fixture, APP, &MANUAL), 70);
    assert_int_equal(priority(fixture, APP, &BASE), 30); /* the base was never built */
    (void)fixture_artifact(fixture->base, fixture->base->runtime_id, inventory, DIGEST_A);
    assert_ok(rb_store_good_build(fixture->base->store, fixture->base->runtime_id,
                                  fixture->base->arena, &build, &err),
              &err);
    const struct rb_build_terms terms = {.priority = 90};
    assert_ok(rb_store_set_build_terms(fixture->base->store, build.id, &terms, &err), &err);
    assert_int_equal(priority(fixture, APP, &BASE), 90);
    assert_int_equal(priority(fixture, APP, &CODE), 30);
    assert_int_equal(priority(fixture, RUNTIME, &BASE), 30); /* its base is a source */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_it_closes_and_where_it_runs),
        TEST(requests_and_bases_count_as_at_least),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
