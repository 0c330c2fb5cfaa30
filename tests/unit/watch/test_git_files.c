/* SPDX-License-Identifier: Apache-2.0 */
/* Pipeline files that are followed: a good commit's are kept whole, a broken one's are not adopted
   and the first mistake is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "git_fixture.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/watch/followed.h"

#define GOOD                                                                                       \
    "apiVersion: rebake/v1\npipeline: %s\n"                                                        \
    "sources:\n  code: { git: \"file:///srv/shop.git\", branch: main }\n"                          \
    "  base: { image: debian, tag: bookworm }\n"                                                   \
    "images:\n  app: { from: base, context: { source: code }, push: registry.example.com/app }\n"

static const char *const NO_PATHS[] = {NULL};

/* The source over file://, of the folder; url is to be freed. */
static struct rb_source source_of(const struct fixture *fixture, const char *path, char **ret_url)
{
    *ret_url = rb_asprintf("file://%s", fixture->repository.work);
    return (struct rb_source){.kind = RB_SOURCE_PIPELINE,
                              .git = {.url = *ret_url, .branch = "main", .path = path}};
}

static void look(struct fixture *fixture, const char *path)
{
    RB_CLEANUP_FREE char *url = NULL;
    RB_CLEANUP_FREE char *pipelines = rb_asprintf("%s/pipelines", fixture->repository.folder);
    struct rb_source source = source_of(fixture, path, &url);
    fixture->tools.pipelines_folder = pipelines;
    check_source(fixture, &source, NO_PATHS);
    fixture->tools.pipelines_folder = NULL;
}

static char *commit_pipeline(const struct fixture *fixture, const char *path, const char *name)
{
    RB_CLEANUP_FREE char *text = rb_asprintf(GOOD, name);
    return test_commit(&fixture->repository, path, text);
}

/* Where the files of the tree are; the caller frees it. */
static char *folder_of(const struct fixture *fixture, const char *path, const char *tree)
{
    RB_CLEANUP_FREE char *url = NULL;
    RB_CLEANUP_FREE char *pipelines = rb_asprintf("%s/pipelines", fixture->repository.folder);
    struct rb_source source = source_of(fixture, path, &url);
    RB_CLEANUP_FREE char *folder = rb_followed_folder(pipelines, &source);
    return rb_asprintf("%s/%s", folder, tree);
}

static bool has_file(const struct fixture *fixture, const char *path, const char *tree,
                     const char *name)
{
    RB_CLEANUP_FREE char *folder = folder_of(fixture, path, tree);
    RB_CLEANUP_FREE char *file = rb_asprintf("%s/%s", folder, name);
    return rb_file_exists(file);
}

static void expect_refused(struct fixture *fixture, const char *path, const char *commit,
                           const char *words, enum rb_trouble trouble)
{
    RB_CLEANUP_FREE char *told = rb_asprintf(": commit %.12s: %s", commit, words);
    look(fixture, path);
    assert_true(fixture->failed);
    if (strstr(fixture->err.text, told) == NULL)
        fail_msg("%s, expected %s", fixture->err.text, told);
    assert_int_equal(fixture->trouble, trouble);
}

static void the_files_of_a_good_commit_are_kept(void **state)
{
    struct fixture *fixture = *state;
    rb_free(test_commit(&fixture->repository, "pipelines/README", "no pipeline"));
    rb_free(test_commit(&fixture->repository, "pipelines/.hidden.yaml", "no pipeline"));
    rb_free(test_commit(&fixture->repository, "pipelines/below/c.yaml", "no pipeline"));
    rb_free(commit_pipeline(fixture, "pipelines/a.yaml", "a"));
    RB_CLEANUP_FREE char *first = commit_pipeline(fixture, "pipelines/b.yml", "b");
    look(fixture, "pipelines");
    assert_false(fixture->failed);
    assert_string_equal(fixture->version, first);
    RB_CLEANUP_FREE char *tree = rb_strdup(tree_of(fixture, "pipelines"));
    assert_true(has_file(fixture, "pipelines", tree, "a.yaml"));
    assert_true(has_file(fixture, "pipelines", tree, "b.yml"));
    assert_false(has_file(fixture, "pipelines", tree, "README"));
    assert_false(has_file(fixture, "pipelines", tree, ".hidden.yaml"));
    assert_false(has_file(fixture, "pipelines", tree, "below"));

    /* a commit elsewhere is a new version with the same files */
    rb_free(test_commit(&fixture->repository, "README", "elsewhere"));
    look(fixture, "pipelines");
    assert_false(fixture->unchanged);
    assert_string_equal(tree_of(fixture, "pipelines"), tree);

    /* the last one's stay when there are newer ones, and go when those have been seen */
    rb_free(commit_pipeline(fixture, "pipelines/b.yml", "c"));
    look(fixture, "pipelines");
    RB_CLEANUP_FREE char *next = rb_strdup(tree_of(fixture, "pipelines"));
    assert_string_not_equal(next, tree);
    assert_true(has_file(fixture, "pipelines", tree, "b.yml"));
    assert_true(has_file(fixture, "pipelines", next, "b.yml"));
    rb_free(commit_pipeline(fixture, "pipelines/b.yml", "d"));
    look(fixture, "pipelines");
    assert_false(has_file(fixture, "pipelines", tree, "b.yml"));
    assert_true(has_file(fixture, "pipelines", next, "b.yml"));

    /* unmoved, it costs only the listing; files that are gone are had anew */
    look(fixture, "pipelines");
    assert_true(fixture->unchanged);
    assert_int_equal(fixture->requests, 1);
    RB_CLEANUP_FREE char *kept = folder_of(fixture, "pipelines", tree_of(fixture, "pipelines"));
    assert_int_equal(rb_tree_remove(kept, NULL), 0);
    look(fixture, "pipelines");
    assert_true(fixture->unchanged);
    assert_true(has_file(fixture, "pipelines", tree_of(fixture, "pipelines"), "b.yml"));
}

static void the_root_is_a_folder_too(void **state)
{
    struct fixture *fixture = *state;
    rb_free(commit_pipeline(fixture, "shop.yaml", "shop"));
    look(fixture, ".");
    assert_false(fixture->failed);
    assert_true(has_file(fixture, ".", tree_of(fixture, "."), "shop.yaml"));
}

static void what_is_broken_is_not_adopted(void **state)
{
    struct fixture *fixture = *state;
    rb_free(commit_pipeline(fixture, "p/a.yaml", "a"));
    look(fixture, "p");
    RB_CLEANUP_FREE char *good = rb_strdup(fixture->version);
    RB_CLEANUP_FREE char *tree = rb_strdup(tree_of(fixture, "p"));

    RB_CLEANUP_FREE char *broken =
        test_commit(&fixture->repository, "p/b.yaml",
                    "apiVersion: rebake/v1\npipeline: b\nsurces: {}\nimages: {}\n");
    expect_refused(fixture, "p", broken,
                   "p/b.yaml:1:1: pipeline: \"sources\" is missing (write sources: { code: { git: "
                   "URL, branch: main } }); and 2 more",
                   RB_TROUBLE_MALFORMED);
    RB_CLEANUP_FREE char *again = test_git(&fixture->repository, "rev-parse HEAD:p");
    assert_false(has_file(fixture, "p", again, "a.yaml"));
    assert_false(has_file(fixture, "p", "new", "a.yaml"));
    assert_true(has_file(fixture, "p", tree, "a.yaml"));
    assert_string_equal(fixture->version, good);

    RB_CLEANUP_FREE char *same = commit_pipeline(fixture, "p/b.yaml", "a");
    expect_refused(fixture, "p", same, "p/b.yaml: pipeline \"a\" is already defined in p/a.yaml",
                   RB_TROUBLE_MALFORMED);

    RB_CLEANUP_FREE char *chain =
        test_commit(&fixture->repository, "p/b.yaml",
                    "apiVersion: rebake/v1\npipeline: b\nsources:\n"
                    "  more: { pipeline: https://git.example.com/more.git, branch: main }\n");
    expect_refused(fixture, "p", chain,
                   "p/b.yaml:4:3: source \"more\": a pipeline that is followed may not follow "
                   "others in turn",
                   RB_TROUBLE_MALFORMED);

    RB_CLEANUP_FREE char *mended = commit_pipeline(fixture, "p/b.yaml", "b");
    look(fixture, "p");
    assert_false(fixture->failed);
    assert_string_equal(fixture->version, mended);
}

static void only_files_are_followed(void **state)
{
    struct fixture *fixture = *state;
    rb_free(commit_pipeline(fixture, "p/a.yaml", "a"));
    RB_CLEANUP_FREE char *link =
        test_git(&fixture->repository, "version >&2 && ln -s /etc/passwd p/b.yaml && git add p && "
                                       "git commit -q -m link && git rev-parse HEAD");
    expect_refused(fixture, "p", link,
                   "p/b.yaml is not a regular file: links and folders are not followed",
                   RB_TROUBLE_MALFORMED);
    RB_CLEANUP_FREE char *folder =
        test_git(&fixture->repository,
                 "version >&2 && git rm -q p/b.yaml && mkdir p/b.yaml && cp p/a.yaml p/b.yaml/ && "
                 "git add p && git commit -q -m folder && git rev-parse HEAD");
    expect_refused(fixture, "p", folder, "p/b.yaml is not a regular file", RB_TROUBLE_MALFORMED);
    expect_refused(fixture, "p/a.yaml", folder, "\"p/a.yaml\" is not a folder",
                   RB_TROUBLE_VANISHED);
    expect_refused(fixture, "q", folder, "there is no folder \"q\"", RB_TROUBLE_VANISHED);
    rb_free(test_commit(&fixture->repository, "empty/README", "nothing"));
    RB_CLEANUP_FREE char *tip = test_git(&fixture->repository, "rev-parse HEAD");
    expect_refused(fixture, "empty", tip, "there is no *.yaml or *.yml in \"empty\"",
                   RB_TROUBLE_VANISHED);
}

static void what_is_too_large_is_refused(void **state)
{
    struct fixture *fixture = *state;
    RB_CLEANUP_FREE char *large =
        test_git(&fixture->repository,
                 "version >&2 && mkdir p && head -c 1048577 /dev/zero >p/a.yaml && git add p && "
                 "git commit -q -m large && git rev-parse HEAD");
    expect_refused(fixture, "p", large, "p/a.yaml is larger than 1048576 bytes",
                   RB_TROUBLE_MALFORMED);
    RB_CLEANUP_FREE char *many = test_git(
        &fixture->repository,
        "version >&2 && rm p/a.yaml && for i in $(seq 1001); do printf "
        "'apiVersion: rebake/v1\\npipeline: p%%s\\nsources: { c: { git: \"file:///c\", branch: m "
        "}, "
        "b: { image: b, tag: t } }\\nimages: { i: { from: b, context: { source: c }, "
        "push: r.io/i } }\\n' $i >p/$i.yaml; done && git add p && git commit -q -m many && "
        "git rev-parse HEAD");
    expect_refused(fixture, "p", many, "there are more than 1000 pipeline files",
                   RB_TROUBLE_MALFORMED);
}

int main(int argc, char **argv)
{
    int exit_code;
    if (git_fixture_is_child(argc, argv, &exit_code))
        return exit_code;
#define CHECK(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CHECK(the_files_of_a_good_commit_are_kept), CHECK(the_root_is_a_folder_too),
        CHECK(what_is_broken_is_not_adopted),       CHECK(only_files_are_followed),
        CHECK(what_is_too_large_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
