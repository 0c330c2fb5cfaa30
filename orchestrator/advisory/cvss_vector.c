/* SPDX-License-Identifier: Apache-2.0 */
#include "cvss_vector.h"

#include <stdio.h>
#include <string.h>

#include "rebake/base/text.h"

/* Which of the words is it? CVSS_ABSENT for none of them. */
static int find_word(const char *words, const char *text, size_t size)
{
    for (int number = 0; *words != '\0'; number++) {
        size_t word = strcspn(words, " ");
        if (word == size && memcmp(words, text, size) == 0)
            return number;
        words += word + (words[word] == ' ');
    }
    return CVSS_ABSENT;
}

static const struct cvss_metric *find_metric(const struct cvss_metric *metrics, size_t count,
                                             const char *name, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(metrics[i].name) == size && memcmp(metrics[i].name, name, size) == 0)
            return &metrics[i];
    }
    return NULL;
}

/* field: NAME:VALUE, of that size. */
static int read_field(const char *field, size_t size, const struct cvss_metric *metrics,
                      size_t count, signed char *values, struct rb_err *err)
{
    char part[32], shown[32];
    const char *colon = memchr(field, ':', size);
    size_t name_size = colon == NULL ? size : (size_t)(colon - field);
    const struct cvss_metric *metric = find_metric(metrics, count, field, name_size);
    (void)snprintf(part, sizeof(part), "%.*s", (int)(size < sizeof(part) ? size : sizeof(part)),
                   field);
    (void)rb_text_printable(part, shown, sizeof(shown));
    if (metric == NULL || colon == NULL)
        return rb_err_set(err, RB_EINVALID, "\"%s\" is no metric of this version of CVSS", shown);
    signed char *value = &values[metric - metrics];
    if (*value != CVSS_ABSENT)
        return rb_err_set(err, RB_EINVALID, "the metric %s stands twice", metric->name);
    *value = (signed char)find_word(metric->values, colon + 1, size - name_size - 1);
    if (*value == CVSS_ABSENT)
        return rb_err_set(err, RB_EINVALID, "\"%s\": the metric %s is one of %s", shown,
                          metric->name, metric->values);
    return 0;
}

int cvss_vector_read(const char *vector, const struct cvss_metric *metrics, size_t count,
                     signed char *ret_values, struct rb_err *err)
{
    memset(ret_values, CVSS_ABSENT, count);
    for (const char *at = vector;; at++) {
        size_t size = strcspn(at, "/");
        int status = read_field(at, size, metrics, count, ret_values, err);
        if (status != 0)
            return status;
        at += size;
        if (*at == '\0')
            break;
    }
    for (size_t i = 0; i < count; i++) {
        if (metrics[i].is_needed && ret_values[i] == CVSS_ABSENT)
            return rb_err_set(err, RB_EINVALID, "the metric %s is missing", metrics[i].name);
    }
    return 0;
}

bool cvss_any(const signed char *values, size_t first, size_t end, int undefined)
{
    for (size_t i = first; i < end; i++) {
        if (values[i] != CVSS_ABSENT && values[i] != undefined)
            return true;
    }
    return false;
}
