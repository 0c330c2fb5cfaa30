/* SPDX-License-Identifier: Apache-2.0 */
/* Who is exposed: over a store with two images, feeds that were compiled and a package index. */
#include <string.h>

#include "api_fixture.h"
#include "rebake/advisory/feed.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/inventory/index.h"

static const char TRACKER[] =
    "{\"openssl\":{\"CVE-2026-1\":{\"description\":\"It leaks.\",\"releases\":{\"bookworm\":{"
    "\"status\":\"resolved\",\"fixed_version\":\"3.0.11-1\",\"urgency\":\"high\"}}},"
    "\"CVE-2026-2\":{\"releases\":{\"bookworm\":{\"status\":\"undetermined\"}}}},"
    "\"zlib\":{\"CVE-2026-3\":{\"releases\":{\"bookworm\":{\"status\":\"open\","
    "\"urgency\":\"low\"}}}}}";
static const char KEV[] =
    "{\"title\":\"KEV\",\"catalogVersion\":\"1\",\"dateReleased\":\"2026-01-01T00:00:00.0000Z\","
    "\"count\":1,\"vulnerabilities\":[{\"cveID\":\"CVE-2026-3\",\"vulnerabilityName\":\"Leak\","
    "\"dateAdded\":\"2026-01-02\",\"dueDate\":\"2026-02-02\"}]}";

static int64_t add_source(struct api_fixture *fixture, const char *kind, const char *name)
{
    struct rb_err err;
    int64_t id = 0;
    assert_ok(rb_store_put_source(fixture->base->store, fixture->base->pipeline_id, name, name,
                                  kind, "{}", name, &id, &err),
              &err);
    return id;
}

/* A version of the source whose derived file is at path. */
static void record(struct api_fixture *fixture, int64_t source_id, const char *version,
                   const char *path)
{
    struct rb_err err;
    RB_CLEANUP_FREE char *detail = rb_asprintf("{\"index\":\"%s\"}", path);
    const struct rb_check_record check = {.source_id = source_id,
                                          .checked_at = fixture->base->now,
                                          .next_check_at = fixture->base->now + 1000,
                                          .version = version,
                                          .detail = detail};
    assert_ok(rb_store_record_check(fixture->base->store, &check, NULL, &err), &err);
}

static void feed(struct api_fixture *fixture, int64_t source_id, enum rb_source_kind kind,
                 const char *version, const char *text)
{
    struct rb_err err;
    struct rb_feed_summary summary;
    const char *from = fixture_path(fixture->base, "feed.json");
    const char *into = fixture_path(fixture->base, version);
    assert_ok(rb_file_write_atomic(from, text, strlen(text), 0600, &err), &err);
    assert_ok(rb_feed_read(kind, from, into, &summary, &err), &err);
    record(fixture, source_id, version, into);
}

static void offer(struct api_fixture *fixture, const char *version)
{
    struct rb_err err;
    const char *path = fixture_path(fixture->base, version);
    struct rb_index_builder *builder = rb_index_builder_new();
    const struct rb_offer libssl = {"libssl3", version, "amd64", "openssl", version};
    assert_ok(rb_index_builder_add(builder, &libssl, &err), &err);
    assert_ok(rb_index_builder_write(builder, path, &err), &err);
    rb_index_builder_free(builder);
    record(fixture, add_source(fixture, "apt", "security"), version, path);
}

static json_t *package(const char *name, const char *version, const char *source)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "type", "deb", "name", name, "version", version,
                     "architecture", "amd64", "source", source, "sourceVersion", version);
}

static int64_t build(struct api_fixture *fixture, int64_t image_id, const char *openssl,
                     const char *digest)
{
    RB_CLEANUP_JSON json_t *inventory =
        json_pack("{s:{s:s,s:s,s:s},s:[o,o,o]}", "distribution", "id", "debian", "version", "12",
                  "codename", "bookworm", "packages", package("bash", "5.2", "bash"),
                  package("libssl3", openssl, "openssl"), package("zlib1g", "1:1.2.13", "zlib"));
    return fixture_artifact(fixture->base, image_id, inventory, digest);
}

static void deploy(struct api_fixture *fixture, int64_t artifact_id)
{
    struct rb_err err;
    int64_t rollout = 0;
    assert_ok(rb_store_add_rollout(fixture->base->store, fixture->base->production_id, "deploy",
                                   artifact_id, "spec", &rollout, &err),
              &err);
    assert_ok(rb_store_end_rollout(fixture->base->store, rollout, NULL, 0, &err), &err);
}

/* runtime is patched, app is not and runs in production. */
static void fill(struct api_fixture *fixture)
{
    (void)build(fixture, fixture->base->runtime_id, "3.0.11-1", DIGEST_A);
    deploy(fixture, build(fixture, fixture->base->app_id, "3.0.9-1", DIGEST_B));
    feed(fixture, add_source(fixture, "debian-tracker", "tracker"), RB_SOURCE_DEBIAN_TRACKER, "t1",
         TRACKER);
}

static size_t count_of(const json_t *answer, const char *member)
{
    return json_array_size(at(answer, member));
}

static void one_image_has_it_and_one_is_patched(void **state)
{
    struct api_fixture *fixture = *state;
    fill(fixture);
    offer(fixture, "3.0.11-1~deb12u2");
    json_t *answer = api_get(fixture, "/v1/exposure?id=CVE-2026-1");
    assert_string_equal(text_at(answer, "vulnerability.id"), "CVE-2026-1");
    assert_int_equal(count_of(answer, "findings"), 1);
    assert_int_equal(number_at(answer, "cleared"), 1);
    assert_string_equal(text_at(answer, "findings.0.verdict"), "affected");
    assert_string_equal(text_at(answer, "findings.0.package.name"), "libssl3");
    assert_string_equal(text_at(answer, "findings.0.package.version"), "3.0.9-1");
    assert_string_equal(text_at(answer, "findings.0.fixedVersion"), "3.0.11-1");
    assert_string_equal(text_at(answer, "findings.0.matches.0.feed"), "shop/tracker");
    assert_string_equal(text_at(answer, "findings.0.matches.0.range"), "< 3.0.11-1");
    assert_int_equal(count_of(answer, "artifacts"), 1);
    assert_string_equal(text_at(answer, "artifacts.0.image"), "shop/app");
    assert_string_equal(text_at(answer, "artifacts.0.digest"), DIGEST_B);
    assert_string_equal(text_at(answer, "artifacts.0.deployments.0.name"), "shop/production");
    assert_string_equal(text_at(answer, "artifacts.0.deployments.0.since"), "1970-01-01T00:16:40Z");
    /* the offer is older than what fixes it by one tilde */
    assert_int_equal(count_of(answer, "findings.0.available"), 0);
    json_decref(answer);
}

static void a_watched_repository_has_the_fix(void **state)
{
    struct api_fixture *fixture = *state;
    fill(fixture);
    offer(fixture, "3.0.11-2");
    json_t *answer = api_get(fixture, "/v1/exposure?id=CVE-2026-1");
    assert_string_equal(text_at(answer, "findings.0.available.0.source"), "shop/security");
    assert_string_equal(text_at(answer, "findings.0.available.0.version"), "3.0.11-2");
    json_decref(answer);
}

static void a_feed_that_moved_is_read_anew(void **state)
{
    struct api_fixture *fixture = *state;
    fill(fixture);
    json_decref(api_get(fixture, "/v1/exposure?id=CVE-2026-1"));
    feed(fixture, add_source(fixture, "debian-tracker", "tracker"), RB_SOURCE_DEBIAN_TRACKER, "t2",
         "{\"openssl\":{\"CVE-2026-1\":{\"releases\":{\"bookworm\":{\"status\":\"resolved\","
         "\"fixed_version\":\"3.0.8-1\"}}}}}");
    json_t *answer = api_get(fixture, "/v1/exposure?id=CVE-2026-1");
    assert_int_equal(count_of(answer, "findings"), 0);
    assert_int_equal(number_at(answer, "cleared"), 2);
    json_decref(answer);
}

static void an_image_is_told_of_whole_the_worst_first(void **state)
{
    struct api_fixture *fixture = *state;
    fill(fixture);
    feed(fixture, add_source(fixture, "kev", "kev"), RB_SOURCE_KEV, "k1", KEV);
    json_t *answer = api_get(fixture, "/v1/exposure?image=app");
    assert_int_equal(count_of(answer, "findings"), 3);
    assert_string_equal(text_at(answer, "findings.0.id"), "CVE-2026-3");
    assert_string_equal(text_at(answer, "findings.0.exploited.addedAt"), "2026-01-02T00:00:00Z");
    assert_true(json_is_null(at(answer, "findings.0.fixedVersion")));
    assert_string_equal(text_at(answer, "findings.1.id"), "CVE-2026-1");
    assert_string_equal(text_at(answer, "findings.2.verdict"), "undetermined");
    assert_int_equal(number_at(answer, "cleared"), 1);
    json_decref(answer);
}

static void a_package_is_asked_for_by_its_url(void **state)
{
    struct api_fixture *fixture = *state;
    fill(fixture);
    json_t *answer = api_get(fixture, "/v1/exposure?purl=pkg:deb/debian/libssl3%403.0.9-1");
    assert_int_equal(count_of(answer, "findings"), 2);
    json_decref(answer);
    answer = api_get(fixture, "/v1/exposure?purl=pkg:deb/debian/bash%3Farch=amd64");
    assert_int_equal(count_of(answer, "findings"), 0);
    json_decref(answer);
}

static void packages_that_nobody_holds_are_judged(void **state)
{
    struct api_fixture *fixture = *state;
    static const char BODY[] =
        "{\"distribution\":{\"id\":\"debian\",\"version\":\"12\",\"codename\":\"bookworm\"},"
        "\"packages\":[{\"type\":\"deb\",\"name\":\"libssl3\",\"version\":\"3.0.1-1\","
        "\"architecture\":\"amd64\",\"source\":\"openssl\",\"sourceVersion\":\"3.0.1-1\"},"
        "{\"type\":\"deb\",\"name\":\"tar\",\"version\":\"1\",\"architecture\":\"amd64\"}]}";
    struct reply reply = api_ask(fixture, "POST", "/v1/exposure", BODY);
    assert_refused(&reply, 404, "no advisories are known yet");
    fill(fixture);
    reply = api_ask(fixture, "POST", "/v1/exposure", BODY);
    assert_int_equal(reply.status, 200);
    RB_CLEANUP_JSON json_t *answer = NULL;
    assert_int_equal(rb_json_parse(reply.body, reply.size, "the answer", &answer, NULL), 0);
    assert_int_equal(count_of(answer, "findings"), 2);
    assert_string_equal(text_at(answer, "findings.0.id"), "CVE-2026-1");
    assert_string_equal(text_at(answer, "findings.0.package.version"), "3.0.1-1");
    assert_int_equal(count_of(answer, "findings.0.artifacts"), 0);
    assert_int_equal(count_of(answer, "artifacts"), 0);
    assert_int_equal(number_at(answer, "cleared"), 1);
    reply = api_ask(fixture, "POST", "/v1/exposure", "{\"packages\":[{\"type\":\"deb\"}]}");
    assert_int_equal(reply.status, 400);
    reply = api_ask(fixture, "PUT", "/v1/exposure", NULL);
    assert_refused(&reply, 405, "takes GET, POST only");
}

static void questions_that_have_no_answer(void **state)
{
    struct api_fixture *fixture = *state;
    struct reply reply = api_ask(fixture, "GET", "/v1/exposure?id=CVE-2026-1", NULL);
    assert_refused(&reply, 404, "no advisories are known yet");
    fill(fixture);
    reply = api_ask(fixture, "GET", "/v1/exposure?id=CVE-1999-1", NULL);
    assert_refused(&reply, 404, "no advisory that is watched speaks of CVE-1999-1");
    reply = api_ask(fixture, "GET", "/v1/exposure?purl=openssl", NULL);
    assert_refused(&reply, 400, "is no package URL");
    reply = api_ask(fixture, "GET", "/v1/exposure?purl=pkg:npm/left-pad", NULL);
    assert_refused(&reply, 404, "no image that is known holds pkg:npm/left-pad");
    reply = api_ask(fixture, "GET", "/v1/exposure?image=nothing", NULL);
    assert_int_equal(reply.status, 404);
    reply = api_ask(fixture, "GET", "/v1/exposure", NULL);
    assert_refused(&reply, 400, "name one of id, purl and image");
}

int main(void)
{
#define CHECK(name) cmocka_unit_test_setup_teardown(name, api_setup, api_teardown)
    const struct CMUnitTest tests[] = {
        CHECK(one_image_has_it_and_one_is_patched),
        CHECK(a_watched_repository_has_the_fix),
        CHECK(a_feed_that_moved_is_read_anew),
        CHECK(an_image_is_told_of_whole_the_worst_first),
        CHECK(a_package_is_asked_for_by_its_url),
        CHECK(packages_that_nobody_holds_are_judged),
        CHECK(questions_that_have_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
