/* SPDX-License-Identifier: Apache-2.0 */
#include "shelf.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "rebake/base/file.h"
#include "rebake/base/log.h"
#include "rebake/base/strlist.h"
#include "rebake/base/text.h"

enum book_kind { BOOK_ADVISORIES, BOOK_THREATS, BOOK_INDEX, BOOK_VEX };

/* One opened file. Its path has its content's hash in it: another content is another book. Of VEX,
   which others write, its time and size stand for that. */
struct book {
    char *path;
    enum book_kind kind;
    bool is_wanted;
    union {
        struct rb_advisory_set *set;
        struct rb_threats *threats;
        struct rb_index *index;
        struct rb_vex *vex;
    } file;
    struct timespec changed_at; /* of VEX, as the next two */
    off_t size;
    char *fault; /* why it could not be read; NULL: it was */
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
    case BOOK_VEX:
        rb_vex_free(book->file.vex);
        break;
    }
    rb_free(book->fault);
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

static int open_vex(const char *path, struct rb_vex **ret_vex, struct rb_err *err)
{
    RB_CLEANUP_FREE char *data = NULL;
    size_t size;
    int status = rb_file_read(path, RB_VEX_MAXIMUM, &data, &size, err);
    return status == 0 ? rb_vex_read(data, size, path, ret_vex, err) : status;
}

static int open_file(struct book *book, const char *path, struct rb_err *err)
{
    switch (book->kind) {
    case BOOK_ADVISORIES:
        return rb_advisory_set_open(path, &book->file.set, err);
    case BOOK_THREATS:
        return rb_threats_open(path, &book->file.threats, err);
    case BOOK_INDEX:
        return rb_index_open(path, &book->file.index, err);
    case BOOK_VEX:
        break;
    }
    return open_vex(path, &book->file.vex, err);
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

static struct book *find_vex(struct api_shelf *shelf, const char *path, const struct stat *status)
{
    for (size_t i = 0; i < shelf->count; i++) {
        struct book *book = &shelf->books[i];
        if (book->kind == BOOK_VEX && strcmp(book->path, path) == 0 &&
            book->size == status->st_size && book->changed_at.tv_sec == status->st_mtim.tv_sec &&
            book->changed_at.tv_nsec == status->st_mtim.tv_nsec)
            return book;
    }
    return NULL;
}

static struct book *add_vex(struct api_shelf *shelf, const char *path, const struct stat *status)
{
    struct rb_err err;
    struct book book = {.kind = BOOK_VEX,
                        .path = rb_strdup(path),
                        .changed_at = status->st_mtim,
                        .size = status->st_size};
    if (open_file(&book, path, &err) != 0) {
        rb_log(RB_LOG_WARNING, "a VEX document is unusable", "error", err.text, NULL);
        book.fault = rb_strdup(err.text);
    }
    shelf->books = rb_reallocarray(shelf->books, shelf->count + 1, sizeof(*shelf->books));
    shelf->books[shelf->count] = book;
    return &shelf->books[shelf->count++];
}

/* A document that cannot be read is remembered as such until it changes. */
static void take_vex(struct api_shelf *shelf, const char *path, struct rb_arena *arena,
                     struct api_feeds *feeds)
{
    struct stat status;
    struct rb_err err;
    if (stat(path, &status) != 0) {
        (void)rb_err_sys(&err, errno, "read %s", path);
        feeds->faults[feeds->fault_count++] = rb_arena_strdup(arena, err.text);
        return;
    }
    struct book *book = find_vex(shelf, path, &status);
    if (book == NULL)
        book = add_vex(shelf, path, &status);
    book->is_wanted = true;
    if (book->fault != NULL)
        feeds->faults[feeds->fault_count++] = rb_arena_strdup(arena, book->fault);
    else
        feeds->vex[feeds->vex_count++] =
            (struct api_vex){rb_arena_strdup(arena, path), book->file.vex};
}

/* The files in a folder that end in .json, by their names. */
static int list_folder(const char *folder, struct rb_strlist *files, struct rb_err *err)
{
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist found = {0};
    DIR *entries = opendir(folder);
    const struct dirent *entry;
    if (entries == NULL)
        return rb_err_sys(err, errno, "read the folder %s", folder);
    while ((entry = readdir(entries)) != NULL) {
        RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", folder, entry->d_name);
        if (rb_text_ends_with(path, ".json"))
            rb_strlist_add(&found, path);
    }
    (void)closedir(entries);
    rb_strlist_sort(&found);
    for (size_t i = 0; i < found.count; i++)
        rb_strlist_add(files, found.items[i]);
    return 0;
}

/* All documents that the settings name. */
static int find_vex_files(const char *const *paths, struct rb_strlist *files, struct rb_err *err)
{
    int code = 0;
    for (; code == 0 && paths != NULL && *paths != NULL; paths++) {
        struct stat status;
        if (stat(*paths, &status) == 0 && S_ISDIR(status.st_mode))
            code = list_folder(*paths, files, err);
        else
            rb_strlist_add(files, *paths);
    }
    return code;
}

static int take_all_vex(struct api_shelf *shelf, const struct api_request *request,
                        struct api_feeds *feeds, struct rb_err *err)
{
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist files = {0};
    if (request->options->vex == NULL)
        return 0;
    int status = find_vex_files(request->options->vex(request->options->context), &files, err);
    if (status != 0)
        return status;
    feeds->vex = rb_arena_array(request->arena, files.count + 1, sizeof(*feeds->vex));
    feeds->faults = rb_arena_array(request->arena, files.count + 1, sizeof(*feeds->faults));
    for (size_t i = 0; i < files.count; i++)
        take_vex(shelf, files.items[i], request->arena, feeds);
    return 0;
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

/* A source of advisories, or a repository that has some of its own. */
static void take_advisories(struct api_shelf *shelf, const struct rb_source_row *row,
                            const char *path, struct api_feeds *feeds)
{
    const struct book *book = take(shelf, path, BOOK_ADVISORIES);
    if (book != NULL)
        feeds->advisories[feeds->advisory_count++] =
            (struct rb_advisory_source){row->names, book->file.set};
}

static void take_source(struct api_shelf *shelf, const struct rb_source_row *row, const char *path,
                        struct api_feeds *feeds)
{
    static const char *const ADVISORIES[] = {"osv", "debian-tracker", "secdb", NULL};
    enum rb_package_type type;
    bool is_kev = strcmp(row->kind, "kev") == 0, is_epss = strcmp(row->kind, "epss") == 0;
    if (is_one_of(row->kind, ADVISORIES)) {
        take_advisories(shelf, row, path, feeds);
    } else if (rb_package_type_of_source(row->kind, &type)) {
        const struct book *book = take(shelf, path, BOOK_INDEX);
        if (book != NULL)
            feeds->repositories[feeds->repository_count++] =
                (struct api_repository){row->names, type, book->file.index};
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
        const char *set = rb_json_get_string(detail, "advisorySet", NULL);
        if (path != NULL)
            take_source(shelf, &rows[i], path, ret_feeds);
        if (set != NULL)
            take_advisories(shelf, &rows[i], set, ret_feeds);
    }
    status = take_all_vex(shelf, request, ret_feeds, err);
    drop_unwanted(shelf);
    return status;
}
