/* SPDX-License-Identifier: Apache-2.0 */
/* What a language's registry offers, against what an image has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/inventory/upgrade.h"

/* The versions that are offered, by blanks, of one package. */
static struct rb_index *make_index(const char *folder, enum rb_package_type type, const char *name,
                                   const char *versions)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/index", folder);
    struct rb_index_builder *builder = rb_index_builder_new_ordered(rb_package_type_order(type));
    struct rb_index *index = NULL;
    while (*versions != '\0') {
        size_t size = strcspn(versions, " ");
        RB_CLEANUP_FREE char *version = rb_strndup(versions, size);
        const struct rb_offer offer = {name, version, "", name, version};
        assert_int_equal(rb_index_builder_add(builder, &offer, NULL), 0);
        versions += size;
        versions += strspn(versions, " ");
    }
    assert_int_equal(rb_index_builder_write(builder, path, NULL), 0);
    rb_index_builder_free(builder);
    assert_int_equal(rb_index_open(path, &index, NULL), 0);
    return index;
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
        struct rb_index *index =
            make_index(*state, CASES[i].type, CASES[i].offered_as, CASES[i].offers);
        const struct rb_repository repositories[] = {{.type = RB_PACKAGE_DEB, .index = index},
                                                     {.type = CASES[i].type, .index = index}};
        struct rb_package package = {.type = CASES[i].type,
                                     .name = CASES[i].name,
                                     .architecture = "",
                                     .version = CASES[i].installed};
        const struct rb_inventory inventory = {
            .packages = &package, .package_count = 1, .architecture = "amd64"};
        struct rb_arena *arena = rb_arena_new();
        struct rb_upgrade *upgrades;
        size_t count = rb_upgrades_find(&inventory, repositories, 2, NULL, arena, &upgrades);
        if (count != (CASES[i].candidate != NULL) ||
            (count == 1 && strcmp(upgrades[0].available, CASES[i].candidate) != 0))
            fail_msg("case %zu: %s %s", i, CASES[i].name,
                     count == 0 ? "has none" : upgrades[0].available);
        rb_arena_free(arena);
        rb_index_close(index);
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
        cmocka_unit_test(the_nearest_newer_release_is_the_candidate),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
