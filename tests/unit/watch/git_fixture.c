/* SPDX-License-Identifier: Apache-2.0 */
#include "git_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

int set_up(void **state)
{
    struct fixture *fixture = rb_zalloc(sizeof(*fixture));
    test_repository_init(&fixture->repository);
    fixture->loop = rb_loop_new();
    ssize_t size = readlink("/proc/self/exe", fixture->program, sizeof(fixture->program) - 1);
    RB_ASSERT(size > 0);
    fixture->http = rb_http_new(fixture->loop);
    fixture->tools = (struct rb_watch_tools){.loop = fixture->loop,
                                             .http = fixture->http,
                                             .program = fixture->program,
                                             .cache_folder = fixture->repository.folder};
    *state = fixture;
    return 0;
}

int tear_down(void **state)
{
    struct fixture *fixture = *state;
    rb_http_free(fixture->http);
    rb_loop_free(fixture->loop);
    test_repository_deinit(&fixture->repository);
    json_decref(fixture->detail);
    json_decref(fixture->memo);
    rb_free(fixture);
    return 0;
}

void on_checked(void *context, const struct rb_check_outcome *outcome)
{
    struct fixture *fixture = context;
    const struct rb_check_result *result = outcome->result;
    assert_false(fixture->answered);
    assert_true((result == NULL) != (outcome->error == NULL));
    fixture->answered = true;
    fixture->requests = outcome->requests;
    fixture->bytes = outcome->bytes;
    fixture->trouble = outcome->trouble;
    fixture->failed = result == NULL;
    fixture->err = outcome->error != NULL ? *outcome->error : (struct rb_err){0};
    if (result == NULL)
        return;
    fixture->unchanged = result->unchanged;
    fixture->upstream_at = result->upstream_at;
    (void)snprintf(fixture->version, sizeof(fixture->version), "%s", result->version);
    json_decref(fixture->detail);
    fixture->detail = json_incref(result->detail);
    json_decref(fixture->memo);
    fixture->memo = json_incref(result->memo);
}

void check_source(struct fixture *fixture, struct rb_source *source, const char *const *paths)
{
    RB_CLEANUP_FREE char *known = fixture->version[0] == '\0' ? NULL : rb_strdup(fixture->version);
    struct rb_check_request request = {
        .source = source, .memo = fixture->memo, .known_version = known, .paths = paths};
    fixture->answered = false;
    if (fixture->server != NULL)
        test_server_sync(fixture->server);
    (void)rb_check_start(&fixture->tools, &request, on_checked, fixture);
    assert_false(fixture->answered);
    rb_loop_run(fixture->loop);
    if (fixture->server != NULL)
        test_server_sync(fixture->server);
    assert_true(fixture->answered);
}

void check_url(struct fixture *fixture, const char *url, const char *branch,
               const char *const *paths)
{
    struct rb_source source = {.kind = RB_SOURCE_GIT, .git.url = url, .git.branch = branch};
    check_source(fixture, &source, paths);
}

void check(struct fixture *fixture, const char *const *paths)
{
    RB_CLEANUP_FREE char *url = rb_asprintf("file://%s", fixture->repository.work);
    check_url(fixture, url, "main", paths);
    if (fixture->failed)
        fprintf(stderr, "%s\n", fixture->err.text);
    assert_false(fixture->failed);
}

const char *tree_of(const struct fixture *fixture, const char *path)
{
    return rb_json_get_string(json_object_get(fixture->detail, "trees"), path, NULL);
}

/* server thread */
void serve(void *context, const struct test_request *request, struct test_answer *answer)
{
    struct fixture *fixture = context;
    answer->silent = fixture->silent;
    if (fixture->silent)
        return;
    if (fixture->refuse_with != 0) {
        answer->status = fixture->refuse_with;
        return;
    }
    /* "user:pa ss" */
    if (fixture->wants_password &&
        !rb_text_equal(request->authorization, "Basic dXNlcjpwYSBzcw==")) {
        answer->status = 401;
        test_answer_header(answer, "WWW-Authenticate", "Basic realm=\"git\"");
        return;
    }
    if (fixture->move_with != 0 && rb_text_starts_with(request->path, "/old.git/")) {
        answer->status = fixture->move_with;
        test_answer_header(answer, "Location", "/repo.git/info/refs?service=git-upload-pack");
        return;
    }
    struct test_request plain = *request;
    if (fixture->only_protocol_0)
        plain.git_protocol = NULL;
    if (fixture->only_protocol_0 && strstr(request->body, "command=") != NULL) {
        answer->status = 400;
        return;
    }
    test_git_serve(&fixture->repository, &plain, answer);
}

bool git_fixture_is_child(int argc, char **argv, int *ret_exit_code)
{
    if (argc != 3 || strcmp(argv[1], "internal") != 0 || strcmp(argv[2], "git-check") != 0)
        return false;
    *ret_exit_code = rb_git_check_main(STDIN_FILENO, STDOUT_FILENO, NULL);
    return true;
}
