/* SPDX-License-Identifier: Apache-2.0 */
#include "challenge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"

/* scheme(token68)[name=value|...] for each. */
static void write_all(const struct rb_challenges *challenges, struct rb_strbuf *out)
{
    for (size_t i = 0; i < challenges->count; i++) {
        const struct rb_challenge *challenge = &challenges->items[i];
        rb_strbuf_printf(out, "%s%s", i > 0 ? " " : "", challenge->scheme);
        if (challenge->token68 != NULL)
            rb_strbuf_printf(out, "(%s)", challenge->token68);
        for (size_t k = 0; k < challenge->parameter_count; k++)
            rb_strbuf_printf(out, "[%s=%s]", challenge->parameters[k].name,
                             challenge->parameters[k].value);
    }
}

static void test_good_fields(void **state)
{
    static const struct {
        const char *field, *expected;
    } CASES[] = {
        {"", ""},
        {"Basic", "Basic"},
        {"Basic realm=\"Registry Realm\"", "Basic[realm=Registry Realm]"},
        {"Bearer realm=\"https://auth.example.com/token\",service=\"registry.example.com\","
         "scope=\"repository:a/b:pull,push\"",
         "Bearer[realm=https://auth.example.com/token][service=registry.example.com]"
         "[scope=repository:a/b:pull,push]"},
        {"Bearer realm = \"x\" , service = y", "Bearer[realm=x][service=y]"},
        {"Bearer realm=x,,service=y,", "Bearer[realm=x][service=y]"},
        {", ,Basic , Bearer realm=x", "Basic Bearer[realm=x]"},
        {"Basic realm=\"a\", Bearer realm=\"b\",service=c", "Basic[realm=a] Bearer[realm=b]"
                                                            "[service=c]"},
        {"Negotiate YWJj==, Basic realm=x", "Negotiate(YWJj==) Basic[realm=x]"},
        {"Negotiate, Basic", "Negotiate Basic"},
        {"Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", Basic "
         "realm=\"simple\"",
         "Newauth[realm=apps][type=1][title=Login to \"apps\"] Basic[realm=simple]"},
        {"Bearer realm=\"\"", "Bearer[realm=]"},
        {"Bearer realm=\"a\\\\b\"", "Bearer[realm=a\\b]"},
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(4096);
        struct rb_challenges challenges = {0};
        struct rb_err err = {0};
        if (rb_challenges_parse(arena, CASES[i].field, &challenges, &err) != 0)
            fail_msg("%s: %s", CASES[i].field, err.text);
        write_all(&challenges, &text);
        assert_string_equal(rb_strbuf_text(&text), CASES[i].expected);
    }
}

static void test_bad_fields(void **state)
{
    static const char *const CASES[] = {
        "=",
        "\"Bearer\"",
        "Bearer service=x, realm=",
        "Bearer realm=\"x",
        "Bearer realm=\"x\\",
        "Bearer realm=x service=y",
        "Bearer realm=x, =y",
        "Bearer @",
        "Bearer=x",
        "Bearer realm=x\001",
        "Bearer \"realm\"=x",
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        struct rb_challenges challenges = {0};
        struct rb_err err = {0};
        if (rb_challenges_parse(arena, CASES[i], &challenges, &err) != RB_EINVALID)
            fail_msg("\"%s\" was accepted", CASES[i]);
    }
}

static void test_limits(void **state)
{
    static const char *const PARTS[] = {"Basic, ", "Bearer a=b, a=b, a=b, a=b, a=b, a=b, "};
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(PARTS); i++) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf field = RB_STRBUF_INIT(1 << 16);
        struct rb_challenges challenges = {0};
        for (int k = 0; k < 9; k++)
            rb_strbuf_puts(&field, PARTS[i]);
        assert_int_equal(rb_challenges_parse(arena, field.data, &challenges, NULL), RB_ELIMIT);
        assert_true(challenges.count <= RB_CHALLENGES_MAXIMUM);
    }
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf blanks = RB_STRBUF_INIT(1 << 16);
    struct rb_challenges challenges = {0};
    while (blanks.size < 20000)
        rb_strbuf_putc(&blanks, ' ');
    assert_int_equal(rb_challenges_parse(arena, blanks.data, &challenges, NULL), RB_ELIMIT);
}

static void test_finding(void **state)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_challenges challenges = {0};
    (void)state;
    assert_int_equal(rb_challenges_parse(arena, "Basic realm=a", &challenges, NULL), 0);
    assert_int_equal(rb_challenges_parse(arena, "bearer Realm=b", &challenges, NULL), 0);
    const struct rb_challenge *bearer = rb_challenges_find(&challenges, "BEARER");
    assert_non_null(bearer);
    assert_string_equal(rb_challenge_get(bearer, "realm"), "b");
    assert_null(rb_challenge_get(bearer, "service"));
    assert_null(rb_challenges_find(&challenges, "Digest"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_fields),
        cmocka_unit_test(test_bad_fields),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
