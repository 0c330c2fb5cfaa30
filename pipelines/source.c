/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"
#include "source_kind.h"

/* False, and reported, when no key, or more than one, says what kind of source it is. */
static bool find_kind(const struct rb_decode *decode, const struct rb_node *node,
                      struct rb_mark mark, const char *subject, enum rb_source_kind *ret_kind)
{
    size_t found = 0;
    for (size_t i = 0; i < node->count; i++) {
        enum rb_source_kind kind;
        if (node->pairs[i].key->text == NULL || !rb_source_kind_of(node->pairs[i].key->text, &kind))
            continue;
        if (found > 0 && kind != *ret_kind) {
            rb_report_add(decode->report, mark, "make two sources of it",
                          "%s: is of more than one kind: \"%s\" and \"%s\" exclude each other",
                          subject, rb_source_kind_name(*ret_kind), rb_source_kind_name(kind));
            return false;
        }
        *ret_kind = kind;
        found++;
    }
    if (found == 0)
        rb_report_add(decode->report, mark,
                      "write git: URL, image: NAME, apt: URL or another kind of source",
                      "%s: no key says what kind of source it is", subject);
    return found > 0;
}

static void read_source(const struct rb_decode *decode, const struct rb_pair *pair,
                        struct rb_source *source)
{
    source->name = rb_item_name(decode, pair->key, "source");
    source->place =
        (struct rb_place){decode->report->file, pair->key->mark.line, pair->key->mark.column};
    const char *subject = rb_arena_printf(decode->arena, "source %s",
                                          rb_report_quote(decode->arena, pair->key->text));
    if (!rb_decode_expect(decode, pair->value, RB_NODE_MAPPING, "sources", pair->key->text,
                          "NAME: { git: URL, branch: main }") ||
        !find_kind(decode, pair->value, pair->key->mark, subject, &source->kind))
        return;
    const struct rb_source_language *language = rb_source_language(source->kind);
    size_t found = decode->report->diagnostics->count;
    source->every_ms = language->every_ms;
    rb_decode_block(decode, pair->value, pair->key->mark, subject, language->fields, source);
    if (language->complete != NULL)
        language->complete(decode, pair->key->mark, subject,
                           decode->report->diagnostics->count == found, source);
}

struct rb_source_list rb_sources_read(const struct rb_decode *decode, const struct rb_node *items)
{
    struct rb_source_list list = {.count = items == NULL ? 0 : items->count};
    list.items = rb_arena_array(decode->arena, list.count, sizeof(*list.items));
    for (size_t i = 0; i < list.count; i++)
        read_source(decode, &items->pairs[i], &list.items[i]);
    list.names = rb_names_of(decode->arena, list.items, list.count, sizeof(*list.items),
                             RB_SOURCE_FIELD(name));
    return list;
}
