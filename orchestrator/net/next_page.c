/* SPDX-License-Identifier: Apache-2.0 */
#include "next_page.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { FIELD_MAXIMUM = 8192 };

/* One link of the field: <target>; name=value; name="value". */
struct link {
    const char *target;
    size_t target_size;
    bool is_next;
};

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* Is "next" among the words of a rel parameter? */
static bool has_next(const char *words, size_t size)
{
    for (size_t at = 0; at < size;) {
        size_t word = 0;
        while (at + word < size && words[at + word] != ' ')
            word++;
        if (word == 4 && strncasecmp(words + at, "next", 4) == 0)
            return true;
        at += word + 1;
    }
    return false;
}

/* Behind a parameter that begins at `at`, or NULL where it is malformed. */
static const char *take_parameter(const char *at, struct link *link)
{
    size_t name_size = strcspn(at, "=;, \t\"<>");
    bool is_rel = name_size == 3 && strncasecmp(at, "rel", 3) == 0;
    if (name_size == 0)
        return NULL;
    at = skip_blanks(at + name_size);
    if (*at != '=')
        return at;
    at = skip_blanks(at + 1);
    bool quoted = *at == '"';
    at += quoted;
    size_t size = 0;
    while (at[size] != '\0' && (quoted ? at[size] != '"' : strchr(";, \t", at[size]) == NULL))
        size += quoted && at[size] == '\\' && at[size + 1] != '\0' ? 2 : 1;
    if (quoted && at[size] != '"')
        return NULL;
    if (is_rel)
        link->is_next = link->is_next || has_next(at, size);
    return skip_blanks(at + size + quoted);
}

/* Behind a link, or NULL. */
static const char *take_link(const char *at, struct link *link)
{
    *link = (struct link){0};
    if (*at++ != '<')
        return NULL;
    link->target = at;
    link->target_size = strcspn(at, ">");
    at += link->target_size;
    if (*at++ != '>')
        return NULL;
    at = skip_blanks(at);
    while (at != NULL && *at == ';')
        at = take_parameter(skip_blanks(at + 1), link);
    return at;
}

static void clean_url(CURLU **handle)
{
    curl_url_cleanup(*handle);
}

static char *part_of(CURLU *handle, CURLUPart part)
{
    char *value = NULL;
    if (curl_url_get(handle, part, &value, 0) != CURLUE_OK)
        return rb_strdup("");
    char *copy = rb_strdup(value);
    curl_free(value);
    return copy;
}

/* The scheme is not compared: nothing is sent to the target but its query, and registries behind a
   proxy that ends TLS write "http". */
static bool is_page_of(CURLU *page, CURLU *list)
{
    static const CURLUPart parts[] = {CURLUPART_HOST, CURLUPART_PORT, CURLUPART_PATH};
    for (size_t i = 0; i < RB_COUNT_OF(parts); i++) {
        RB_CLEANUP_FREE char *a = part_of(page, parts[i]);
        RB_CLEANUP_FREE char *b = part_of(list, parts[i]);
        if (strcmp(a, b) != 0)
            return false;
    }
    return true;
}

static int query_of(const char *url, const char *target, char **ret_query, struct rb_err *err)
{
    RB_CLEANUP(clean_url) CURLU *list = curl_url();
    RB_CLEANUP(clean_url) CURLU *page = curl_url();
    RB_ASSERT(list != NULL && page != NULL);
    char shown[200];
    if (curl_url_set(list, CURLUPART_URL, url, 0) != CURLUE_OK ||
        curl_url_set(page, CURLUPART_URL, url, 0) != CURLUE_OK ||
        curl_url_set(page, CURLUPART_URL, target, 0) != CURLUE_OK || !is_page_of(page, list))
        return rb_err_set(err, RB_EINVALID, "its next page \"%s\" is none of the same list",
                          rb_text_printable(target, shown, sizeof(shown)));
    *ret_query = part_of(page, CURLUPART_QUERY);
    return 0;
}

int rb_next_page_query(const char *url, const char *field, char **ret_query, struct rb_err *err)
{
    struct link link;
    *ret_query = NULL;
    if (strnlen(field, FIELD_MAXIMUM + 1) > FIELD_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "its Link header is too long");
    for (const char *at = skip_blanks(field); *at != '\0'; at = skip_blanks(at)) {
        if (*at == ',') {
            at++;
            continue;
        }
        at = take_link(at, &link);
        if (at == NULL || (*at != ',' && *at != '\0'))
            return rb_err_set(err, RB_EINVALID, "its Link header cannot be read");
        if (!link.is_next)
            continue;
        RB_CLEANUP_FREE char *target = rb_strndup(link.target, link.target_size);
        return query_of(url, target, ret_query, err);
    }
    return 0;
}
