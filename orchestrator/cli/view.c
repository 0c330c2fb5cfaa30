/* SPDX-License-Identifier: Apache-2.0 */
#include "view.h"

#include <stdio.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { SHORT_DIGITS = 12, COMMIT_DIGITS = 40, SHA256_DIGITS = 64 };

static bool is_hash(const char *text)
{
    size_t size = strlen(text);
    return (size == COMMIT_DIGITS || size == SHA256_DIGITS) &&
           strspn(text, "0123456789abcdef") == size;
}

char *rb_view_version(const char *version, char *out)
{
    static const char prefix[] = "sha256:";
    if (rb_text_is_empty(version))
        version = "-";
    const char *hash = rb_text_starts_with(version, prefix) ? version + strlen(prefix) : version;
    if (is_hash(hash))
        (void)snprintf(out, RB_VIEW_TEXT_SIZE, "%.*s", SHORT_DIGITS, hash);
    else
        rb_text_printable(version, out, RB_VIEW_TEXT_SIZE);
    return out;
}

char *rb_view_when(const json_t *object, const char *member, int64_t now_at, char *out)
{
    const char *text = rb_json_get_string(object, member, NULL);
    int64_t at;
    char span[RB_TIME_TEXT_SIZE];
    if (text == NULL || rb_time_parse(text, &at, NULL) != 0)
        (void)snprintf(out, RB_VIEW_TEXT_SIZE, "-");
    else if (at > now_at)
        (void)snprintf(out, RB_VIEW_TEXT_SIZE, "in %s", rb_span_format(at - now_at, span));
    else
        (void)snprintf(out, RB_VIEW_TEXT_SIZE, "%s ago", rb_span_format(now_at - at, span));
    return out;
}

char *rb_view_reason(const json_t *reason)
{
    const char *kind = rb_json_get_string(reason, "kind", "?");
    const char *subject = rb_json_get_string(reason, "subject", "");
    const char *from = rb_json_get_string(reason, "from", "");
    const char *to = rb_json_get_string(reason, "to", "");
    char old[RB_VIEW_TEXT_SIZE], new[RB_VIEW_TEXT_SIZE];
    if (strcmp(kind, "manual") == 0)
        return rb_asprintf("%s asked: %s", subject, to);
    if (strcmp(kind, "recipe") == 0)
        return rb_strdup(*from == '\0' ? "first build" : "the recipe changed");
    if (*from == '\0')
        return rb_asprintf("%s %s: %s", kind, subject, rb_view_version(to, new));
    return rb_asprintf("%s %s %s → %s", kind, subject, rb_view_version(from, old),
                       rb_view_version(to, new));
}

char *rb_view_reasons(const json_t *reasons)
{
    size_t count = json_array_size(reasons);
    if (count == 0)
        return rb_strdup("");
    char *first = rb_view_reason(json_array_get(reasons, 0));
    if (count == 1)
        return first;
    char *text = rb_asprintf("%s (+%zu more)", first, count - 1);
    rb_free(first);
    return text;
}

const char *rb_view_style(const struct rb_style *style, const char *state)
{
    static const char *const good[] = {"good",      "fresh", "healthy", "succeeded",
                                       "unchanged", "up",    NULL};
    static const char *const bad[] = {
        "failing",  "failed",    "blocked",     "drifted",   "unreachable", "unresolved",
        "vanished", "untrusted", "key-changed", "backwards", "expired",     "malformed",
        "denied",   "ours",      "down",        "refused",   "quarantined", NULL};
    static const char *const quiet[] = {"new", "canceled", NULL};
    const struct {
        const char *const *states;
        const char *style;
    } groups[] = {{good, style->good}, {bad, style->bad}, {quiet, style->dim}};
    for (size_t i = 0; i < RB_COUNT_OF(groups); i++) {
        for (const char *const *at = groups[i].states; *at != NULL; at++) {
            if (strcmp(*at, state) == 0)
                return groups[i].style;
        }
    }
    return style->warn; /* it moves, or waits */
}

const char *rb_view_severity(const struct rb_style *style, const char *band)
{
    if (rb_text_equal(band, "critical") || rb_text_equal(band, "high"))
        return style->bad;
    return rb_text_equal(band, "medium") ? style->warn : style->dim;
}
