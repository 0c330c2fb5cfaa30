/* SPDX-License-Identifier: Apache-2.0 */
/* What mirrors may say, and what nobody but the image's own registry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "image_fixture.h"
#include "rebake/base/memory.h"

static const char *mirrors[3];

/* The tag 1.0.0 in the repositories "up/app" and "near/app"; "no/app" has nothing. */
static void set_up(struct image_fixture *fixture, char digest[RB_DIGEST_SIZE])
{
    image_registry_manifest(fixture->registry, "up/app", "1.0.0", "one", digest);
    image_registry_manifest(fixture->registry, "near/app", "1.0.0", "one", digest);
    mirrors[0] = image_fixture_name(fixture, "no/app");
    mirrors[1] = image_fixture_name(fixture, "near/app");
    mirrors[2] = NULL;
    fixture->source.image = (struct rb_image_source){
        .repository = image_fixture_name(fixture, "up/app"), .tag = "1.0.0", .mirrors = mirrors};
}

static void break_repository(struct image_fixture *fixture, const char *name)
{
    fixture->registry->broken = name;
    fixture->registry->status = 502;
}

static void what_is_known_costs_the_mirror_alone(void **state)
{
    struct image_fixture *fixture = *state;
    char digest[RB_DIGEST_SIZE];
    set_up(fixture, digest);
    image_fixture_finds(fixture, digest);
    assert_int_equal(image_fixture_asked(fixture, "/up/app/"), 1); /* the HEAD that confirms */
    assert_int_equal(image_fixture_asked(fixture, "HEAD /v2/up/app/"), 1);
    image_fixture_finds(fixture, digest);
    assert_true(fixture->unchanged);
    assert_int_equal(image_fixture_asked(fixture, "/up/app/"), 0);
    assert_int_equal(image_fixture_asked(fixture, "HEAD /v2/near/app/"), 1);
}

static void a_mirror_that_lags_hides_nothing_for_long(void **state)
{
    struct image_fixture *fixture = *state;
    char digest[RB_DIGEST_SIZE], next[RB_DIGEST_SIZE];
    set_up(fixture, digest);
    image_fixture_finds(fixture, digest);
    image_registry_manifest(fixture->registry, "up/app", "1.0.0", "two", next);
    fixture->now += (int64_t)59 * 60 * 1000;
    image_fixture_finds(fixture, digest);
    fixture->now += (int64_t)2 * 60 * 1000;
    image_fixture_finds(fixture, next);
    image_fixture_finds(fixture, next); /* the mirror still has the old one: not followed back */
    assert_true(fixture->unchanged);
}

static void a_mirror_alone_moves_nothing(void **state)
{
    struct image_fixture *fixture = *state;
    char digest[RB_DIGEST_SIZE], other[RB_DIGEST_SIZE];
    set_up(fixture, digest);
    image_fixture_finds(fixture, digest);
    image_registry_manifest(fixture->registry, "near/app", "1.0.0", "forged", other);
    image_fixture_finds(fixture, digest);
    assert_true(fixture->unchanged);
    break_repository(fixture, "up/app");
    image_fixture_fails(fixture, RB_EBUSY, RB_TROUBLE_UNREACHABLE);
    assert_string_equal(fixture->version, digest);
}

static void a_silent_registry_is_waited_for(void **state)
{
    struct image_fixture *fixture = *state;
    char digest[RB_DIGEST_SIZE];
    set_up(fixture, digest);
    image_fixture_finds(fixture, digest);
    break_repository(fixture, "up/app");
    fixture->now += (int64_t)3 * 60 * 60 * 1000;
    image_fixture_finds(fixture, digest); /* the mirror has what is known */
    assert_true(fixture->unchanged);
    assert_int_equal(image_fixture_asked(fixture, "/up/app/"), 1);
    break_repository(fixture, "near/app"); /* now the mirror is out of order */
    image_fixture_finds(fixture, digest);
    assert_int_equal(image_fixture_asked(fixture, "HEAD /v2/up/app/"), 1);
}

static void a_digest_is_believed_wherever_it_lies(void **state)
{
    struct image_fixture *fixture = *state;
    char digest[RB_DIGEST_SIZE];
    set_up(fixture, digest);
    fixture->source.image.tag = NULL;
    fixture->source.image.digest = digest;
    break_repository(fixture, "up/app");
    image_fixture_finds(fixture, digest);
    assert_int_equal(image_fixture_asked(fixture, "/up/app/"), 0);
}

static void a_mirror_whose_list_is_old_is_passed_over(void **state)
{
    struct image_fixture *fixture = *state;
    char digest[RB_DIGEST_SIZE], next[RB_DIGEST_SIZE];
    set_up(fixture, digest);
    fixture->source.image.tag = NULL;
    fixture->source.image.tags = (struct rb_tag_policy){.semver = "^1"};
    image_registry_manifest(fixture->registry, "up/app", "1.1.0", "two", next);
    image_fixture_finds(fixture, next);
    image_fixture_finds(fixture, next);
    assert_true(fixture->unchanged);
    image_registry_manifest(fixture->registry, "near/app", "1.1.0", "two", next);
    image_fixture_finds(fixture, next);
    assert_int_equal(image_fixture_asked(fixture, "/up/app/"), 0);
}

int main(void)
{
#define CHECK(name)                                                                                \
    cmocka_unit_test_setup_teardown(name, image_fixture_set_up, image_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        CHECK(what_is_known_costs_the_mirror_alone),
        CHECK(a_mirror_that_lags_hides_nothing_for_long),
        CHECK(a_mirror_alone_moves_nothing),
        CHECK(a_silent_registry_is_waited_for),
        CHECK(a_digest_is_believed_wherever_it_lies),
        CHECK(a_mirror_whose_list_is_old_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
