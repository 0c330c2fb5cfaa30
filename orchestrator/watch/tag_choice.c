/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/watch/tag_choice.h"

#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/regex.h"
#include "rebake/base/semver.h"
#include "rebake/base/text.h"
#include "rebake/inventory/version.h"

struct order {
    const char *name;
    bool (*takes)(const char *piece);
    int (*compare)(const char *a, const char *b);
};

struct rb_tag_choice {
    char *glob; /* NULL: any */
    struct rb_regex *match;
    struct rb_semver_range *range;
    const struct order *order;
};

/* What of a name is compared. */
struct piece {
    char text[RB_TAG_MAXIMUM + 1];
};

static const char digits[] = "0123456789";
static const char separators[] = ".-_";

/* Numbers with one separator between each two. */
static bool is_numeric(const char *piece)
{
    for (;;) {
        size_t size = strspn(piece, digits);
        if (size == 0)
            return false;
        piece += size;
        if (*piece == '\0')
            return true;
        if (strchr(separators, *piece++) == NULL)
            return false;
    }
}

/* The next number, of any size, without its leading zeros; moves behind it and its separator. */
static const char *take_number(const char **at, size_t *ret_size)
{
    const char *begin = *at + strspn(*at, "0");
    *ret_size = strspn(begin, digits);
    *at = begin + *ret_size;
    *at += **at != '\0';
    return begin;
}

static int compare_numeric(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        size_t a_size, b_size;
        const char *left = take_number(&a, &a_size);
        const char *right = take_number(&b, &b_size);
        int difference =
            a_size != b_size ? (a_size > b_size ? 1 : -1) : memcmp(left, right, a_size);
        if (difference != 0)
            return difference;
    }
    return (*a != '\0') - (*b != '\0');
}

static bool is_any(const char *piece)
{
    (void)piece;
    return true;
}

static const struct order orders[] = {
    {"semver", rb_semver_is_version, rb_semver_compare_texts},
    {"numeric", is_numeric, compare_numeric},
    {"alphabetical", is_any, strcmp},
    {"deb", rb_version_is_deb, rb_version_compare_deb},
};

static const struct order *find_order(const char *name)
{
    for (size_t i = 0; i < RB_COUNT_OF(orders); i++) {
        if (rb_text_equal(orders[i].name, name))
            return &orders[i];
    }
    return NULL;
}

int rb_tag_choice_new(const struct rb_tag_policy *policy, struct rb_tag_choice **ret_choice,
                      struct rb_err *err)
{
    struct rb_tag_choice *choice = rb_zalloc(sizeof(*choice));
    const char *order = policy->order != NULL ? policy->order : "semver";
    int status = 0;
    choice->glob = rb_strdup(policy->glob);
    choice->order = find_order(order);
    if (choice->order == NULL)
        status = rb_err_set(err, RB_EINVALID, "no order of tags is called \"%.40s\"", order);
    if (status == 0 && policy->match != NULL)
        status = rb_regex_new(policy->match, &choice->match, err);
    if (status == 0 && rb_text_equal(order, "semver"))
        status = rb_semver_range_parse(policy->semver != NULL ? policy->semver : "*",
                                       policy->prereleases, &choice->range, err);
    if (status != 0)
        rb_tag_choice_free(choice);
    else
        *ret_choice = choice;
    return status;
}

void rb_tag_choice_free(struct rb_tag_choice *choice)
{
    if (choice == NULL)
        return;
    rb_free(choice->glob);
    rb_regex_free(choice->match);
    rb_semver_range_free(choice->range);
    rb_free(choice);
}

/* False for a name that does not count. */
static bool find_piece(const struct rb_tag_choice *choice, const char *name,
                       struct piece *ret_piece)
{
    struct rb_semver version;
    const char *begin = name;
    size_t size = strnlen(name, RB_TAG_MAXIMUM + 1);
    if (size > RB_TAG_MAXIMUM || (choice->glob != NULL && !rb_text_glob(choice->glob, name)) ||
        (choice->match != NULL && !rb_regex_match(choice->match, name, &begin, &size)))
        return false;
    memcpy(ret_piece->text, begin, size);
    ret_piece->text[size] = '\0';
    if (!choice->order->takes(ret_piece->text))
        return false;
    return choice->range == NULL || (rb_semver_parse(ret_piece->text, &version) &&
                                     rb_semver_range_holds(choice->range, &version));
}

bool rb_tag_choice_counts(const struct rb_tag_choice *choice, const char *name)
{
    struct piece piece;
    return find_piece(choice, name, &piece);
}

int rb_tag_choice_compare(const struct rb_tag_choice *choice, const char *a, const char *b)
{
    struct piece left, right;
    bool both = find_piece(choice, a, &left) && find_piece(choice, b, &right);
    RB_ASSERT(both);
    return choice->order->compare(left.text, right.text);
}

const char *rb_tag_choice_best(const struct rb_tag_choice *choice, const char *const *names,
                               size_t count)
{
    const char *best = NULL;
    struct piece piece, best_piece;
    for (size_t i = 0; i < count; i++) {
        if (!find_piece(choice, names[i], &piece))
            continue;
        int order = best == NULL ? 1 : choice->order->compare(piece.text, best_piece.text);
        if (order > 0 || (order == 0 && strcmp(names[i], best) > 0)) {
            best = names[i];
            best_piece = piece;
        }
    }
    return best;
}
