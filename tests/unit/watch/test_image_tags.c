/* SPDX-License-Identifier: Apache-2.0 */
/* Which image a source is: by a policy over all tags, by a digest, for a platform. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "image_fixture.h"
#include "rebake/base/memory.h"

static void the_newest_tag_is_followed_over_all_pages(void **state)
{
    struct image_fixture *fixture = *state;
    static const char *const tags[] = {"1.10.0", "1.9.0", "2.0.0", "latest", "1.2.0"};
    char digests[RB_COUNT_OF(tags)][RB_DIGEST_SIZE], next[RB_DIGEST_SIZE];
    for (size_t i = 0; i < RB_COUNT_OF(tags); i++)
        image_registry_manifest(fixture->registry, "up/app", tags[i], tags[i], digests[i]);
    fixture->registry->page_size = 2;
    fixture->source.image = (struct rb_image_source){
        .repository = image_fixture_name(fixture, "up/app"), .tags = {.semver = "^1.2"}};
    image_fixture_finds(fixture, digests[0]);
    assert_string_equal(rb_json_get_string(fixture->detail, "tag", ""), "1.10.0");
    assert_int_equal(image_fixture_asked(fixture, "tags/list"), 3);
    assert_int_equal(fixture->limit_remaining, 76);

    image_fixture_finds(fixture, digests[0]); /* nothing new: the list, and a HEAD */
    assert_true(fixture->unchanged);
    assert_int_equal(fixture->requests, 4);
    assert_int_equal(image_fixture_asked(fixture, "HEAD"), 1);
    assert_int_equal(image_fixture_asked(fixture, "GET /v2/up/app/manifests"), 0);

    image_registry_manifest(fixture->registry, "up/app", "1.11.0", "1.11.0", next);
    image_fixture_finds(fixture, next);
    assert_false(fixture->unchanged);
    assert_string_equal(rb_json_get_string(fixture->detail, "tag", ""), "1.11.0");
}

static void a_list_that_shrank_is_backwards(void **state)
{
    struct image_fixture *fixture = *state;
    char old[RB_DIGEST_SIZE], new[RB_DIGEST_SIZE];
    image_registry_manifest(fixture->registry, "up/app", "r-9", "nine", old);
    image_registry_manifest(fixture->registry, "up/app", "r-10", "ten", new);
    fixture->source.image =
        (struct rb_image_source){.repository = image_fixture_name(fixture, "up/app"),
                                 .tags = {.match = "r-([0-9]+)", .order = "numeric"}};
    image_fixture_finds(fixture, new);
    image_registry_put(fixture->registry, "up/app", "manifests/r-10", "", NULL);
    image_fixture_fails(fixture, RB_EVERIFY, RB_TROUBLE_BACKWARDS);
    assert_non_null(strstr(fixture->err.text, "the newest is r-9, and it was r-10 before"));
    image_registry_put(fixture->registry, "up/app", "manifests/r-9", "", NULL);
    image_fixture_fails(fixture, RB_ENOTFOUND, RB_TROUBLE_VANISHED);
    image_registry_manifest(fixture->registry, "up/app", "r-11", "eleven", new);
    image_fixture_finds(fixture, new);
}

static void a_list_leads_nowhere_else(void **state)
{
    struct image_fixture *fixture = *state;
    static const char *const links[] = {
        "Link: <http://127.0.0.2/v2/up/app/tags/list?last=1.0.0>; rel=\"next\"",
        "Link: </v2/up/other/tags/list?last=1.0.0>; rel=next",
        "Link: <//evil.example.com/v2/up/app/tags/list>; rel=\"next\"",
        "Link: </v2/up/app/tags/list; rel=\"next\"",
    };
    char digest[RB_DIGEST_SIZE];
    image_registry_manifest(fixture->registry, "up/app", "1.0.0", "one", digest);
    image_registry_manifest(fixture->registry, "up/app", "1.1.0", "two", digest);
    fixture->registry->page_size = 1;
    fixture->source.image = (struct rb_image_source){
        .repository = image_fixture_name(fixture, "up/app"), .tags = {.semver = "*"}};
    for (size_t i = 0; i < RB_COUNT_OF(links); i++) {
        fixture->registry->link = links[i];
        image_fixture_fails(fixture, RB_EINVALID, RB_TROUBLE_MALFORMED);
        assert_int_equal(image_fixture_asked(fixture, "tags/list"), 1);
    }
    /* other links, and ours as some registries write it */
    fixture->registry->link = "Link: </help>; rel=help, <?n=1&last=1.0.0>; title=\"a,b\"; "
                              "REL=\"other Next\"";
    image_fixture_finds(fixture, digest);
}

static void a_list_that_does_not_end_is_given_up(void **state)
{
    struct image_fixture *fixture = *state;
    char digest[RB_DIGEST_SIZE];
    image_registry_manifest(fixture->registry, "up/app", "1.0.0", "one", digest);
    image_registry_manifest(fixture->registry, "up/app", "1.1.0", "two", digest);
    fixture->registry->page_size = 1;
    fixture->registry->link = "Link: </v2/up/app/tags/list?n=1>; rel=\"next\"";
    fixture->source.image = (struct rb_image_source){
        .repository = image_fixture_name(fixture, "up/app"), .tags = {.semver = "*"}};
    image_fixture_fails(fixture, RB_ELIMIT, RB_TROUBLE_MALFORMED);
}

static void a_digest_never_moves(void **state)
{
    struct image_fixture *fixture = *state;
    char digest[RB_DIGEST_SIZE];
    image_registry_manifest(fixture->registry, "up/app", NULL, "one", digest);
    fixture->source.image = (struct rb_image_source){
        .repository = image_fixture_name(fixture, "up/app"), .digest = digest};
    image_fixture_finds(fixture, digest);
    assert_null(json_object_get(fixture->detail, "tag"));
    image_fixture_finds(fixture, digest);
    assert_int_equal(fixture->requests, 1);
    RB_CLEANUP_FREE char *path = rb_asprintf("manifests/%s", digest);
    image_registry_put(fixture->registry, "up/app", path, "", NULL);
    image_fixture_fails(fixture, RB_ENOTFOUND, RB_TROUBLE_VANISHED);
    assert_non_null(strstr(fixture->err.text, "MANIFEST_UNKNOWN"));
    /* other bytes under the same name are not it */
    image_registry_put(fixture->registry, "up/app", path,
                       "application/vnd.oci.image.manifest.v1+json", "{}");
    fixture->version[0] = '\0';
    image_fixture_fails(fixture, RB_EVERIFY, RB_TROUBLE_UNTRUSTED);
}

static void the_platform_is_the_one_asked_for(void **state)
{
    struct image_fixture *fixture = *state;
    static const char index[] =
        "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
        "\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":"
        "\"sha256:1111111111111111111111111111111111111111111111111111111111111111\",\"size\":1,"
        "\"platform\":{\"os\":\"plan9\",\"architecture\":\"mips\",\"variant\":\"v2\"}}]}";
    image_registry_put(fixture->registry, "up/app", "manifests/latest",
                       "application/vnd.oci.image.index.v1+json", index);
    fixture->source.image =
        (struct rb_image_source){.repository = image_fixture_name(fixture, "up/app"),
                                 .tag = "latest",
                                 .platform = "plan9/mips/v2"};
    image_fixture_finds(fixture,
                        "sha256:1111111111111111111111111111111111111111111111111111111111111111");
    assert_string_equal(rb_json_get_string(fixture->detail, "platform", ""), "plan9/mips/v2");
    fixture->source.image.platform = "plan9/mips/v3";
    fixture->version[0] = '\0';
    image_fixture_fails(fixture, RB_ENOTFOUND, RB_TROUBLE_VANISHED);
}

int main(void)
{
#define CHECK(name)                                                                                \
    cmocka_unit_test_setup_teardown(name, image_fixture_set_up, image_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        CHECK(the_newest_tag_is_followed_over_all_pages),
        CHECK(a_list_that_shrank_is_backwards),
        CHECK(a_list_leads_nowhere_else),
        CHECK(a_list_that_does_not_end_is_given_up),
        CHECK(a_digest_never_moves),
        CHECK(the_platform_is_the_one_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
