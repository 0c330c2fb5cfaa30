/* SPDX-License-Identifier: Apache-2.0 */
/* Sources that follow tags, over file and http; and what they must be signed by. */
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

static struct rb_source source_of(const char *url)
{
    return (struct rb_source){.kind = RB_SOURCE_GIT,
                              .git = {.url = url, .tags = {.glob = "v*", .semver = "<3"}}};
}

static void follow_tags(struct fixture *fixture, const char *url)
{
    struct rb_source source = source_of(url);
    RB_CLEANUP_FREE char *first = test_commit(&fixture->repository, "F", "one");
    rb_free(test_git(&fixture->repository, "tag v1.9.0 && git tag v3.0.0 && git tag other"));
    check_source(fixture, &source, PATHS);
    assert_string_equal(fixture->version, first);
    assert_string_equal(rb_json_get_string(fixture->detail, "tag", ""), "v1.9.0");
    assert_null(json_object_get(fixture->detail, "rewritten"));

    /* an annotated tag stands for its commit; 1.10 is newer than 1.9 */
    RB_CLEANUP_FREE char *second = test_commit(&fixture->repository, "F", "two");
    rb_free(test_git(&fixture->repository, "tag -a -m x v1.10.0"));
    check_source(fixture, &source, PATHS);
    assert_string_equal(fixture->version, second);
    assert_string_equal(rb_json_get_string(fixture->detail, "tag", ""), "v1.10.0");
    check_source(fixture, &source, PATHS);
    assert_true(fixture->unchanged);
    assert_int_equal(fixture->requests, 1);

    /* another name for the same commit is no new version, but the tag from now on */
    rb_free(test_git(&fixture->repository, "tag v1.11.0"));
    check_source(fixture, &source, PATHS);
    assert_true(fixture->unchanged);
    assert_string_equal(rb_json_get_string(fixture->memo, "tag", ""), "v1.11.0");

    /* a shrunk list is not followed */
    rb_free(test_git(&fixture->repository, "tag -d v1.11.0 v1.10.0"));
    check_source(fixture, &source, PATHS);
    assert_int_equal(fixture->trouble, RB_TROUBLE_BACKWARDS);
    assert_non_null(strstr(fixture->err.text, "newest tag is v1.9.0, and v1.11.0 was seen"));
    rb_free(test_git(&fixture->repository, "tag -d v1.9.0"));
    check_source(fixture, &source, PATHS);
    assert_int_equal(fixture->trouble, RB_TROUBLE_VANISHED);

    /* what is newer again is, and a tag that names another commit was rewritten */
    rb_free(test_git(&fixture->repository, "tag v2.0.0"));
    check_source(fixture, &source, PATHS);
    assert_string_equal(rb_json_get_string(fixture->detail, "tag", ""), "v2.0.0");
    RB_CLEANUP_FREE char *third = test_commit(&fixture->repository, "F", "three");
    rb_free(test_git(&fixture->repository, "tag -f v2.0.0"));
    check_source(fixture, &source, PATHS);
    assert_string_equal(fixture->version, third);
    assert_true(json_is_true(json_object_get(fixture->detail, "rewritten")));
}

static void the_newest_tag_is_followed_over_file(void **state)
{
    struct fixture *fixture = *state;
    RB_CLEANUP_FREE char *url = rb_asprintf("file://%s", fixture->repository.work);
    follow_tags(fixture, url);
}

static void the_newest_tag_is_followed_over_http(void **state)
{
    struct fixture *fixture = *state;
    fixture->server = test_server_start(serve, fixture);
    RB_CLEANUP_FREE char *url =
        rb_asprintf("http://127.0.0.1:%d/repo.git", test_server_port(fixture->server));
    follow_tags(fixture, url);
    test_server_stop(fixture->server);
    fixture->server = NULL;
}

/* ── signatures ─────────────────────────────────────────────────────────────────────────────── */

/* A key of the name, which signs from now on. */
static void use_key(const struct fixture *fixture, const char *name)
{
    rb_free(test_git(&fixture->repository,
                     "config gpg.format ssh && git config user.signingkey %s/%s && "
                     "{ test -e %s/%s || ssh-keygen -q -t ed25519 -N '' -C %s -f %s/%s; }",
                     fixture->repository.folder, name, fixture->repository.folder, name, name,
                     fixture->repository.folder, name));
}

static char *signed_commit(const struct fixture *fixture, const char *content)
{
    return test_git(&fixture->repository,
                    "version >&2 && echo '%s' >F && git add F && git commit -q -S -m '%s' && "
                    "git rev-parse HEAD",
                    content, content);
}

static void write_allowed(const struct fixture *fixture, const char *path, const char *options)
{
    rb_free(test_git(&fixture->repository,
                     "version >&2 && { printf 'dev@example.com %s '; cat %s/good.pub; } >%s",
                     options, fixture->repository.folder, path));
}

static void expect_refused(struct fixture *fixture, struct rb_source *source,
                           enum rb_trouble trouble, const char *words)
{
    RB_CLEANUP_FREE char *before = rb_strdup(fixture->version);
    check_source(fixture, source, PATHS);
    assert_true(fixture->failed);
    if (strstr(fixture->err.text, words) == NULL)
        fail_msg("%s", fixture->err.text);
    assert_int_equal(fixture->err.code, RB_EVERIFY);
    assert_int_equal(fixture->trouble, trouble);
    assert_string_equal(fixture->version, before);
}

static void a_branch_must_be_signed_by_an_allowed_signer(void **state)
{
    struct fixture *fixture = *state;
    RB_CLEANUP_FREE char *url = rb_asprintf("file://%s", fixture->repository.work);
    RB_CLEANUP_FREE char *allowed = rb_asprintf("%s/allowed", fixture->repository.folder);
    struct rb_source source = {.kind = RB_SOURCE_GIT,
                               .git = {.url = url, .branch = "main", .allowed_signers = allowed}};
    use_key(fixture, "good");
    write_allowed(fixture, allowed, "namespaces=\"git\"");
    RB_CLEANUP_FREE char *good = signed_commit(fixture, "one");
    check_source(fixture, &source, PATHS);
    assert_string_equal(fixture->err.text, "");
    assert_string_equal(fixture->version, good);

    rb_free(test_commit(&fixture->repository, "F", "unsigned"));
    expect_refused(fixture, &source, RB_TROUBLE_UNTRUSTED, "is not signed");
    use_key(fixture, "stranger");
    rb_free(signed_commit(fixture, "strange"));
    expect_refused(fixture, &source, RB_TROUBLE_KEY_CHANGED, "does not hold, or not for that time");
    /* the same signature under another message */
    rb_free(test_git(&fixture->repository,
                     "cat-file commit HEAD | sed 's/strange/changed/' >%s/raw && git update-ref "
                     "refs/heads/main $(git hash-object -t commit -w %s/raw)",
                     fixture->repository.folder, fixture->repository.folder));
    expect_refused(fixture, &source, RB_TROUBLE_UNTRUSTED, "bad signature");

    use_key(fixture, "good");
    RB_CLEANUP_FREE char *last = signed_commit(fixture, "two");
    write_allowed(fixture, allowed, "valid-before=\"20200101\"");
    expect_refused(fixture, &source, RB_TROUBLE_KEY_CHANGED, "does not hold");
    write_allowed(fixture, allowed, "namespaces=\"git\"");
    check_source(fixture, &source, PATHS);
    assert_string_equal(fixture->version, last);
    assert_int_equal(rb_tree_remove(allowed, NULL), 0);
    rb_free(signed_commit(fixture, "three"));
    check_source(fixture, &source, PATHS);
    assert_int_equal(fixture->trouble, RB_TROUBLE_OURS);
}

static void a_tag_must_be_signed_itself(void **state)
{
    struct fixture *fixture = *state;
    RB_CLEANUP_FREE char *url = rb_asprintf("file://%s", fixture->repository.work);
    RB_CLEANUP_FREE char *allowed = rb_asprintf("%s/allowed", fixture->repository.folder);
    struct rb_source source = source_of(url);
    source.git.allowed_signers = allowed;
    use_key(fixture, "good");
    write_allowed(fixture, allowed, "namespaces=\"git\"");
    RB_CLEANUP_FREE char *commit = signed_commit(fixture, "one");
    rb_free(test_git(&fixture->repository, "tag -s -m one v1.0.0"));
    check_source(fixture, &source, PATHS);
    assert_string_equal(fixture->err.text, "");
    assert_string_equal(fixture->version, commit);
    /* the commit is signed, but not this name for it */
    rb_free(test_git(&fixture->repository, "tag v1.0.1"));
    expect_refused(fixture, &source, RB_TROUBLE_UNTRUSTED, "is a plain name for a commit");
    rb_free(test_git(&fixture->repository, "tag -d v1.0.1 && git tag -a -m x v1.0.2"));
    expect_refused(fixture, &source, RB_TROUBLE_UNTRUSTED, "is not signed");
    rb_free(test_git(&fixture->repository,
                     "tag -d v1.0.2 && git update-ref refs/tags/v1.0.3 refs/tags/v1.0.0"));
    expect_refused(fixture, &source, RB_TROUBLE_UNTRUSTED, "is another tag, v1.0.0");
    assert_string_equal(rb_json_get_string(fixture->memo, "tag", ""), "v1.0.0");
}

int main(int argc, char **argv)
{
    int exit_code;
    if (git_fixture_is_child(argc, argv, &exit_code))
        return exit_code;
#define CHECK(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CHECK(the_newest_tag_is_followed_over_file),
        CHECK(the_newest_tag_is_followed_over_http),
        CHECK(a_branch_must_be_signed_by_an_allowed_signer),
        CHECK(a_tag_must_be_signed_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
