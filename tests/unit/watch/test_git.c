/* SPDX-License-Identifier: Apache-2.0 */
/* A git source's check against real repositories; this program is its own `rebake internal
   git-check`. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "git_fixture.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/process.h"
#include "rebake/loop/timer.h"

static void the_branch_and_its_trees_are_found(void **state)
{
    struct fixture *fixture = *state;
    static const char *const PATHS[] = {".", "docker/runtime", "docker", "nowhere", NULL};
    RB_CLEANUP_FREE char *first = test_commit(&fixture->repository, "docker/runtime/F", "one");
    RB_CLEANUP_FREE char *root = test_git(&fixture->repository, "rev-parse 'HEAD^{tree}'");
    RB_CLEANUP_FREE char *docker = test_git(&fixture->repository, "rev-parse HEAD:docker");
    RB_CLEANUP_FREE char *runtime = test_git(&fixture->repository, "rev-parse HEAD:docker/runtime");
    check(fixture, PATHS);
    assert_false(fixture->unchanged);
    assert_string_equal(fixture->version, first);
    assert_string_equal(rb_json_get_string(fixture->detail, "commit", ""), first);
    assert_string_equal(tree_of(fixture, "."), root);
    assert_string_equal(tree_of(fixture, "docker"), docker);
    assert_string_equal(tree_of(fixture, "docker/runtime"), runtime);
    assert_true(
        json_is_null(json_object_get(json_object_get(fixture->detail, "trees"), "nowhere")));
    assert_null(json_object_get(fixture->detail, "rewritten"));
    int64_t at = 0;
    assert_int_equal(rb_time_parse("2026-07-11T09:42:10Z", &at, NULL), 0);
    assert_true(fixture->upstream_at == at);
}

static void an_unmoved_branch_costs_only_the_listing(void **state)
{
    struct fixture *fixture = *state;
    static const char *const PATHS[] = {"docker", NULL}, *const MORE[] = {"docker", ".", NULL};
    rb_free(test_commit(&fixture->repository, "docker/F", "one"));
    check(fixture, PATHS);
    assert_int_equal(fixture->requests, 3);
    int64_t bytes = fixture->bytes;
    check(fixture, PATHS);
    assert_true(fixture->unchanged);
    assert_int_equal(fixture->requests, 1);
    assert_true(fixture->bytes > 0 && fixture->bytes < bytes);
    assert_non_null(tree_of(fixture, "docker"));
    /* another path is wanted: the mirror knows it */
    check(fixture, MORE);
    assert_true(fixture->unchanged);
    assert_int_equal(fixture->requests, 1);
    assert_non_null(tree_of(fixture, "."));
    /* known trees are believed without a mirror */
    RB_CLEANUP_FREE char *mirrors = rb_asprintf("%s/git", fixture->repository.folder);
    assert_int_equal(rb_tree_remove(mirrors, NULL), 0);
    check(fixture, MORE);
    assert_int_equal(fixture->requests, 1);
    assert_false(rb_file_exists(mirrors));
    /* but not those of another commit */
    rb_json_set_string(fixture->memo, "commit", "0000000000000000000000000000000000000000");
    check(fixture, MORE);
    assert_true(fixture->unchanged);
    assert_int_equal(fixture->requests, 3);
}

static void a_commit_moves_the_tree_that_it_touches(void **state)
{
    struct fixture *fixture = *state;
    static const char *const PATHS[] = {"a", "b", NULL};
    rb_free(test_commit(&fixture->repository, "a/F", "one"));
    rb_free(test_commit(&fixture->repository, "b/F", "one"));
    check(fixture, PATHS);
    RB_CLEANUP_FREE char *a = rb_strdup(tree_of(fixture, "a"));
    RB_CLEANUP_FREE char *b = rb_strdup(tree_of(fixture, "b"));
    RB_CLEANUP_FREE char *commit = test_commit(&fixture->repository, "b/F", "two");
    check(fixture, PATHS);
    assert_false(fixture->unchanged);
    assert_string_equal(fixture->version, commit);
    assert_string_equal(tree_of(fixture, "a"), a);
    assert_string_not_equal(tree_of(fixture, "b"), b);
    assert_true(json_is_false(json_object_get(fixture->detail, "rewritten")));
}

static void rewritten_history_is_followed_and_told(void **state)
{
    struct fixture *fixture = *state;
    static const char *const PATHS[] = {".", NULL};
    RB_CLEANUP_FREE char *first = test_commit(&fixture->repository, "F", "one");
    rb_free(test_commit(&fixture->repository, "F", "two"));
    check(fixture, PATHS);
    rb_free(test_git(&fixture->repository, "reset -q --hard %s", first));
    check(fixture, PATHS); /* backwards */
    assert_string_equal(fixture->version, first);
    assert_true(json_is_true(json_object_get(fixture->detail, "rewritten")));
    rb_free(test_git(&fixture->repository, "commit -q --amend -m other"));
    check(fixture, PATHS); /* sideways */
    assert_true(json_is_true(json_object_get(fixture->detail, "rewritten")));
    rb_free(test_commit(&fixture->repository, "F", "three"));
    check(fixture, PATHS);
    assert_true(json_is_false(json_object_get(fixture->detail, "rewritten")));
}

/* Each way to break it costs one check at most. */
static void a_mirror_that_is_broken_is_made_anew(void **state)
{
    struct fixture *fixture = *state;
    static const char *const PATHS[] = {"a", NULL};
    static const char *const BREAKS[] = {
        "truncate -s 0 HEAD",
        "rm -r objects",
        "rm -r objects/pack",
        "truncate -s 100 objects/pack/*.pack",
        "truncate -s 100 objects/pack/*.idx",
        "rm -r refs",
        "sh -c 'echo rubbish > refs/heads/main'",
    };
    RB_CLEANUP_FREE char *url = rb_asprintf("file://%s", fixture->repository.work);
    for (size_t i = 0; i < RB_COUNT_OF(BREAKS); i++) {
        rb_free(test_commit(&fixture->repository, "a/F", BREAKS[i]));
        check(fixture, PATHS);
        rb_free(test_git(&fixture->repository,
                         "version && chmod -R u+w %s/git && cd %s/git/*/ && %s",
                         fixture->repository.folder, fixture->repository.folder, BREAKS[i]));
        RB_CLEANUP_FREE char *next = test_commit(&fixture->repository, "b/F", BREAKS[i]);
        RB_CLEANUP_FREE char *tree = test_git(&fixture->repository, "rev-parse HEAD:a");
        check_url(fixture, url, "main", PATHS);
        if (fixture->failed)
            check(fixture, PATHS);
        assert_string_equal(fixture->version, next);
        assert_string_equal(tree_of(fixture, "a"), tree);
    }
}

static void what_is_not_there_is_told(void **state)
{
    struct fixture *fixture = *state;
    static const char *const PATHS[] = {NULL};
    RB_CLEANUP_FREE char *url = rb_asprintf("file://%s", fixture->repository.work);
    RB_CLEANUP_FREE char *absent = rb_asprintf("file://%s/absent", fixture->repository.work);
    check_url(fixture, url, "main", PATHS);
    assert_int_equal(fixture->err.code, RB_ENOTFOUND);
    assert_true(rb_text_ends_with(fixture->err.text, " has no branches yet"));
    rb_free(test_commit(&fixture->repository, "F", "one"));
    check_url(fixture, url, "maim", PATHS);
    assert_int_equal(fixture->err.code, RB_ENOTFOUND);
    assert_true(
        rb_text_ends_with(fixture->err.text, " has no branch \"maim\" (did you mean \"main\"?)"));
    check_url(fixture, absent, "main", PATHS);
    assert_int_equal(fixture->err.code, RB_EIO);
    assert_non_null(strstr(fixture->err.text, "No such file or directory"));
    check_url(fixture, "nonsense://x", "main", PATHS);
    assert_true(fixture->failed);
    assert_non_null(strstr(fixture->err.text, "unknown scheme"));
}

static void http_is_spoken_with_the_stores_credentials(void **state)
{
    struct fixture *fixture = *state;
    static const char *const PATHS[] = {".", NULL};
    RB_CLEANUP_FREE char *commit = test_commit(&fixture->repository, "F", "one");
    struct test_server *server = fixture->server = test_server_start(serve, fixture);
    int port = test_server_port(server);
    RB_CLEANUP_FREE char *url = rb_asprintf("http://127.0.0.1:%d/repo.git", port);
    fixture->wants_password = true;
    check_url(fixture, url, "main", PATHS);
    assert_int_equal(fixture->err.code, RB_EAUTH);
    assert_non_null(strstr(fixture->err.text, "~/.git-credentials"));

    RB_CLEANUP_FREE char *store = rb_asprintf("%s/.git-credentials", fixture->repository.folder);
    RB_CLEANUP_FREE char *wrong = rb_asprintf("http://user:wrong@127.0.0.1:%d\n", port);
    assert_int_equal(rb_file_write_atomic(store, wrong, strlen(wrong), 0600, NULL), 0);
    check_url(fixture, url, "main", PATHS);
    assert_int_equal(fixture->err.code, RB_EAUTH);
    assert_non_null(strstr(fixture->err.text, "refused the credentials"));

    RB_CLEANUP_FREE char *right = rb_asprintf("http://user:pa%%20ss@127.0.0.1:%d\n", port);
    assert_int_equal(rb_file_write_atomic(store, right, strlen(right), 0600, NULL), 0);
    check_url(fixture, url, "main", PATHS);
    assert_false(fixture->failed);
    assert_string_equal(fixture->version, commit);
    assert_non_null(tree_of(fixture, "."));
    assert_int_equal(unlink(store), 0);

    RB_CLEANUP_FREE char *with_user =
        rb_asprintf("http://user:pa%%20ss@127.0.0.1:%d/repo.git", port);
    check_url(fixture, with_user, "main", PATHS);
    assert_false(fixture->failed);
    test_server_stop(server);
}

static void refusals_of_servers_keep_their_kind(void **state)
{
    struct fixture *fixture = *state;
    static const char *const PATHS[] = {NULL};
    static const struct {
        int status;
        enum rb_errc code;
    } CASES[] = {
        {403, RB_EAUTH}, {404, RB_ENOTFOUND}, {429, RB_EBUSY}, {503, RB_EBUSY}, {500, RB_EBUSY}};
    struct test_server *server = fixture->server = test_server_start(serve, fixture);
    int port = test_server_port(server);
    RB_CLEANUP_FREE char *url = rb_asprintf("http://me:secret@127.0.0.1:%d/repo.git", port);
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        fixture->refuse_with = CASES[i].status;
        check_url(fixture, url, "main", PATHS);
        assert_true(fixture->failed);
        assert_int_equal(fixture->err.code, CASES[i].code);
        assert_null(strstr(fixture->err.text, "secret"));
    }
    test_server_stop(server);
    fixture->server = NULL;
    check_url(fixture, url, "main", PATHS); /* nobody listens any more */
    assert_int_equal(fixture->err.code, RB_ENETWORK);
}

static void stop_when_asked(void *context)
{
    struct fixture *fixture = context;
    if (test_server_requests(fixture->server) > 0)
        rb_loop_stop(fixture->loop);
}

/* The loop is free to end right after a cancelled check: the child is killed, not waited for. */
static void a_cancelled_check_leaves_no_child(void **state)
{
    struct fixture *fixture = *state;
    static const char *const PATHS[] = {NULL};
    struct test_server *server = fixture->server = test_server_start(serve, fixture);
    RB_CLEANUP_FREE char *url =
        rb_asprintf("http://127.0.0.1:%d/repo.git", test_server_port(server));
    struct rb_source source = {.kind = RB_SOURCE_GIT, .git.url = url, .git.branch = "main"};
    struct rb_check_request request = {.source = &source, .paths = PATHS};
    fixture->silent = true;
    test_server_sync(server);
    struct rb_check *running = rb_check_start(&fixture->tools, &request, on_checked, fixture);
    struct rb_timer *timer = rb_timer_new(fixture->loop, stop_when_asked, fixture);
    rb_timer_start(timer, 5, 5);
    rb_loop_run(fixture->loop);
    rb_timer_free(timer);
    rb_check_cancel(running);
    rb_loop_run(fixture->loop);
    assert_false(fixture->answered);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
    test_server_stop(server);
}

static void a_silent_server_ends_the_child(void **state)
{
    struct fixture *fixture = *state;
    struct test_server *server = fixture->server = test_server_start(serve, fixture);
    RB_CLEANUP_FREE char *request = rb_asprintf(
        "{\"url\":\"http://127.0.0.1:%d/repo.git\",\"ref\":\"refs/heads/main\",\"mirror\":\"%s/m\","
        "\"known\":null,\"paths\":[],\"knownTrees\":{},\"silenceSeconds\":1}",
        test_server_port(server), fixture->repository.folder);
    const char *const arguments[] = {fixture->program, "internal", "git-check", NULL};
    struct rb_process_options options = {.arguments = arguments,
                                         .input = request,
                                         .input_size = strlen(request),
                                         .output_maximum = 4096,
                                         .timeout_ms = 30000};
    RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
    fixture->silent = true;
    test_server_sync(server);
    assert_int_equal(rb_process_run(&options, &result, NULL), 0);
    assert_int_equal(result.signal, SIGALRM);
    test_server_stop(server);
}

static void a_program_that_is_missing_or_mad_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    static const char *const PATHS[] = {NULL};
    static const struct {
        const char *program;
        const char *error;
    } CASES[] = {
        {"/absent/rebake", "run /absent/rebake: No such file or directory"},
        {"/bin/true",
         "the git check's answer: line 1 column 0: '[' or '{' expected near end of file"},
        {"/bin/false", "file:///absent: git check: exit code 1"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        fixture->tools.program = CASES[i].program;
        check_url(fixture, "file:///absent", "main", PATHS);
        assert_true(fixture->failed);
        assert_string_equal(fixture->err.text, CASES[i].error);
    }
}

int main(int argc, char **argv)
{
    int exit_code;
    if (git_fixture_is_child(argc, argv, &exit_code))
        return exit_code;
#define CHECK(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CHECK(the_branch_and_its_trees_are_found),
        CHECK(an_unmoved_branch_costs_only_the_listing),
        CHECK(a_commit_moves_the_tree_that_it_touches),
        CHECK(rewritten_history_is_followed_and_told),
        CHECK(a_mirror_that_is_broken_is_made_anew),
        CHECK(what_is_not_there_is_told),
        CHECK(http_is_spoken_with_the_stores_credentials),
        CHECK(refusals_of_servers_keep_their_kind),
        CHECK(a_cancelled_check_leaves_no_child),
        CHECK(a_silent_server_ends_the_child),
        CHECK(a_program_that_is_missing_or_mad_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
