/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One look at a repository:
 *
 *     prepare ──▶ in-release ──304──▶ done
 *     (pool)        │     │200
 *                absent   └────────▶ verify ──▶ look ──its index is there already──▶ done
 *                   ▼                 ▲ (gpgv)  │(pool)
 *                release ──304──▶ done│         ▼
 *                   │200              │       index ◀──absent: the next address──┐
 *                   ▼                 │         │200                             │
 *                signature ───────────┘         ▼                                │
 *                                             unpack ──one more──▶ index ────────┘
 *                                             (pool)
 *                                               │the last
 *                                               ▼
 *                                             write (pool) ──▶ done
 *
 * Any state may end in done with an error. One thing is under way at a time: a transfer, a
 * verification, or work in the pool, which alone touches the fetch until it is over.
 */
#include <string.h>

#include "address.h"
#include "apt_index_file.h"
#include "apt_request.h"
#include "apt_signed.h"
#include "apt_trust.h"
#include "clearsign.h"
#include "download.h"
#include "gpgv.h"
#include "kept.h"
#include "rebake/base/arena.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/state.h"
#include "rebake/loop/work.h"

static const int64_t RELEASE_TIMEOUT_MS = 60 * 1000;
static const int64_t INDEX_TIMEOUT_MS = 15 * 60 * 1000;

enum state {
    STATE_PREPARE,
    STATE_IN_RELEASE,
    STATE_RELEASE,
    STATE_SIGNATURE,
    STATE_VERIFY,
    STATE_LOOK,
    STATE_INDEX,
    STATE_UNPACK,
    STATE_WRITE,
    STATE_DONE,
    STATE_COUNT
};

#define TO(state) RB_STATE_BIT(STATE_##state)
static const struct rb_state_table STATES = {
    .name = "apt fetch",
    .count = STATE_COUNT,
    .states = {
        [STATE_PREPARE] = {"prepare", TO(IN_RELEASE) | TO(DONE)},
        [STATE_IN_RELEASE] = {"in-release", TO(RELEASE) | TO(VERIFY) | TO(LOOK) | TO(DONE)},
        [STATE_RELEASE] = {"release", TO(SIGNATURE) | TO(LOOK) | TO(DONE)},
        [STATE_SIGNATURE] = {"signature", TO(VERIFY) | TO(DONE)},
        [STATE_VERIFY] = {"verify", TO(LOOK) | TO(DONE)},
        [STATE_LOOK] = {"look", TO(INDEX) | TO(WRITE) | TO(DONE)},
        [STATE_INDEX] = {"index", TO(INDEX) | TO(UNPACK) | TO(DONE)},
        [STATE_UNPACK] = {"unpack", TO(INDEX) | TO(WRITE) | TO(DONE)},
        [STATE_WRITE] = {"write", TO(DONE)},
        [STATE_DONE] = {"done", 0},
    }};
#undef TO

struct rb_apt_fetch {
    struct rb_loop *loop;
    struct rb_http *http;
    const struct rb_clock *clock;
    struct rb_arena *arena; /* owns the copy of the request and all addresses */
    struct rb_apt_request request;
    const char *suite_url; /* the folder of the Release file */
    const char *shown;     /* the same without user info */
    const char *what;      /* the Release file, for errors */
    void (*advance)(void *context);
    unsigned state;
    int status; /* of the first failure, with err */
    struct rb_err err;
    enum rb_trouble trouble; /* where it says more than the error */
    /* the Release file */
    struct rb_download download;
    struct rb_clearsigned parts; /* its content and its signature */
    struct rb_gpgv *gpgv;        /* while it verifies */
    struct rb_apt_release *release;
    char release_hash[RB_SHA256_HEX_SIZE];
    const char *etag;
    const char *last_modified;
    /* the indexes that it lists */
    char *index_path;
    size_t offer_count;
    struct rb_index *known; /* of an earlier state; NULL: there is none */
    struct rb_index_builder *builder;
    struct rb_apt_index *indexes;
    size_t index_count;
    size_t position; /* in indexes */
    size_t form;     /* of that index */
    rb_apt_cb *done;
    void *context;
    bool is_working; /* the pool has it */
    bool is_cancelled;
    bool known_index_is_there;
    bool index_is_there;
    bool unchanged;
    bool moved;     /* the Release file lives elsewhere, for ever */
    bool is_inline; /* an InRelease came */
    bool by_hash;   /* the address at hand */
};

static void free_fetch(struct rb_apt_fetch *fetch)
{
    rb_download_deinit(&fetch->download);
    rb_clearsigned_deinit(&fetch->parts);
    rb_apt_release_free(fetch->release);
    rb_index_builder_free(fetch->builder);
    rb_index_close(fetch->known);
    rb_free(fetch->indexes);
    rb_free(fetch->index_path);
    rb_arena_free(fetch->arena);
    rb_free(fetch);
}

static void finish(struct rb_apt_fetch *fetch)
{
    rb_state_move(&STATES, &fetch->state, STATE_DONE);
    struct rb_apt_result result = {
        .cost = fetch->download.cost,
        .trouble = fetch->trouble,
    };
    if (fetch->status == 0) {
        result.trouble = fetch->moved ? RB_TROUBLE_MOVED : RB_TROUBLE_NONE;
        result.unchanged = fetch->unchanged;
        result.etag = fetch->etag;
        result.last_modified = fetch->last_modified;
    }
    if (fetch->status == 0 && !fetch->unchanged) {
        memcpy(result.release_hash, fetch->release_hash, sizeof(result.release_hash));
        result.release = fetch->release;
        result.index_path = fetch->index_path;
        result.offer_count = fetch->offer_count;
    }
    fetch->done(fetch->context, &result, fetch->status == 0 ? NULL : &fetch->err);
    free_fetch(fetch);
}

static void judge_validity(struct rb_apt_fetch *fetch, int64_t valid_until_at)
{
    if (fetch->request.may_be_old)
        return;
    fetch->status =
        rb_apt_validity_judge(valid_until_at, rb_clock_now(fetch->clock), fetch->what, &fetch->err);
    if (fetch->status != 0)
        fetch->trouble = RB_TROUBLE_EXPIRED;
}

/* What runs in the pool. */

static void run_prepare(void *context)
{
    struct rb_apt_fetch *fetch = context;
    const struct rb_apt_request *request = &fetch->request;
    fetch->status = rb_folder_make(request->index_folder, 0755, &fetch->err);
    if (fetch->status != 0 || request->known_hash == NULL)
        return;
    RB_CLEANUP_FREE char *path = rb_apt_index_path(request, request->known_hash);
    fetch->known_index_is_there = rb_kept_index_is_there(path, &fetch->offer_count);
}

static void run_nothing(void *context)
{
    (void)context;
}

/* What the newest index was made of already is not fetched. */
static void pass_known_indexes(struct rb_apt_fetch *fetch)
{
    while (fetch->position < fetch->index_count &&
           rb_index_builder_take_file(fetch->builder,
                                      rb_apt_index_key(&fetch->indexes[fetch->position])))
        fetch->position++;
}

/* Of an InRelease its parts do not make the whole: it is in memory still. */
static int keep_release(struct rb_apt_fetch *fetch)
{
    const struct rb_clearsigned *parts = &fetch->parts;
    const struct rb_strbuf *body = &fetch->download.body;
    const struct rb_apt_signed whole = {
        .release = fetch->is_inline ? rb_strbuf_text(body) : parts->content,
        .release_size = fetch->is_inline ? body->size : parts->content_size,
        .signature = fetch->is_inline ? NULL : parts->signature,
        .signature_size = parts->signature_size,
    };
    return rb_apt_signed_keep(&whole, fetch->request.index_folder, fetch->release_hash,
                              &fetch->err);
}

static void run_look(void *context)
{
    struct rb_apt_fetch *fetch = context;
    const struct rb_apt_request *request = &fetch->request;
    const struct rb_clearsigned *parts = &fetch->parts;
    fetch->status = rb_apt_release_parse(parts->content, parts->content_size, fetch->what,
                                         &fetch->release, &fetch->err);
    if (fetch->status == 0)
        fetch->status = rb_apt_release_judge(fetch->release, request, rb_clock_now(fetch->clock),
                                             fetch->what, &fetch->trouble, &fetch->err);
    if (fetch->status == 0)
        judge_validity(fetch, rb_apt_release_valid_until(fetch->release));
    if (fetch->status != 0)
        return;
    rb_sha256_of(parts->content, parts->content_size, fetch->release_hash);
    if (request->keeps_release)
        fetch->status = keep_release(fetch);
    if (fetch->status != 0)
        return;
    fetch->index_path = rb_apt_index_path(request, fetch->release_hash);
    fetch->index_is_there = rb_kept_index_is_there(fetch->index_path, &fetch->offer_count);
    fetch->unchanged =
        fetch->index_is_there && rb_text_equal(fetch->release_hash, request->known_hash);
    if (fetch->index_is_there)
        return;
    fetch->status = rb_apt_choose(fetch->release, request->components, request->architectures,
                                  fetch->what, &fetch->indexes, &fetch->index_count, &fetch->err);
    if (fetch->status != 0)
        return;
    fetch->known = rb_apt_index_open_newest(request);
    fetch->builder = rb_index_builder_new_from(fetch->known);
    pass_known_indexes(fetch);
}

static void run_unpack(void *context)
{
    struct rb_apt_fetch *fetch = context;
    fetch->status =
        rb_apt_index_unpack(fetch->builder, &fetch->indexes[fetch->position], fetch->form,
                            &fetch->download.body, fetch->shown, &fetch->err);
    rb_strbuf_deinit(&fetch->download.body);
    if (fetch->status != 0)
        return;
    fetch->position++;
    pass_known_indexes(fetch);
}

static void run_write(void *context)
{
    struct rb_apt_fetch *fetch = context;
    fetch->status = rb_index_builder_write(fetch->builder, fetch->index_path, &fetch->err);
    fetch->offer_count = rb_index_builder_count(fetch->builder);
}

/* How a state begins. */

static void worked(void *context)
{
    struct rb_apt_fetch *fetch = context;
    fetch->is_working = false;
    fetch->advance(fetch);
}

static void work(struct rb_apt_fetch *fetch, void (*run)(void *context))
{
    fetch->is_working = true;
    rb_work_queue(fetch->loop, run, worked, fetch);
}

static void look(struct rb_apt_fetch *fetch)
{
    rb_state_move(&STATES, &fetch->state, STATE_LOOK);
    work(fetch, run_look);
}

static void ask(struct rb_apt_fetch *fetch, enum state state, const char *path, size_t maximum)
{
    bool is_release = state == STATE_IN_RELEASE || state == STATE_RELEASE;
    bool has_condition = is_release && fetch->known_index_is_there;
    struct rb_download_ask ask = {
        .url = rb_arena_printf(fetch->arena, "%s/%s", fetch->suite_url, path),
        .shown = rb_arena_printf(fetch->arena, "%s/%s", fetch->shown, path),
        .maximum = maximum,
        .timeout_ms = state == STATE_INDEX ? INDEX_TIMEOUT_MS : RELEASE_TIMEOUT_MS,
        .etag = has_condition ? fetch->request.etag : NULL,
        .last_modified = has_condition ? fetch->request.last_modified : NULL,
    };
    rb_state_move(&STATES, &fetch->state, state);
    if (is_release)
        fetch->what = ask.shown;
    rb_download_start(&fetch->download, fetch->loop, fetch->http, &ask);
}

static void ask_index(struct rb_apt_fetch *fetch)
{
    const struct rb_apt_file *file = fetch->indexes[fetch->position].forms[fetch->form];
    RB_CLEANUP_FREE char *path = rb_apt_file_address(file, fetch->by_hash);
    ask(fetch, STATE_INDEX, path, file->size_bytes > 0 ? (size_t)file->size_bytes : 1);
}

static void verified(void *context, const struct rb_gpgv_verdict *verdict,
                     const struct rb_err *error)
{
    struct rb_apt_fetch *fetch = context;
    fetch->gpgv = NULL;
    if (error != NULL) {
        fetch->status = rb_err_copy(&fetch->err, error);
        fetch->trouble = error->code == RB_EVERIFY ? verdict->trouble : RB_TROUBLE_OURS;
    }
    fetch->advance(fetch);
}

/* The newline before the signature in an InRelease is not signed (RFC 4880 section 7.1); the one at
   the end of a Release is. */
static void verify(struct rb_apt_fetch *fetch)
{
    size_t unsigned_size = fetch->state == STATE_IN_RELEASE ? 1 : 0;
    struct rb_gpgv_request request = {
        .what = fetch->what,
        .keyring = fetch->request.signed_by,
        .folder = fetch->request.index_folder,
        .content = fetch->parts.content,
        .content_size = fetch->parts.content_size - unsigned_size,
        .signature = fetch->parts.signature,
        .signature_size = fetch->parts.signature_size,
    };
    rb_state_move(&STATES, &fetch->state, STATE_VERIFY);
    fetch->gpgv = rb_gpgv_start(fetch->loop, &request, verified, fetch);
}

/* How a state ends. */

static void fail(struct rb_apt_fetch *fetch, const struct rb_err *error)
{
    fetch->status = rb_err_copy(&fetch->err, error);
    finish(fetch);
}

/* What was accepted stands, for as long as it said that it would. */
static void after_not_modified(struct rb_apt_fetch *fetch)
{
    fetch->unchanged = true;
    fetch->etag = fetch->request.etag;
    fetch->last_modified = fetch->request.last_modified;
    judge_validity(fetch, fetch->request.known_valid_until_at);
    finish(fetch);
}

static void keep_validators(struct rb_apt_fetch *fetch)
{
    fetch->etag = rb_arena_strdup(fetch->arena, fetch->download.etag);
    fetch->last_modified = rb_arena_strdup(fetch->arena, fetch->download.last_modified);
}

static void after_in_release(struct rb_apt_fetch *fetch)
{
    const struct rb_download *download = &fetch->download;
    if (download->absent.code != RB_OK) {
        ask(fetch, STATE_RELEASE, "Release", RB_APT_RELEASE_MAXIMUM);
        return;
    }
    fetch->moved = download->moved;
    if (download->status == 304) {
        after_not_modified(fetch);
        return;
    }
    keep_validators(fetch);
    fetch->is_inline = true;
    fetch->status = rb_clearsigned_split(rb_strbuf_text(&download->body), download->body.size,
                                         fetch->what, &fetch->parts, &fetch->err);
    if (fetch->status != 0)
        finish(fetch);
    else if (fetch->request.trusted)
        look(fetch);
    else
        verify(fetch);
}

static void after_release(struct rb_apt_fetch *fetch)
{
    struct rb_download *download = &fetch->download;
    if (download->absent.code != RB_OK) {
        fail(fetch, &download->absent);
        return;
    }
    fetch->moved = download->moved;
    if (download->status == 304) {
        after_not_modified(fetch);
        return;
    }
    keep_validators(fetch);
    fetch->parts.content_size = download->body.size;
    fetch->parts.content = rb_strbuf_steal(&download->body);
    if (fetch->request.trusted)
        look(fetch);
    else
        ask(fetch, STATE_SIGNATURE, "Release.gpg", RB_APT_SIGNATURE_MAXIMUM);
}

static void after_signature(struct rb_apt_fetch *fetch)
{
    struct rb_download *download = &fetch->download;
    if (download->absent.code != RB_OK) {
        fetch->status =
            rb_err_set(&fetch->err, RB_EVERIFY,
                       "%s is not signed: there is neither InRelease nor Release.gpg", fetch->what);
        finish(fetch);
        return;
    }
    fetch->parts.signature_size = download->body.size;
    fetch->parts.signature = rb_strbuf_steal(&download->body);
    verify(fetch);
}

/* From an index's first form to the last index's last. */
static void begin_form(struct rb_apt_fetch *fetch, size_t form)
{
    fetch->form = form;
    fetch->by_hash = rb_apt_release_flag(fetch->release, "Acquire-By-Hash");
    ask_index(fetch);
}

static void begin_index(struct rb_apt_fetch *fetch)
{
    if (fetch->position < fetch->index_count) {
        begin_form(fetch, 0);
        return;
    }
    rb_state_move(&STATES, &fetch->state, STATE_WRITE);
    work(fetch, run_write);
}

static void after_look(struct rb_apt_fetch *fetch)
{
    if (fetch->index_is_there)
        finish(fetch);
    else
        begin_index(fetch);
}

static void after_index(struct rb_apt_fetch *fetch)
{
    const struct rb_download *download = &fetch->download;
    if (download->absent.code == RB_OK) {
        rb_state_move(&STATES, &fetch->state, STATE_UNPACK);
        work(fetch, run_unpack);
    } else if (fetch->by_hash) {
        fetch->by_hash = false;
        ask_index(fetch);
    } else if (fetch->form + 1 < fetch->indexes[fetch->position].form_count) {
        begin_form(fetch, fetch->form + 1);
    } else {
        fail(fetch, &download->absent);
    }
}

/* What the state waited for has come: the callback has recorded it, here is the step. */
static void advance(void *context)
{
    struct rb_apt_fetch *fetch = context;
    if (fetch->is_cancelled) {
        free_fetch(fetch);
        return;
    }
    if (fetch->status == 0 && fetch->download.err.code != RB_OK)
        fetch->status = rb_err_copy(&fetch->err, &fetch->download.err);
    if (fetch->status != 0) {
        finish(fetch);
        return;
    }
    switch ((enum state)fetch->state) {
    case STATE_PREPARE:
        ask(fetch, STATE_IN_RELEASE, "InRelease", RB_APT_RELEASE_MAXIMUM);
        break;
    case STATE_IN_RELEASE:
        after_in_release(fetch);
        break;
    case STATE_RELEASE:
        after_release(fetch);
        break;
    case STATE_SIGNATURE:
        after_signature(fetch);
        break;
    case STATE_VERIFY:
        look(fetch);
        break;
    case STATE_LOOK:
        after_look(fetch);
        break;
    case STATE_INDEX:
        after_index(fetch);
        break;
    case STATE_UNPACK:
        begin_index(fetch);
        break;
    case STATE_WRITE:
        finish(fetch);
        break;
    case STATE_DONE:
    case STATE_COUNT:
        RB_ASSERT(false && "a step after the end");
    }
}

void rb_apt_fetch_start(struct rb_loop *loop, struct rb_http *http, const struct rb_clock *clock,
                        const struct rb_apt_request *request, rb_apt_cb *done, void *context,
                        struct rb_apt_fetch **ret_fetch)
{
    struct rb_apt_fetch *fetch = rb_zalloc(sizeof(*fetch));
    fetch->loop = loop;
    fetch->http = http;
    fetch->clock = clock;
    fetch->arena = rb_arena_new();
    fetch->advance = advance;
    fetch->state = STATE_PREPARE;
    fetch->done = done;
    fetch->context = context;
    fetch->request = rb_apt_request_copy(request, fetch->arena);
    fetch->suite_url = rb_apt_request_address(request, fetch->arena);
    RB_CLEANUP_FREE char *shown = rb_address_shown(fetch->suite_url);
    fetch->shown = fetch->what = rb_arena_strdup(fetch->arena, shown);
    rb_download_init(&fetch->download, advance, fetch);
    fetch->status = rb_apt_request_judge(request, fetch->shown, &fetch->err);
    fetch->trouble = fetch->status == 0 ? RB_TROUBLE_NONE : RB_TROUBLE_OURS;
    /* What cannot be asked is told as every other failure is: later. */
    work(fetch, fetch->status == 0 ? run_prepare : run_nothing);
    if (ret_fetch != NULL)
        *ret_fetch = fetch;
}

void rb_apt_fetch_cancel(struct rb_apt_fetch *fetch)
{
    fetch->is_cancelled = true;
    if (fetch->is_working || fetch->download.is_reading)
        return; /* advance frees it */
    if (fetch->gpgv != NULL)
        rb_gpgv_cancel(fetch->gpgv);
    free_fetch(fetch);
}
