/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One look at a repository:
 *
 *     prepare ──▶ index ──200──▶ read ──┐   all read, or all as they were
 *     (pool)       ▲ │          (pool)  ├──────────▶ write ──▶ done
 *                  │ └──304─────────────┤           (pool)
 *                  └────────────────────┘
 *            the next architecture; or again, whole, one that has
 *            not changed where another has
 *
 * Any state may end in done with an error. One thing is under way at a time: a transfer, or work in
 * the pool, which alone touches the fetch until it is over.
 */
#include "apk_fetch.h"

#include <string.h>

#include "address.h"
#include "age.h"
#include "apk_signature.h"
#include "download.h"
#include "kept.h"
#include "rebake/base/arena.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/state.h"
#include "rebake/loop/work.h"

enum { ARCHITECTURES_MAXIMUM = 16, KEPT_STATES = 4 };
static const int64_t TIMEOUT_MS = 15 * 60 * 1000;

enum state { STATE_PREPARE, STATE_INDEX, STATE_READ, STATE_WRITE, STATE_DONE, STATE_COUNT };

#define TO(state) RB_STATE_BIT(STATE_##state)
static const struct rb_state_table STATES = {
    .name = "apk fetch",
    .count = STATE_COUNT,
    .states = {
        [STATE_PREPARE] = {"prepare", TO(INDEX) | TO(DONE)},
        [STATE_INDEX] = {"index", TO(INDEX) | TO(READ) | TO(WRITE) | TO(DONE)},
        [STATE_READ] = {"read", TO(INDEX) | TO(WRITE) | TO(DONE)},
        [STATE_WRITE] = {"write", TO(DONE)},
        [STATE_DONE] = {"done", 0},
    }};
#undef TO

struct rb_apk_fetch {
    struct rb_loop *loop;
    struct rb_http *http;
    const struct rb_clock *clock;
    struct rb_arena *arena; /* owns the copy of the request, all addresses and states */
    struct rb_apk_request request;
    struct rb_apk_state states[ARCHITECTURES_MAXIMUM]; /* of now, once read or not modified */
    bool is_read[ARCHITECTURES_MAXIMUM];
    size_t count;
    size_t at;        /* the architecture at hand */
    const char *what; /* its index, for errors */
    void (*advance)(void *context);
    unsigned state;
    int status; /* of the first failure, with err and trouble */
    struct rb_err err;
    enum rb_trouble trouble;
    struct rb_download download;
    struct rb_index_builder *builder;
    char hash[RB_SHA256_HEX_SIZE];
    char *index_path;
    size_t offer_count;
    rb_apk_cb *done;
    void *context;
    bool is_working; /* the pool has it */
    bool is_cancelled;
    bool known_is_there;
    bool unchanged;
    bool moved; /* one of the indexes lives elsewhere, for ever */
};

char *rb_apk_kept_ending(const char *architecture)
{
    return rb_asprintf("%s.APKINDEX.tar.gz", architecture);
}

void rb_apk_version_of(const char *const *architectures, const char *const *hashes, size_t count,
                       char ret_version[RB_SHA256_HEX_SIZE])
{
    RB_CLEANUP(rb_sha256_cleanup) struct rb_sha256 *hash = rb_sha256_new();
    for (size_t i = 0; i < count; i++) {
        RB_CLEANUP_FREE char *line = rb_asprintf("%s %s\n", architectures[i], hashes[i]);
        rb_sha256_update(hash, line, strlen(line));
    }
    (void)rb_sha256_hex(hash, ret_version);
}

static void free_fetch(struct rb_apk_fetch *fetch)
{
    rb_download_deinit(&fetch->download);
    rb_index_builder_free(fetch->builder);
    rb_free(fetch->index_path);
    rb_arena_free(fetch->arena);
    rb_free(fetch);
}

static void finish(struct rb_apk_fetch *fetch)
{
    rb_state_move(&STATES, &fetch->state, STATE_DONE);
    struct rb_apk_result result = {
        .trouble = fetch->trouble,
        .cost = fetch->download.cost,
    };
    if (fetch->status == 0) {
        result.trouble = fetch->moved ? RB_TROUBLE_MOVED : RB_TROUBLE_NONE;
        result.unchanged = fetch->unchanged;
        result.states = fetch->states;
    }
    if (fetch->status == 0 && !fetch->unchanged) {
        memcpy(result.hash, fetch->hash, sizeof(result.hash));
        result.index_path = fetch->index_path;
        result.offer_count = fetch->offer_count;
    }
    fetch->done(fetch->context, &result, fetch->status == 0 ? NULL : &fetch->err);
    free_fetch(fetch);
}

/* What runs in the pool. */

static void run_prepare(void *context)
{
    struct rb_apk_fetch *fetch = context;
    const struct rb_apk_request *request = &fetch->request;
    fetch->status = rb_folder_make(request->folder, 0755, &fetch->err);
    if (fetch->status != 0 || request->known_hash == NULL)
        return;
    RB_CLEANUP_FREE char *path = rb_kept_path(request->folder, request->known_hash, "index");
    fetch->known_is_there = rb_kept_index_is_there(path, &fetch->offer_count);
}

static void run_nothing(void *context)
{
    (void)context;
}

/* Of which version an index is, is known once all are read. */
static char *incoming_path(const struct rb_apk_fetch *fetch, size_t at)
{
    return rb_asprintf("%s/incoming.%s", fetch->request.folder, fetch->request.architectures[at]);
}

/* Nothing is read of the content before its signature holds. */
static void run_read(void *context)
{
    struct rb_apk_fetch *fetch = context;
    const struct rb_strbuf *body = &fetch->download.body;
    struct rb_apk_state *state = &fetch->states[fetch->at];
    struct rb_apk_index index;
    char hex[RB_SHA256_HEX_SIZE];
    RB_CLEANUP_FREE struct rb_apk_signed *parts = rb_alloc(sizeof(*parts));
    fetch->status =
        rb_apk_signed_split(rb_strbuf_text(body), body->size, fetch->what, parts, &fetch->err);
    if (fetch->status == 0)
        fetch->status = rb_apk_signed_verify(parts, fetch->request.keys, fetch->what,
                                             &fetch->trouble, &fetch->err);
    if (fetch->status == 0)
        fetch->status = rb_apk_index_read(parts->content, parts->content_size,
                                          fetch->request.architectures[fetch->at], fetch->what,
                                          fetch->builder, &index, &fetch->err);
    if (fetch->status == 0)
        fetch->status = rb_age_judge(
            index.made_at, index.made_at == 0 ? 0 : fetch->request.known[fetch->at].made_at,
            rb_clock_now(fetch->clock), fetch->what, &fetch->trouble, &fetch->err);
    if (fetch->status != 0)
        return;
    state->hash =
        rb_arena_strdup(fetch->arena, rb_sha256_of(parts->content, parts->content_size, hex));
    state->description = rb_arena_strdup(fetch->arena, index.description);
    state->made_at = index.made_at;
    RB_CLEANUP_FREE char *incoming = incoming_path(fetch, fetch->at);
    fetch->status =
        rb_file_write_atomic(incoming, rb_strbuf_text(body), body->size, 0644, &fetch->err);
    rb_strbuf_deinit(&fetch->download.body);
}

static int keep_indexes(struct rb_apk_fetch *fetch)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < fetch->count; i++) {
        RB_CLEANUP_FREE char *incoming = incoming_path(fetch, i);
        RB_CLEANUP_FREE char *ending = rb_apk_kept_ending(fetch->request.architectures[i]);
        status = rb_kept_adopt(incoming, fetch->request.folder, fetch->hash, ending, KEPT_STATES,
                               &fetch->err);
    }
    return status;
}

static void run_write(void *context)
{
    struct rb_apk_fetch *fetch = context;
    fetch->index_path = rb_kept_path(fetch->request.folder, fetch->hash, "index");
    fetch->status = keep_indexes(fetch);
    if (fetch->status != 0)
        return;
    fetch->status = rb_index_builder_write(fetch->builder, fetch->index_path, &fetch->err);
    fetch->offer_count = rb_index_builder_count(fetch->builder);
}

/* How a state begins. */

static void worked(void *context)
{
    struct rb_apk_fetch *fetch = context;
    fetch->is_working = false;
    fetch->advance(fetch);
}

static void work(struct rb_apk_fetch *fetch, void (*run)(void *context))
{
    fetch->is_working = true;
    rb_work_queue(fetch->loop, run, worked, fetch);
}

static void ask_index(struct rb_apk_fetch *fetch, bool whole)
{
    const struct rb_apk_request *request = &fetch->request;
    const struct rb_apk_state *known = &request->known[fetch->at];
    bool has_condition = !whole && fetch->known_is_there && known->hash != NULL;
    struct rb_download_ask ask = {
        .url = rb_arena_printf(fetch->arena, "%s/%s/APKINDEX.tar.gz", request->url,
                               request->architectures[fetch->at]),
        .maximum = RB_APK_INDEX_MAXIMUM,
        .timeout_ms = TIMEOUT_MS,
        .etag = has_condition ? known->etag : NULL,
        .last_modified = has_condition ? known->last_modified : NULL,
    };
    RB_CLEANUP_FREE char *shown = rb_address_shown(ask.url);
    ask.shown = fetch->what = rb_arena_strdup(fetch->arena, shown);
    rb_state_move(&STATES, &fetch->state, STATE_INDEX);
    rb_download_start(&fetch->download, fetch->loop, fetch->http, &ask);
}

/* How a state ends. */

static void hash_states(struct rb_apk_fetch *fetch)
{
    const char *hashes[ARCHITECTURES_MAXIMUM];
    for (size_t i = 0; i < fetch->count; i++)
        hashes[i] = fetch->states[i].hash;
    rb_apk_version_of(fetch->request.architectures, hashes, fetch->count, fetch->hash);
}

/* The index of offers is one of all architectures, so where one has changed all are read. */
static void after_all(struct rb_apk_fetch *fetch)
{
    hash_states(fetch);
    fetch->unchanged =
        fetch->known_is_there && rb_text_equal(fetch->hash, fetch->request.known_hash);
    if (fetch->unchanged) {
        finish(fetch);
        return;
    }
    for (size_t i = 0; i < fetch->count; i++) {
        if (fetch->is_read[i])
            continue;
        fetch->at = i;
        ask_index(fetch, true);
        return;
    }
    rb_state_move(&STATES, &fetch->state, STATE_WRITE);
    work(fetch, run_write);
}

static void after_one(struct rb_apk_fetch *fetch)
{
    size_t next = 0;
    while (next < fetch->count && fetch->states[next].hash != NULL)
        next++;
    if (next == fetch->count) {
        after_all(fetch);
        return;
    }
    fetch->at = next;
    ask_index(fetch, false);
}

static void after_index(struct rb_apk_fetch *fetch)
{
    const struct rb_download *download = &fetch->download;
    struct rb_apk_state *state = &fetch->states[fetch->at];
    if (download->absent.code != RB_OK) {
        fetch->status = rb_err_copy(&fetch->err, &download->absent);
        finish(fetch);
        return;
    }
    fetch->moved = fetch->moved || download->moved;
    if (download->status == 304) {
        *state = fetch->request.known[fetch->at];
        after_one(fetch);
        return;
    }
    state->etag = rb_arena_strdup(fetch->arena, download->etag);
    state->last_modified = rb_arena_strdup(fetch->arena, download->last_modified);
    rb_state_move(&STATES, &fetch->state, STATE_READ);
    work(fetch, run_read);
}

/* What the state waited for has come: the callback has recorded it, here is the step. */
static void advance(void *context)
{
    struct rb_apk_fetch *fetch = context;
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
        after_one(fetch);
        break;
    case STATE_INDEX:
        after_index(fetch);
        break;
    case STATE_READ:
        fetch->is_read[fetch->at] = true;
        after_one(fetch);
        break;
    case STATE_WRITE:
        finish(fetch);
        break;
    case STATE_DONE:
    case STATE_COUNT:
        RB_ASSERT(false && "a step after the end");
    }
}

static void copy_known(struct rb_apk_fetch *fetch, const struct rb_apk_state *known)
{
    struct rb_arena *arena = fetch->arena;
    struct rb_apk_state *copy = rb_arena_array(arena, fetch->count, sizeof(*copy));
    for (size_t i = 0; i < fetch->count; i++)
        copy[i] =
            (struct rb_apk_state){.hash = rb_arena_strdup(arena, known[i].hash),
                                  .made_at = known[i].made_at,
                                  .etag = rb_arena_strdup(arena, known[i].etag),
                                  .last_modified = rb_arena_strdup(arena, known[i].last_modified)};
    fetch->request.known = copy;
}

static void copy_request(struct rb_apk_fetch *fetch, const struct rb_apk_request *request)
{
    struct rb_apk_request *copy = &fetch->request;
    copy->url = rb_arena_strdup(fetch->arena, request->url);
    copy->architectures = rb_arena_strdup_list(fetch->arena, request->architectures);
    while (copy->architectures[fetch->count] != NULL)
        fetch->count++;
    copy->keys = rb_arena_strdup_list(fetch->arena, request->keys);
    copy->folder = rb_arena_strdup(fetch->arena, request->folder);
    copy->known_hash = rb_arena_strdup(fetch->arena, request->known_hash);
    copy_known(fetch, request->known);
}

struct rb_apk_fetch *rb_apk_fetch_start(struct rb_loop *loop, struct rb_http *http,
                                        const struct rb_clock *clock,
                                        const struct rb_apk_request *request, rb_apk_cb *done,
                                        void *context)
{
    struct rb_apk_fetch *fetch = rb_zalloc(sizeof(*fetch));
    fetch->loop = loop;
    fetch->http = http;
    fetch->clock = clock;
    fetch->arena = rb_arena_new();
    fetch->advance = advance;
    fetch->state = STATE_PREPARE;
    fetch->done = done;
    fetch->context = context;
    copy_request(fetch, request);
    fetch->builder = rb_index_builder_new_ordered(&rb_version_apk);
    rb_download_init(&fetch->download, advance, fetch);
    if (fetch->count > ARCHITECTURES_MAXIMUM)
        fetch->status = rb_err_set(&fetch->err, RB_EINVALID, "%s: more than %d architectures",
                                   fetch->request.url, ARCHITECTURES_MAXIMUM);
    /* What cannot be asked is told as every other failure is: later. */
    work(fetch, fetch->status == 0 ? run_prepare : run_nothing);
    return fetch;
}

void rb_apk_fetch_cancel(struct rb_apk_fetch *fetch)
{
    fetch->is_cancelled = true;
    if (!fetch->is_working && !fetch->download.is_reading)
        free_fetch(fetch); /* else advance does */
}
