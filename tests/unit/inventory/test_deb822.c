/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/inventory/deb822.h"

static const char *const names[] = {"Package", "Version", "Description", NULL};

/* Writes each stanza down as "LINE:value|value|value;", an absent value as "-". */
static int write_down(void *context, const struct rb_deb822_stanza *stanza, struct rb_err *err)
{
    (void)err;
    struct rb_strbuf *out = context;
    rb_strbuf_printf(out, "%zu:", stanza->line);
    for (size_t i = 0; i < 3; i++)
        rb_strbuf_printf(out, "%s%c", stanza->values[i] == NULL ? "-" : stanza->values[i],
                         i == 2 ? ';' : '|');
    return 0;
}

static const struct {
    const char *text;
    const char *wanted;
} good[] = {
    {"", ""},
    {"\n\n\n", ""},
    {"Package: a\nVersion: 1\n", "1:a|1|-;"},
    {"Package: a\nVersion: 1", "1:a|1|-;"},
    {"package:a\nVERSION:\t 1 \t\n", "1:a|1|-;"},
    {"\n\nPackage: a\n\n\n\nPackage: b\n\n", "3:a|-|-;7:b|-|-;"},
    {"Other: x\n", "1:-|-|-;"},
    {"Package: a\r\nVersion: 1\r\n\r\nPackage: b\r\n", "1:a|1|-;4:b|-|-;"},
    {"Package: a\nDepends: x,\n y,\n\tz\nVersion: 1\n", "1:a|1|-;"},
    {"Description: short\n long\n .\n  more\nPackage: a\n", "1:a|-|short\nlong\n.\nmore;"},
    {"Package: \nVersion:\n", "1:||-;"},
    {"Packages: no\nPack: no\nPackage: a\n", "1:a|-|-;"},
    {"Version: 1:2-3\n", "1:-|1:2-3|-;"},
};

static void stanzas_are_read_in_pieces_of_any_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(good); i++) {
        size_t size = strlen(good[i].text);
        for (size_t piece = 1; piece <= size + 1; piece++) {
            RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf out = RB_STRBUF_INIT(1000);
            struct rb_deb822_options options = {
                .names = names, .stanza = write_down, .context = &out};
            RB_CLEANUP(rb_deb822_cleanup) struct rb_deb822 *reader = rb_deb822_new(&options);
            for (size_t at = 0; at < size; at += piece) {
                size_t left = size - at;
                assert_int_equal(
                    rb_deb822_feed(reader, good[i].text + at, left < piece ? left : piece, NULL),
                    0);
            }
            assert_int_equal(rb_deb822_end(reader, NULL), 0);
            assert_string_equal(rb_strbuf_text(&out), good[i].wanted);
        }
    }
}

static void comments_are_left_out_where_allowed(void **state)
{
    (void)state;
    static const char text[] =
        "# first\nPackage: a\n# within\nDescription: x\n#in it\n y\n\n#only\n";
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf out = RB_STRBUF_INIT(1000);
    struct rb_deb822_options options = {
        .names = names, .comments = true, .stanza = write_down, .context = &out};
    assert_int_equal(rb_deb822_read(&options, text, strlen(text), "file", NULL), 0);
    assert_string_equal(rb_strbuf_text(&out), "2:a|-|x\ny;");
}

static const struct {
    const char *text;
    size_t size; /* 0: that of the text */
    const char *wanted;
} bad[] = {
    {"Package: a\nnonsense\n", 0, "status: line 2: not a \"Name: value\" field"},
    {": a\n", 0, "status: line 1: not a \"Name: value\" field"},
    {"-Package: a\n", 0, "status: line 1: not a \"Name: value\" field"},
    {"# no comments here\n", 0, "status: line 1: not a \"Name: value\" field"},
    {"Package: a\n\n folded\n", 0,
     "status: line 3: a line that starts with a space continues no field"},
    {"Package: a\nVersion: 1\npackage: b\n", 0,
     "status: line 3: field Package stands twice in one stanza"},
    {"Package: a\nVersion: 1\0002\n", 24, "status: line 2: field Version has a NUL byte in it"},
};

static void broken_text_is_an_error_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(bad); i++) {
        RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf out = RB_STRBUF_INIT(1000);
        struct rb_deb822_options options = {.names = names, .stanza = write_down, .context = &out};
        struct rb_err err;
        size_t size = bad[i].size == 0 ? strlen(bad[i].text) : bad[i].size;
        assert_int_equal(rb_deb822_read(&options, bad[i].text, size, "status", &err), RB_EINVALID);
        assert_string_equal(err.text, bad[i].wanted);
    }
}

static void long_lines_and_stanzas_are_refused(void **state)
{
    (void)state;
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf out = RB_STRBUF_INIT(1000);
    struct rb_deb822_options options = {.names = names, .stanza = write_down, .context = &out};
    size_t size = RB_DEB822_LINE_MAX / 2;
    RB_CLEANUP_FREE char *line = rb_alloc(size);
    memset(line, 'x', size);
    memcpy(line, "Other:", 6);
    struct rb_err err;

    RB_CLEANUP(rb_deb822_cleanup) struct rb_deb822 *one_line = rb_deb822_new(&options);
    int status = 0;
    for (int i = 0; i < 3 && status == 0; i++)
        status = rb_deb822_feed(one_line, line, size, &err);
    assert_int_equal(status, RB_ELIMIT);

    line[size - 1] = '\n';
    RB_CLEANUP(rb_deb822_cleanup) struct rb_deb822 *one_stanza = rb_deb822_new(&options);
    status = 0;
    for (size_t i = 0; i <= RB_DEB822_STANZA_MAX / size && status == 0; i++)
        status = rb_deb822_feed(one_stanza, line, size, &err);
    assert_int_equal(status, RB_ELIMIT);
}

static int refuse(void *context, const struct rb_deb822_stanza *stanza, struct rb_err *err)
{
    (void)context;
    return stanza->line == 3 ? rb_err_set(err, RB_EVERIFY, "not this one") : 0;
}

static void what_the_reader_refuses_is_told_with_its_line(void **state)
{
    (void)state;
    static const char text[] = "Package: a\n\nPackage: b\n\nPackage: c\n";
    struct rb_deb822_options options = {.names = names, .stanza = refuse};
    struct rb_err err;
    assert_int_equal(rb_deb822_read(&options, text, strlen(text), "f", &err), RB_EVERIFY);
    assert_string_equal(err.text, "f: line 3: not this one");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stanzas_are_read_in_pieces_of_any_size),
        cmocka_unit_test(comments_are_left_out_where_allowed),
        cmocka_unit_test(broken_text_is_an_error_with_its_line),
        cmocka_unit_test(long_lines_and_stanzas_are_refused),
        cmocka_unit_test(what_the_reader_refuses_is_told_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
