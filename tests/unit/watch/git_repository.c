/* SPDX-License-Identifier: Apache-2.0 */
#include "git_repository.h"

#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/loop/process.h"

enum { OUTPUT_MAXIMUM = 16 << 20 };

static char *run_shell(const char *folder, const char *command, const void *input,
                       size_t input_size, size_t *ret_size)
{
    const char *const arguments[] = {"sh", "-c", command, NULL};
    struct rb_process_options options = {.arguments = arguments,
                                         .folder = folder,
                                         .input = input,
                                         .input_size = input_size,
                                         .output_maximum = OUTPUT_MAXIMUM,
                                         .errors_maximum = 4096};
    struct rb_process_result result;
    struct rb_err err;
    RB_ASSERT(rb_process_run(&options, &result, &err) == 0);
    if (result.exit_code != 0)
        fprintf(stderr, "%s\n%s\n", command, result.errors);
    RB_ASSERT(result.exit_code == 0);
    if (ret_size != NULL)
        *ret_size = result.output_size;
    rb_free(result.errors);
    return result.output;
}

char *test_git(const struct test_repository *repository, const char *format, ...)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf command = RB_STRBUF_INIT(4096);
    va_list arguments;
    va_start(arguments, format);
    RB_ASSERT(rb_strbuf_puts(&command, "git ") && rb_strbuf_vprintf(&command, format, arguments));
    va_end(arguments);
    size_t size;
    char *output = run_shell(repository->work, command.data, NULL, 0, &size);
    if (size > 0 && output[size - 1] == '\n')
        output[size - 1] = '\0';
    return output;
}

char *test_commit(const struct test_repository *repository, const char *path, const char *content)
{
    RB_CLEANUP_FREE char *file = rb_asprintf("%s/%s", repository->work, path);
    RB_CLEANUP_FREE char *copy = rb_strdup(file);
    RB_ASSERT(rb_folder_make(dirname(copy), 0755, NULL) == 0);
    RB_ASSERT(rb_file_write_atomic(file, content, strlen(content), 0644, NULL) == 0);
    return test_git(repository, "add '%s' && git commit -q -m 'change %s' && git rev-parse HEAD",
                    path, path);
}

void test_repository_init(struct test_repository *repository)
{
    RB_ASSERT(rb_folder_make_temporary("/tmp/rebake-git-", &repository->folder, NULL) == 0);
    repository->work = rb_asprintf("%s/work", repository->folder);
    RB_ASSERT(rb_folder_make(repository->work, 0755, NULL) == 0);
    (void)setenv("HOME", repository->folder, 1);
    (void)setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
    (void)setenv("GIT_AUTHOR_NAME", "A. Uthor", 1);
    (void)setenv("GIT_AUTHOR_EMAIL", "author@example.com", 1);
    (void)setenv("GIT_COMMITTER_NAME", "A. Uthor", 1);
    (void)setenv("GIT_COMMITTER_EMAIL", "author@example.com", 1);
    (void)setenv("GIT_COMMITTER_DATE", "2026-07-11T09:42:10Z", 1);
    rb_free(test_git(repository, "init -q -b main"));
}

void test_repository_deinit(struct test_repository *repository)
{
    RB_ASSERT(rb_tree_remove(repository->folder, NULL) == 0);
    rb_free(repository->folder);
    rb_free(repository->work);
}

void test_git_serve(const struct test_repository *repository, const struct test_request *request,
                    struct test_answer *answer)
{
    const char *version = "";
    if (request->git_protocol != NULL && strcmp(request->git_protocol, "version=2") == 0)
        version = "GIT_PROTOCOL=version=2 ";
    if (strcmp(request->path, "/repo.git/info/refs") == 0) {
        RB_CLEANUP_FREE char *command =
            rb_asprintf("printf '001e# service=git-upload-pack\\n0000' && "
                        "%sgit upload-pack --stateless-rpc --advertise-refs .",
                        version);
        answer->body = run_shell(repository->work, command, NULL, 0, &answer->body_size);
        test_answer_header(answer, "Content-Type", "application/x-git-upload-pack-advertisement");
    } else if (strcmp(request->path, "/repo.git/git-upload-pack") == 0) {
        RB_CLEANUP_FREE char *command = rb_asprintf("%sgit upload-pack --stateless-rpc .", version);
        answer->body = run_shell(repository->work, command, request->body, request->body_size,
                                 &answer->body_size);
        test_answer_header(answer, "Content-Type", "application/x-git-upload-pack-result");
    } else {
        answer->status = 404;
    }
}
