/* SPDX-License-Identifier: Apache-2.0 */
#include "source_view.h"

#include <stdio.h>
#include <stdlib.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "view.h"

/* From the lightest on: what will pass by itself, what somebody must see to, what may be an attack.
 */
static const char *const words[] = {"good",    "probing",  "limited",   "down",      "unreachable",
                                    "moved",   "failing",  "denied",    "malformed", "ours",
                                    "expired", "vanished", "backwards", "untrusted", "key-changed"};

const char *rb_source_word(const json_t *source)
{
    const char *state = rb_json_get_string(source, "state", "?");
    const char *trouble = rb_json_get_string(source, "trouble", NULL);
    const char *host = rb_json_get_string(json_object_get(source, "host"), "state", "up");
    if (trouble != NULL)
        return trouble;
    bool host_is_well = rb_text_equal(host, "up") || rb_text_equal(host, "limited");
    return rb_text_equal(state, "failing") || host_is_well ? state : host;
}

int rb_source_weight(const json_t *source)
{
    const char *word = rb_source_word(source);
    for (size_t i = 0; i < RB_COUNT_OF(words); i++) {
        if (rb_text_equal(words[i], word))
            return (int)i;
    }
    return rb_text_equal(word, "new") ? 0 : (int)RB_COUNT_OF(words);
}

struct weighed {
    const json_t *source;
    int weight;
    size_t place;
};

static int worst_first(const void *a, const void *b)
{
    const struct weighed *left = a, *right = b;
    if (left->weight != right->weight)
        return left->weight > right->weight ? -1 : 1;
    return left->place < right->place ? -1 : 1;
}

const json_t **rb_sources_by_weight(const json_t *sources, size_t *ret_count)
{
    size_t count = json_array_size(sources);
    RB_CLEANUP_FREE struct weighed *weighed = rb_calloc(count, sizeof(*weighed));
    const json_t **sorted = rb_calloc(count, sizeof(const json_t *));
    for (size_t i = 0; i < count; i++) {
        const json_t *source = json_array_get(sources, i);
        weighed[i] = (struct weighed){source, rb_source_weight(source), i};
    }
    qsort(weighed, count, sizeof(*weighed), worst_first);
    for (size_t i = 0; i < count; i++)
        sorted[i] = weighed[i].source;
    *ret_count = count;
    return sorted;
}

char *rb_source_names(const json_t *source)
{
    struct rb_strbuf text = RB_STRBUF_INIT(4096);
    size_t i;
    const json_t *name;
    json_array_foreach(json_object_get(source, "names"), i, name)
        rb_strbuf_printf(&text, "%s%s", i == 0 ? "" : ", ", json_string_value(name));
    return rb_strbuf_steal(&text);
}

void rb_pins_print(const json_t *pins, const struct rb_style *style, int64_t now_at)
{
    size_t i;
    const json_t *pin;
    json_array_foreach(pins, i, pin)
    {
        char version[RB_VIEW_TEXT_SIZE], over[RB_VIEW_TEXT_SIZE];
        const char *at = rb_json_get_string(pin, "version", NULL);
        const char *subject = rb_json_get_string(pin, "subject", "?");
        bool ends = rb_json_get_string(pin, "until", NULL) != NULL;
        bool is_behind = !rb_text_equal(at, rb_json_get_string(pin, "newest", NULL));
        if (rb_text_starts_with(subject, "source:"))
            subject = rb_json_get_string(pin, "source", subject);
        printf("source %s%s%s is pinned to %s by %s%s%s: %s%s\n", style->name, subject,
               style->reset, rb_view_version(at, version), rb_json_get_string(pin, "who", "?"),
               ends ? ", over " : "", ends ? rb_view_when(pin, "until", now_at, over) : "",
               rb_json_get_string(pin, "why", ""), is_behind ? " (there is another version)" : "");
    }
}
