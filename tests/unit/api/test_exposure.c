/* SPDX-License-Identifier: Apache-2.0 */
/* Who is exposed, what is open and what was patched: over a store with two images, feeds that were
 * compiled and a package index. */
#include <string.h>

#include "api_fixture.h"
#include "rebake/advisory/feed.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/inventory/index.h"
#include "rebake/store/exposures.h"

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

static void what_is_open_stands_with_the_worst_first(void **state)
{
    struct api_fixture *fixture = *state;
    struct reply reply = api_ask(fixture, "GET", "/v1/advisories", NULL);
    assert_refused(&reply, 404, "no advisories are known yet");
    fill(fixture);
    offer(fixture, "3.0.11-2");
    feed(fixture, add_source(fixture, "kev", "kev"), RB_SOURCE_KEV, "k1", KEV);
    json_t *answer = api_get(fixture, "/v1/advisories");
    assert_int_equal(number_at(answer, "count"), 3);
    assert_string_equal(text_at(answer, "advisories.0.id"), "CVE-2026-3"); /* exploited */
    assert_string_equal(text_at(answer, "advisories.0.fix"), "none");
    assert_int_equal(count_of(answer, "advisories.0.images"), 2);
    assert_int_equal(count_of(answer, "advisories.0.deployments"), 1);
    assert_string_equal(text_at(answer, "advisories.1.id"), "CVE-2026-2"); /* of two packages */
    assert_string_equal(text_at(answer, "advisories.1.verdict"), "undetermined");
    assert_string_equal(text_at(answer, "advisories.2.id"), "CVE-2026-1");
    assert_string_equal(text_at(answer, "advisories.2.verdict"), "affected");
    assert_string_equal(text_at(answer, "advisories.2.fix"), "available");
    assert_string_equal(text_at(answer, "advisories.2.images.0"), "shop/app");
    assert_string_equal(text_at(answer, "advisories.2.packages.0.fixedVersion"), "3.0.11-1");
    json_decref(answer);
}

static void what_is_open_can_be_asked_for_in_part(void **state)
{
    struct api_fixture *fixture = *state;
    fill(fixture);
    feed(fixture, add_source(fixture, "kev", "kev"), RB_SOURCE_KEV, "k1", KEV);
    static const struct {
        const char *query;
        int count;
        const char *first;
    } CASES[] = {{"kev=true", 1, "CVE-2026-3"},
                 {"unfixed=true", 2, "CVE-2026-3"},
                 {"kev=true&unfixed=true", 1, "CVE-2026-3"},
                 {"limit=1", 3, "CVE-2026-3"},
                 {"since=1", 0, NULL}}; /* a tracker does not tell when */
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP_FREE char *path = rb_asprintf("/v1/advisories?%s", CASES[i].query);
        json_t *answer = api_get(fixture, path);
        assert_int_equal(number_at(answer, "count"), CASES[i].count);
        if (CASES[i].first != NULL)
            assert_string_equal(text_at(answer, "advisories.0.id"), CASES[i].first);
        json_decref(answer);
    }
    struct reply reply = api_ask(fixture, "GET", "/v1/advisories?limit=1001", NULL);
    assert_refused(&reply, 400, "limit=1001 is not a number");
}

/* A build for one reason, of an artifact with that openssl in it. */
static int64_t build_for(struct api_fixture *fixture, int64_t image_id,
                         const struct rb_reason *reason, const char *openssl, const char *digest)
{
    struct rb_err err;
    int64_t build_id = 0, artifact_id = 0;
    RB_CLEANUP_JSON json_t *inventory =
        json_pack("{s:{s:s,s:s,s:s},s:[o]}", "distribution", "id", "debian", "version", "12",
                  "codename", "bookworm", "packages", package("libssl3", openssl, "openssl"));
    assert_ok(rb_store_add_build(fixture->base->store, image_id, 1, "{}", digest, digest, reason, 1,
                                 &build_id, &err),
              &err);
    const struct rb_build_end end = {.build_id = build_id,
                                     .state = RB_BUILD_SUCCEEDED,
                                     .reference = "registry.example.com/x",
                                     .digest = digest,
                                     .good = true,
                                     .inventory = inventory};
    assert_ok(rb_store_end_build(fixture->base->store, &end, &artifact_id, &err), &err);
    return artifact_id;
}

/* The current version of a new source: seen at `now`, a while after upstream had it. */
static int64_t see_version(struct api_fixture *fixture, int64_t upstream_at)
{
    struct rb_err err;
    int64_t version_id = 0;
    const struct rb_check_record check = {.source_id = add_source(fixture, "apt", "security"),
                                          .checked_at = fixture->base->now,
                                          .version = "v2",
                                          .upstream_at = upstream_at};
    assert_ok(rb_store_record_check(fixture->base->store, &check, &version_id, &err), &err);
    return version_id;
}

static void a_patch_that_came_by_a_base_is_timed_from_upstream(void **state)
{
    struct api_fixture *fixture = *state;
    struct fixture *base = fixture->base;
    const struct rb_reason first = {"code", "first build", "", "", 0, false};
    (void)build_for(fixture, base->runtime_id, &first, "3.0.9-1", DIGEST_A);
    deploy(fixture, build_for(fixture, base->app_id, &first, "3.0.9-1", DIGEST_B));
    feed(fixture, add_source(fixture, "debian-tracker", "tracker"), RB_SOURCE_DEBIAN_TRACKER, "t1",
         TRACKER);
    int64_t upstream_at = base->now;
    base->now += 60000;
    const struct rb_reason package_reason = {
        "package", "libssl3", "3.0.9-1", "3.0.11-1", see_version(fixture, upstream_at), false};
    base->now += 20000;
    (void)build_for(fixture, base->runtime_id, &package_reason, "3.0.11-1", DIGEST_B);
    base->now += 30000;
    const struct rb_reason base_reason = {"base", "runtime", DIGEST_A, DIGEST_B, 0, false};
    int64_t patched = build_for(fixture, base->app_id, &base_reason, "3.0.11-1", DIGEST_A);
    base->now += 10000;
    deploy(fixture, patched);
    json_t *answer = api_get(fixture, "/v1/patches?since=0");
    assert_int_equal(number_at(answer, "count"), 1);
    assert_string_equal(text_at(answer, "patches.0.package"), "libssl3");
    assert_string_equal(text_at(answer, "patches.0.deployment"), "shop/production");
    assert_string_equal(text_at(answer, "patches.0.from"), "3.0.9-1");
    assert_int_equal(count_of(answer, "patches.0.closed"), 1);
    assert_string_equal(text_at(answer, "patches.0.closed.0"), "CVE-2026-1");
    assert_int_equal(number_at(answer, "packageTimes.seen.p50Ms"), 60000);
    assert_int_equal(number_at(answer, "packageTimes.built.p50Ms"), 50000);
    assert_int_equal(number_at(answer, "packageTimes.deployed.p99Ms"), 10000);
    assert_int_equal(number_at(answer, "advisoryTimes.total.maxMs"), 120000);
    assert_int_equal(number_at(answer, "advisoryTimes.total.count"), 1);
    json_decref(answer);
    static const struct {
        const char *of;
        int count;
    } OF[] = {
        {"CVE-2026-1", 1}, {"CVE-2026-2", 0}, {"production", 1}, {"shop/app", 1}, {"runtime", 0}};
    for (size_t i = 0; i < RB_COUNT_OF(OF); i++) {
        RB_CLEANUP_FREE char *path = rb_asprintf("/v1/patches?since=0&of=%s", OF[i].of);
        answer = api_get(fixture, path);
        assert_int_equal(number_at(answer, "count"), OF[i].count);
        assert_int_equal(number_at(answer, "advisoryTimes.total.count"), OF[i].count);
        json_decref(answer);
    }
    struct reply reply = api_ask(fixture, "GET", "/v1/patches?of=produktion", NULL);
    assert_refused(&reply, 404, "produktion");
    RB_CLEANUP_FREE char *later = rb_asprintf("/v1/patches?since=%lld", (long long)base->now + 1);
    answer = api_get(fixture, later);
    assert_int_equal(number_at(answer, "count"), 0);
    json_decref(answer);
}

/* As policy answers of app. */
static void set_deadline(struct api_fixture *fixture, const char *advisory, int64_t deadline_at)
{
    struct fixture *base = fixture->base;
    const struct rb_exposure_row open = {.advisory = advisory, .severity = "high"};
    struct rb_exposure_row *rows;
    struct rb_err err;
    size_t count;
    assert_ok(rb_store_set_exposures(base->store, base->app_id, &open, 1, &err), &err);
    assert_ok(rb_store_exposures(base->store, base->app_id, base->arena, &rows, &count, &err),
              &err);
    assert_ok(rb_store_set_deadline(base->store, rows[0].id, deadline_at, &err), &err);
}

/* app was built on a runtime that is to be rebuilt for the fix. */
static void what_is_open_is_timed_until_now(void **state)
{
    struct api_fixture *fixture = *state;
    struct fixture *base = fixture->base;
    struct rb_err err;
    (void)build(fixture, base->runtime_id, "3.0.9-1", DIGEST_A);
    base->now += 1000;
    deploy(fixture, build(fixture, base->app_id, "3.0.9-1", DIGEST_B));
    feed(fixture, add_source(fixture, "debian-tracker", "tracker"), RB_SOURCE_DEBIAN_TRACKER, "t1",
         TRACKER);
    set_deadline(fixture, "CVE-2026-1", base->now + 90000);
    json_t *answer = api_get(fixture, "/v1/exposure?id=CVE-2026-1");
    assert_int_equal(count_of(answer, "findings.0.open"), 2);
    assert_true(json_is_null(at(answer, "findings.0.open.0.deadline")));
    assert_string_equal(text_at(answer, "findings.0.open.1.deadline"), "1970-01-01T00:18:11Z");
    assert_true(json_is_false(at(answer, "findings.0.open.1.breached")));
    json_decref(answer);
    answer = api_get(fixture, "/v1/why/shop%2Fapp");
    assert_int_equal(count_of(answer, "deadlines"), 1);
    assert_string_equal(text_at(answer, "deadlines.0.advisory"), "CVE-2026-1");
    json_decref(answer);
    answer = api_get(fixture, "/v1/why/shop%2Fruntime");
    assert_int_equal(count_of(answer, "deadlines"), 0);
    json_decref(answer);
    answer = api_get(fixture, "/v1/exposure?id=CVE-2026-1");
    assert_true(json_is_null(at(answer, "findings.0.open.0.soFarMs")));
    assert_string_equal(text_at(answer, "findings.0.open.0.since"), "1970-01-01T00:16:40Z");
    json_decref(answer);
    int64_t upstream_at = base->now;
    base->now += 60000;
    int64_t version_id = see_version(fixture, upstream_at);
    offer(fixture, "3.0.11-2");
    RB_CLEANUP_FREE char *reasons =
        rb_asprintf("[{\"kind\":\"package\",\"subject\":\"libssl3\",\"from\":\"3.0.9-1\","
                    "\"to\":\"3.0.11-2\",\"versionId\":%lld}]",
                    (long long)version_id);
    assert_ok(
        rb_store_set_image_state(base->store, base->runtime_id, "queued", "", NULL, reasons, &err),
        &err);
    assert_ok(rb_store_set_image_state(base->store, base->app_id, "waiting", "its base is stale",
                                       "shop/runtime", "[]", &err),
              &err);
    base->now += 5000;
    answer = api_get(fixture, "/v1/exposure?id=CVE-2026-1");
    for (int i = 0; i < 2; i++) {
        const json_t *open = json_array_get(at(answer, "findings.0.open"), (size_t)i);
        assert_int_equal(rb_json_get_integer(open, "soFarMs", 0), 65000);
        assert_string_equal(rb_json_get_string(open, "fixUpstreamAt", ""), "1970-01-01T00:16:41Z");
        assert_string_equal(rb_json_get_string(open, "fixSeenAt", ""), "1970-01-01T00:17:41Z");
    }
    json_decref(answer);
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
        CHECK(what_is_open_stands_with_the_worst_first),
        CHECK(what_is_open_can_be_asked_for_in_part),
        CHECK(a_patch_that_came_by_a_base_is_timed_from_upstream),
        CHECK(what_is_open_is_timed_until_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
