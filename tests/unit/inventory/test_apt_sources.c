/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/inventory/outdated.h"

static void write_words(struct rb_strbuf *out, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++)
        rb_strbuf_printf(out, "%s%s", i == 0 ? "" : ",", words[i]);
}

/* "URL SUITE COMPONENTS [ARCHITECTURES] [<SIGNED-BY>] [trusted] [old]", a line a source. */
static char *read_down(const char *text, bool is_deb822)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_apt_source *sources = NULL;
    size_t count = 0, capacity = 0;
    struct rb_err err;
    struct rb_strbuf out = RB_STRBUF_INIT(100000);
    if (rb_apt_sources_parse(text, strlen(text), is_deb822, "f", arena, &sources, &count, &capacity,
                             &err) != 0) {
        rb_strbuf_puts(&out, err.text);
        return rb_strbuf_steal(&out);
    }
    for (size_t i = 0; i < count; i++) {
        rb_strbuf_printf(&out, "%s %s ", sources[i].url, sources[i].suite);
        write_words(&out, sources[i].components);
        rb_strbuf_puts(&out, " [");
        write_words(&out, sources[i].architectures);
        rb_strbuf_puts(&out, "]");
        if (sources[i].signed_by != NULL)
            rb_strbuf_printf(&out, " <%s>", sources[i].signed_by);
        rb_strbuf_printf(&out, "%s%s\n", sources[i].trusted ? " trusted" : "",
                         sources[i].may_be_old ? " old" : "");
    }
    return rb_strbuf_steal(&out);
}

static const struct {
    const char *text;
    const char *wanted;
} lines[] = {
    {"", ""},
    {"# deb http://x y z\n\n  \t\n", ""},
    {"deb http://deb.example.org/debian bookworm main",
     "http://deb.example.org/debian bookworm main []\n"},
    {"deb-src http://x/d bookworm main\ndeb http://x/d sid main contrib # and more\n",
     "http://x/d sid main,contrib []\n"},
    {"deb [arch=amd64,arm64 signed-by=/usr/share/keyrings/k.gpg] https://x/d s c\n",
     "https://x/d s c [amd64,arm64] </usr/share/keyrings/k.gpg>\n"},
    {"deb [ trusted=yes ] file:/srv/repo ./\n", "file:/srv/repo ./  [] trusted\n"},
    {"deb [trusted=no check-valid-until=no] http://x s c\n", "http://x s c [] old\n"},
    {"\tdeb\t[ arch=amd64\tlang=en ]\thttp://x\ts\tc\r\n", "http://x s c [amd64]\n"},
    {"deb [signed-by=\"/a b.gpg\"] \"cdrom:[Debian 12]/\" s c\n",
     "cdrom:[Debian 12]/ s c [] </a b.gpg>\n"},
    {"deb [signed-by=/k#1.gpg] http://x s c#d\n", "http://x s c [] </k#1.gpg>\n"},
    {"deb mirror+file:/etc/apt/mirrors/debian.list bookworm main\n",
     "mirror+file:/etc/apt/mirrors/debian.list bookworm main []\n"},
    {"rpm http://x s c\n", "f: line 1: \"rpm\" is neither deb nor deb-src"},
    {"\ndeb\n", "f: line 2: no URL"},
    {"deb http://x\n", "f: line 1: no suite"},
    {"deb http://x bookworm\n", "f: line 1: no component stands behind the suite bookworm"},
    {"deb http://x ./ main\n", "f: line 1: a component stands behind the path ./"},
    {"deb /srv bookworm main\n", "f: line 1: \"/srv\" is not a URL"},
    {"deb [arch=amd64 http://x s c\n", "f: line 1: the options have no \"]\""},
    {"deb [arch] http://x s c\n", "f: line 1: the option \"arch\" is not NAME=VALUE"},
};

static const struct {
    const char *text;
    const char *wanted;
} stanzas[] = {
    {"Types: deb\nURIs: http://x/d\nSuites: bookworm\nComponents: main\n",
     "http://x/d bookworm main []\n"},
    {"# http://snapshot.example.org/1\nTypes: deb deb-src\n# in between\nURIs: http://x http://y\n"
     "Suites: a b\nComponents: main contrib\nArchitectures: amd64 i386\n"
     "Signed-By: /usr/share/keyrings/k.gpg\n",
     "http://x a main,contrib [amd64,i386] </usr/share/keyrings/k.gpg>\n"
     "http://x b main,contrib [amd64,i386] </usr/share/keyrings/k.gpg>\n"
     "http://y a main,contrib [amd64,i386] </usr/share/keyrings/k.gpg>\n"
     "http://y b main,contrib [amd64,i386] </usr/share/keyrings/k.gpg>\n"},
    {"Types: deb\nURIs: http://x\nSuites: s\nComponents: c\nEnabled: no\n\n"
     "Enabled: yes\nTypes: deb-src\nURIs: http://x\nSuites: s\nComponents: c\n\n"
     "Types: deb\nURIs: http://x\nSuites: s/\nTrusted: Yes\nCheck-Valid-Until: false\n",
     "http://x s/  [] trusted old\n"},
    {"Types: deb\nURIs: http://x\nSuites: s\nComponents: c\nSigned-By:\n"
     " -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDME\n =x\n"
     " -----END PGP PUBLIC KEY BLOCK-----\n",
     "http://x s c [] <\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n.\nmDME\n=x\n"
     "-----END PGP PUBLIC KEY BLOCK----->\n"},
    {"URIs: http://x\nSuites: s\nComponents: c\n", "f: line 1: a source without Types"},
    {"Types: deb\nSuites: s\nComponents: c\n", "f: line 1: a source without URIs"},
    {"Types: deb\nURIs: http://x\nComponents: c\n", "f: line 1: a source without Suites"},
    {"Types: deb\nURIs: http://x\nSuites: s\n",
     "f: line 1: no component stands behind the suite s"},
    {"deb [arch=amd64] x s c\n", "f: line 1: not a \"Name: value\" field"},
};

static void one_line_sources_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(lines); i++) {
        RB_CLEANUP_FREE char *got = read_down(lines[i].text, false);
        assert_string_equal(got, lines[i].wanted);
    }
}

static void deb822_sources_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(stanzas); i++) {
        RB_CLEANUP_FREE char *got = read_down(stanzas[i].text, true);
        assert_string_equal(got, stanzas[i].wanted);
    }
}

static void sources_of_several_files_are_appended(void **state)
{
    (void)state;
    static const char first[] = "deb http://x s c\n", second[] = "deb http://y s c\n";
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_apt_source *sources = NULL;
    size_t count = 0, capacity = 0;
    assert_int_equal(rb_apt_sources_parse(first, strlen(first), false, "a", arena, &sources, &count,
                                          &capacity, NULL),
                     0);
    assert_int_equal(rb_apt_sources_parse(second, strlen(second), false, "b", arena, &sources,
                                          &count, &capacity, NULL),
                     0);
    assert_int_equal(count, 2);
    assert_string_equal(sources[0].url, "http://x");
    assert_string_equal(sources[1].url, "http://y");
}

static void sources_are_bounded(void **state)
{
    (void)state;
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(1 << 20);
    rb_strbuf_puts(&text, "Types: deb\nComponents: c\nURIs:");
    for (int i = 0; i < 40; i++)
        rb_strbuf_printf(&text, " http://x%d", i);
    rb_strbuf_puts(&text, "\nSuites:");
    for (int i = 0; i < 40; i++)
        rb_strbuf_printf(&text, " s%d", i);
    rb_strbuf_puts(&text, "\n");
    RB_CLEANUP_FREE char *got = read_down(rb_strbuf_text(&text), true);
    assert_string_equal(got, "f: line 1: more than 1000 sources");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_sources_are_read),
        cmocka_unit_test(deb822_sources_are_read),
        cmocka_unit_test(sources_of_several_files_are_appended),
        cmocka_unit_test(sources_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
