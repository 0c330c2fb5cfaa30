/* SPDX-License-Identifier: Apache-2.0 */
/* An image tag's check against a registry on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "http_server.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/watch/watch.h"

#define INDEX_TYPE    "application/vnd.oci.image.index.v1+json"
#define MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"

struct document {
    char *body;
    const char *type;
    char digest[RB_DIGEST_SIZE];
};

struct fixture {
    struct test_server *server;
    struct rb_loop *loop;
    struct rb_http *http;
    struct rb_registry *registry;
    struct rb_watch_tools tools;
    char *repository;
    /* what the registry holds: two manifests, and what the tag names */
    struct document ours, other, tag;
    int refuse_with;
    bool silent;
    int heads, gets;
    /* what the last check answered */
    bool answered;
    struct rb_err err; /* code RB_OK: it succeeded */
    bool unchanged;
    char version[RB_DIGEST_SIZE];
    json_t *detail;
    json_t *memo;
    int requests;
    int64_t retry_after_ms;
    int move_with; /* status of all that is not asked for below /v2/away/ */
    enum rb_trouble trouble;
};

static void set_document(struct document *document, const char *type, char *body)
{
    char hex[RB_SHA256_HEX_SIZE];
    rb_free(document->body);
    document->body = body;
    document->type = type;
    (void)snprintf(document->digest, sizeof(document->digest), "sha256:%s",
                   rb_sha256_of(body, strlen(body), hex));
}

static void set_manifest(struct document *document, const char *content)
{
    set_document(document, MANIFEST_TYPE,
                 rb_asprintf("{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST_TYPE
                             "\",\"config\":{\"mediaType\":\"x\",\"digest\":\"sha256:%064d\","
                             "\"size\":1},\"layers\":[],\"annotations\":{\"x\":\"%s\"}}",
                             0, content));
}

/* The tag names an index of both manifests. */
static void tag_index(struct fixture *fixture)
{
    struct rb_platform platform = rb_platform_here();
    RB_CLEANUP_FREE char *variant = platform.variant == NULL
                                        ? rb_strdup("")
                                        : rb_asprintf(",\"variant\":\"%s\"", platform.variant);
    set_document(&fixture->tag, INDEX_TYPE,
                 rb_asprintf("{\"schemaVersion\":2,\"mediaType\":\"" INDEX_TYPE "\",\"manifests\":["
                             "{\"mediaType\":\"" MANIFEST_TYPE "\",\"digest\":\"%s\",\"size\":%zu,"
                             "\"platform\":{\"os\":\"plan9\",\"architecture\":\"mips\"}},"
                             "{\"mediaType\":\"" MANIFEST_TYPE "\",\"digest\":\"%s\",\"size\":%zu,"
                             "\"platform\":{\"os\":\"%s\",\"architecture\":\"%s\"%s}}]}",
                             fixture->other.digest, strlen(fixture->other.body),
                             fixture->ours.digest, strlen(fixture->ours.body), platform.os,
                             platform.architecture, variant));
}

/* server thread */
static void serve(void *context, const struct test_request *request, struct test_answer *answer)
{
    struct fixture *fixture = context;
    const char *name = strrchr(request->path, '/') + 1;
    const struct document *document = NULL;
    if (strcmp(request->path, "/v2/") == 0)
        return;
    if (strcmp(request->method, "HEAD") == 0)
        fixture->heads++;
    else
        fixture->gets++;
    answer->silent = fixture->silent;
    answer->status = fixture->refuse_with != 0 ? fixture->refuse_with : 404;
    if (fixture->refuse_with == 429)
        test_answer_header(answer, "Retry-After", "7");
    if (fixture->refuse_with != 0 || fixture->silent)
        return;
    if (fixture->move_with != 0 && !rb_text_starts_with(request->path, "/v2/away/")) {
        char location[128];
        (void)snprintf(location, sizeof(location), "/v2/away/manifests/%.100s", name);
        answer->status = fixture->move_with;
        test_answer_header(answer, "Location", location);
        return;
    }
    if (strcmp(name, "latest") == 0 || strcmp(name, fixture->tag.digest) == 0)
        document = &fixture->tag;
    else if (strcmp(name, fixture->ours.digest) == 0)
        document = &fixture->ours;
    if (document == NULL)
        return;
    answer->status = 200;
    answer->body = rb_strdup(document->body);
    answer->body_size = strlen(document->body);
    test_answer_header(answer, "Content-Type", document->type);
    test_answer_header(answer, "Docker-Content-Digest", document->digest);
}

static int set_up(void **state)
{
    struct fixture *fixture = rb_zalloc(sizeof(*fixture));
    fixture->server = test_server_start(serve, fixture);
    fixture->loop = rb_loop_new();
    fixture->http = rb_http_new(fixture->loop);
    fixture->registry = rb_registry_new(fixture->http);
    fixture->tools = (struct rb_watch_tools){.loop = fixture->loop,
                                             .http = fixture->http,
                                             .registry = fixture->registry,
                                             .clock = &rb_clock_system};
    fixture->repository = rb_asprintf("127.0.0.1:%d/shop/base", test_server_port(fixture->server));
    set_manifest(&fixture->ours, "one");
    set_manifest(&fixture->other, "one");
    tag_index(fixture);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    rb_registry_free(fixture->registry);
    rb_http_free(fixture->http);
    rb_loop_free(fixture->loop);
    test_server_stop(fixture->server);
    rb_free(fixture->ours.body);
    rb_free(fixture->other.body);
    rb_free(fixture->tag.body);
    rb_free(fixture->repository);
    json_decref(fixture->detail);
    json_decref(fixture->memo);
    rb_free(fixture);
    return 0;
}

static void on_checked(void *context, const struct rb_check_outcome *outcome)
{
    struct fixture *fixture = context;
    const struct rb_check_result *result = outcome->result;
    assert_false(fixture->answered);
    assert_true((result == NULL) != (outcome->error == NULL));
    fixture->answered = true;
    fixture->requests = outcome->requests;
    fixture->retry_after_ms = outcome->retry_after_ms;
    fixture->trouble = outcome->trouble;
    fixture->err = outcome->error != NULL ? *outcome->error : (struct rb_err){0};
    if (result == NULL)
        return;
    fixture->unchanged = result->unchanged;
    (void)snprintf(fixture->version, sizeof(fixture->version), "%s", result->version);
    json_decref(fixture->detail);
    fixture->detail = json_incref(result->detail);
    json_decref(fixture->memo);
    fixture->memo = json_incref(result->memo);
}

static void check_tag(struct fixture *fixture, const char *tag)
{
    static const char *const NO_PATHS[] = {NULL};
    RB_CLEANUP_FREE char *known = fixture->version[0] == '\0' ? NULL : rb_strdup(fixture->version);
    struct rb_source source = {
        .kind = RB_SOURCE_IMAGE, .image.repository = fixture->repository, .image.tag = tag};
    struct rb_check_request request = {
        .source = &source, .memo = fixture->memo, .known_version = known, .paths = NO_PATHS};
    fixture->answered = false;
    fixture->heads = fixture->gets = 0;
    test_server_sync(fixture->server);
    (void)rb_check_start(&fixture->tools, &request, on_checked, fixture);
    assert_false(fixture->answered);
    rb_loop_run(fixture->loop);
    test_server_sync(fixture->server);
    assert_true(fixture->answered);
}

static void check(struct fixture *fixture)
{
    check_tag(fixture, "latest");
    if (fixture->err.code != RB_OK)
        fprintf(stderr, "%s\n", fixture->err.text);
    assert_int_equal(fixture->err.code, RB_OK);
}

static void the_version_is_our_platforms_manifest(void **state)
{
    struct fixture *fixture = *state;
    struct rb_platform platform = rb_platform_here();
    RB_CLEANUP_FREE char *shown = rb_asprintf("%s/%s%s%s", platform.os, platform.architecture,
                                              platform.variant != NULL ? "/" : "",
                                              platform.variant != NULL ? platform.variant : "");
    check(fixture);
    assert_false(fixture->unchanged);
    assert_string_equal(fixture->version, fixture->ours.digest);
    assert_string_equal(rb_json_get_string(fixture->detail, "manifest", ""), fixture->ours.digest);
    assert_string_equal(rb_json_get_string(fixture->detail, "digest", ""), fixture->tag.digest);
    assert_string_equal(rb_json_get_string(fixture->detail, "platform", ""), shown);
}

static void a_tag_that_stays_costs_one_head(void **state)
{
    struct fixture *fixture = *state;
    check(fixture);
    check(fixture);
    assert_true(fixture->unchanged);
    assert_string_equal(fixture->version, fixture->ours.digest);
    assert_string_equal(rb_json_get_string(fixture->detail, "manifest", ""), fixture->ours.digest);
    assert_int_equal(fixture->heads, 1);
    assert_int_equal(fixture->gets, 0);
    assert_int_equal(fixture->requests, 1);
}

static void another_platforms_push_is_no_new_version(void **state)
{
    struct fixture *fixture = *state;
    check(fixture);
    set_manifest(&fixture->other, "two");
    tag_index(fixture);
    check(fixture);
    assert_true(fixture->unchanged);
    assert_string_equal(fixture->version, fixture->ours.digest);
    assert_string_equal(rb_json_get_string(fixture->detail, "digest", ""), fixture->tag.digest);
    check(fixture); /* the moved index is known now */
    assert_int_equal(fixture->gets, 0);
}

static void our_platforms_push_is(void **state)
{
    struct fixture *fixture = *state;
    check(fixture);
    set_manifest(&fixture->ours, "two");
    tag_index(fixture);
    check(fixture);
    assert_false(fixture->unchanged);
    assert_string_equal(fixture->version, fixture->ours.digest);
}

static void a_manifest_without_an_index_is_a_version(void **state)
{
    struct fixture *fixture = *state;
    set_document(&fixture->tag, MANIFEST_TYPE, rb_strdup(fixture->ours.body));
    check(fixture);
    assert_string_equal(fixture->version, fixture->tag.digest);
}

static void an_image_that_moved_is_followed_and_told(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 2; i++) { /* as what is new, and as what is known */
        fixture->move_with = 307;
        check(fixture);
        assert_int_equal(fixture->trouble, RB_TROUBLE_NONE);
        fixture->move_with = 308;
        check(fixture);
        assert_int_equal(fixture->trouble, RB_TROUBLE_MOVED);
    }
    json_decref(fixture->memo);
    fixture->memo = NULL;
    check(fixture);
    assert_int_equal(fixture->trouble, RB_TROUBLE_MOVED);
}

static void refusals_keep_their_kind(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        int status;
        enum rb_errc code;
    } CASES[] = {{404, RB_ENOTFOUND}, {403, RB_EAUTH}, {429, RB_EBUSY}, {500, RB_EBUSY}};
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        fixture->refuse_with = CASES[i].status;
        check_tag(fixture, "latest");
        assert_int_equal(fixture->err.code, CASES[i].code);
        assert_true(fixture->retry_after_ms == (CASES[i].status == 429 ? 7000 : 0));
    }
    check_tag(fixture, "no such/tag");
    assert_int_equal(fixture->err.code, RB_EINVALID);
    assert_int_equal(fixture->requests, 0);
}

static void a_check_can_be_cancelled(void **state)
{
    struct fixture *fixture = *state;
    static const char *const NO_PATHS[] = {NULL};
    static const char *const TAGS[] = {"latest", "no such/tag"};
    for (size_t i = 0; i < RB_COUNT_OF(TAGS); i++) {
        struct rb_source source = {
            .kind = RB_SOURCE_IMAGE, .image.repository = fixture->repository, .image.tag = TAGS[i]};
        struct rb_check_request request = {.source = &source, .paths = NO_PATHS};
        fixture->silent = true;
        rb_check_cancel(rb_check_start(&fixture->tools, &request, on_checked, fixture));
        rb_loop_run(fixture->loop);
        assert_false(fixture->answered);
    }
}

int main(void)
{
#define CHECK(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CHECK(the_version_is_our_platforms_manifest),
        CHECK(a_tag_that_stays_costs_one_head),
        CHECK(another_platforms_push_is_no_new_version),
        CHECK(our_platforms_push_is),
        CHECK(a_manifest_without_an_index_is_a_version),
        CHECK(an_image_that_moved_is_followed_and_told),
        CHECK(refusals_keep_their_kind),
        CHECK(a_check_can_be_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
