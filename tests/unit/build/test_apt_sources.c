/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "build/apt_sources.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"

static int set_up(void **state)
{
    return rb_folder_make_temporary("/tmp/rebake-test-apt-", (char **)state, NULL);
}

static int tear_down(void **state)
{
    int status = rb_tree_remove(*state, NULL);
    rb_free(*state);
    return status;
}

static json_t *make_repositories(const char *keyring, const char *suite)
{
    json_t *repositories = rb_json_array(), *repository = rb_json_object();
    json_t *components = rb_json_array();
    rb_json_append_string(components, "main");
    rb_json_append_string(components, "contrib");
    rb_json_set_string(repository, "name", "security");
    rb_json_set_string(repository, "url", "https://mirror.example.com/debian-security");
    rb_json_set_string(repository, "suite", suite);
    rb_json_set_string(repository, "signedBy", keyring);
    rb_json_set(repository, "components", components);
    rb_json_append(repositories, repository);
    return repositories;
}

static void test_source_and_keyring(void **state)
{
    RB_CLEANUP_FREE char *keyring = rb_asprintf("%s/keys.asc", (char *)*state);
    RB_CLEANUP_FREE char *folder = rb_asprintf("%s/repositories", (char *)*state);
    RB_CLEANUP_FREE char *flags = NULL;
    struct rb_err err;
    assert_int_equal(rb_file_write_atomic(keyring, "keys", 4, 0600, &err), 0);
    RB_CLEANUP_JSON json_t *repositories = make_repositories(keyring, "bookworm-security");
    assert_int_equal(apt_sources_write(repositories, folder, &flags, &err), 0);

    const char *key = strstr(flags, "source=") + strlen("source=");
    RB_CLEANUP_FREE char *expected =
        rb_asprintf("--mount=type=bind,from=rebake-repositories,source=%.16s/security.sources,"
                    "target=/etc/apt/sources.list.d/rebake-security.sources,ro "
                    "--mount=type=bind,from=rebake-repositories,source=%.16s/security.asc,"
                    "target=/usr/share/keyrings/rebake-security.asc,ro",
                    key, key);
    assert_string_equal(flags, expected);
    RB_CLEANUP_FREE char *source_path = rb_asprintf("%s/%.16s/security.sources", folder, key);
    RB_CLEANUP_FREE char *copy_path = rb_asprintf("%s/%.16s/security.asc", folder, key);
    RB_CLEANUP_FREE char *source = NULL;
    RB_CLEANUP_FREE char *copy = NULL;
    assert_int_equal(rb_file_read(source_path, 4096, &source, NULL, &err), 0);
    assert_int_equal(rb_file_read(copy_path, 4096, &copy, NULL, &err), 0);
    assert_string_equal(source, "Types: deb\n"
                                "URIs: https://mirror.example.com/debian-security\n"
                                "Suites: bookworm-security\n"
                                "Components: main contrib\n"
                                "Signed-By: /usr/share/keyrings/rebake-security.asc\n");
    assert_string_equal(copy, "keys");
}

static char *flags_for(const char *folder, const char *keyring, const char *suite)
{
    RB_CLEANUP_JSON json_t *repositories = make_repositories(keyring, suite);
    char *flags = NULL;
    struct rb_err err;
    assert_int_equal(apt_sources_write(repositories, folder, &flags, &err), 0);
    return flags;
}

static void test_flags_follow_the_content(void **state)
{
    RB_CLEANUP_FREE char *keyring = rb_asprintf("%s/keys.gpg", (char *)*state);
    RB_CLEANUP_FREE char *other_folder = rb_asprintf("%s/other", (char *)*state);
    struct rb_err err;
    assert_int_equal(rb_file_write_atomic(keyring, "keys", 4, 0600, &err), 0);
    RB_CLEANUP_FREE char *first = flags_for(*state, keyring, "bookworm");
    RB_CLEANUP_FREE char *again = flags_for(other_folder, keyring, "bookworm");
    RB_CLEANUP_FREE char *other = flags_for(*state, keyring, "trixie");
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
}

static void test_none(void **state)
{
    RB_CLEANUP_JSON json_t *empty = rb_json_array();
    char *flags = NULL;
    struct rb_err err;
    assert_int_equal(apt_sources_write(empty, *state, &flags, &err), 0);
    assert_null(flags);
}

static void test_a_keyring_that_is_not_there(void **state)
{
    RB_CLEANUP_JSON json_t *repositories = make_repositories("/no/such/keyring.gpg", "a");
    char *flags = NULL;
    struct rb_err err;
    assert_int_equal(apt_sources_write(repositories, *state, &flags, &err), RB_ENOTFOUND);
    assert_string_equal(err.text, "open /no/such/keyring.gpg: No such file or directory");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_source_and_keyring),
        TEST(test_flags_follow_the_content),
        TEST(test_none),
        TEST(test_a_keyring_that_is_not_there),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
