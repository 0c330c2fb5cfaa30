/* SPDX-License-Identifier: Apache-2.0 */
#include "mirrorlist.h"

#include <stdio.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "xml.h"

enum { MIRRORS_MAXIMUM = 500, URL_MAXIMUM = 2048 };

static const char REPOMD[] = "repodata/repomd.xml";

struct reader {
    struct rb_mirrorlist *list;
    bool in_file; /* of which the list is about repomd.xml */
    char algorithm[16];
};

/* Others (rsync, ftp) are passed over. */
static void add_url(struct rb_mirrorlist *list, const char *text, size_t size)
{
    if (size > URL_MAXIMUM || list->urls.count == MIRRORS_MAXIMUM)
        return;
    while (size > 0 && text[size - 1] == '/')
        size--;
    RB_CLEANUP_FREE char *url = rb_strndup(text, size);
    if (!rb_text_starts_with(url, "https://") && !rb_text_starts_with(url, "http://"))
        return;
    for (const char *at = url; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~')
            return;
    }
    rb_strlist_add(&list->urls, url);
}

static int on_start(void *context, const struct rb_xml_element *element, struct rb_err *err)
{
    struct reader *reader = context;
    if (element->depth == 1 && strcmp(element->name, "metalink") != 0)
        return rb_err_set(err, RB_EINVALID, "not a metalink but \"%.40s\"", element->name);
    if (strcmp(element->name, "file") == 0)
        reader->in_file = rb_text_equal(rb_xml_attribute(element, "name"), "repomd.xml");
    if (strcmp(element->name, "hash") == 0) {
        const char *type = rb_xml_attribute(element, "type");
        (void)snprintf(reader->algorithm, sizeof(reader->algorithm), "%s",
                       type == NULL ? "" : type);
    }
    return 0;
}

/* Old and broken hashes stand beside the good ones, and are passed over. */
static void add_state(struct reader *reader, const char *text)
{
    struct rb_mirrorlist *list = reader->list;
    if (list->state_count < RB_MIRRORLIST_STATES &&
        rb_checksum_parse(reader->algorithm, text, &list->states[list->state_count], NULL) == 0)
        list->state_count++;
}

static int on_end(void *context, const struct rb_xml_element *element, const char *text,
                  struct rb_err *err)
{
    struct reader *reader = context;
    (void)err;
    if (!reader->in_file || text == NULL)
        return 0;
    if (strcmp(element->name, "file") == 0)
        reader->in_file = false;
    if (strcmp(element->name, "hash") == 0)
        add_state(reader, text);
    if (strcmp(element->name, "url") == 0 && rb_text_ends_with(text, REPOMD))
        add_url(reader->list, text, strlen(text) - strlen(REPOMD));
    return 0;
}

/* A URL a line; '#' begins a comment. */
static int parse_lines(const char *data, size_t size, const char *what, struct rb_mirrorlist *list,
                       struct rb_err *err)
{
    const char *at = data, *end = data + size;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = newline != NULL ? newline : end, *next = line_end + 1;
        while (at < line_end && (*at == ' ' || *at == '\t'))
            at++;
        while (line_end > at && strchr(" \t\r", line_end[-1]) != NULL)
            line_end--;
        if (at < line_end && *at != '#') {
            if (memmem(at, (size_t)(line_end - at), "://", 3) == NULL)
                return rb_err_set(err, RB_EINVALID, "%s is no list of mirrors", what);
            add_url(list, at, (size_t)(line_end - at));
        }
        at = newline != NULL ? next : end;
    }
    return 0;
}

int rb_mirrorlist_parse(const char *data, size_t size, const char *what,
                        struct rb_mirrorlist *ret_list, struct rb_err *err)
{
    static const struct rb_xml_handler handler = {.start = on_start, .end = on_end};
    RB_CLEANUP(rb_mirrorlist_deinit) struct rb_mirrorlist list = {0};
    struct reader reader = {.list = &list};
    size_t blank = 0;
    while (blank < size && strchr(" \t\r\n", data[blank]) != NULL && data[blank] != '\0')
        blank++;
    int status = blank < size && data[blank] == '<'
                     ? rb_xml_read(data, size, &handler, &reader, what, err)
                     : parse_lines(data, size, what, &list, err);
    if (status == 0 && list.urls.count == 0)
        status = rb_err_set(err, RB_ENOTFOUND, "%s names no mirror over http or https", what);
    if (status != 0)
        return status;
    *ret_list = list;
    list = (struct rb_mirrorlist){0};
    return 0;
}

void rb_mirrorlist_deinit(struct rb_mirrorlist *list)
{
    rb_strlist_deinit(&list->urls);
}

bool rb_mirrorlist_allows(const struct rb_mirrorlist *list, const void *repomd, size_t size)
{
    for (size_t i = 0; i < list->state_count; i++) {
        if (rb_checksum_matches(&list->states[i], repomd, size))
            return true;
    }
    return list->state_count == 0;
}

bool rb_mirrorlist_allows_hash(const struct rb_mirrorlist *list, const char *sha256)
{
    for (size_t i = 0; i < list->state_count; i++) {
        if (rb_text_equal(list->states[i].hex, sha256))
            return true;
    }
    return list->state_count == 0;
}
