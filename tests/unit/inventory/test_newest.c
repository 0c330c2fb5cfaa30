/* SPDX-License-Identifier: Apache-2.0 */
/* Packages of rpm, apk and languages, where the newest version counts; integration.upgrades_dnf and
   upgrades_pip ask dnf and pip about random states. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "rebake/inventory/upgrade.h"

enum { TEXT = 32 };

/* One "name version architecture" of a list with ';' between them. */
static bool next(char **rest, char name[TEXT], char version[TEXT], char architecture[TEXT])
{
    char *line = strsep(rest, ";");
    return line != NULL && sscanf(line, "%31s %31s %31s", name, version, architecture) == 3;
}

static struct rb_index *index_of(const char *folder, enum rb_package_type type, const char *offers)
{
    struct rb_index_builder *builder = rb_index_builder_new_ordered(rb_package_type_order(type));
    RB_CLEANUP_FREE char *copy = rb_strdup(offers);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/index", folder);
    char *rest = copy, name[TEXT], version[TEXT], architecture[TEXT];
    while (next(&rest, name, version, architecture)) {
        const struct rb_offer offer = {name, version, architecture, name, version};
        assert_int_equal(rb_index_builder_add(builder, &offer, NULL), 0);
    }
    assert_int_equal(rb_index_builder_write(builder, path, NULL), 0);
    rb_index_builder_free(builder);
    struct rb_index *index = NULL;
    assert_int_equal(rb_index_open(path, &index, NULL), 0);
    return index;
}

static void install(struct rb_inventory *inventory, enum rb_package_type type, const char *packages)
{
    RB_CLEANUP_FREE char *copy = rb_strdup(packages);
    char *rest = copy, name[TEXT], version[TEXT], architecture[TEXT];
    rb_inventory_init(inventory);
    while (next(&rest, name, version, architecture)) {
        const struct rb_package package = {
            .type = type, .name = name, .version = version, .architecture = architecture};
        rb_inventory_add(inventory, &package);
    }
    inventory->architecture = "x86_64";
    rb_inventory_sort(inventory);
}

static void assert_judged(void **state, enum rb_package_type type, const char *packages,
                          enum rb_package_type offered, const char *offers, const char *wanted)
{
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(1000);
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_upgrade *upgrades;
    struct rb_index *index = index_of(*state, offered, offers);
    const struct rb_repository repository = {.type = offered, .index = index};
    install(&inventory, type, packages);
    size_t count = rb_upgrades_find(&inventory, &repository, 1, NULL, arena, &upgrades);
    for (size_t i = 0; i < count; i++)
        rb_strbuf_printf(&text, "%s %s>%s;", upgrades[i].package->name,
                         upgrades[i].package->version, upgrades[i].available);
    assert_string_equal(rb_strbuf_text(&text), wanted);
    rb_index_close(index);
}

static void the_newest_counts_by_the_order_of_its_kind(void **state)
{
    assert_judged(state, RB_PACKAGE_RPM, "a 1.0-1 x86_64;b 1:1.0-1 x86_64;c 1.0-1 x86_64",
                  RB_PACKAGE_RPM,
                  "a 1.0~rc1-1 x86_64;a 1.0^git-1 x86_64;a 1.0-2 x86_64;b 2.0-1 x86_64;"
                  "c 1.0-1 x86_64;d 1-1 x86_64",
                  "a 1.0-1>1.0^git-1;");
    assert_judged(state, RB_PACKAGE_APK, "a 1.0_rc1-r0 x86_64;b 1.2.3-r0 x86_64", RB_PACKAGE_APK,
                  "a 1.0-r0 x86_64;a 1.0_rc2-r0 x86_64;b 1.2.3-r0 x86_64", "a 1.0_rc1-r0>1.0-r0;");
}

static void architectures_hold_but_for_noarch(void **state)
{
    assert_judged(state, RB_PACKAGE_RPM,
                  "a 1-1 x86_64;b 1-1 i686;c 1-1 noarch;d 1-1 noarch;e 1-1 x86_64", RB_PACKAGE_RPM,
                  "a 2-1 i686;b 2-1 x86_64;c 2-1 x86_64;d 2-1 i686;e 2-1 noarch",
                  "c 1-1>2-1;e 1-1>2-1;");
}

static void of_several_installed_versions_the_newest_is_judged(void **state)
{
    assert_judged(state, RB_PACKAGE_RPM, "kernel 5.1-1 x86_64;kernel 5.3-1 x86_64", RB_PACKAGE_RPM,
                  "kernel 5.2-1 x86_64", "");
    assert_judged(state, RB_PACKAGE_RPM, "kernel 5.1-1 x86_64;kernel 5.3-1 x86_64", RB_PACKAGE_RPM,
                  "kernel 5.4-1 x86_64", "kernel 5.3-1>5.4-1;");
}

static void repositories_of_another_kind_say_nothing(void **state)
{
    assert_judged(state, RB_PACKAGE_APK, "a 1-r0 x86_64", RB_PACKAGE_RPM, "a 2-1 x86_64", "");
    assert_judged(state, RB_PACKAGE_DEB, "a 1-1 x86_64", RB_PACKAGE_RPM, "a 2-1 x86_64", "");
    assert_judged(state, RB_PACKAGE_RPM, "a 1-1 x86_64", RB_PACKAGE_DEB, "a 2-1 x86_64", "");
}

static void the_nearest_newer_release_is_the_candidate(void **state)
{
    static const struct {
        enum rb_package_type type;
        const char *name, *offered_as, *installed, *offers, *candidate;
    } CASES[] = {
        {RB_PACKAGE_PYPI, "requests", "requests", "2.30.0", "2.29.0 2.31.0 2.32.1", "2.32.1"},
        {RB_PACKAGE_PYPI, "Zope.Interface", "zope-interface", "6.0", "6.1", "6.1"},
        {RB_PACKAGE_PYPI, "flask", "flask", "2.3.2", "2.3.3 3.0.0", "2.3.3"},
        {RB_PACKAGE_PYPI, "flask", "flask", "2.3.3", "2.3.3 3.0.0 3.1", "3.1"},
        {RB_PACKAGE_PYPI, "flask", "flask", "3.0", "3.0.0 3.1rc1 3.1.dev2", NULL},
        {RB_PACKAGE_PYPI, "flask", "flask", "3.1rc1", "3.0 3.1rc2", NULL},
        {RB_PACKAGE_PYPI, "a", "a", "1!2.0", "1!2.1 1!3.0 9", "1!2.1"},
        {RB_PACKAGE_PYPI, "a", "a", "v1.0", "1.0.1", "1.0.1"},
        {RB_PACKAGE_PYPI, "b", "a", "1.0", "1.0.1", NULL},
        {RB_PACKAGE_NPM, "@types/node", "@types/node", "20.1.0", "20.1.1 22.0.0", "20.1.1"},
        {RB_PACKAGE_NPM, "a", "a", "0.3.1", "0.3.2 0.4.0", "0.3.2"},
        {RB_PACKAGE_NPM, "a", "a", "0.3.2", "0.3.2 0.4.0 1.0.0", "1.0.0"},
        {RB_PACKAGE_NPM, "a", "a", "1.0.0", "1.0.1-beta.1 1.0.0+build-2", NULL},
        {RB_PACKAGE_NPM, "a", "a", "1.0.1-beta.1", "1.0.1-beta.2 1.0.1", "1.0.1"},
        {RB_PACKAGE_GEM, "rack", "rack", "3.0.0", "3.0.1", "3.0.1"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf offers = RB_STRBUF_INIT(1000);
        RB_CLEANUP_FREE char *copy = rb_strdup(CASES[i].offers);
        RB_CLEANUP_FREE char *packages = rb_asprintf("%s %s -", CASES[i].name, CASES[i].installed);
        RB_CLEANUP_FREE char *wanted =
            CASES[i].candidate == NULL
                ? rb_strdup("")
                : rb_asprintf("%s %s>%s;", CASES[i].name, CASES[i].installed, CASES[i].candidate);
        char *rest = copy, *version;
        while ((version = strsep(&rest, " ")) != NULL)
            rb_strbuf_printf(&offers, "%s %s -;", CASES[i].offered_as, version);
        assert_judged(state, CASES[i].type, packages, CASES[i].type, rb_strbuf_text(&offers),
                      wanted);
    }
}

static int make_folder(void **state)
{
    char *folder = NULL;
    int status = rb_folder_make_temporary("/tmp/rebake-newest-", &folder, NULL);
    *state = folder;
    return status;
}

static int remove_folder(void **state)
{
    int status = rb_tree_remove(*state, NULL);
    rb_free(*state);
    return status;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_counts_by_the_order_of_its_kind),
        cmocka_unit_test(architectures_hold_but_for_noarch),
        cmocka_unit_test(of_several_installed_versions_the_newest_is_judged),
        cmocka_unit_test(repositories_of_another_kind_say_nothing),
        cmocka_unit_test(the_nearest_newer_release_is_the_candidate),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
