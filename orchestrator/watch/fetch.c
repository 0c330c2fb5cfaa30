/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The version comes together beside its folder and takes its place in one step, so that what
 * stands there is whole:
 *
 *     FOLDER.fetch-XXXXXX/version ──rename──▶ FOLDER
 *                        /scratch             (absent or empty)
 */
#include "rebake/watch/fetch.h"

#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "fetching.h"
#include "rebake/base/file.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static int judge_folder(const char *folder, struct rb_err *err)
{
    DIR *stream = opendir(folder);
    if (stream == NULL && errno == ENOENT)
        return 0;
    if (stream == NULL)
        return rb_err_sys(err, errno, "open the folder %s", folder);
    bool is_empty = true;
    const struct dirent *entry;
    while (is_empty && (entry = readdir(stream)) != NULL)
        is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    (void)closedir(stream);
    if (is_empty)
        return 0;
    return rb_err_set(err, RB_EEXIST, "%s is not empty: name a folder that is, or a new one",
                      folder);
}

static int count(const char *folder, struct rb_fetch_result *ret_result, struct rb_err *err)
{
    RB_CLEANUP_FREE char *root = rb_strdup(folder);
    char *const roots[] = {root, NULL};
    *ret_result = (struct rb_fetch_result){0};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    const FTSENT *entry;
    while (tree != NULL && (entry = fts_read(tree)) != NULL) {
        if (entry->fts_info == FTS_F || entry->fts_info == FTS_SL || entry->fts_info == FTS_SLNONE)
            ret_result->files++;
        if (entry->fts_info == FTS_F)
            ret_result->size_bytes += entry->fts_statp->st_size;
    }
    int number = errno; /* 0 at the end of the tree */
    if (tree != NULL)
        (void)fts_close(tree);
    return number == 0 ? 0 : rb_err_sys(err, number, "read %s", folder);
}

/* folder is without a '/' at its end. */
static int fetch_beside(struct rb_fetching *fetching, const char *beside, const char *folder,
                        struct rb_fetch_result *ret_result, struct rb_err *err)
{
    RB_CLEANUP_FREE char *version = rb_asprintf("%s/version", beside);
    RB_CLEANUP_FREE char *scratch = rb_asprintf("%s/scratch", beside);
    fetching->folder = version;
    fetching->scratch = scratch;
    int status = rb_folder_make(scratch, 0700, err);
    if (status == 0)
        status = rb_check_kind_of(fetching->source->kind)->fetch(fetching, err);
    if (status == 0)
        status = count(version, ret_result, err);
    if (status == 0 && rename(version, folder) != 0)
        status = rb_err_sys(err, errno, "put the version into %s", folder);
    return status;
}

int rb_source_fetch(const struct rb_watch_tools *tools, const struct rb_fetch_request *request,
                    struct rb_fetch_result *ret_result, struct rb_err *err)
{
    struct rb_fetching fetching = {.tools = tools,
                                   .source = request->source,
                                   .version = request->version,
                                   .detail = request->detail};
    RB_CLEANUP_FREE char *folder = rb_strdup(request->folder);
    RB_CLEANUP_FREE char *beside = NULL;
    for (size_t size = strlen(folder); size > 1 && folder[size - 1] == '/'; size--)
        folder[size - 1] = '\0';
    RB_CLEANUP_FREE char *prefix = rb_asprintf("%s.fetch-", folder);
    int status = judge_folder(folder, err);
    if (status == 0)
        status = rb_folder_make_temporary(prefix, &beside, err);
    if (status != 0)
        return status;
    status = fetch_beside(&fetching, beside, folder, ret_result, err);
    struct rb_err left;
    if (rb_tree_remove(beside, &left) != 0)
        rb_log(RB_LOG_WARNING, "a temporary folder is left", "error", left.text, NULL);
    return status;
}
