/* SPDX-License-Identifier: Apache-2.0 */
#include "shelf.h"

#include <string.h>

#include "rebake/base/log.h"
#include "rebake/base/text.h"

enum book_kind { BOOK_ADVISORIES, BOOK_THREATS, BOOK_INDEX };

/* One opened file. Its path has its content's hash in it: another content is another book. */
struct book {
    char *path;
    enum book_kind kind;
    bool is_wanted;
    union {
        struct rb_advisory_set *set;
        struct rb_threats *threats;
        struct rb_index *index;
    } file;
};

struct api_shelf {
    struct book *books;
    size_t count;
};

struct api_shelf *api_shelf_new(void)
{
    return rb_zalloc(sizeof(struct api_shelf));
}

static void close_book(struct book *book)
{
    switch (book->kind) {
    case BOOK_ADVISORIES:
        rb_advisory_set_close(book->file.set);
        break;
    case BOOK_THREATS:
        rb_threats_close(book->file.threats);
        break;
    case BOOK_INDEX:
        rb_index_close(book->file.index);
        break;
    }
    rb_free(book->path);
}

void api_shelf_free(struct api_shelf *shelf)
{
    if (shelf == NULL)
        return;
    for (size_t i = 0; i < shelf->count; i++)
        close_book(&shelf->books[i]);
    rb_free(shelf->books);
    rb_free(shelf);
}

static int open_file(struct book *book, const char *path, struct rb_err *err)
{
    switch (book->kind) {
    case BOOK_ADVISORIES:
        return rb_advisory_set_open(path, &book->file.set, err);
    case BOOK_THREATS:
        return rb_threats_open(path, &book->file.threats, err);
    case BOOK_INDEX:
        break;
    }
    return rb_index_open(path, &book->file.index, err);
}

/* NULL where it cannot be opened, which is said once a request in the log. */
static struct book *take(struct api_shelf *shelf, const char *path, enum book_kind kind)
{
    struct book book = {.kind = kind};
    struct rb_err err;
    for (size_t i = 0; i < shelf->count; i++) {
        if (shelf->books[i].kind == kind && strcmp(shelf->books[i].path, path) == 0) {
            shelf->books[i].is_wanted = true;
            return &shelf->books[i];
        }
    }
    if (open_file(&book, path, &err) != 0) {
        rb_log(RB_LOG_WARNING, "a derived file is unusable", "error", err.text, NULL);
        return NULL;
    }
    book.path = rb_strdup(path);
    book.is_wanted = true;
    shelf->books = rb_reallocarray(shelf->books, shelf->count + 1, sizeof(*shelf->books));
    shelf->books[shelf->count] = book;
    return &shelf->books[shelf->count++];
}

static void drop_unwanted(struct api_shelf *shelf)
{
    size_t kept = 0;
    for (size_t i = 0; i < shelf->count; i++) {
        if (shelf->books[i].is_wanted)
            shelf->books[kept++] = shelf->books[i];
        else
            close_book(&shelf->books[i]);
    }
    shelf->count = kept;
}

static bool is_one_of(const char *kind, const char *const *kinds)
{
    while (*kinds != NULL && strcmp(*kinds, kind) != 0)
        kinds++;
    return *kinds != NULL;
}

static void take_source(struct api_shelf *shelf, const struct rb_source_row *row, const char *path,
                        struct api_feeds *feeds)
{
    static const char *const ADVISORIES[] = {"osv", "debian-tracker", "secdb", NULL};
    static const char *const REPOSITORIES[] = {"apt", "rpm", "apk", NULL};
    bool is_kev = strcmp(row->kind, "kev") == 0, is_epss = strcmp(row->kind, "epss") == 0;
    if (is_one_of(row->kind, ADVISORIES)) {
        const struct book *book = take(shelf, path, BOOK_ADVISORIES);
        if (book != NULL)
            feeds->advisories[feeds->advisory_count++] =
                (struct rb_advisory_source){row->names, book->file.set};
    } else if (is_one_of(row->kind, REPOSITORIES)) {
        const struct book *book = take(shelf, path, BOOK_INDEX);
        if (book != NULL)
            feeds->repositories[feeds->repository_count++] =
                (struct api_repository){row->names, row->kind, book->file.index};
    } else if (is_kev || is_epss) {
        const struct book *book = take(shelf, path, BOOK_THREATS);
        if (book != NULL)
            *(is_kev ? &feeds->kev : &feeds->epss) = book->file.threats;
    }
}

int api_shelf_look(struct api_shelf *shelf, const struct api_request *request,
                   struct api_feeds *ret_feeds, struct rb_err *err)
{
    struct rb_source_row *rows;
    size_t count;
    int status = rb_store_sources(request->options->store, request->arena, &rows, &count, err);
    if (status != 0)
        return status;
    *ret_feeds = (struct api_feeds){
        .advisories = rb_arena_array(request->arena, count + 1, sizeof(struct rb_advisory_source)),
        .repositories = rb_arena_array(request->arena, count + 1, sizeof(struct api_repository)),
    };
    for (size_t i = 0; i < shelf->count; i++)
        shelf->books[i].is_wanted = false;
    for (size_t i = 0; i < count; i++) {
        RB_CLEANUP_JSON json_t *detail = NULL;
        if (rows[i].version_detail == NULL || strstr(rows[i].version_detail, "\"index\"") == NULL ||
            rb_json_parse(rows[i].version_detail, strlen(rows[i].version_detail),
                          "version of a source", &detail, err) != 0)
            continue;
        const char *path = rb_json_get_string(detail, "index", NULL);
        if (path != NULL)
            take_source(shelf, &rows[i], path, ret_feeds);
    }
    drop_unwanted(shelf);
    return 0;
}
