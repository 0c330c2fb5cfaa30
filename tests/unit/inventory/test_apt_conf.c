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

static void write_down(void *context, const char *name, const char *value)
{
    rb_strbuf_printf(context, "%s=%s;", name, value);
}

static const struct {
    const char *text;
    const char *wanted;
} cases[] = {
    {"", ""},
    {"APT::Default-Release \"stable\";", "APT::Default-Release=stable;"},
    {"APT { Default-Release \"/^st/\"; Foo { Bar \"x\"; }; };\nA::B \"c\";\n",
     "APT::Default-Release=/^st/;APT::Foo::Bar=x;A::B=c;"},
    {"DPkg::Post-Invoke { \"rm -f x; true\"; \"y\"; };",
     "DPkg::Post-Invoke::=rm -f x; true;DPkg::Post-Invoke::=y;"},
    {"APT::Architectures:: \"amd64\";", "APT::Architectures::=amd64;"},
    {"// A \"1\";\n# B \"2\";\n#clear C;\n/* D \"3\";\n */E /*x*/ \"4\";// F \"5\";\nG \"6\";",
     "E=4;G=6;"},
    {"Acquire::http::Proxy \"http://x:1/\"; # ok", "Acquire::http::Proxy=http://x:1/;"},
    {"APT::Install-Recommends false;", "APT::Install-Recommends=false;"},
    {"APT::Empty \"\"; APT::Alone;", ""},
    {"A \"x", "f: line 1: a value has no closing quote"},
    {"\nA \"x\"", "f: line 2: the file ends within a statement"},
    {"A {\n\n", "f: line 3: the file ends within a statement"},
    {"A \"x\";\n};", "f: line 2: a \"}\" without a \"{\""},
    {"a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{", "f: line 1: scopes are nested too deeply"},
};

static void options_are_read_with_their_scopes(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf out = RB_STRBUF_INIT(10000);
        struct rb_err err;
        if (rb_apt_conf_read(cases[i].text, strlen(cases[i].text), "f", write_down, &out, &err) !=
            0) {
            rb_strbuf_clear(&out);
            rb_strbuf_puts(&out, err.text);
        }
        assert_string_equal(rb_strbuf_text(&out), cases[i].wanted);
    }
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    static const char text[] = "A \0;";
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf out = RB_STRBUF_INIT(10000);
    assert_int_equal(rb_apt_conf_read(text, sizeof(text) - 1, "f", write_down, &out, NULL),
                     RB_EINVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_read_with_their_scopes),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
