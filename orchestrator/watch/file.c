/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The check of a source that is one file:
 *
 *     prepare ──▶ file ──304, or the same content──▶ done
 *     (pool)       │
 *                  ├──▶ checksums ──▶ signature ──▶ verify (gpgv) ──▶ read ──▶ keep ──▶ done
 *                  │    (if asked)    (if asked)                     (child,  (pool)
 *                  │                                                 advisories)
 *
 * Any state may end in done with an error; then what was there before stays. The version is the
 * SHA-256 of the content, and the content is kept under that name, so that the memo of a state and
 * its file cannot part. Beside the content of advisories stands what the reader has made of it.
 */
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "check.h"
#include "checksum_list.h"
#include "download.h"
#include "feed_reader.h"
#include "fetching.h"
#include "gpgv.h"
#include "kept.h"
#include "rebake/base/arena.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/state.h"
#include "rebake/loop/work.h"

static const size_t FILE_MAXIMUM = (size_t)2 << 30;
enum {
    CHECKSUMS_MAXIMUM = 16 << 20,
    SIGNATURE_MAXIMUM = 1 << 20,
    SIGNED_FILE_MAXIMUM = 256 << 20, /* it is in memory while gpgv reads it */
    TRANSFER_TIMEOUT_MS = 30 * 60 * 1000
};

enum state {
    STATE_PREPARE,
    STATE_FILE,
    STATE_CHECKSUMS,
    STATE_SIGNATURE,
    STATE_LOAD,
    STATE_VERIFY,
    STATE_READ,
    STATE_KEEP,
    STATE_DONE,
    STATE_COUNT
};

#define TO(state) RB_STATE_BIT(STATE_##state)
static const struct rb_state_table STATES = {
    .name = "file check",
    .count = STATE_COUNT,
    .states = {
        [STATE_PREPARE] = {"prepare", TO(FILE) | TO(DONE)},
        [STATE_FILE] = {"file", TO(CHECKSUMS) | TO(SIGNATURE) | TO(READ) | TO(KEEP) | TO(DONE)},
        [STATE_CHECKSUMS] = {"checksums", TO(SIGNATURE) | TO(READ) | TO(KEEP) | TO(DONE)},
        [STATE_SIGNATURE] = {"signature", TO(LOAD) | TO(VERIFY) | TO(DONE)},
        [STATE_LOAD] = {"load", TO(VERIFY) | TO(DONE)},
        [STATE_VERIFY] = {"verify", TO(READ) | TO(KEEP) | TO(DONE)},
        [STATE_READ] = {"read", TO(KEEP) | TO(DONE)},
        [STATE_KEEP] = {"keep", TO(DONE)},
        [STATE_DONE] = {"done", 0},
    }};
#undef TO

struct file_check {
    const struct rb_watch_tools *tools;
    unsigned state;
    enum rb_source_kind kind;
    struct rb_arena *arena; /* owns what follows */
    const char *url;
    const char *checksums; /* NULL: not asked for, as signature */
    const char *signature;
    const char *signed_by;
    const char *folder;       /* where the contents are kept */
    const char *incoming;     /* the one that comes, in it */
    const char *incoming_set; /* what is made of it; NULL for other than advisories */
    const char *shown;
    const char *known; /* version; NULL: none, or its content is lost */
    const json_t *memo;
    struct rb_download download;
    /* the file that came */
    char sha256[RB_SHA256_HEX_SIZE];
    int64_t size_bytes;
    int64_t modified_at; /* 0: not told */
    const char *etag;
    const char *last_modified;
    /* what is signed, with its size */
    char *content;
    size_t content_size;
    struct rb_gpgv *gpgv;
    struct rb_process *reader;
    json_t *summary; /* of the reader */
    int status;      /* of the first failure, with err and trouble */
    struct rb_err err;
    enum rb_trouble trouble;
    bool moved;      /* the file lives elsewhere, for ever */
    bool is_working; /* the pool has it */
    bool is_cancelled;
    void (*advance)(void *context);
    rb_check_cb *done;
    void *context;
};

static void free_check(struct file_check *check)
{
    rb_download_deinit(&check->download);
    rb_free(check->content);
    json_decref(check->summary);
    json_decref((json_t *)(uintptr_t)check->memo);
    rb_arena_free(check->arena);
    rb_free(check);
}

static bool is_unchanged(const struct file_check *check)
{
    return check->download.status == 304 || rb_text_equal(check->sha256, check->known);
}

static void set_text(json_t *json, const char *member, const char *text)
{
    if (text != NULL)
        rb_json_set_string(json, member, text);
}

/* Where a content is kept, or what was made of it; the caller frees it. */
static char *kept_path(const struct file_check *check, const char *version)
{
    return rb_asprintf("%s/%s", check->folder, version);
}

static char *kept_set_path(const struct file_check *check, const char *version)
{
    return rb_asprintf("%s/%s.set%d", check->folder, version, RB_FEED_SET_FORMAT);
}

static json_t *make_detail(const struct file_check *check)
{
    json_t *detail = rb_json_object();
    RB_CLEANUP_FREE char *path = kept_path(check, check->sha256);
    RB_CLEANUP_FREE char *set_path = kept_set_path(check, check->sha256);
    rb_json_set_string(detail, "file", path);
    set_text(detail, "index", check->incoming_set == NULL ? NULL : set_path);
    rb_json_set_integer(detail, "sizeBytes", check->size_bytes);
    set_text(detail, "lastModified", check->last_modified);
    if (check->summary != NULL)
        json_object_update(detail, check->summary);
    return detail;
}

static json_t *make_memo(const struct file_check *check)
{
    json_t *memo = rb_json_object();
    set_text(memo, "etag", check->etag);
    set_text(memo, "lastModified", check->last_modified);
    rb_json_set_integer(memo, "modifiedAt", check->modified_at);
    set_text(
        memo, "newest",
        rb_json_get_string(check->summary != NULL ? check->summary : check->memo, "newest", NULL));
    return memo;
}

static void finish(struct file_check *check)
{
    rb_state_move(&STATES, &check->state, STATE_DONE);
    (void)unlink(check->incoming);
    if (check->incoming_set != NULL)
        (void)unlink(check->incoming_set);
    struct rb_check_outcome outcome = rb_check_outcome_of(&check->download.cost);
    RB_CLEANUP_JSON json_t *detail = NULL;
    RB_CLEANUP_JSON json_t *memo = NULL;
    struct rb_check_result result = {.unchanged = true, .version = check->known};
    if (check->status != 0) {
        outcome.error = &check->err;
        outcome.trouble = check->trouble;
    } else {
        if (check->sha256[0] != '\0')
            memo = make_memo(check);
        if (!is_unchanged(check)) {
            detail = make_detail(check);
            result.unchanged = false;
            result.version = check->sha256;
            result.upstream_at = check->modified_at;
        }
        outcome.trouble = check->moved ? RB_TROUBLE_MOVED : RB_TROUBLE_NONE;
        result.memo = memo;
        result.detail = detail;
        outcome.result = &result;
    }
    check->done(check->context, &outcome);
    free_check(check);
}

/* What runs in the pool. */

static void run_prepare(void *context)
{
    struct file_check *check = context;
    check->status = rb_folder_make(check->folder, 0755, &check->err);
    if (check->known == NULL)
        return;
    RB_CLEANUP_FREE char *path = kept_path(check, check->known);
    RB_CLEANUP_FREE char *set_path = kept_set_path(check, check->known);
    if (!rb_file_exists(path) || (check->incoming_set != NULL && !rb_file_exists(set_path)))
        check->known = NULL;
}

static void run_load(void *context)
{
    struct file_check *check = context;
    check->status = rb_file_read(check->incoming, SIGNED_FILE_MAXIMUM, &check->content,
                                 &check->content_size, &check->err);
}

/* The content comes last: where it is, all that belongs to it is. */
static void run_keep(void *context)
{
    struct file_check *check = context;
    RB_CLEANUP_FREE char *path = kept_path(check, check->sha256);
    RB_CLEANUP_FREE char *set_path = kept_set_path(check, check->sha256);
    if (check->incoming_set != NULL)
        check->status = rb_file_put_in_place(check->incoming_set, set_path, &check->err);
    if (check->status == 0)
        check->status = rb_file_put_in_place(check->incoming, path, &check->err);
    if (check->status == 0)
        rb_kept_drop_older(check->folder, check->sha256);
}

static void worked(void *context)
{
    struct file_check *check = context;
    check->is_working = false;
    check->advance(check);
}

static void work(struct file_check *check, enum state state, void (*run)(void *context))
{
    rb_state_move(&STATES, &check->state, state);
    check->is_working = true;
    rb_work_queue(check->tools->loop, run, worked, check);
}

static void ask(struct file_check *check, enum state state, struct rb_download_ask ask)
{
    RB_CLEANUP_FREE char *shown = rb_address_shown(ask.url);
    ask.shown = shown;
    ask.timeout_ms = TRANSFER_TIMEOUT_MS;
    rb_state_move(&STATES, &check->state, state);
    rb_download_start(&check->download, check->tools->loop, check->tools->http, &ask);
}

static void ask_file(struct file_check *check)
{
    bool has_condition = check->known != NULL;
    struct rb_download_ask file = {
        .url = check->url,
        .into = check->incoming,
        .maximum = FILE_MAXIMUM,
        .etag = has_condition ? rb_json_get_string(check->memo, "etag", NULL) : NULL,
        .last_modified =
            has_condition ? rb_json_get_string(check->memo, "lastModified", NULL) : NULL,
    };
    ask(check, STATE_FILE, file);
}

static void keep(struct file_check *check)
{
    work(check, STATE_KEEP, run_keep);
}

/* Feeds do not go back; one that does is an old mirror or a replay. */
static int judge_newest(struct file_check *check)
{
    const char *newest = rb_json_get_string(check->summary, "newest", NULL);
    const char *known = rb_json_get_string(check->memo, "newest", NULL);
    if (newest == NULL || known == NULL || strcmp(newest, known) >= 0)
        return 0;
    check->trouble = RB_TROUBLE_BACKWARDS;
    return rb_err_set(&check->err, RB_EVERIFY,
                      "%s has gone back in time (its newest is of %.40s, but %.40s was seen)",
                      check->shown, newest, known);
}

static int judge_reader(struct file_check *check, const struct rb_process_result *result)
{
    if (result->signal != 0 || result->timed_out)
        check->trouble = RB_TROUBLE_OURS;
    else
        check->trouble = RB_TROUBLE_MALFORMED;
    int status = rb_process_check(result, check->shown, &check->err);
    if (status == 0)
        status = rb_json_parse(result->output, result->output_size, "feed-read's answer",
                               &check->summary, &check->err);
    return status != 0 ? status : judge_newest(check);
}

static void reader_ended(void *context, const struct rb_process_result *result)
{
    struct file_check *check = context;
    check->reader = NULL;
    if (check->is_cancelled) {
        free_check(check);
        return;
    }
    check->status = judge_reader(check, result);
    check->advance(check);
}

static void read_feed(struct file_check *check)
{
    rb_state_move(&STATES, &check->state, STATE_READ);
    check->status =
        rb_feed_reader_start(check->tools, check->kind, check->incoming, check->incoming_set,
                             reader_ended, check, &check->reader, &check->err);
    if (check->status != 0)
        finish(check);
}

static void believe(struct file_check *check)
{
    if (check->kind == RB_SOURCE_HTTP)
        keep(check);
    else
        read_feed(check);
}

static void verified(void *context, const struct rb_gpgv_verdict *verdict,
                     const struct rb_err *error)
{
    struct file_check *check = context;
    check->gpgv = NULL;
    if (error != NULL) {
        if (error->code == RB_EVERIFY)
            check->trouble = verdict->trouble;
        check->status = (int)error->code;
        rb_err_copy(&check->err, error);
    }
    check->advance(check);
}

static void verify(struct file_check *check)
{
    struct rb_gpgv_request request = {
        .what = check->checksums != NULL ? check->checksums : check->shown,
        .keyring = check->signed_by,
        .folder = check->folder,
        .content = check->content,
        .content_size = check->content_size,
        .signature = rb_strbuf_text(&check->download.body),
        .signature_size = check->download.body.size,
    };
    rb_state_move(&STATES, &check->state, STATE_VERIFY);
    check->gpgv = rb_gpgv_start(check->tools->loop, &request, verified, check);
}

static void ask_signature(struct file_check *check)
{
    ask(check, STATE_SIGNATURE,
        (struct rb_download_ask){.url = check->signature, .maximum = SIGNATURE_MAXIMUM});
}

static int64_t time_of(const char *http_date)
{
    int64_t at = 0;
    return http_date != NULL && rb_time_parse_http(http_date, &at, NULL) == 0 ? at : 0;
}

/* The file is there, and is new: what was told of it is taken over. */
static int take_file(struct file_check *check)
{
    const struct rb_download *download = &check->download;
    char text[RB_TIME_TEXT_SIZE], known[RB_TIME_TEXT_SIZE];
    int64_t known_at = rb_json_get_integer(check->memo, "modifiedAt", 0);
    memcpy(check->sha256, download->into_sha256, sizeof(check->sha256));
    check->size_bytes = download->into_bytes;
    check->etag = rb_arena_strdup(check->arena, download->etag);
    check->last_modified = rb_arena_strdup(check->arena, download->last_modified);
    check->modified_at = time_of(download->last_modified);
    if (is_unchanged(check) || check->modified_at == 0 || check->modified_at >= known_at)
        return 0;
    check->trouble = RB_TROUBLE_BACKWARDS;
    return rb_err_set(&check->err, RB_EVERIFY,
                      "%s has gone back in time (Last-Modified %s, but %s was seen)", check->shown,
                      rb_time_format(check->modified_at, text), rb_time_format(known_at, known));
}

static int compare_checksum(struct file_check *check)
{
    char wanted[RB_SHA256_HEX_SIZE];
    const struct rb_strbuf *list = &check->download.body;
    size_t size = strcspn(check->url, "?");
    const char *name = memrchr(check->url, '/', size);
    RB_CLEANUP_FREE char *copy = rb_strndup(name + 1, (size_t)(check->url + size - name - 1));
    int status = rb_checksum_list_find(rb_strbuf_text(list), list->size, copy, check->checksums,
                                       wanted, &check->err);
    if (status != 0) {
        check->trouble = RB_TROUBLE_UNTRUSTED;
        return status;
    }
    if (!rb_text_equal(wanted, check->sha256))
        return rb_err_set(&check->err, RB_EVERIFY, "%s is not what %s says: sha256 %s, not %s",
                          check->shown, check->checksums, check->sha256, wanted);
    check->content_size = check->download.body.size;
    check->content = rb_strbuf_steal(&check->download.body);
    return 0;
}

static void file_came(struct file_check *check)
{
    check->moved = check->download.moved;
    if (check->download.status != 304)
        check->status = take_file(check);
    if (check->status != 0 || is_unchanged(check))
        finish(check);
    else if (check->checksums != NULL)
        ask(check, STATE_CHECKSUMS,
            (struct rb_download_ask){.url = check->checksums, .maximum = CHECKSUMS_MAXIMUM});
    else if (check->signature != NULL)
        ask_signature(check);
    else
        believe(check);
}

static void checksums_came(struct file_check *check)
{
    check->status = compare_checksum(check);
    if (check->status != 0)
        finish(check);
    else if (check->signature != NULL)
        ask_signature(check);
    else
        believe(check);
}

static void signature_came(struct file_check *check)
{
    if (check->content != NULL)
        verify(check);
    else
        work(check, STATE_LOAD, run_load);
}

static void take_refusal(struct file_check *check, const struct rb_err *refusal)
{
    if (refusal->code == RB_OK || check->status != 0)
        return;
    check->status = (int)refusal->code;
    rb_err_copy(&check->err, refusal);
}

/* What a state was waiting for has come. */
static void advance(void *context)
{
    struct file_check *check = context;
    if (check->is_cancelled) {
        free_check(check);
        return;
    }
    take_refusal(check, &check->download.err);
    take_refusal(check, &check->download.absent);
    if (check->status != 0 || check->state == STATE_KEEP)
        finish(check);
    else if (check->state == STATE_PREPARE)
        ask_file(check);
    else if (check->state == STATE_FILE)
        file_came(check);
    else if (check->state == STATE_CHECKSUMS)
        checksums_came(check);
    else if (check->state == STATE_SIGNATURE)
        signature_came(check);
    else if (check->state == STATE_LOAD)
        verify(check);
    else if (check->state == STATE_VERIFY)
        believe(check);
    else
        keep(check);
}

static void *start(const struct rb_watch_tools *tools, const struct rb_check_request *request,
                   rb_check_cb *done, void *context)
{
    const struct rb_file_source *source = &request->source->file;
    struct file_check *check = rb_zalloc(sizeof(*check));
    RB_CLEANUP_FREE char *shown = rb_address_shown(source->url);
    RB_CLEANUP_FREE char *folder =
        rb_kept_source_folder(tools->cache_folder, RB_KEPT_FILES, request->source);
    check->tools = tools;
    check->kind = request->source->kind;
    check->arena = rb_arena_new();
    check->url = rb_arena_strdup(check->arena, source->url);
    check->checksums = rb_arena_strdup(check->arena, source->checksums);
    check->signature = rb_arena_strdup(check->arena, source->signature);
    check->signed_by = rb_arena_strdup(check->arena, source->signed_by);
    check->folder = rb_arena_strdup(check->arena, folder);
    check->incoming = rb_arena_printf(check->arena, "%s/incoming", check->folder);
    check->incoming_set = check->kind == RB_SOURCE_HTTP
                              ? NULL
                              : rb_arena_printf(check->arena, "%s.set", check->incoming);
    check->shown = rb_arena_strdup(check->arena, shown);
    check->known = rb_arena_strdup(check->arena, request->known_version);
    check->memo = json_incref((json_t *)(uintptr_t)request->memo);
    check->advance = advance;
    check->done = done;
    check->context = context;
    rb_download_init(&check->download, advance, check);
    check->is_working = true;
    rb_work_queue(tools->loop, run_prepare, worked, check);
    return check;
}

static void cancel(void *state)
{
    struct file_check *check = state;
    check->is_cancelled = true;
    if (check->is_working)
        return;
    if (check->reader != NULL) {
        rb_process_kill(check->reader);
        return;
    }
    if (check->gpgv != NULL)
        rb_gpgv_cancel(check->gpgv);
    free_check(check);
}

const struct rb_check_kind rb_check_file = {
    .start = start, .cancel = cancel, .fetch = rb_file_fetch_version};
