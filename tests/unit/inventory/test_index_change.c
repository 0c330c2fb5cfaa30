/* SPDX-License-Identifier: Apache-2.0 */
/* A repository's next state, taken in by a builder that knows the last one: it must find what one
   finds that knows nothing. */
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
#include "rebake/inventory/index.h"

#define STANZA(name, version)                                                                      \
    "Package: " name "\nSource: src-" name "\nVersion: " version "\nArchitecture: amd64\n\n"
#define A STANZA("a", "1")
#define B STANZA("b", "2:1.0")
#define C STANZA("c", "3~rc1")
#define D STANZA("d", "4")

struct fixture {
    char *folder;
    char *old;
    char *fresh;
    char *quick;
};

static int make_folder(void **state)
{
    struct fixture *fixture = rb_zalloc(sizeof(*fixture));
    if (rb_folder_make_temporary("/tmp/rebake-index-", &fixture->folder, NULL) != 0)
        return -1;
    fixture->old = rb_asprintf("%s/old.index", fixture->folder);
    fixture->fresh = rb_asprintf("%s/fresh.index", fixture->folder);
    fixture->quick = rb_asprintf("%s/quick.index", fixture->folder);
    *state = fixture;
    return 0;
}

static int remove_folder(void **state)
{
    struct fixture *fixture = *state;
    int status = rb_tree_remove(fixture->folder, NULL);
    rb_free(fixture->folder);
    rb_free(fixture->old);
    rb_free(fixture->fresh);
    rb_free(fixture->quick);
    rb_free(fixture);
    return status;
}

static void feed(struct rb_index_builder *builder, const char *text, size_t piece)
{
    size_t size = strlen(text);
    for (size_t at = 0; at < size; at += piece) {
        size_t part = size - at < piece ? size - at : piece;
        assert_int_equal(rb_index_builder_feed(builder, text + at, part, NULL), 0);
    }
    assert_int_equal(rb_index_builder_end_file(builder, "Packages", NULL), 0);
}

/* known: path of an index, or NULL. */
static void build(const char *known, const char *text, size_t piece, const char *path)
{
    struct rb_index *index = NULL;
    if (known != NULL)
        assert_int_equal(rb_index_open(known, &index, NULL), 0);
    struct rb_index_builder *builder = rb_index_builder_new_from(index);
    feed(builder, text, piece);
    assert_int_equal(rb_index_builder_write(builder, path, NULL), 0);
    rb_index_builder_free(builder);
    rb_index_close(index);
}

static void assert_same(const char *wanted_path, const char *path)
{
    struct rb_index *wanted = NULL, *found = NULL;
    assert_int_equal(rb_index_open(wanted_path, &wanted, NULL), 0);
    assert_int_equal(rb_index_open(path, &found, NULL), 0);
    assert_int_equal(rb_index_count(found), rb_index_count(wanted));
    for (size_t i = 0; i < rb_index_count(wanted); i++) {
        struct rb_offer x, y;
        rb_index_get(wanted, i, &x);
        rb_index_get(found, i, &y);
        assert_string_equal(y.name, x.name);
        assert_string_equal(y.version, x.version);
        assert_string_equal(y.architecture, x.architecture);
        assert_string_equal(y.source_name, x.source_name);
        assert_string_equal(y.source_version, x.source_version);
    }
    rb_index_close(wanted);
    rb_index_close(found);
}

static int64_t size_of(const char *path)
{
    int64_t size = 0;
    assert_int_equal(rb_file_size(path, &size, NULL), 0);
    return size;
}

static const struct {
    const char *old;
    const char *new;
} CHANGES[] = {
    {A B C, A B C},
    {A B C, A STANZA("b", "2:1.1") C},
    {A B C, STANZA("a", "0") B STANZA("c", "3")},
    {A C, A B C D},
    {A B C D, B D},
    {A B C D, D C B A},
    {A B C D, C D A B},
    {B C, A},
    {"", A B},
    {A B, ""},
    {A A B, A B B},
    {A B STANZA("b", "1"), STANZA("b", "1") STANZA("b", "1-0") B},
    /* a stanza that nothing ends is not known again: what follows may be of it */
    {A "Package: b\nVersion: 1\nArchitecture: all\n",
     A "Package: b\nVersion: 1\nArchitecture: all\nSource: x (2)\n\n" C},
    {A "Package: b\nVersion: 1\nArchitecture: all",
     A "Package: b\nVersion: 1\nArchitecture: all\n"},
    {A "\n\n\n" B "\n", A "\n" B "\n\n" C},
    {A "\r\nPackage: x\nVersion: 1\nArchitecture: all\n\n" B, A B},
    {A "Package: x\nVersion: 1\nArchitecture: all\n\r\nPackage: y\nVersion: 1\nArchitecture: all\n"
       "\n" B,
     "Package: x\nVersion: 1\nArchitecture: all\n\r\nPackage: y\nVersion: 1\nArchitecture: all\n"
     "\n" A B},
};

static void what_has_changed_is_found(void **state)
{
    const struct fixture *fixture = *state;
    static const size_t PIECES[] = {1, 7, 64, 100000};
    for (size_t i = 0; i < RB_COUNT_OF(CHANGES); i++) {
        build(NULL, CHANGES[i].old, 1000, fixture->old);
        build(NULL, CHANGES[i].new, 1000, fixture->fresh);
        for (size_t j = 0; j < RB_COUNT_OF(PIECES); j++) {
            build(fixture->old, CHANGES[i].new, PIECES[j], fixture->quick);
            assert_same(fixture->fresh, fixture->quick);
            /* and back again, from what was made this way */
            build(fixture->quick, CHANGES[i].old, PIECES[j], fixture->fresh);
            assert_same(fixture->old, fixture->fresh);
            build(NULL, CHANGES[i].new, 1000, fixture->fresh);
        }
    }
}

/* A string that was put again would make the file larger. */
static void what_has_not_changed_is_not_read(void **state)
{
    const struct fixture *fixture = *state;
    build(NULL, A B C, 1000, fixture->old);
    build(fixture->old, A B C, 1000, fixture->quick);
    assert_true(size_of(fixture->quick) == size_of(fixture->old));
    build(fixture->old, C A B, 20, fixture->quick);
    assert_true(size_of(fixture->quick) == size_of(fixture->old));
}

static void key_of(char digit, char *key)
{
    memset(key, digit, 64);
    key[64] = '\0';
}

static void a_known_file_is_not_fed(void **state)
{
    const struct fixture *fixture = *state;
    char one[65], two[65], three[65];
    key_of('1', one);
    key_of('2', two);
    key_of('3', three);
    struct rb_index_builder *builder = rb_index_builder_new();
    assert_false(rb_index_builder_take_file(builder, one));
    feed(builder, A B, 1000);
    assert_false(rb_index_builder_take_file(builder, two));
    feed(builder, B "\r\nPackage: x\nVersion: 1\nArchitecture: all", 1000);
    assert_int_equal(rb_index_builder_write(builder, fixture->old, NULL), 0);
    rb_index_builder_free(builder);
    struct rb_index *known = NULL;
    assert_int_equal(rb_index_open(fixture->old, &known, NULL), 0);
    builder = rb_index_builder_new_from(known);
    assert_false(rb_index_builder_take_file(builder, three));
    feed(builder, A C, 1000);
    assert_true(rb_index_builder_take_file(builder, two));
    assert_int_equal(rb_index_builder_count(builder), 4);
    assert_int_equal(rb_index_builder_write(builder, fixture->quick, NULL), 0);
    rb_index_builder_free(builder);
    rb_index_close(known);
    build(NULL, A B C "Package: x\nVersion: 1\nArchitecture: all\n", 1000, fixture->fresh);
    assert_same(fixture->fresh, fixture->quick);
}

static void errors_name_the_line_behind_what_is_known(void **state)
{
    const struct fixture *fixture = *state;
    build(NULL, A B C, 1000, fixture->old);
    for (size_t piece = 1; piece < 100; piece += 33) {
        struct rb_index *known = NULL;
        struct rb_err err;
        static const char TEXT[] = A B "Package: x\n\n" C;
        assert_int_equal(rb_index_open(fixture->old, &known, NULL), 0);
        struct rb_index_builder *builder = rb_index_builder_new_from(known);
        int status = 0;
        for (size_t at = 0; status == 0 && at < strlen(TEXT); at += piece) {
            size_t left = strlen(TEXT) - at;
            status = rb_index_builder_feed(builder, TEXT + at, left < piece ? left : piece, &err);
        }
        assert_int_equal(status, RB_EINVALID);
        assert_string_equal(err.text, "line 11: a package has no Version field");
        rb_index_builder_free(builder);
        rb_index_close(known);
    }
}

static void a_damaged_origin_is_not_relied_on(void **state)
{
    const struct fixture *fixture = *state;
    build(NULL, A B C, 1000, fixture->old);
    build(NULL, A C D, 1000, fixture->fresh);
    RB_CLEANUP_FREE char *data = NULL;
    size_t size = 0;
    assert_int_equal(rb_file_read(fixture->old, 1 << 20, &data, &size, NULL), 0);
    for (size_t i = size - 3 * 20 - 72; i < size; i++) {
        data[i] = (char)(data[i] ^ 0x10);
        assert_int_equal(rb_file_write_atomic(fixture->old, data, size, 0600, NULL), 0);
        data[i] = (char)(data[i] ^ 0x10);
        build(fixture->old, A C D, 1000, fixture->quick);
        assert_same(fixture->fresh, fixture->quick);
        assert_true(size_of(fixture->quick) == size_of(fixture->fresh));
    }
}

/* What is not offered any more does not stay for ever. */
static void strings_of_the_past_are_dropped(void **state)
{
    const struct fixture *fixture = *state;
    build(NULL, A B STANZA("x", "0"), 1000, fixture->old);
    int64_t first = size_of(fixture->old);
    for (int i = 0; i < 200; i++) {
        char text[400];
        (void)snprintf(text, sizeof(text), A B STANZA("x%d", "%d.0"), i, i, i);
        build(fixture->old, text, 1000, fixture->quick);
        build(NULL, text, 1000, fixture->fresh);
        assert_same(fixture->fresh, fixture->quick);
        assert_true(size_of(fixture->quick) < 2 * first);
        build(fixture->quick, text, 1000, fixture->old);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_changed_is_found),
        cmocka_unit_test(what_has_not_changed_is_not_read),
        cmocka_unit_test(a_known_file_is_not_fed),
        cmocka_unit_test(errors_name_the_line_behind_what_is_known),
        cmocka_unit_test(a_damaged_origin_is_not_relied_on),
        cmocka_unit_test(strings_of_the_past_are_dropped),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
