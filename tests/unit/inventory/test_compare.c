/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "rebake/inventory/compare.h"

/* "deb bash amd64 1.0; npm left-pad - 1.3.0": '-' is no architecture. */
static void fill(struct rb_inventory *inventory, const char *text)
{
    rb_inventory_init(inventory);
    RB_CLEANUP_FREE char *copy = rb_strdup(text);
    char *rest = copy;
    for (char *line; (line = strsep(&rest, ";")) != NULL && *line != '\0';) {
        char type[16], name[64], architecture[16], version[32];
        struct rb_package package = {.name = name, .version = version};
        assert_int_equal(sscanf(line, "%15s %63s %15s %31s", type, name, architecture, version), 4);
        assert_true(rb_package_type_find(type, &package.type));
        package.architecture = rb_text_equal(architecture, "-") ? "" : architecture;
        package.path = rb_package_type_is_distribution(package.type) ? "" : line;
        rb_inventory_add(inventory, &package);
    }
    rb_inventory_sort(inventory);
}

/* The changes as "-bash 1.0", "+zlib 2", "bash 1.0>1.1". */
static void expect(const char *before, const char *after, const char *wanted)
{
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory old;
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory new;
    fill(&old, before);
    fill(&new, after);
    struct rb_arena *arena = rb_arena_new();
    struct rb_package_change *changes;
    size_t count = rb_inventory_compare(&old, &new, arena, &changes);
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(4096);
    for (size_t i = 0; i < count; i++) {
        const struct rb_package *a = changes[i].before, *b = changes[i].after;
        const char *space = i == 0 ? "" : " ";
        if (b == NULL)
            rb_strbuf_printf(&text, "%s-%s=%s", space, a->name, a->version);
        else if (a == NULL)
            rb_strbuf_printf(&text, "%s+%s=%s", space, b->name, b->version);
        else
            rb_strbuf_printf(&text, "%s%s=%s>%s", space, a->name, a->version, b->version);
    }
    assert_string_equal(rb_strbuf_text(&text), wanted);
    rb_arena_free(arena);
}

static void test_equal(void **state)
{
    (void)state;
    expect("", "", "");
    expect("deb bash amd64 1", "deb bash amd64 1", "");
}

static void test_added_removed_changed(void **state)
{
    (void)state;
    expect("", "deb bash amd64 1", "+bash=1");
    expect("deb bash amd64 1", "", "-bash=1");
    expect("deb bash amd64 1;deb tar amd64 1", "deb tar amd64 2;deb zip amd64 3",
           "-bash=1 tar=1>2 +zip=3");
}

static void test_identity(void **state)
{
    (void)state;
    expect("deb libc6 amd64 1;deb libc6 i386 1", "deb libc6 amd64 2;deb libc6 i386 1", "libc6=1>2");
    expect("deb six all 1", "pypi six - 1", "-six=1 +six=1");
}

static void test_many_versions_of_one_name(void **state)
{
    (void)state;
    expect("npm ms - 1;npm ms - 2;npm ms - 3", "npm ms - 1;npm ms - 3;npm ms - 4", "ms=2>4");
    expect("npm ms - 1;npm ms - 2", "npm ms - 3", "ms=1>3 -ms=2");
    expect("npm ms - 3", "npm ms - 1;npm ms - 2", "ms=3>1 +ms=2");
}

static void test_a_file_that_moved_is_no_change(void **state)
{
    (void)state;
    expect("npm ms - 1 a", "npm ms - 1 b", "");
    expect("npm ms - 1 a;npm ms - 1 b", "npm ms - 1 c", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_added_removed_changed),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_many_versions_of_one_name),
        cmocka_unit_test(test_a_file_that_moved_is_no_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
