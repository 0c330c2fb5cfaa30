/* SPDX-License-Identifier: Apache-2.0 */
/* What git servers say of their refs, cut into pieces of every size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "watch/git_refs.h"

#define A "0123456789abcdef0123456789abcdef01234567"
#define B "89abcdef0123456789abcdef0123456789abcdef"

/* The NUL of protocol 0 has a place of its own: literals end there. */
static const char PROTOCOL_0[] = "001e# service=git-upload-pack\n0000"
                                 "0048" A " HEAD\0multi_ack agent=git/2\n"
                                 "003d" A " refs/heads/main\n"
                                 "003b" B " refs/tags/1.0\n"
                                 "003e" A " refs/tags/1.0^{}\n0000";
static const char PROTOCOL_1[] = "000eversion 1\n0032" A " HEAD\n003d" A " refs/heads/main\n0000";
static const char PROTOCOL_2[] = "001e# service=git-upload-pack\n0000000eversion 2\n"
                                 "0015agent=git/2.39.5\n0013ls-refs=unborn\n"
                                 "0017object-format=sha1\n0000";
static const char LISTING[] = "003d" A " refs/heads/main\n"
                              "006b" B " refs/tags/1.0 peeled:" A "\n0000";
static const char EMPTY[] = "001e# service=git-upload-pack\n00000000";

static int read_all(const char *bytes, size_t size, size_t piece, enum rb_git_speech speech,
                    const char *prefix, struct rb_git_refs **ret_refs, struct rb_err *err)
{
    *ret_refs = rb_git_refs_new(speech, prefix);
    for (size_t at = 0; at < size; at += piece) {
        if (!rb_git_refs_feed(*ret_refs, bytes + at, piece < size - at ? piece : size - at))
            break;
    }
    return rb_git_refs_end(*ret_refs, "x", err);
}

static void good_answers_are_read_in_pieces_of_any_size(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        enum rb_git_speech speech;
        bool to_be_asked;
        size_t heads, tags;
    } CASES[] = {
        {PROTOCOL_0, sizeof(PROTOCOL_0) - 1, RB_GIT_ADVERTISEMENT, false, 1, 1},
        {PROTOCOL_1, sizeof(PROTOCOL_1) - 1, RB_GIT_ADVERTISEMENT, false, 1, 0},
        {PROTOCOL_2, sizeof(PROTOCOL_2) - 1, RB_GIT_ADVERTISEMENT, true, 0, 0},
        {LISTING, sizeof(LISTING) - 1, RB_GIT_LS_REFS, false, 1, 1},
        {EMPTY, sizeof(EMPTY) - 1, RB_GIT_ADVERTISEMENT, false, 0, 0},
        {"0000", 4, RB_GIT_LS_REFS, false, 0, 0},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        for (size_t piece = 1; piece <= CASES[i].size; piece++) {
            RB_CLEANUP(rb_git_refs_cleanup) struct rb_git_refs *heads = NULL;
            RB_CLEANUP(rb_git_refs_cleanup) struct rb_git_refs *tags = NULL;
            struct rb_err err = {0};
            size_t count;
            assert_int_equal(read_all(CASES[i].bytes, CASES[i].size, piece, CASES[i].speech,
                                      "refs/heads/", &heads, &err),
                             0);
            assert_int_equal(read_all(CASES[i].bytes, CASES[i].size, piece, CASES[i].speech,
                                      "refs/tags/", &tags, &err),
                             0);
            assert_int_equal(rb_git_refs_are_to_be_asked(heads), CASES[i].to_be_asked);
            (void)rb_git_refs_list(heads, &count);
            assert_int_equal(count, CASES[i].heads);
            const struct rb_git_ref *tag = rb_git_refs_list(tags, &count);
            assert_int_equal(count, CASES[i].tags);
            if (count == 0)
                continue;
            assert_string_equal(tag->name, "refs/tags/1.0");
            assert_string_equal(tag->object, B);
            assert_string_equal(tag->commit, A);
            assert_non_null(rb_git_refs_find(heads, "refs/heads/main"));
            assert_null(rb_git_refs_find(heads, "refs/heads/mai"));
        }
    }
}

static void bad_answers_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        enum rb_git_speech speech;
        const char *error;
    } CASES[] = {
        {"", RB_GIT_LS_REFS, "x: list refs: the answer is cut"},
        {"00", RB_GIT_LS_REFS, "x: list refs: the answer is cut"},
        {"003d" A, RB_GIT_LS_REFS, "x: list refs: the answer is cut"},
        {"<htm", RB_GIT_LS_REFS, "x: list refs: what comes is no pkt-line"},
        {"0001", RB_GIT_LS_REFS, "x: list refs: what comes is no pkt-line"},
        {"fff1", RB_GIT_LS_REFS, "x: list refs: what comes is no pkt-line"},
        {"0004", RB_GIT_LS_REFS, "x: list refs: a line names no object and ref"},
        {"0000", RB_GIT_ADVERTISEMENT, "x: list refs: a flush where none may stand"},
        {"00000000", RB_GIT_LS_REFS, "x: list refs: a flush where none may stand"},
        {"0000003d" A " refs/heads/main\n", RB_GIT_LS_REFS,
         "x: list refs: a line where none may stand"},
        {"0010unborn HEAD\n000bnonsens", RB_GIT_LS_REFS,
         "x: list refs: a line names no object and ref"},
        {"0055" A "012345678901234567890123 refs/heads/main\n", RB_GIT_LS_REFS,
         "x: list refs: a line names no object and ref"},
        {"0047" A " refs/tags/1.0 peeled:0123\n", RB_GIT_LS_REFS,
         "x: list refs: what a tag is of is no object id"},
        {"000fERR go\033away", RB_GIT_LS_REFS, "x: list refs: the server says: go?away"},
        {"000eversion 2\n0019object-format=sha256\n000cls-refs\n0000", RB_GIT_ADVERTISEMENT,
         "x: its object ids are not SHA-1: not supported"},
        {"000eversion 2\n000afetch\n0000", RB_GIT_ADVERTISEMENT, "x: the server cannot list refs"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP(rb_git_refs_cleanup) struct rb_git_refs *refs = NULL;
        struct rb_err err = {0};
        assert_int_equal(read_all(CASES[i].bytes, strlen(CASES[i].bytes), 7, CASES[i].speech,
                                  "refs/", &refs, &err),
                         RB_EGIT);
        assert_string_equal(err.text, CASES[i].error);
    }
}

static void the_question_is_framed(void **state)
{
    (void)state;
    RB_CLEANUP_FREE char *question = rb_git_refs_question("refs/heads/main");
    assert_string_equal(question, "0014command=ls-refs\n00010009peel\n"
                                  "001fref-prefix refs/heads/main\n0000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_answers_are_read_in_pieces_of_any_size),
        cmocka_unit_test(bad_answers_are_refused),
        cmocka_unit_test(the_question_is_framed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
