/* SPDX-License-Identifier: Apache-2.0 */
/* Small worlds, each with what apt 2.6 chooses in it; integration.upgrades_apt asks apt itself
   about random ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/inventory/upgrade.h"

enum { REPOSITORIES_MAX = 4 };

/* A repository with its offers as "name version architecture [source]", a line each. */
struct repository {
    struct rb_repository about;
    const char *offers;
};

static struct rb_repository main_of(const char *suite, const char *codename)
{
    return (struct rb_repository){
        .suite = suite,
        .codename = codename,
        .origin = "Debian",
        .label = "Debian",
        .version = "12.5",
        .component = "main",
        .site = "mirror.example.com",
    };
}

static struct rb_index *index_of(const char *folder, const char *offers)
{
    struct rb_index_builder *builder = rb_index_builder_new();
    RB_CLEANUP_FREE char *copy = rb_strdup(offers);
    char *rest = NULL;
    for (char *line = strtok_r(copy, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char name[32], version[32], architecture[32], source[32] = "";
        int fields = sscanf(line, "%31s %31s %31s %31s", name, version, architecture, source);
        assert_true(fields >= 3);
        RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf stanza = RB_STRBUF_INIT(1000);
        rb_strbuf_printf(&stanza, "Package: %s\nVersion: %s\nArchitecture: %s\nSource: %s\n\n",
                         name, version, architecture, source);
        assert_int_equal(rb_index_builder_feed(builder, stanza.data, stanza.size, NULL), 0);
    }
    assert_int_equal(rb_index_builder_end_file(builder, "test", NULL), 0);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/index", folder);
    assert_int_equal(rb_index_builder_write(builder, path, NULL), 0);
    rb_index_builder_free(builder);
    struct rb_index *index = NULL;
    assert_int_equal(rb_index_open(path, &index, NULL), 0);
    return index;
}

static void install(struct rb_inventory *inventory, const char *packages)
{
    rb_inventory_init(inventory);
    RB_CLEANUP_FREE char *copy = rb_strdup(packages);
    char *rest = NULL;
    for (char *line = strtok_r(copy, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char name[32], version[32], architecture[32];
        assert_int_equal(sscanf(line, "%31s %31s %31s", name, version, architecture), 3);
        RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf stanza = RB_STRBUF_INIT(1000);
        rb_strbuf_printf(&stanza, "Package: %s\nVersion: %s\nArchitecture: %s\n", name, version,
                         architecture);
        assert_int_equal(
            rb_inventory_add_dpkg(inventory, stanza.data, stanza.size, true, "test", NULL), 0);
    }
    inventory->architecture = "amd64";
    rb_inventory_sort(inventory);
}

/* What is to be upgraded, as "name:architecture version suite" in one line each. */
static char *judge(const char *folder, const char *packages, const struct repository *repositories,
                   const char *preferences_text, const char *default_release)
{
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    install(&inventory, packages);
    struct rb_repository offered[REPOSITORIES_MAX];
    struct rb_index *indexes[REPOSITORIES_MAX];
    size_t count = 0;
    for (; count < REPOSITORIES_MAX && repositories[count].offers != NULL; count++) {
        offered[count] = repositories[count].about;
        offered[count].index = indexes[count] = index_of(folder, repositories[count].offers);
    }
    struct rb_preferences *preferences = NULL;
    if (preferences_text != NULL || default_release != NULL)
        preferences = rb_preferences_new();
    if (preferences_text != NULL)
        assert_int_equal(rb_preferences_add(preferences, preferences_text, strlen(preferences_text),
                                            "preferences", NULL),
                         0);
    if (default_release != NULL)
        rb_preferences_set_default_release(preferences, default_release);
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_upgrade *upgrades;
    size_t found = rb_upgrades_find(&inventory, offered, count, preferences, arena, &upgrades);
    struct rb_strbuf out = RB_STRBUF_INIT(10000);
    for (size_t i = 0; i < found; i++)
        rb_strbuf_printf(&out, "%s:%s %s %s\n", upgrades[i].package->name,
                         upgrades[i].package->architecture, upgrades[i].available,
                         upgrades[i].repository == NULL ? "-" : upgrades[i].repository->suite);
    rb_preferences_free(preferences);
    for (size_t i = 0; i < count; i++)
        rb_index_close(indexes[i]);
    return rb_strbuf_steal(&out);
}

static void assert_judged(void **state, const char *packages, const struct repository *repositories,
                          const char *preferences, const char *default_release, const char *wanted)
{
    RB_CLEANUP_FREE char *got = judge(*state, packages, repositories, preferences, default_release);
    assert_string_equal(got, wanted);
}

static void newer_versions_are_upgrades(void **state)
{
    const struct repository repositories[] = {
        {main_of("stable", "bookworm"), "a 1.0 amd64\nb 2.0 amd64\nc 1.0 amd64\nd 9 arm64\n"},
        {main_of("stable-security", "bookworm-security"), "a 1.0+deb12u1 amd64\nb 1.9 amd64\n"},
        {.offers = NULL},
    };
    assert_judged(state, "a 1.0 amd64\nb 2.0 amd64\nc 1.1 amd64\nd 1 amd64\ne 1 all\n",
                  repositories, NULL, NULL, "a:amd64 1.0+deb12u1 stable-security\n");
}

static void architectures_are_judged_apart(void **state)
{
    const struct repository repositories[] = {
        {main_of("stable", "bookworm"),
         "lib 1.1 amd64\nlib 1.2 i386\ndoc 2 amd64\ntool 2 all\nforeign 2 all\n"},
        {.offers = NULL},
    };
    assert_judged(state, "lib 1.0 amd64\nlib 1.0 i386\ndoc 1 all\ntool 1 amd64\nforeign 1 i386\n",
                  repositories, NULL, NULL,
                  "doc:all 2 stable\nlib:amd64 1.1 stable\nlib:i386 1.2 stable\n"
                  "tool:amd64 2 stable\n");
}

static void unasked_repositories_wait(void **state)
{
    struct repository repositories[] = {
        {main_of("experimental", "rc-buggy"), "a 2 amd64\nb 2 amd64\n"},
        {main_of("backports", "bookworm-backports"), "b 3 amd64\nc 2 amd64\n"},
        {main_of("stable", "bookworm"), "c 1 amd64\nd 1 amd64\n"},
        {.offers = NULL},
    };
    repositories[0].about.not_automatic = true;
    repositories[1].about.not_automatic = true;
    repositories[1].about.but_automatic_upgrades = true;
    /* a: 1 is below the 100 of what is installed. b, d: installed from nowhere, or from backports,
       which then upgrades it. c: stable holds it, with 500. */
    assert_judged(state, "a 1 amd64\nb 1 amd64\nc 1 amd64\nd 1 amd64\n", repositories, NULL, NULL,
                  "b:amd64 3 backports\n");
    assert_judged(state, "a 1 amd64\nb 1 amd64\nc 1 amd64\n", repositories, NULL, "experimental",
                  "a:amd64 2 experimental\nb:amd64 2 experimental\n");
}

static const struct {
    const char *preferences;
    const char *wanted;
} pinned[] = {
    {"", "a:amd64 3 testing\nb:amd64 3 testing\nlinux:amd64 6.1-2 stable\n"},
    {"Package: *\nPin: release a=testing\nPin-Priority: 50\n",
     "a:amd64 2 stable\nlinux:amd64 6.1-2 stable\n"},
    {"Package: *\nPin: release testing\nPin-Priority: -1\n",
     "a:amd64 2 stable\nlinux:amd64 6.1-2 stable\n"},
    {"Package: *\nPin: release trixie\nPin-Priority: never\n\nPackage: b\nPin: version 3\n"
     "Pin-Priority: 900\n",
     "a:amd64 2 stable\nlinux:amd64 6.1-2 stable\n"},
    {"Explanation: kept\nPackage: a\nPin: version 1\nPin-Priority: 600\n",
     "b:amd64 3 testing\nlinux:amd64 6.1-2 stable\n"},
    {"Package: a b\nPin: version 2*\nPin-Priority: 1001\n",
     "a:amd64 2 stable\nb:amd64 3 testing\nlinux:amd64 6.1-2 stable\n"},
    {"Package: *\nPin: release o=Debian, l=Debian, v=12*, c=main, n=bookworm\n"
     "Pin-Priority: 700\n",
     "a:amd64 2 stable\nb:amd64 3 testing\nlinux:amd64 6.1-2 stable\n"},
    {"Package: *\nPin: release o=Other\nPin-Priority: -1\n",
     "a:amd64 3 testing\nb:amd64 3 testing\nlinux:amd64 6.1-2 stable\n"},
    {"Package: *\nPin: origin \"mirror.example.com\"\nPin-Priority: 900\n",
     "a:amd64 2 stable\nb:amd64 3 testing\nlinux:amd64 6.1-2 stable\n"},
    {"# all of one source\nPackage: src:linux-signed\nPin: release *\nPin-Priority: -5\n",
     "a:amd64 3 testing\nb:amd64 3 testing\n"},
    {"Package: /^[ab]$/\nPin: release n=trixie\nPin-Priority: -1\n",
     "a:amd64 2 stable\nlinux:amd64 6.1-2 stable\n"},
    {"Package: lin*\nPin: release n=book*\nPin-Priority: 99\n",
     "a:amd64 3 testing\nb:amd64 3 testing\n"},
    {"Package: a\nPin: release a=testing\nPin-Priority: -1\n\nPackage: a\nPin: version *\n"
     "Pin-Priority: 990\n",
     "a:amd64 2 stable\nb:amd64 3 testing\nlinux:amd64 6.1-2 stable\n"},
    {"Package: a:i386\nPin: version *\nPin-Priority: -1\n",
     "a:amd64 3 testing\nb:amd64 3 testing\nlinux:amd64 6.1-2 stable\n"},
    {"Package: a:any\nPin: version *\nPin-Priority: -1\n",
     "b:amd64 3 testing\nlinux:amd64 6.1-2 stable\n"},
    /* A downgrade is not an upgrade, but what it would replace is none either. */
    {"Package: b\nPin: version 0.5\nPin-Priority: 1001\n",
     "a:amd64 3 testing\nlinux:amd64 6.1-2 stable\n"},
    {"Package: b\nPin: version 0.5\nPin-Priority: 999\n",
     "a:amd64 3 testing\nb:amd64 3 testing\nlinux:amd64 6.1-2 stable\n"},
    {"Package: a\nPin: astrology leo\nPin-Priority: 1\n",
     "a:amd64 3 testing\nb:amd64 3 testing\nlinux:amd64 6.1-2 stable\n"},
};

static void pins_are_obeyed(void **state)
{
    struct repository repositories[] = {
        {main_of("stable", "bookworm"), "a 2 amd64\nb 0.5 amd64\nlinux 6.1-2 amd64 linux-signed\n"},
        {main_of("testing", "trixie"), "a 3 amd64\nb 3 amd64\n"},
        {.offers = NULL},
    };
    repositories[1].about.site = "other.example.com";
    for (size_t i = 0; i < RB_COUNT_OF(pinned); i++)
        assert_judged(state, "a 1 amd64\nb 1 amd64\nlinux 6.1-1 amd64\n", repositories,
                      pinned[i].preferences, NULL, pinned[i].wanted);
}

static void broken_preferences_are_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *wanted;
    } bad[] = {
        {"Pin: release a=x\nPin-Priority: 5\n", "p: line 1: a record without a Package field"},
        {"Package: a\nPin: version 1\n", "p: line 1: Pin-Priority must be a number from -32768 to "
                                         "32767 other than 0"},
        {"Package: a\nPin: version 1\nPin-Priority: 0\n",
         "p: line 1: Pin-Priority must be a number from -32768 to 32767 other than 0"},
        {"Package: *\nPin: release a=x\nPin-Priority: 32768\n",
         "p: line 1: Pin-Priority must be a number from -32768 to 32767 other than 0, or "
         "\"never\""},
        {"Package: a\nPin: version 1\nPin-Priority: never\n",
         "p: line 1: Pin-Priority must be a number from -32768 to 32767 other than 0"},
        {"Package: /(a){600}/\nPin: version 1\nPin-Priority: 1\n",
         "p: line 1: the regular expression /(a){600}/ repeats too often: Rebake does not take "
         "that "
         "from an image"},
        {"Package: /(a)\\1/\nPin: version 1\nPin-Priority: 1\n",
         "p: line 1: the regular expression /(a)\\1/ has a back reference: Rebake does not take "
         "that "
         "from an image"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(bad); i++) {
        struct rb_preferences *preferences = rb_preferences_new();
        struct rb_err err;
        assert_true(rb_preferences_add(preferences, bad[i].text, strlen(bad[i].text), "p", &err) <
                    0);
        assert_string_equal(err.text, bad[i].wanted);
        rb_preferences_free(preferences);
    }
}

static void what_apt_leaves_out_is_a_warning(void **state)
{
    (void)state;
    static const char text[] = "Package: a\nPin: astrology leo\nPin-Priority: 1\n\n"
                               "Package: *\nPin: version 1\nPin-Priority: 1\n\n"
                               "Package: /(/\nPin: version 1\nPin-Priority: 1\n\n"
                               "Package: a\n";
    struct rb_preferences *preferences = rb_preferences_new();
    assert_null(rb_preferences_warnings(preferences)[0]);
    assert_int_equal(rb_preferences_add(preferences, text, strlen(text), "p", NULL), 0);
    const char *const *warnings = rb_preferences_warnings(preferences);
    assert_string_equal(warnings[0], "line 1: a pin of the kind \"astrology\" is left out");
    assert_string_equal(warnings[1], "line 5: a pin of the kind \"version\" is left out");
    assert_non_null(strstr(warnings[2], "line 9: the regular expression /(/ matches nothing: "));
    assert_null(warnings[3]);
    rb_preferences_free(preferences);
}

static void components_that_are_told_apart_are_known(void **state)
{
    (void)state;
    static const char without[] = "Package: *\nPin: release a=x\nPin-Priority: 1\n";
    static const char with[] = "Package: *\nPin: release a=x, c=main\nPin-Priority: 1\n";
    struct rb_preferences *preferences = rb_preferences_new();
    assert_int_equal(rb_preferences_add(preferences, without, strlen(without), "p", NULL), 0);
    assert_false(rb_preferences_name_components(preferences));
    assert_int_equal(rb_preferences_add(preferences, with, strlen(with), "p", NULL), 0);
    assert_true(rb_preferences_name_components(preferences));
    rb_preferences_free(preferences);
}

static int make_folder(void **state)
{
    char *folder = NULL;
    int status = rb_folder_make_temporary("/tmp/rebake-upgrade-", &folder, NULL);
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
        cmocka_unit_test(newer_versions_are_upgrades),
        cmocka_unit_test(architectures_are_judged_apart),
        cmocka_unit_test(unasked_repositories_wait),
        cmocka_unit_test(pins_are_obeyed),
        cmocka_unit_test(broken_preferences_are_errors),
        cmocka_unit_test(what_apt_leaves_out_is_a_warning),
        cmocka_unit_test(components_that_are_told_apart_are_known),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
