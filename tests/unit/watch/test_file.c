/* SPDX-License-Identifier: Apache-2.0 */
/* The check of a file, against a server on loopback; this program is its own `rebake internal
   feed-read`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "apt_archive.h"
#include "http_server.h"
#include "rebake/advisory/feed.h"
#include "rebake/base/digest.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/timer.h"
#include "rebake/watch/watch.h"

enum { FILES = 3 };

struct served {
    const char *path;
    const char *body; /* NULL: not there */
    size_t size;
    char etag[RB_SHA256_HEX_SIZE + 2];
    const char *modified;
    size_t cut_at;
    int status; /* instead of 200 */
    int asked;
};

struct fixture {
    struct test_server *server;
    struct rb_loop *loop;
    struct rb_http *http;
    char program[4096];
    char *folder; /* the cache */
    char *url;
    struct rb_watch_tools tools;
    struct rb_source source;
    struct served files[FILES]; /* the file, its checksums, their signature */
    char *texts[FILES];         /* owned bodies */
    struct rb_check *check;
    bool cancelled;
    int move_with; /* status of what is asked for below /old, and lives below / */
    /* what the last check answered */
    bool answered;
    struct rb_err err; /* code RB_OK: it succeeded */
    enum rb_trouble trouble;
    bool unchanged;
    char *version;
    json_t *detail;
    json_t *memo;
    int requests;
};

static struct test_keys keys;

static int make_keys(void **state)
{
    (void)state;
    test_keys_init(&keys);
    return 0;
}

static int remove_keys(void **state)
{
    (void)state;
    test_keys_deinit(&keys);
    return 0;
}

/* server thread */
static void serve(void *context, const struct test_request *request, struct test_answer *answer)
{
    struct fixture *fixture = context;
    answer->status = 404;
    if (fixture->move_with != 0 && rb_text_starts_with(request->path, "/old/")) {
        answer->status = fixture->move_with;
        test_answer_header(answer, "Location", request->path + strlen("/old"));
        return;
    }
    for (size_t i = 0; i < FILES; i++) {
        struct served *file = &fixture->files[i];
        if (file->body == NULL || strcmp(request->path, file->path) != 0)
            continue;
        file->asked++;
        answer->status = file->status != 0 ? file->status : 200;
        test_answer_header(answer, "ETag", file->etag);
        if (file->modified != NULL)
            test_answer_header(answer, "Last-Modified", file->modified);
        if (request->if_none_match != NULL && strcmp(request->if_none_match, file->etag) == 0) {
            answer->status = 304;
            return;
        }
        answer->body = rb_alloc(file->size);
        memcpy(answer->body, file->body, file->size);
        answer->body_size = file->size;
        answer->cut_at = file->cut_at;
    }
}

static void put_bytes(struct fixture *fixture, size_t i, const char *body, size_t size)
{
    char hex[RB_SHA256_HEX_SIZE];
    char *copy = rb_alloc(size);
    memcpy(copy, body, size);
    rb_free(fixture->texts[i]);
    fixture->files[i].body = fixture->texts[i] = copy;
    fixture->files[i].size = size;
    (void)snprintf(fixture->files[i].etag, sizeof(fixture->files[i].etag), "\"%s\"",
                   rb_sha256_of(body, size, hex));
}

static void put(struct fixture *fixture, size_t i, const char *body)
{
    put_bytes(fixture, i, body, strlen(body));
}

static int set_up(void **state)
{
    struct fixture *fixture = rb_zalloc(sizeof(*fixture));
    RB_ASSERT(readlink("/proc/self/exe", fixture->program, sizeof(fixture->program) - 1) > 0);
    RB_ASSERT(rb_folder_make_temporary("/tmp/rebake-file-", &fixture->folder, NULL) == 0);
    fixture->server = test_server_start(serve, fixture);
    fixture->loop = rb_loop_new();
    fixture->http = rb_http_new(fixture->loop);
    fixture->tools = (struct rb_watch_tools){.loop = fixture->loop,
                                             .http = fixture->http,
                                             .program = fixture->program,
                                             .cache_folder = fixture->folder};
    fixture->url =
        rb_asprintf("http://127.0.0.1:%d/tool.bin?x=1", test_server_port(fixture->server));
    fixture->source = (struct rb_source){.kind = RB_SOURCE_HTTP, .file.url = fixture->url};
    fixture->files[0].path = "/tool.bin";
    fixture->files[1].path = "/SHA256SUMS";
    fixture->files[2].path = "/SHA256SUMS.asc";
    put(fixture, 0, "one");
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    rb_http_free(fixture->http);
    rb_loop_free(fixture->loop);
    test_server_stop(fixture->server);
    RB_ASSERT(rb_tree_remove(fixture->folder, NULL) == 0);
    for (size_t i = 0; i < FILES; i++)
        rb_free(fixture->texts[i]);
    rb_free(fixture->folder);
    rb_free(fixture->url);
    rb_free((char *)(uintptr_t)fixture->source.file.checksums);
    rb_free((char *)(uintptr_t)fixture->source.file.signature);
    rb_free((char *)(uintptr_t)fixture->source.file.signed_by);
    rb_free(fixture->version);
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
    fixture->trouble = outcome->trouble;
    fixture->err = outcome->error != NULL ? *outcome->error : (struct rb_err){0};
    if (result == NULL)
        return;
    fixture->unchanged = result->unchanged;
    rb_free(fixture->version);
    fixture->version = rb_strdup(result->version);
    if (result->memo != NULL) {
        json_decref(fixture->memo);
        fixture->memo = json_incref(result->memo);
    }
    if (result->detail != NULL) {
        json_decref(fixture->detail);
        fixture->detail = json_incref(result->detail);
    }
}

static void start(struct fixture *fixture)
{
    static const char *const NO_PATHS[] = {NULL};
    struct rb_check_request request = {.source = &fixture->source,
                                       .memo = fixture->memo,
                                       .known_version = fixture->version,
                                       .paths = NO_PATHS};
    fixture->answered = false;
    test_server_sync(fixture->server);
    fixture->check = rb_check_start(&fixture->tools, &request, on_checked, fixture);
    assert_false(fixture->answered);
}

static void check(struct fixture *fixture)
{
    start(fixture);
    rb_loop_run(fixture->loop);
    test_server_sync(fixture->server);
    assert_true(fixture->answered);
}

static void check_good(struct fixture *fixture)
{
    check(fixture);
    if (fixture->err.code != RB_OK)
        fprintf(stderr, "%s\n", fixture->err.text);
    assert_int_equal(fixture->err.code, RB_OK);
}

static void check_bad(struct fixture *fixture, enum rb_trouble trouble, const char *text)
{
    check(fixture);
    assert_int_not_equal(fixture->err.code, RB_OK);
    if (strstr(fixture->err.text, text) == NULL)
        fail_msg("%s", fixture->err.text);
    assert_string_equal(rb_trouble_name(fixture->trouble), rb_trouble_name(trouble));
}

/* What is kept is what was served. */
static void assert_kept(const struct fixture *fixture, const char *content)
{
    RB_CLEANUP_FREE char *data = NULL;
    char hex[RB_SHA256_HEX_SIZE];
    struct rb_err err;
    if (rb_file_read(rb_json_get_string(fixture->detail, "file", ""), 1 << 20, &data, NULL, &err) !=
        0)
        fail_msg("%s", err.text);
    assert_string_equal(data, content);
    assert_string_equal(fixture->version, rb_sha256_of(content, strlen(content), hex));
}

static void a_file_is_taken_once(void **state)
{
    struct fixture *fixture = *state;
    check_good(fixture);
    assert_false(fixture->unchanged);
    assert_kept(fixture, "one");
    check_good(fixture);
    assert_true(fixture->unchanged);
    assert_int_equal(fixture->requests, 1);
    put(fixture, 0, "two");
    check_good(fixture);
    assert_false(fixture->unchanged);
    assert_kept(fixture, "two");
}

static void a_file_that_moved_is_followed_and_told(void **state)
{
    struct fixture *fixture = *state;
    RB_CLEANUP_FREE char *old =
        rb_asprintf("http://127.0.0.1:%d/old/tool.bin", test_server_port(fixture->server));
    fixture->source.file.url = old;
    for (int i = 0; i < 2; i++) {
        fixture->move_with = 302;
        check_good(fixture);
        assert_int_equal(fixture->trouble, RB_TROUBLE_NONE);
        fixture->move_with = 301;
        check_good(fixture);
        assert_int_equal(fixture->trouble, RB_TROUBLE_MOVED);
    }
    assert_kept(fixture, "one");
}

static void the_same_content_is_no_new_version(void **state)
{
    struct fixture *fixture = *state;
    check_good(fixture);
    (void)snprintf(fixture->files[0].etag, sizeof(fixture->files[0].etag), "\"other\"");
    check_good(fixture);
    assert_true(fixture->unchanged);
    assert_string_equal(rb_json_get_string(fixture->memo, "etag", ""), "\"other\"");
}

static void a_lost_content_is_brought_again(void **state)
{
    struct fixture *fixture = *state;
    check_good(fixture);
    assert_int_equal(unlink(rb_json_get_string(fixture->detail, "file", "")), 0);
    check_good(fixture);
    assert_kept(fixture, "one");
}

static void a_file_does_not_go_back_in_time(void **state)
{
    struct fixture *fixture = *state;
    fixture->files[0].modified = "Sat, 11 Jul 2026 09:42:10 GMT";
    check_good(fixture);
    put(fixture, 0, "older");
    fixture->files[0].modified = "Fri, 10 Jul 2026 09:42:10 GMT";
    check_bad(fixture, RB_TROUBLE_BACKWARDS, "has gone back in time");
    assert_kept(fixture, "one");
}

static void what_cannot_be_had_leaves_what_was(void **state)
{
    struct fixture *fixture = *state;
    check_good(fixture);
    put(fixture, 0, "a longer one");
    fixture->files[0].cut_at = 4;
    check_bad(fixture, RB_TROUBLE_UNREACHABLE, "");
    fixture->files[0].cut_at = 0;
    fixture->files[0].status = 503;
    check_bad(fixture, RB_TROUBLE_UNREACHABLE, "tool.bin");
    fixture->files[0].status = 429;
    check_bad(fixture, RB_TROUBLE_LIMITED, "tool.bin");
    fixture->files[0].status = 403;
    check_bad(fixture, RB_TROUBLE_DENIED, "tool.bin");
    fixture->files[0].body = NULL;
    check_bad(fixture, RB_TROUBLE_VANISHED, "tool.bin");
    assert_kept(fixture, "one");
}

static char *address_of(const struct fixture *fixture, const char *path)
{
    return rb_asprintf("http://127.0.0.1:%d%s", test_server_port(fixture->server), path);
}

static void checksums_must_hold(void **state)
{
    struct fixture *fixture = *state;
    char hex[RB_SHA256_HEX_SIZE], other[RB_SHA256_HEX_SIZE];
    fixture->source.file.checksums = address_of(fixture, "/SHA256SUMS");
    RB_CLEANUP_FREE char *good =
        rb_asprintf("%s  other.bin\n%s *./tool.bin\n", rb_sha256_of("x", 1, other),
                    rb_sha256_of("one", 3, hex));
    check_bad(fixture, RB_TROUBLE_VANISHED, "SHA256SUMS");
    put(fixture, 1, "not a list\n");
    check_bad(fixture, RB_TROUBLE_UNTRUSTED, "has no SHA-256 of tool.bin");
    put(fixture, 1, good);
    RB_CLEANUP_FREE char *bad = rb_asprintf("%s  tool.bin\n", rb_sha256_of("x", 1, hex));
    put(fixture, 1, bad);
    check_bad(fixture, RB_TROUBLE_UNTRUSTED, "is not what");
    put(fixture, 1, good);
    check_good(fixture);
    assert_kept(fixture, "one");
    assert_int_equal(fixture->requests, 2);
}

/* Signs text with a key, into files[2]. */
static void sign(struct fixture *fixture, const char *text, const char *key)
{
    RB_CLEANUP_FREE char *data = NULL;
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/signature", keys.folder);
    size_t size = 0;
    (void)unlink(path);
    test_shell(keys.folder,
               "printf '%%s' '%s' | gpg --batch -q -u %s --detach-sign -a -o signature", text, key);
    assert_int_equal(rb_file_read(path, 1 << 20, &data, &size, NULL), 0);
    put_bytes(fixture, 2, data, size);
}

static void a_signature_must_hold(void **state)
{
    struct fixture *fixture = *state;
    fixture->source.file.signature = address_of(fixture, "/SHA256SUMS.asc");
    fixture->source.file.signed_by = rb_asprintf("%s/good.asc", keys.folder);
    check_bad(fixture, RB_TROUBLE_VANISHED, "SHA256SUMS.asc");
    sign(fixture, "one", "other@example.com");
    check_bad(fixture, RB_TROUBLE_KEY_CHANGED, "");
    sign(fixture, "another", "good@example.com");
    check_bad(fixture, RB_TROUBLE_UNTRUSTED, "");
    assert_null(fixture->version);
    sign(fixture, "one", "good@example.com");
    check_good(fixture);
    assert_kept(fixture, "one");
}

static void the_list_is_what_is_signed(void **state)
{
    struct fixture *fixture = *state;
    char hex[RB_SHA256_HEX_SIZE];
    RB_CLEANUP_FREE char *list = rb_asprintf("%s  tool.bin\n", rb_sha256_of("one", 3, hex));
    fixture->source.file.checksums = address_of(fixture, "/SHA256SUMS");
    fixture->source.file.signature = address_of(fixture, "/SHA256SUMS.asc");
    fixture->source.file.signed_by = rb_asprintf("%s/good.gpg", keys.folder);
    put(fixture, 1, list);
    sign(fixture, "one", "good@example.com");
    check_bad(fixture, RB_TROUBLE_UNTRUSTED, "");
    sign(fixture, list, "good@example.com");
    check_good(fixture);
    assert_int_equal(fixture->requests, 3);
}

/* What was made of it stands beside it, and answers. */
static void assert_compiled(struct fixture *fixture)
{
    struct rb_threats *threats = NULL;
    struct rb_exploited exploited;
    struct rb_err err;
    const char *path = rb_json_get_string(fixture->detail, "index", "");
    if (rb_threats_open(path, &threats, &err) != 0)
        fail_msg("%s", err.text);
    assert_true(rb_threats_exploited(threats, "CVE-2021-44228", &exploited));
    rb_threats_close(threats);
}

static void a_feed_is_kept_only_when_it_is_one(void **state)
{
    struct fixture *fixture = *state;
    static const char GOOD[] = "{\"dateReleased\":\"2026-05-02T00:00:00Z\",\"vulnerabilities\":[{"
                               "\"cveID\":\"CVE-2021-44228\"}]}";
    static const char OLDER[] = "{\"dateReleased\":\"2026-05-01T00:00:00Z\",\"vulnerabilities\":[{"
                                "\"cveID\":\"CVE-2021-44228\"}]}";
    fixture->source.kind = RB_SOURCE_KEV;
    check_bad(fixture, RB_TROUBLE_MALFORMED, "");
    put(fixture, 0, GOOD);
    check_good(fixture);
    assert_int_equal(rb_json_get_integer(fixture->detail, "records", 0), 1);
    assert_compiled(fixture);
    assert_int_equal(unlink(rb_json_get_string(fixture->detail, "index", "")), 0);
    check_good(fixture); /* it is made again */
    assert_compiled(fixture);
    put(fixture, 0, "<html>come back later</html>");
    check_bad(fixture, RB_TROUBLE_MALFORMED, "");
    put(fixture, 0, OLDER);
    check_bad(fixture, RB_TROUBLE_BACKWARDS, "2026-05-01");
    assert_kept(fixture, GOOD);
}

static void cancel_check(void *context)
{
    struct fixture *fixture = context;
    if (fixture->answered) /* in the same turn of the loop */
        return;
    fixture->cancelled = true;
    rb_check_cancel(fixture->check);
}

static void a_cancelled_check_says_nothing(void **state)
{
    struct fixture *fixture = *state;
    fixture->source.kind = RB_SOURCE_KEV;
    put(fixture, 0, "{}");
    for (int64_t after_ms = 0; after_ms < 40; after_ms += 4) {
        struct rb_timer *timer = rb_timer_new(fixture->loop, cancel_check, fixture);
        fixture->cancelled = false;
        start(fixture);
        rb_timer_start(timer, after_ms, 0);
        while (!fixture->answered && !fixture->cancelled)
            rb_loop_run_once(fixture->loop);
        rb_timer_free(timer);
        rb_loop_run(fixture->loop);
        assert_true(fixture->answered != fixture->cancelled);
    }
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "internal") == 0 && strcmp(argv[2], "feed-read") == 0) {
        struct rb_err err;
        if (rb_feed_read_main(RB_SOURCE_KEV, argv[4], argv[5], STDOUT_FILENO, &err) == 0)
            return 0;
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
#define CHECK(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CHECK(a_file_is_taken_once),
        CHECK(a_file_that_moved_is_followed_and_told),
        CHECK(the_same_content_is_no_new_version),
        CHECK(a_lost_content_is_brought_again),
        CHECK(a_file_does_not_go_back_in_time),
        CHECK(what_cannot_be_had_leaves_what_was),
        CHECK(checksums_must_hold),
        CHECK(a_signature_must_hold),
        CHECK(the_list_is_what_is_signed),
        CHECK(a_feed_is_kept_only_when_it_is_one),
        CHECK(a_cancelled_check_says_nothing),
    };
    return cmocka_run_group_tests(tests, make_keys, remove_keys);
}
