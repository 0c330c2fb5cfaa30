/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "build/containerfile.h"
#include "rebake/base/memory.h"

#define HEX    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define BASE   "docker.io/library/debian@sha256:" HEX
#define GOLANG "docker.io/library/golang@sha256:" HEX

static int pin(const char *text, const char *run_flags, struct containerfile *made,
               struct rb_err *err)
{
    static const struct recipe_variable arguments[] = {{"GIVEN", "runtime"}};
    const struct containerfile_options options = {
        .file = "Containerfile",
        .base_name = "runtime",
        .base_tagged = "docker.io/library/debian:bookworm-slim",
        .base_pinned = BASE,
        .arguments = arguments,
        .argument_count = RB_COUNT_OF(arguments),
        .run_flags = run_flags,
    };
    return containerfile_pin(text, strlen(text), &options, made, err);
}

static void assert_pinned(const char *text, const char *pinned)
{
    RB_CLEANUP(containerfile_deinit) struct containerfile made = {0};
    struct rb_err err = {.text = "no error"};
    if (pin(text, NULL, &made, &err) != 0)
        fail_msg("%s: %s", text, err.text);
    assert_string_equal(made.text, pinned);
}

static void test_accepted(void **state)
{
    static const struct {
        const char *text;
        const char *pinned;
    } cases[] = {
        {"FROM runtime\n", "FROM " BASE "\n"},
        {"from runtime", "FROM " BASE "\n"},
        {"FROM debian:bookworm-slim\n", "FROM " BASE "\n"},
        {"FROM docker.io/library/debian:bookworm-slim AS final\n", "FROM " BASE " AS final\n"},
        {"FROM " BASE "\n", "FROM " BASE "\n"},
        {"FROM debian:other@sha256:" HEX "\n", "FROM " BASE "\n"},
        {"FROM --platform=$BUILDPLATFORM runtime\n", "FROM --platform=$BUILDPLATFORM " BASE "\n"},
        {"\xef\xbb\xbf# a comment\n\n  FROM runtime\r\nRUN a\r\n", "FROM " BASE "\nRUN a\n"},
        /* Continued lines are joined, comments and empty lines among them dropped. */
        {"FROM \\\n  runtime\nRUN a \\\n# no\n\n && b \\ \n  c\n",
         "FROM " BASE "\nRUN a  && b   c\n"},
        {"FROM runtime\nRUN a \\", "FROM " BASE "\nRUN a\n"},
        {"FROM runtime\nRUN a \\\nFROM evil\n", "FROM " BASE "\nRUN a FROM evil\n"},
        {"# escape=`\nFROM runtime\nRUN a \\\nRUN b `\nc\n",
         "# escape=`\nFROM " BASE "\nRUN a \\\nRUN b c\n"},
        {"# escape=\\\nFROM runtime\n", "FROM " BASE "\n"},
        /* Not a directive: it stands below something else. */
        {"FROM runtime\n# escape=`\nRUN a `\n", "FROM " BASE "\nRUN a `\n"},
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++)
        assert_pinned(cases[i].text, cases[i].pinned);
}

static void test_arguments_and_stages(void **state)
{
    static const struct {
        const char *text;
        const char *pinned;
    } cases[] = {
        /* Arguments. */
        {"ARG GIVEN\nFROM $GIVEN\n", "ARG GIVEN\nFROM " BASE "\n"},
        {"ARG GIVEN=other\nFROM ${GIVEN}\n", "ARG GIVEN=other\nFROM " BASE "\n"},
        {"ARG A=run B=\"time\" C\nFROM \"${A}$B${C}\"\n",
         "ARG A=run B=\"time\" C\nFROM " BASE "\n"},
        {"ARG A=run\nARG B=${A}time\nFROM ${NONE:-$B}\n",
         "ARG A=run\nARG B=${A}time\nFROM " BASE "\n"},
        {"ARG A=x\nFROM ${A:+runtime}${B:+no}\n", "ARG A=x\nFROM " BASE "\n"},
        /* Stages. */
        {"FROM golang:1@sha256:" HEX " AS Build\nFROM runtime\nCOPY --from=build --chown=1 a b\n"
         "COPY --from=0 c d\n",
         "FROM " GOLANG " AS Build\nFROM " BASE "\nCOPY --from=build --chown=1 a b\n"
         "COPY --from=0 c d\n"},
        {"FROM runtime AS a\nFROM a AS b\nFROM b\n", "FROM " BASE " AS a\nFROM a AS b\nFROM b\n"},
        {"FROM runtime AS runtime\nFROM runtime\n", "FROM " BASE " AS runtime\nFROM runtime\n"},
        {"FROM scratch AS x\nFROM runtime\n", "FROM scratch AS x\nFROM " BASE "\n"},
        {"FROM runtime\nCOPY --from=runtime a b\n", "FROM " BASE "\nCOPY --from=" BASE " a b\n"},
        {"FROM runtime\nRUN --mount=type=bind,from=runtime,target=/x --network=none a\n",
         "FROM " BASE "\nRUN --mount=type=bind,from=" BASE ",target=/x --network=none a\n"},
        {"FROM runtime\nRUN --mount=type=cache,target=/x a --from=b\n",
         "FROM " BASE "\nRUN --mount=type=cache,target=/x a --from=b\n"},
        {"FROM runtime\nRUN -- --mount=from=x a\n", "FROM " BASE "\nRUN -- --mount=from=x a\n"},
        {"FROM runtime\n\\\n RUN a \\ \r\n b\n", "FROM " BASE "\nRUN a  b\n"},
        /* Not here-documents. */
        {"FROM runtime\nRUN a <<< b && echo $((1<<2)) 1 << 2\n",
         "FROM " BASE "\nRUN a <<< b && echo $((1<<2)) 1 << 2\n"},
        {"FROM runtime\nRUN [\"a\", \"b\"]\nHEALTHCHECK CMD x\n",
         "FROM " BASE "\nRUN [\"a\", \"b\"]\nHEALTHCHECK CMD x\n"},
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++)
        assert_pinned(cases[i].text, cases[i].pinned);
}

static void test_refused(void **state)
{
#define NAME_IT                                                                                    \
    " is not pinned: name the base (runtime or docker.io/library/debian:bookworm-slim), an "       \
    "earlier "                                                                                     \
    "stage, scratch, or an image by digest (name@sha256:…)"
    static const struct {
        const char *text;
        const char *error;
    } cases[] = {
        {"", "Containerfile: there is no FROM in it"},
        {"# only\n", "Containerfile: there is no FROM in it"},
        {"RUN a\nFROM runtime\n", "Containerfile:1: RUN stands before the first FROM"},
        {"FROM\n", "Containerfile:1: FROM  names no image"},
        {"FROM $NONE\n", "Containerfile:1: FROM $NONE names no image"},
        {"\nFROM golang:1.21\n", "Containerfile:2: image \"golang:1.21\"" NAME_IT},
        {"FROM Runtime\n", "Containerfile:1: image \"Runtime\"" NAME_IT},
        {"FROM debian:bookworm\n", "Containerfile:1: image \"debian:bookworm\"" NAME_IT},
        {"FROM later\nFROM runtime AS later\n", "Containerfile:1: image \"later\"" NAME_IT},
        {"FROM runtime\nRUN a \\\n b\nCOPY --from=busybox a b\n",
         "Containerfile:4: image \"busybox\"" NAME_IT},
        {"FROM runtime\nCOPY --from=1 a b\n", "Containerfile:2: image \"1\"" NAME_IT},
        {"FROM runtime\nRUN --mount=type=bind,from=busybox,target=/x a\n",
         "Containerfile:2: image \"busybox\"" NAME_IT},
        {"FROM runtime\nCOPY --from=$X a b\n",
         "Containerfile:2: variables and quotes in \"from=$X\" are not understood: write the name "
         "itself"},
        {"FROM runtime\nRUN --mount=\"type=bind,from=x\" a\n",
         "Containerfile:2: quotes in --mount are not understood"},
        {"FROM runtime\nRUN cat <<EOF\nFROM x\nEOF\n",
         "Containerfile:2: here-documents are not understood: put the text into a file of the "
         "context, or continue lines"},
        {"FROM runtime\nRUN 3<<-'EOF' cat\n",
         "Containerfile:2: here-documents are not understood: put the text into a file of the "
         "context, or continue lines"},
        {"FROM scratch\n",
         "Containerfile: its last stage does not stand on the pipeline's base \"runtime\": an "
         "image that is rebuilt with its base must be built FROM it"},
        {"FROM runtime AS a\nFROM golang@sha256:" HEX "\n",
         "Containerfile: its last stage does not stand on the pipeline's base \"runtime\": an "
         "image that is rebuilt with its base must be built FROM it"},
        {"FROM runtime AS\n", "Containerfile:1: FROM takes an image, and \"AS name\" after it"},
        {"FROM runtime WITH x\n", "Containerfile:1: FROM takes an image, and \"AS name\" after it"},
        {"FROM ${X:?no}\n", "Containerfile:1: of variables, $NAME, ${NAME}, ${NAME:-word} and "
                            "${NAME:+word} are understood"},
        {"FROM \"runtime\n", "Containerfile:1: a quote is not closed"},
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        RB_CLEANUP(containerfile_deinit) struct containerfile made = {0};
        struct rb_err err = {.text = "no error"};
        int status = pin(cases[i].text, NULL, &made, &err);
        assert_int_equal(status, RB_EINVALID);
        assert_string_equal(err.text, cases[i].error);
    }
}

static void test_run_flags(void **state)
{
    RB_CLEANUP(containerfile_deinit) struct containerfile made = {0};
    struct rb_err err;
    (void)state;
    assert_int_equal(pin("FROM runtime\nRUN --network=none a\nRUN [\"b\"]\nCMD c\n",
                         "--mount=type=bind,from=apt,target=/t", &made, &err),
                     0);
    assert_string_equal(made.text, "FROM " BASE "\n"
                                   "RUN --mount=type=bind,from=apt,target=/t --network=none a\n"
                                   "RUN --mount=type=bind,from=apt,target=/t [\"b\"]\nCMD c\n");
}

static void test_other_images_are_listed_once(void **state)
{
    RB_CLEANUP(containerfile_deinit) struct containerfile made = {0};
    struct rb_err err;
    (void)state;
    assert_int_equal(pin("FROM golang@sha256:" HEX " AS a\nFROM golang:1@sha256:" HEX " AS b\n"
                         "FROM runtime\nCOPY --from=quay.io/x/y@sha256:" HEX " a b\n",
                         NULL, &made, &err),
                     0);
    assert_int_equal(made.pinned.count, 2);
    assert_string_equal(made.pinned.items[0], GOLANG);
    assert_string_equal(made.pinned.items[1], "quay.io/x/y@sha256:" HEX);
}

static void test_not_a_text(void **state)
{
    static const char data[] = "FROM runtime\n\0";
    const struct containerfile_options options = {
        .file = "Containerfile", .base_name = "runtime", .base_pinned = BASE};
    RB_CLEANUP(containerfile_deinit) struct containerfile made = {0};
    struct rb_err err;
    (void)state;
    assert_int_equal(containerfile_pin(data, sizeof(data), &options, &made, &err), RB_EINVALID);
    assert_string_equal(err.text, "Containerfile: it is not a text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_run_flags),  cmocka_unit_test(test_other_images_are_listed_once),
        cmocka_unit_test(test_not_a_text), cmocka_unit_test(test_arguments_and_stages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
