/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of Maven's versions (ComparableVersion of Maven 3.8.7 to 3.9; the POM reference's
 * "Version Order Specification"). A version is a list of numbers and words in which a '-', a change
 * between digits and letters, or a word behind a dot opens a list inside the list, to the end of
 * the version. What says nothing (0, "final") does not count at the end of a list.
 *
 *     1.0-rc2   [1 [rc [2]]]        1.0.Final-redhat-3   [1 [redhat [3]]]
 *
 * Both are read item by item. Where they first differ a number stands above a list and a list above
 * a word; what ended is compared with what the other still says: older than a number, newer than
 * "rc", older than "sp".
 *
 * So told, the order has circles: 1-rc > 1.sp.1 (a list above a word) > 1 > 1-rc. Here what makes a
 * version older than its beginning is below what makes it newer, whatever their kinds. That keeps
 * each answer of Maven's but those that Maven itself contradicts.
 */
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/inventory/version.h"
#include "version_span.h"

/* A word's place, as said to stand behind a version; unknown ones are the newest, by their letters.
 */
enum rank {
    RANK_ALPHA,
    RANK_BETA,
    RANK_MILESTONE,
    RANK_CANDIDATE,
    RANK_SNAPSHOT,
    RANK_RELEASE, /* says nothing */
    RANK_SERVICE_PACK,
    RANK_UNKNOWN
};

static const struct {
    const char *text;
    enum rank rank;
} words[] = {
    {"alpha", RANK_ALPHA},     {"beta", RANK_BETA},     {"milestone", RANK_MILESTONE},
    {"rc", RANK_CANDIDATE},    {"cr", RANK_CANDIDATE},  {"snapshot", RANK_SNAPSHOT},
    {"ga", RANK_RELEASE},      {"final", RANK_RELEASE}, {"release", RANK_RELEASE},
    {"sp", RANK_SERVICE_PACK},
};

/* In rising order. */
enum item_kind { ITEM_END, ITEM_WORD, ITEM_LIST, ITEM_NUMBER };

struct item {
    enum item_kind kind;
    struct rb_span text; /* of a number: no digits are zero */
    enum rank rank;      /* of a word */
    bool opens;          /* it begins a list, to the end of the version */
    const char *begin;
};

/* Where the text is read from next, item by item. */
struct cursor {
    const char *at;
    const char *end;
    bool in_new_list; /* a list was opened, and nothing is in it yet */
    bool has_items;   /* the innermost list has any */
};

struct reader {
    struct cursor cursor;
    struct item item; /* the next one; its list is told before it */
    bool told_list;
    /* The next item that says something, looked for once: how it compares with nothing at all (0:
       there is none), and the last item up to it that opens a list. */
    const char *saying;
    const char *opening;
    int sign;
};

static bool is_word_character(char c)
{
    return !rb_span_is_digit(c) && c != '.' && c != '-';
}

static bool is_word(struct rb_span text, const char *word)
{
    size_t size = strlen(word);
    return (size_t)(text.end - text.begin) == size &&
           rb_span_compare_folded(text, (struct rb_span){word, word + size}) == 0;
}

static enum rank rank_of(struct rb_span text, bool before_digit)
{
    if (before_digit && is_word(text, "a"))
        return RANK_ALPHA;
    if (before_digit && is_word(text, "b"))
        return RANK_BETA;
    if (before_digit && is_word(text, "m"))
        return RANK_MILESTONE;
    for (size_t i = 0; i < RB_COUNT_OF(words); i++) {
        if (is_word(text, words[i].text))
            return words[i].rank;
    }
    return RANK_UNKNOWN;
}

/* A word that ends at a digit, or with the version, opens a list even behind a dot. */
static struct item take_item(struct cursor *cursor)
{
    struct rb_span rest = {cursor->at, cursor->end};
    struct item item = {.begin = cursor->at, .text = {cursor->at, cursor->at}};
    if (rb_span_is_empty(rest))
        return item;
    item.kind = ITEM_NUMBER;
    item.opens = cursor->in_new_list;
    if (is_word_character(*rest.begin)) {
        item.kind = ITEM_WORD;
        item.text = rb_span_take(&rest, is_word_character);
        bool before_digit = !rb_span_is_empty(rest) && rb_span_is_digit(*rest.begin);
        item.rank = rank_of(item.text, before_digit);
        if (cursor->has_items && (before_digit || rb_span_is_empty(rest)))
            item.opens = true;
    } else {
        item.text = rb_span_take(&rest, rb_span_is_digit);
    }
    cursor->in_new_list = !rb_span_begins_with(rest, '.');
    cursor->has_items = !cursor->in_new_list;
    if (rb_span_begins_with(rest, '.') || rb_span_begins_with(rest, '-'))
        rest.begin++;
    cursor->at = rest.begin;
    return item;
}

/* How it compares with nothing at all. */
static int sign_of(const struct item *item)
{
    static const char none[] = "";
    if (item->kind == ITEM_WORD)
        return (item->rank > RANK_RELEASE) - (item->rank < RANK_RELEASE);
    return rb_span_compare_numbers(item->text, (struct rb_span){none, none}) > 0;
}

/* Looks from the next item on for one that says something. */
static void look_ahead(struct reader *reader)
{
    struct cursor cursor = reader->cursor;
    struct item item = reader->item;
    reader->opening = item.begin;
    for (;;) {
        if (item.opens)
            reader->opening = item.begin;
        reader->sign = sign_of(&item);
        reader->saying = item.begin;
        if (reader->sign != 0 || item.kind == ITEM_END)
            return;
        item = take_item(&cursor);
    }
}

static void advance(struct reader *reader)
{
    reader->item = take_item(&reader->cursor);
    reader->told_list = false;
    if (reader->item.begin > reader->saying || reader->saying == NULL)
        look_ahead(reader);
}

static struct reader start(const char *version)
{
    struct reader reader = {.cursor = {.at = version, .end = version + strlen(version)}};
    advance(&reader);
    return reader;
}

/* The next list or item that counts. Items that say nothing do where the next that says something
   is in the same list. */
static struct item next_item(struct reader *reader)
{
    for (;;) {
        struct item item = reader->item;
        if (reader->sign == 0)
            return (struct item){.kind = ITEM_END};
        if (item.opens && !reader->told_list) {
            reader->told_list = true;
            return (struct item){.kind = ITEM_LIST};
        }
        bool counts = reader->opening <= item.begin;
        advance(reader);
        if (counts)
            return item;
    }
}

static int compare_items(const struct item *a, const struct item *b)
{
    if (a->kind != b->kind)
        return (int)a->kind - (int)b->kind;
    if (a->kind == ITEM_NUMBER)
        return rb_span_compare_numbers(a->text, b->text);
    if (a->kind != ITEM_WORD)
        return 0;
    if (a->rank != b->rank || a->rank != RANK_UNKNOWN)
        return (int)a->rank - (int)b->rank;
    return rb_span_compare_folded(a->text, b->text);
}

int rb_version_compare_maven(const char *a, const char *b)
{
    if (*a == '\0' || *b == '\0')
        return (*a != '\0') - (*b != '\0');
    struct reader left = start(a), right = start(b);
    for (;;) {
        if (left.sign != right.sign || left.sign == 0)
            return left.sign - right.sign;
        struct item x = next_item(&left), y = next_item(&right);
        int difference = compare_items(&x, &y);
        if (difference != 0)
            return difference;
    }
}

/* Maven orders any text; these are the characters that it refuses in a version
   (DefaultModelValidator), and those that no text should hold. */
bool rb_version_is_maven(const char *version)
{
    for (const char *at = version; *at != '\0'; at++) {
        if ((unsigned char)*at <= ' ' || *at == 0x7f || strchr("\\/:\"<>|?*[](){},", *at) != NULL)
            return false;
    }
    return *version != '\0';
}

const struct rb_version_order rb_version_maven = {
    .name = "maven", .compare = rb_version_compare_maven, .is_version = rb_version_is_maven};
