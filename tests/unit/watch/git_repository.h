/* SPDX-License-Identifier: Apache-2.0 */
/* A real git repository in a temporary folder, made and changed with git(1), and served by its own
   upload-pack over HTTP. */
#ifndef REBAKE_TEST_GIT_REPOSITORY_H
#define REBAKE_TEST_GIT_REPOSITORY_H

#include "http_server.h"

struct test_repository {
    char *folder; /* of everything; also HOME and the place of the mirrors */
    char *work;   /* the work tree */
};

void test_repository_init(struct test_repository *repository);
void test_repository_deinit(struct test_repository *repository);

/* Runs git in the work tree; the format gives a shell's words. Fails the test if git does. Returns
   the output without its last newline, which the caller frees. */
char *test_git(const struct test_repository *repository, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Writes a file, adds it and commits; returns the commit id, which the caller frees. */
char *test_commit(const struct test_repository *repository, const char *path, const char *content);

/* Smart HTTP of a repository at /repo.git (gitprotocol-http(5)). */
void test_git_serve(const struct test_repository *repository, const struct test_request *request,
                    struct test_answer *answer);

#endif
