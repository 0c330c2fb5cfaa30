/* SPDX-License-Identifier: Apache-2.0 */
/* A repository, a server that may misbehave, and what the last check of it answered. The test
   program is its own `rebake internal git-check`: its main() begins with git_fixture_is_child(). */
#ifndef REBAKE_TEST_GIT_FIXTURE_H
#define REBAKE_TEST_GIT_FIXTURE_H

#include "git_repository.h"
#include "rebake/watch/watch.h"

struct fixture {
    struct test_repository repository;
    struct rb_loop *loop;
    struct rb_http *http;
    struct rb_watch_tools tools;
    char program[4096];
    struct test_server *server; /* where a test starts one; how it behaves: */
    int refuse_with;
    bool wants_password;
    bool silent;
    bool only_protocol_0;
    int move_with; /* the status with which /old.git leads to /repo.git */
    /* what the last check answered */
    bool answered;
    bool failed;
    bool unchanged;
    char version[64];
    json_t *detail;
    json_t *memo;
    int64_t upstream_at;
    int requests;
    int64_t bytes;
    enum rb_trouble trouble;
    struct rb_err err;
};

int set_up(void **state);
int tear_down(void **state);

/* The next check knows what the last one found. Paths are NULL-terminated. */
void check_source(struct fixture *fixture, struct rb_source *source, const char *const *paths);
void check_url(struct fixture *fixture, const char *url, const char *branch,
               const char *const *paths);
/* The branch main over file://, which must be found. */
void check(struct fixture *fixture, const char *const *paths);

const char *tree_of(const struct fixture *fixture, const char *path);
void on_checked(void *context, const struct rb_check_outcome *outcome);

/* The server's answers, as the fixture says. */
void serve(void *context, const struct test_request *request, struct test_answer *answer);

/* True when the program was started as the child of a check, which has then been done. */
bool git_fixture_is_child(int argc, char **argv, int *ret_exit_code);

#endif
