/* SPDX-License-Identifier: Apache-2.0 */
/* What a git check costs over HTTP, and what servers may do to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "git_fixture.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static const char *const PATHS[] = {".", NULL};

static char *start_server(struct fixture *fixture, const char *path)
{
    fixture->server = test_server_start(serve, fixture);
    return rb_asprintf("http://127.0.0.1:%d/%s", test_server_port(fixture->server), path);
}

static void stop_server(struct fixture *fixture)
{
    test_server_stop(fixture->server);
    fixture->server = NULL;
}

static void an_unchanged_repository_costs_one_request(void **state)
{
    struct fixture *fixture = *state;
    RB_CLEANUP_FREE char *first = test_commit(&fixture->repository, "F", "one");
    RB_CLEANUP_FREE char *url = start_server(fixture, "repo.git");
    rb_free(test_git(&fixture->repository, "branch maintenance && git branch other"));
    check_url(fixture, url, "main", PATHS);
    assert_string_equal(fixture->version, first);
    assert_int_equal(fixture->requests, test_server_requests(fixture->server));
    int asked = test_server_requests(fixture->server);
    check_url(fixture, url, "main", PATHS);
    assert_true(fixture->unchanged);
    assert_int_equal(test_server_requests(fixture->server), asked + 1);
    assert_int_equal(fixture->requests, 1);
    assert_true(fixture->bytes > 0 && fixture->bytes < 1000);
    assert_int_equal(fixture->trouble, RB_TROUBLE_NONE);
    assert_non_null(tree_of(fixture, "."));

    RB_CLEANUP_FREE char *second = test_commit(&fixture->repository, "F", "two");
    asked = test_server_requests(fixture->server);
    check_url(fixture, url, "main", PATHS);
    assert_false(fixture->unchanged);
    assert_string_equal(fixture->version, second);
    assert_int_equal(test_server_requests(fixture->server), asked + fixture->requests);
    assert_true(json_is_false(json_object_get(fixture->detail, "rewritten")));
    stop_server(fixture);
}

static void a_branch_that_is_gone_has_vanished(void **state)
{
    struct fixture *fixture = *state;
    rb_free(test_commit(&fixture->repository, "F", "one"));
    rb_free(test_git(&fixture->repository, "branch release"));
    RB_CLEANUP_FREE char *url = start_server(fixture, "repo.git");
    check_url(fixture, url, "release", PATHS);
    assert_false(fixture->failed);
    rb_free(test_git(&fixture->repository, "branch -m release released"));
    check_url(fixture, url, "release", PATHS);
    assert_int_equal(fixture->trouble, RB_TROUBLE_VANISHED);
    assert_non_null(strstr(fixture->err.text, "did you mean \"released\"?"));
    RB_CLEANUP_FREE char *gone = rb_asprintf("%s-gone", url);
    json_decref(fixture->memo);
    fixture->memo = NULL;
    check_url(fixture, gone, "main", PATHS);
    assert_int_equal(fixture->trouble, RB_TROUBLE_VANISHED);
    stop_server(fixture);
}

/* What was remembered of the server does not hold any more; then it holds again. */
static void a_server_may_lose_protocol_2(void **state)
{
    struct fixture *fixture = *state;
    rb_free(test_commit(&fixture->repository, "F", "one"));
    RB_CLEANUP_FREE char *url = start_server(fixture, "repo.git");
    check_url(fixture, url, "main", PATHS);
    assert_non_null(json_object_get(fixture->memo, "manner"));
    fixture->only_protocol_0 = true;
    check_url(fixture, url, "main", PATHS);
    assert_false(fixture->failed);
    assert_true(fixture->unchanged);
    assert_int_equal(fixture->requests, 2);
    assert_null(json_object_get(fixture->memo, "manner"));
    check_url(fixture, url, "main", PATHS);
    assert_int_equal(fixture->requests, 1);
    RB_CLEANUP_FREE char *second = test_commit(&fixture->repository, "F", "two");
    check_url(fixture, url, "main", PATHS);
    assert_string_equal(fixture->version, second);
    fixture->only_protocol_0 = false;
    check_url(fixture, url, "main", PATHS);
    assert_int_equal(fixture->requests, 2);
    assert_non_null(json_object_get(fixture->memo, "manner"));
    stop_server(fixture);
}

static void a_repository_that_moved_is_followed_and_told(void **state)
{
    struct fixture *fixture = *state;
    RB_CLEANUP_FREE char *commit = test_commit(&fixture->repository, "F", "one");
    RB_CLEANUP_FREE char *url = start_server(fixture, "old.git");
    fixture->move_with = 302;
    for (int i = 0; i < 2; i++) {
        check_url(fixture, url, "main", PATHS);
        assert_string_equal(fixture->version, commit);
        assert_int_equal(fixture->trouble, RB_TROUBLE_NONE);
    }
    assert_int_equal(fixture->requests, 2);
    fixture->move_with = 301;
    check_url(fixture, url, "main", PATHS);
    assert_string_equal(fixture->version, commit);
    assert_int_equal(fixture->trouble, RB_TROUBLE_MOVED);
    check_url(fixture, url, "main", PATHS);
    assert_int_equal(fixture->trouble, RB_TROUBLE_MOVED);
    assert_int_equal(fixture->requests, 1);
    stop_server(fixture);
}

static void credentials_are_sent_at_once_where_they_were_asked_for(void **state)
{
    struct fixture *fixture = *state;
    rb_free(test_commit(&fixture->repository, "F", "one"));
    RB_CLEANUP_FREE char *url = start_server(fixture, "repo.git");
    RB_CLEANUP_FREE char *store = rb_asprintf("%s/.git-credentials", fixture->repository.folder);
    RB_CLEANUP_FREE char *line =
        rb_asprintf("http://user:pa%%20ss@127.0.0.1:%d\n", test_server_port(fixture->server));
    assert_int_equal(rb_file_write_atomic(store, line, strlen(line), 0600, NULL), 0);
    fixture->wants_password = true;
    check_url(fixture, url, "main", PATHS);
    assert_false(fixture->failed);
    check_url(fixture, url, "main", PATHS);
    assert_int_equal(fixture->requests, 1);
    /* taken back by the server */
    assert_int_equal(rb_file_write_atomic(store, "", 0, 0600, NULL), 0);
    check_url(fixture, url, "main", PATHS);
    assert_int_equal(fixture->trouble, RB_TROUBLE_DENIED);
    stop_server(fixture);
}

/* server thread */
static void serve_canned(void *context, const struct test_request *request,
                         struct test_answer *answer)
{
    static const char LISTING[] = "003d0123456789abcdef0123456789abcdef01234567 refs/heads/main\n"
                                  "0000";
    (void)context;
    (void)request;
    answer->body = rb_strdup(LISTING);
    answer->body_size = strlen(LISTING);
    test_answer_header(answer, "Content-Type", "application/x-git-upload-pack-result");
}

static void count_unchanged(void *context, const struct rb_check_outcome *outcome)
{
    assert_null(outcome->error);
    assert_true(outcome->result->unchanged);
    assert_int_equal(outcome->requests, 1);
    (*(int *)context)++;
}

static void many_repositories_are_asked_over_a_handful_of_connections(void **state)
{
    enum { MANY = 500 };
    struct fixture *fixture = *state;
    static const char COMMIT[] = "0123456789abcdef0123456789abcdef01234567";
    int done = 0;
    fixture->server = test_server_start(serve_canned, fixture);
    for (int i = 0; i < MANY; i++) {
        RB_CLEANUP_FREE char *url = rb_asprintf("http://127.0.0.1:%d/repository-%d.git",
                                                test_server_port(fixture->server), i);
        RB_CLEANUP_JSON json_t *memo =
            json_pack("{s:s,s:{s:s},s:{s:i,s:s}}", "commit", COMMIT, "trees", ".", COMMIT, "manner",
                      "protocol", 2, "url", url);
        struct rb_source source = {.kind = RB_SOURCE_GIT, .git = {.url = url, .branch = "main"}};
        struct rb_check_request request = {
            .source = &source, .memo = memo, .known_version = COMMIT, .paths = PATHS};
        (void)rb_check_start(&fixture->tools, &request, count_unchanged, &done);
    }
    rb_loop_run(fixture->loop);
    assert_int_equal(done, MANY);
    assert_int_equal(test_server_requests(fixture->server), MANY);
    assert_in_range(test_server_connections(fixture->server), 1, 6);
    stop_server(fixture);
}

/* server thread */
static void serve_rubbish(void *context, const struct test_request *request,
                          struct test_answer *answer)
{
    const char *const *rubbish = context;
    (void)request;
    answer->body = rb_strdup(rubbish[1]);
    answer->body_size = strlen(rubbish[1]);
    test_answer_header(answer, "Content-Type", rubbish[0]);
}

static void what_is_no_git_server_is_told(void **state)
{
    struct fixture *fixture = *state;
    static const char TYPE[] = "application/x-git-upload-pack-advertisement";
    static const char *const CASES[][3] = {
        {"text/html; charset=utf-8", "<html>Sign in</html>", "it answers with text/html"},
        {TYPE, "<html>", "what comes is no pkt-line"},
        {TYPE, "001e# service=git-upload-pack\n0000000eversion", "the answer is cut"},
        {TYPE, "0018ERR no such project\n", "the server says: no such project"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        const char *rubbish[] = {CASES[i][0], CASES[i][1]};
        fixture->server = test_server_start(serve_rubbish, rubbish);
        RB_CLEANUP_FREE char *url =
            rb_asprintf("http://127.0.0.1:%d/repo.git", test_server_port(fixture->server));
        check_url(fixture, url, "main", PATHS);
        assert_int_equal(fixture->err.code, RB_EGIT);
        assert_int_equal(fixture->trouble, RB_TROUBLE_MALFORMED);
        assert_non_null(strstr(fixture->err.text, CASES[i][2]));
        stop_server(fixture);
    }
}

int main(int argc, char **argv)
{
    int exit_code;
    if (git_fixture_is_child(argc, argv, &exit_code))
        return exit_code;
#define CHECK(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CHECK(an_unchanged_repository_costs_one_request),
        CHECK(a_branch_that_is_gone_has_vanished),
        CHECK(a_server_may_lose_protocol_2),
        CHECK(a_repository_that_moved_is_followed_and_told),
        CHECK(credentials_are_sent_at_once_where_they_were_asked_for),
        CHECK(many_repositories_are_asked_over_a_handful_of_connections),
        CHECK(what_is_no_git_server_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
