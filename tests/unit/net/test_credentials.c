/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"

/* dTpw is u:p, YTox is a:1, YjoyOjM= is b:2:3. */
static const char PODMAN[] =
    "{\"auths\":{"
    "\"quay.io\":{\"auth\":\"dTpw\"},"
    "\"quay.io/user\":{\"auth\":\"YTox\"},"
    "\"quay.io/user/app\":{\"auth\":\"YjoyOjM=\"},"
    "\"quay.io/empty\":{},"
    "\"https://index.docker.io/v1/\":{\"auth\":\"dTpw\"},"
    "\"token.example.com\":{\"auth\":\"dTpw\",\"identitytoken\":\"idt\"},"
    "\"broken.example.com\":{\"auth\":\"!!!!\"},"
    "\"nocolon.example.com\":{\"auth\":\"YWJj\"},"
    "\"helped.example.com\":{\"auth\":\"dTpw\"}},"
    "\"credHelpers\":{\"helped.example.com\":\"box\",\"evil.example.com\":\"../x\"}}";

struct expected {
    const char *registry, *repository, *user, *password, *token, *helper;
    int status;
};

static void check(const struct expected *expected, const json_t *file)
{
    RB_CLEANUP(rb_credentials_deinit) struct rb_credentials found = {0};
    struct rb_err err = {0};
    int status = rb_auth_file_find(file, "auth.json", expected->registry, expected->repository,
                                   &found, &err);
    if (status != expected->status)
        fail_msg("%s/%s: %s", expected->registry, expected->repository, err.text);
    const char *pairs[][2] = {{found.user, expected->user},
                              {found.password, expected->password},
                              {found.identity_token, expected->token},
                              {found.helper, expected->helper}};
    for (size_t i = 0; i < RB_COUNT_OF(pairs); i++) {
        if ((pairs[i][0] == NULL) != (pairs[i][1] == NULL) ||
            (pairs[i][0] != NULL && strcmp(pairs[i][0], pairs[i][1]) != 0))
            fail_msg("%s/%s: %s instead of %s", expected->registry, expected->repository,
                     pairs[i][0] ? pairs[i][0] : "none", pairs[i][1] ? pairs[i][1] : "none");
    }
}

static void test_one_file(void **state)
{
    static const struct expected CASES[] = {
        {"quay.io", "other/app", "u", "p", NULL, NULL, 0},
        {"quay.io", "user/other", "a", "1", NULL, NULL, 0},
        {"quay.io", "user/app", "b", "2:3", NULL, NULL, 0},
        {"quay.io", "user/app/deep", "b", "2:3", NULL, NULL, 0},
        {"quay.io", "username/app", "u", "p", NULL, NULL, 0},
        {"quay.io", "empty/app", "u", "p", NULL, NULL, 0},
        {"quay.io:443", "user/app", NULL, NULL, NULL, NULL, 0},
        {"docker.io", "library/debian", "u", "p", NULL, NULL, 0},
        {"token.example.com", "app", NULL, NULL, "idt", NULL, 0},
        {"helped.example.com", "app", NULL, NULL, NULL, "box", 0},
        {"other.example.com", "app", NULL, NULL, NULL, NULL, 0},
        {"broken.example.com", "app", NULL, NULL, NULL, NULL, RB_EINVALID},
        {"nocolon.example.com", "app", NULL, NULL, NULL, NULL, RB_EINVALID},
        {"evil.example.com", "app", NULL, NULL, NULL, NULL, RB_EINVALID},
    };
    RB_CLEANUP_JSON json_t *file = NULL;
    (void)state;
    assert_int_equal(rb_json_parse(PODMAN, strlen(PODMAN), "", &file, NULL), 0);
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++)
        check(&CASES[i], file);
}

static void test_a_store_answers_for_the_rest(void **state)
{
    static const char DOCKER[] = "{\"auths\":{\"a.example.com\":{\"auth\":\"dTpw\"},"
                                 "\"b.example.com\":{}},\"credsStore\":\"desktop\"}";
    static const struct expected CASES[] = {
        {"a.example.com", "app", "u", "p", NULL, NULL, 0},
        {"b.example.com", "app", NULL, NULL, NULL, "desktop", 0},
    };
    RB_CLEANUP_JSON json_t *file = NULL;
    (void)state;
    assert_int_equal(rb_json_parse(DOCKER, strlen(DOCKER), "", &file, NULL), 0);
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++)
        check(&CASES[i], file);
}

static int setup(void **state)
{
    char *folder = NULL;
    static const char *const UNSET[] = {"REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "XDG_CONFIG_HOME"};
    assert_int_equal(rb_folder_make_temporary("/tmp/rebake-test-auth-", &folder, NULL), 0);
    for (size_t i = 0; i < RB_COUNT_OF(UNSET); i++)
        unsetenv(UNSET[i]);
    setenv("HOME", folder, 1);
    RB_CLEANUP_FREE char *runtime = rb_asprintf("%s/run", folder);
    setenv("XDG_RUNTIME_DIR", runtime, 1);
    *state = folder;
    return 0;
}

static int teardown(void **state)
{
    assert_int_equal(rb_tree_remove(*state, NULL), 0);
    rb_free(*state);
    return 0;
}

static void write_file(const char *folder, const char *name, const char *text, unsigned mode)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", folder, name);
    RB_CLEANUP_FREE char *parent = rb_strndup(path, (size_t)(strrchr(path, '/') - path));
    assert_int_equal(rb_folder_make(parent, 0700, NULL), 0);
    assert_int_equal(rb_file_write_atomic(path, text, strlen(text), mode, NULL), 0);
}

static void test_the_first_file_that_knows_wins(void **state)
{
    static const struct {
        const char *name, *text;
    } FILES[] = {
        /* from the last asked to the first, each with one registry more */
        {".dockercfg", "{\"https://r.example.com/v1/\":{\"auth\":\"dTox\"}}"},
        {".docker/config.json", "{\"auths\":{\"r.example.com\":{\"auth\":\"dToy\"}}}"},
        {".config/containers/auth.json", "{\"auths\":{\"r.example.com\":{\"auth\":\"dToz\"}}}"},
        {"run/containers/auth.json", "{\"auths\":{\"r.example.com\":{\"auth\":\"dTo0\"}}}"},
        {"named.json", "{\"auths\":{\"r.example.com\":{\"auth\":\"dTo1\"}}}"},
    };
    struct rb_err err = {0};
    for (size_t i = 0; i < RB_COUNT_OF(FILES); i++) {
        RB_CLEANUP(rb_credentials_deinit) struct rb_credentials found = {0};
        RB_CLEANUP_FREE char *password = rb_asprintf("%zu", i + 1);
        write_file(*state, FILES[i].name, FILES[i].text, 0600);
        if (i == 4) {
            RB_CLEANUP_FREE char *path = rb_asprintf("%s/named.json", (char *)*state);
            setenv("REGISTRY_AUTH_FILE", path, 1);
        }
        assert_int_equal(rb_credentials_find("r.example.com", "app", &found, &err), 0);
        assert_string_equal(found.user, "u");
        assert_string_equal(found.password, password);
    }
    /* A file that is named is asked alone. */
    RB_CLEANUP(rb_credentials_deinit) struct rb_credentials found = {0};
    write_file(*state, "named.json", "{\"auths\":{}}", 0600);
    assert_int_equal(rb_credentials_find("r.example.com", "app", &found, &err), 0);
    assert_true(rb_credentials_are_empty(&found));
}

static void test_a_broken_file_is_told(void **state)
{
    RB_CLEANUP(rb_credentials_deinit) struct rb_credentials found = {0};
    struct rb_err err = {0};
    assert_int_equal(rb_credentials_find("r.example.com", "app", &found, &err), 0);
    assert_true(rb_credentials_are_empty(&found));
    write_file(*state, ".docker/config.json", "{\"auths\":", 0600);
    assert_int_equal(rb_credentials_find("r.example.com", "app", &found, &err), RB_EINVALID);
    assert_non_null(strstr(err.text, "/.docker/config.json: line 1"));
}

struct answer {
    int calls;
    struct rb_err err;
    char user[64], password[64], token[64];
};

static void keep(void *context, const struct rb_credentials *credentials,
                 const struct rb_err *error)
{
    struct answer *answer = context;
    answer->calls++;
    if (error != NULL)
        answer->err = *error;
    (void)snprintf(answer->user, 64, "%s", credentials->user ? credentials->user : "");
    (void)snprintf(answer->password, 64, "%s", credentials->password ? credentials->password : "");
    (void)snprintf(answer->token, 64, "%s",
                   credentials->identity_token ? credentials->identity_token : "");
}

static struct answer ask_helper(const char *folder, const char *script, const char *registry)
{
    struct answer answer = {0};
    struct rb_helper_run *run;
    int running = 0;
    RB_CLEANUP_FREE char *old_path = rb_strdup(getenv("PATH"));
    RB_CLEANUP_FREE char *path = rb_asprintf("%s:%s", folder, old_path);
    RB_CLEANUP(rb_loop_cleanup) struct rb_loop *loop = rb_loop_new();
    write_file(folder, "docker-credential-box", script, 0700);
    setenv("PATH", path, 1);
    assert_int_equal(rb_helper_start(loop, "box", registry, &running, keep, &answer, &run, NULL),
                     0);
    rb_loop_run(loop);
    setenv("PATH", old_path, 1);
    assert_int_equal(running, 0);
    assert_int_equal(answer.calls, 1);
    return answer;
}

static void test_helpers(void **state)
{
    struct answer answer =
        ask_helper(*state,
                   "#!/bin/sh\nread -r server; [ \"$1\" = get ] || exit 9\n"
                   "printf '{\"ServerURL\":\"%s\",\"Username\":\"me\",\"Secret\":\"at %s\"}' "
                   "$server $server\n",
                   "r.example.com");
    assert_int_equal(answer.err.code, 0);
    assert_string_equal(answer.user, "me");
    assert_string_equal(answer.password, "at r.example.com");
    answer = ask_helper(*state,
                        "#!/bin/sh\nread -r server\n"
                        "printf '{\"Username\":\"<token>\",\"Secret\":\"%s\"}' $server\n",
                        "docker.io");
    assert_string_equal(answer.user, "");
    assert_string_equal(answer.token, "https://index.docker.io/v1/");
    answer =
        ask_helper(*state, "#!/bin/sh\necho credentials not found in native keychain\nexit 1\n",
                   "r.example.com");
    assert_int_equal(answer.err.code, 0);
    assert_string_equal(answer.user, "");
    answer =
        ask_helper(*state, "#!/bin/sh\necho the keyring is locked >&2\nexit 1\n", "r.example.com");
    assert_int_equal(answer.err.code, RB_EIO);
    assert_non_null(strstr(answer.err.text, "docker-credential-box: exit code 1: the keyring"));
    answer = ask_helper(*state, "#!/bin/sh\necho '{\"Username\":\"me\"}'\n", "r.example.com");
    assert_int_equal(answer.err.code, RB_EINVALID);
}

static void test_an_absent_helper_is_told(void **state)
{
    struct rb_err err = {0};
    struct answer answer = {0};
    struct rb_helper_run *run;
    int running = 0;
    (void)state;
    RB_CLEANUP(rb_loop_cleanup) struct rb_loop *loop = rb_loop_new();
    assert_int_equal(
        rb_helper_start(loop, "absent", "r.example.com", &running, keep, &answer, &run, &err),
        RB_ENOTFOUND);
    rb_loop_run(loop);
    assert_int_equal(answer.calls, 0);
    assert_non_null(strstr(err.text, "docker-credential-absent"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_file),
        cmocka_unit_test(test_a_store_answers_for_the_rest),
        TEST(test_the_first_file_that_knows_wins),
        TEST(test_a_broken_file_is_told),
        TEST(test_helpers),
        TEST(test_an_absent_helper_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
