/* SPDX-License-Identifier: Apache-2.0 */
/* The checkout, as the step of a real job on real repositories. The test program is its own runner,
   and its own `rebake internal git-check`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "build/checkout.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/loop/process.h"
#include "rebake/watch/watch.h"
#include "unit/watch/git_repository.h"

struct fixture {
    struct test_repository repository;
    char *folder; /* the job's */
    char *out;    /* what was checked out */
    json_t *result;
};

static int check_out(struct rb_job *job, const json_t *spec, const char *folder, struct rb_err *err)
{
    const struct checkout_request request = {
        .url = rb_json_get_string(spec, "url", ""),
        .branch = "main",
        .commit = rb_json_get_string(spec, "commit", ""),
        .tree = rb_json_get_string(spec, "tree", ""),
        .path = rb_json_get_string(spec, "path", ""),
        .mirror = rb_json_get_string(spec, "mirror", NULL),
    };
    return checkout(job, &request, folder, err);
}

static int run_one(struct rb_job *job, json_t *result, const char **ret_class, struct rb_err *err)
{
    RB_CLEANUP_FREE char *out = rb_asprintf("%s/out", job->folder);
    (void)result;
    (void)ret_class;
    return check_out(job, job->spec, out, err);
}

/* Each of the spec's "cases" on its own: their errors are the result. */
static int run_cases(struct rb_job *job, json_t *result, const char **ret_class, struct rb_err *err)
{
    json_t *errors = rb_json_array();
    size_t i;
    const json_t *spec;
    (void)ret_class;
    json_array_foreach(json_object_get(job->spec, "cases"), i, spec)
    {
        RB_CLEANUP_FREE char *out = rb_asprintf("%s/%zu", job->folder, i);
        int status = check_out(job, spec, out, err);
        rb_json_append_string(errors, status == 0 ? "" : err->text);
    }
    rb_json_set(result, "errors", errors);
    return 0;
}

static int set_up(void **state)
{
    struct fixture *fixture = rb_zalloc(sizeof(*fixture));
    test_repository_init(&fixture->repository);
    if (rb_folder_make_temporary("/tmp/rebake-test-checkout-", &fixture->folder, NULL) != 0)
        return -1;
    fixture->out = rb_asprintf("%s/out", fixture->folder);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    int status = rb_tree_remove(fixture->folder, NULL);
    test_repository_deinit(&fixture->repository);
    json_decref(fixture->result);
    rb_free(fixture->out);
    rb_free(fixture->folder);
    rb_free(fixture);
    return status;
}

/* A spec for the commit at HEAD, or another. */
static json_t *make_spec(const struct fixture *fixture, const char *commit, const char *path)
{
    json_t *spec = rb_json_object();
    RB_CLEANUP_FREE char *id = test_git(&fixture->repository, "rev-parse '%s'", commit);
    RB_CLEANUP_FREE char *tree =
        test_git(&fixture->repository, "rev-parse '%s:%s'", commit, path[0] == '.' ? "" : path);
    RB_CLEANUP_FREE char *url = rb_asprintf("file://%s", fixture->repository.work);
    rb_json_set_integer(spec, "version", 1);
    rb_json_set_string(spec, "kind", "one");
    rb_json_set_integer(spec, "timeoutSeconds", 60);
    rb_json_set_string(spec, "url", url);
    rb_json_set_string(spec, "commit", id);
    rb_json_set_string(spec, "tree", tree);
    rb_json_set_string(spec, "path", path);
    return spec;
}

/* The repository itself in the mirror's place: nothing has to be fetched. */
static json_t *make_local_spec(const struct fixture *fixture, const char *commit, const char *path)
{
    json_t *spec = make_spec(fixture, commit, path);
    RB_CLEANUP_FREE char *mirror = rb_asprintf("%s/.git", fixture->repository.work);
    rb_json_set_string(spec, "mirror", mirror);
    return spec;
}

/* Runs the job; its exit code. The result is kept in the fixture. */
static int run(struct fixture *fixture, const json_t *spec)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/spec.json", fixture->folder);
    RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
    const char *arguments[] = {"/proc/self/exe", "job", "run", path, NULL};
    const struct rb_process_options options = {.arguments = arguments, .errors_maximum = 65536};
    struct rb_err err;
    assert_int_equal(rb_json_write_file(path, spec, 0600, &err), 0);
    assert_int_equal(rb_process_run(&options, &result, &err), 0);
    json_decref(fixture->result);
    fixture->result = NULL;
    assert_int_equal(rb_job_result(fixture->folder, &fixture->result, &err), 0);
    return result.exit_code;
}

/* One job for all specs, whose array is taken; their errors, borrowed from the fixture. */
static const json_t *run_all(struct fixture *fixture, json_t *specs)
{
    RB_CLEANUP_JSON json_t *job = rb_json_object();
    rb_json_set_integer(job, "version", 1);
    rb_json_set_string(job, "kind", "cases");
    rb_json_set_integer(job, "timeoutSeconds", 60);
    rb_json_set(job, "cases", specs);
    assert_int_equal(run(fixture, job), 0);
    return json_object_get(fixture->result, "errors");
}

static void assert_fails(struct fixture *fixture, const json_t *spec, const char *class_name,
                         const char *error)
{
    assert_int_equal(run(fixture, spec), 1);
    assert_string_equal(rb_json_get_string(fixture->result, "error", ""), error);
    assert_string_equal(rb_json_get_string(fixture->result, "errorClass", ""), class_name);
}

static void assert_file(const struct fixture *fixture, const char *name, const char *content,
                        mode_t mode)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", fixture->out, name);
    RB_CLEANUP_FREE char *data = NULL;
    struct stat status;
    struct rb_err err;
    assert_int_equal(rb_file_read(path, 4096, &data, NULL, &err), 0);
    assert_string_equal(data, content);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, mode);
}

/* Adds a link to the work tree and commits it. */
static void commit_link(const struct fixture *fixture, const char *name, const char *target)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", fixture->repository.work, name);
    assert_int_equal(symlink(target, path), 0);
    rb_free(test_git(&fixture->repository, "add '%s'", name));
    rb_free(test_git(&fixture->repository, "commit -q -m link"));
}

static void test_files_as_they_are_stored(void **state)
{
    struct fixture *fixture = *state;
    rb_free(test_commit(&fixture->repository, ".gitattributes", "*.txt eol=crlf ident\n"));
    rb_free(test_commit(&fixture->repository, "a/text.txt", "$Id$\none\n"));
    rb_free(test_commit(&fixture->repository, "a/b/run.sh", "#!/bin/sh\n"));
    rb_free(test_git(&fixture->repository, "update-index --chmod=+x a/b/run.sh"));
    rb_free(test_git(&fixture->repository, "commit -q -m mode"));
    commit_link(fixture, "a/link", "b/run.sh");
    RB_CLEANUP_JSON json_t *spec = make_spec(fixture, "HEAD", "a");
    assert_int_equal(run(fixture, spec), 0);
    assert_file(fixture, "text.txt", "$Id$\none\n", 0644);
    assert_file(fixture, "b/run.sh", "#!/bin/sh\n", 0755);
    assert_file(fixture, "link", "#!/bin/sh\n", 0755);
    RB_CLEANUP_FREE char *outside = rb_asprintf("%s/.gitattributes", fixture->out);
    assert_false(rb_file_exists(outside));
}

static void test_an_older_commit_of_the_branch(void **state)
{
    struct fixture *fixture = *state;
    rb_free(test_commit(&fixture->repository, "file", "old"));
    rb_free(test_commit(&fixture->repository, "file", "new"));
    RB_CLEANUP_JSON json_t *spec = make_spec(fixture, "HEAD~1", ".");
    assert_int_equal(run(fixture, spec), 0);
    assert_file(fixture, "file", "old", 0644);
}

static void test_the_mirror_is_enough(void **state)
{
    struct fixture *fixture = *state;
    rb_free(test_commit(&fixture->repository, "file", "x"));
    RB_CLEANUP_JSON json_t *spec = make_spec(fixture, "HEAD", ".");
    RB_CLEANUP_FREE char *mirror = rb_asprintf("%s/mirror", fixture->folder);
    rb_free(test_git(&fixture->repository, "clone -q --bare . '%s'", mirror));
    rb_json_set_string(spec, "mirror", mirror);
    rb_json_set_string(spec, "url", "file:///no/such/repository");
    assert_int_equal(run(fixture, spec), 0);
    assert_file(fixture, "file", "x", 0644);
}

static void test_a_mirror_that_lacks_the_commit(void **state)
{
    struct fixture *fixture = *state;
    rb_free(test_commit(&fixture->repository, "file", "x"));
    RB_CLEANUP_JSON json_t *spec = make_spec(fixture, "HEAD", ".");
    rb_json_set_string(spec, "mirror", fixture->folder);
    assert_int_equal(run(fixture, spec), 0);
    assert_file(fixture, "file", "x", 0644);
}

/* The one commit comes without its history: also when it is not the branch's tip any more, nor on
   the branch at all. */
static void test_a_commit_is_fetched_alone(void **state)
{
    struct fixture *fixture = *state;
    rb_free(test_commit(&fixture->repository, "file", "old"));
    rb_free(test_commit(&fixture->repository, "file", "x"));
    RB_CLEANUP_JSON json_t *spec = make_spec(fixture, "HEAD", ".");
    rb_free(test_git(&fixture->repository, "reset -q --hard HEAD^"));
    rb_free(test_commit(&fixture->repository, "file", "other"));
    assert_int_equal(run(fixture, spec), 0);
    assert_file(fixture, "file", "x", 0644);
    RB_CLEANUP_FREE char *log = rb_asprintf("%s/log", fixture->folder);
    RB_CLEANUP_FREE char *text = NULL;
    assert_int_equal(rb_file_read(log, 1 << 20, &text, NULL, NULL), 0);
    assert_non_null(strstr(text, "--depth=1"));
    assert_null(strstr(text, "with its history"));
}

static void test_what_is_locked_and_not_there(void **state)
{
    struct fixture *fixture = *state;
    static const char *const other = "0123456789012345678901234567890123456789";
    RB_CLEANUP_FREE char *commit = test_commit(&fixture->repository, "file", "x");
    RB_CLEANUP_JSON json_t *spec = make_spec(fixture, "HEAD", ".");
    RB_CLEANUP_FREE char *another_tree =
        rb_asprintf("commit %s holds at . another tree than the lock says (%s)", commit, other);
    RB_CLEANUP_FREE char *no_folder = rb_asprintf("commit %s has no folder file", commit);
    RB_CLEANUP_FREE char *gone = rb_asprintf("commit %s is no longer on branch main of file://%s",
                                             other, fixture->repository.work);
    RB_CLEANUP_FREE char *tree = rb_strdup(rb_json_get_string(spec, "tree", ""));
    rb_json_set_string(spec, "tree", other);
    assert_fails(fixture, spec, "infrastructure", another_tree);
    rb_json_set_string(spec, "tree", tree);
    rb_json_set_string(spec, "path", "file");
    assert_fails(fixture, spec, "recipe", no_folder);
    rb_json_set_string(spec, "commit", other);
    assert_fails(fixture, spec, "recipe", gone);
    rb_json_set_string(spec, "commit", "main");
    assert_fails(fixture, spec, "recipe", "the lock names no commit and tree of git");
}

static void test_a_repository_that_is_not_there(void **state)
{
    struct fixture *fixture = *state;
    rb_free(test_commit(&fixture->repository, "file", "x"));
    RB_CLEANUP_JSON json_t *spec = make_spec(fixture, "HEAD", ".");
    rb_json_set_string(spec, "url", "file:///no/such/repository");
    assert_int_equal(run(fixture, spec), 1);
    assert_string_equal(rb_json_get_string(fixture->result, "errorClass", ""), "infrastructure");
}

/* Each case stands in a folder of its own, which is then the context. */
static void test_links(void **state)
{
    static const struct {
        const char *target; /* of NUMBER/link */
        bool accepted;
    } cases[] = {
        {"file", true},
        {"deep/../file", true},
        {"nowhere", true},
        {"link", true},
        {"deep/up/file", true},
        {"../file", false},
        {"/etc/passwd", false},
        {"deep/../../file", false},
        {"deep/up/../file", false},
        {"deep/up/../no", false},
        {"..", false},
    };
    struct fixture *fixture = *state;
    rb_free(test_commit(&fixture->repository, "file", "outside"));
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        RB_CLEANUP_FREE char *folder = rb_asprintf("%s/%zu", fixture->repository.work, i);
        RB_CLEANUP_FREE char *deep = rb_asprintf("%s/deep", folder);
        RB_CLEANUP_FREE char *up = rb_asprintf("%s/up", deep);
        RB_CLEANUP_FREE char *file = rb_asprintf("%s/file", folder);
        RB_CLEANUP_FREE char *link = rb_asprintf("%s/link", folder);
        assert_int_equal(rb_folder_make(deep, 0755, NULL), 0);
        assert_int_equal(rb_file_write_atomic(file, "inside", 6, 0644, NULL), 0);
        assert_int_equal(symlink("..", up), 0);
        assert_int_equal(symlink(cases[i].target, link), 0);
    }
    rb_free(test_git(&fixture->repository, "add ."));
    rb_free(test_git(&fixture->repository, "commit -q -m links"));
    json_t *specs = rb_json_array();
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        RB_CLEANUP_FREE char *path = rb_asprintf("%zu", i);
        rb_json_append(specs, make_local_spec(fixture, "HEAD", path));
    }
    const json_t *errors = run_all(fixture, specs);
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++)
        assert_string_equal(json_string_value(json_array_get(errors, i)),
                            cases[i].accepted ? ""
                                              : "the link link leads out of the context: make it "
                                                "in the recipe (RUN ln -s)");
}

static void test_submodules(void **state)
{
    struct fixture *fixture = *state;
    RB_CLEANUP_FREE char *commit = test_commit(&fixture->repository, "a/file", "x");
    rb_free(test_git(&fixture->repository, "update-index --add --cacheinfo 160000,%s,b/module",
                     commit));
    rb_free(test_git(&fixture->repository, "commit -q -m module"));
    json_t *specs = rb_json_array();
    rb_json_append(specs, make_local_spec(fixture, "HEAD", "a"));
    rb_json_append(specs, make_local_spec(fixture, "HEAD", "."));
    const json_t *errors = run_all(fixture, specs);
    assert_string_equal(json_string_value(json_array_get(errors, 0)), "");
    assert_string_equal(json_string_value(json_array_get(errors, 1)),
                        "b/module is a submodule: submodules are not fetched; keep what is built "
                        "in the repository itself");
}

/* git itself refuses to make such a tree in its index, and not to carry it. */
static void test_names_that_no_file_may_have(void **state)
{
    struct fixture *fixture = *state;
    static const char *const names[] = {"..", ".git", ".GIT"};
    json_t *specs = rb_json_array();
    rb_free(test_commit(&fixture->repository, "file", "x"));
    RB_CLEANUP_FREE char *blob = test_git(&fixture->repository, "rev-parse HEAD:file");
    for (size_t i = 0; i < RB_COUNT_OF(names); i++) {
        RB_CLEANUP_FREE char *tree = test_git(
            &fixture->repository,
            "version >/dev/null; printf '100644 blob %s\\t%s\\n' | git mktree", blob, names[i]);
        RB_CLEANUP_FREE char *commit =
            test_git(&fixture->repository, "commit-tree -m bad %s", tree);
        rb_json_append(specs, make_local_spec(fixture, commit, "."));
    }
    const json_t *errors = run_all(fixture, specs);
    for (size_t i = 0; i < RB_COUNT_OF(names); i++) {
        RB_CLEANUP_FREE char *error =
            rb_asprintf("the code holds the name \"%s\", which no file may have", names[i]);
        assert_string_equal(json_string_value(json_array_get(errors, i)), error);
    }
}

static const struct rb_job_kind ONE = {.name = "one", .run = run_one, .contained = true};
static const struct rb_job_kind CASES = {.name = "cases", .run = run_cases, .contained = true};

int main(int argc, char **argv)
{
    const struct rb_job_kind *const kinds[] = {&ONE, &CASES, NULL};
    if (argc == 4 && strcmp(argv[1], "job") == 0)
        return rb_job_main(argv[3], kinds);
    if (argc == 3 && strcmp(argv[1], "internal") == 0)
        return rb_git_check_main(STDIN_FILENO, STDOUT_FILENO, NULL);
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_files_as_they_are_stored),
        TEST(test_an_older_commit_of_the_branch),
        TEST(test_the_mirror_is_enough),
        TEST(test_a_mirror_that_lacks_the_commit),
        TEST(test_a_commit_is_fetched_alone),
        TEST(test_what_is_locked_and_not_there),
        TEST(test_a_repository_that_is_not_there),
        TEST(test_links),
        TEST(test_submodules),
        TEST(test_names_that_no_file_may_have),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
