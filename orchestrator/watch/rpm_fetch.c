/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One look at a repository:
 *
 *     prepare ──▶ mirrors ──the known state──▶ done
 *     (pool)│        │200
 *           └────────┴───▶ repomd ──304──▶ done
 *                           │   ▲
 *                        200│   └── the next mirror, wherever one fails, while there is one
 *                           ├──▶ signature ──▶ verify (gpgv) ──┐
 *                           └──unsigned────────────────────────┴▶ look ──all is there──▶ done
 *                                                               (pool)
 *                                                                 ▼
 *         done ◀── keep primary ◀── primary ◀── keep updateinfo ◀── updateinfo
 *                     (pool)                        (pool)          (where there is one)
 *
 * Any state may end in done with an error. One thing is under way at a time: a transfer, a
 * verification, or work in the pool, which alone touches the fetch until it is over. The index is
 * written last: where it is, all is.
 */
#include "rpm_fetch.h"

#include <string.h>

#include "address.h"
#include "download.h"
#include "gpgv.h"
#include "kept.h"
#include "rebake/base/arena.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/state.h"
#include "rebake/loop/work.h"
#include "rpm_mirrors.h"
#include "rpm_state.h"

enum { LIST_MAXIMUM = 4 << 20, FILE_MAXIMUM = 256 << 20 };
static const int64_t REPOMD_TIMEOUT_MS = 60 * 1000;
static const int64_t FILE_TIMEOUT_MS = 15 * 60 * 1000;

enum state {
    STATE_PREPARE,
    STATE_MIRRORS,
    STATE_REPOMD,
    STATE_SIGNATURE,
    STATE_VERIFY,
    STATE_LOOK,
    STATE_UPDATEINFO,
    STATE_KEEP_UPDATEINFO,
    STATE_PRIMARY,
    STATE_KEEP_PRIMARY,
    STATE_DONE,
    STATE_COUNT
};

#define TO(state) RB_STATE_BIT(STATE_##state)
static const struct rb_state_table STATES = {
    .name = "rpm fetch",
    .count = STATE_COUNT,
    .states = {
        [STATE_PREPARE] = {"prepare", TO(MIRRORS) | TO(REPOMD) | TO(DONE)},
        [STATE_MIRRORS] = {"mirrors", TO(REPOMD) | TO(DONE)},
        [STATE_REPOMD] = {"repomd", TO(REPOMD) | TO(SIGNATURE) | TO(LOOK) | TO(DONE)},
        [STATE_SIGNATURE] = {"signature", TO(REPOMD) | TO(VERIFY) | TO(DONE)},
        [STATE_VERIFY] = {"verify", TO(REPOMD) | TO(LOOK) | TO(DONE)},
        [STATE_LOOK] = {"look", TO(REPOMD) | TO(UPDATEINFO) | TO(PRIMARY) | TO(DONE)},
        [STATE_UPDATEINFO] = {"updateinfo", TO(UPDATEINFO) | TO(KEEP_UPDATEINFO) | TO(DONE)},
        [STATE_KEEP_UPDATEINFO] = {"keep updateinfo", TO(UPDATEINFO) | TO(PRIMARY) | TO(DONE)},
        [STATE_PRIMARY] = {"primary", TO(PRIMARY) | TO(KEEP_PRIMARY) | TO(DONE)},
        [STATE_KEEP_PRIMARY] = {"keep primary", TO(PRIMARY) | TO(DONE)},
        [STATE_DONE] = {"done", 0},
    }};
#undef TO

struct rb_rpm_fetch {
    struct rb_loop *loop;
    struct rb_http *http;
    const struct rb_clock *clock;
    struct rb_arena *arena; /* owns the copy of the request and all addresses */
    struct rb_rpm_request request;
    struct rb_rpm_mirrors mirrors;
    const char *what;      /* the repomd.xml at hand, for errors */
    const char *file_what; /* the file at hand */
    void (*advance)(void *context);
    unsigned state;
    int status; /* of the step at hand, with err and trouble */
    struct rb_err err;
    enum rb_trouble trouble;
    struct rb_download download;
    struct rb_gpgv *gpgv; /* while it verifies */
    char *repomd_data;
    size_t repomd_size;
    struct rb_rpm_repomd repomd;
    char hash[RB_SHA256_HEX_SIZE];
    const char *etag;
    const char *last_modified;
    char *index_path;
    char *updateinfo_path; /* NULL: the state has none */
    size_t offer_count;
    size_t advisory_count;
    rb_rpm_cb *done;
    void *context;
    bool is_working; /* the pool has it */
    bool is_cancelled;
    bool known_is_there; /* all that is kept of the known state */
    bool unchanged;
    bool moved; /* what the source names lives elsewhere, for ever: repomd.xml, or the list */
};

static void free_fetch(struct rb_rpm_fetch *fetch)
{
    rb_download_deinit(&fetch->download);
    rb_rpm_mirrors_deinit(&fetch->mirrors);
    rb_free(fetch->repomd_data);
    rb_free(fetch->index_path);
    rb_free(fetch->updateinfo_path);
    rb_arena_free(fetch->arena);
    rb_free(fetch);
}

static void finish(struct rb_rpm_fetch *fetch)
{
    rb_state_move(&STATES, &fetch->state, STATE_DONE);
    struct rb_rpm_result result = {
        .trouble = fetch->trouble,
        .cost = fetch->download.cost,
    };
    if (fetch->status == 0) {
        result.trouble = fetch->moved ? RB_TROUBLE_MOVED : RB_TROUBLE_NONE;
        result.unchanged = fetch->unchanged;
        result.mirror = fetch->request.mirrorlist != NULL ? rb_rpm_mirror(&fetch->mirrors) : NULL;
        result.etag = fetch->etag;
        result.last_modified = fetch->last_modified;
    }
    if (fetch->status == 0 && !fetch->unchanged) {
        memcpy(result.hash, fetch->hash, sizeof(result.hash));
        result.revision = fetch->repomd.revision;
        result.newest_at = fetch->repomd.newest_at;
        result.index_path = fetch->index_path;
        result.offer_count = fetch->offer_count;
        result.updateinfo_path = fetch->updateinfo_path;
        result.advisory_count = fetch->advisory_count;
    }
    fetch->done(fetch->context, &result, fetch->status == 0 ? NULL : &fetch->err);
    free_fetch(fetch);
}

/* What runs in the pool. */

static bool is_there(const struct rb_rpm_fetch *fetch, const char *hash, bool has_updateinfo,
                     size_t *ret_offers)
{
    RB_CLEANUP_FREE char *index = rb_kept_path(fetch->request.folder, hash, "index");
    RB_CLEANUP_FREE char *updateinfo = rb_kept_path(fetch->request.folder, hash, RB_RPM_UPDATEINFO);
    const char *ending = fetch->request.made_ending;
    RB_CLEANUP_FREE char *made =
        ending == NULL ? NULL : rb_kept_path(fetch->request.folder, hash, ending);
    return rb_kept_index_is_there(index, ret_offers) &&
           (!has_updateinfo ||
            (rb_file_exists(updateinfo) && (made == NULL || rb_file_exists(made))));
}

static void run_prepare(void *context)
{
    struct rb_rpm_fetch *fetch = context;
    const struct rb_rpm_request *request = &fetch->request;
    fetch->status = rb_folder_make(request->folder, 0755, &fetch->err);
    fetch->known_is_there =
        fetch->status == 0 && request->known_hash != NULL &&
        is_there(fetch, request->known_hash, request->known_has_updateinfo, &fetch->offer_count);
}

/* The signature is what came last. */
static int keep_repomd(struct rb_rpm_fetch *fetch)
{
    const struct rb_rpm_request *request = &fetch->request;
    const struct rb_strbuf *body = &fetch->download.body;
    return rb_rpm_keep_repomd(request->folder, fetch->hash, fetch->repomd_data, fetch->repomd_size,
                              request->signed_by != NULL ? rb_strbuf_text(body) : NULL, body->size,
                              &fetch->err);
}

static void run_look(void *context)
{
    struct rb_rpm_fetch *fetch = context;
    const struct rb_rpm_request *request = &fetch->request;
    fetch->status = rb_rpm_repomd_parse(fetch->repomd_data, fetch->repomd_size, fetch->what,
                                        &fetch->repomd, &fetch->err);
    if (fetch->status == 0)
        fetch->status = rb_rpm_repomd_judge(&fetch->repomd, request->known_revision,
                                            request->known_newest_at, rb_clock_now(fetch->clock),
                                            fetch->what, &fetch->trouble, &fetch->err);
    if (fetch->status != 0)
        return;
    bool has_updateinfo = fetch->repomd.updateinfo.href[0] != '\0';
    rb_sha256_of(fetch->repomd_data, fetch->repomd_size, fetch->hash);
    fetch->status = keep_repomd(fetch);
    if (fetch->status != 0)
        return;
    fetch->index_path = rb_kept_path(request->folder, fetch->hash, "index");
    if (has_updateinfo)
        fetch->updateinfo_path = rb_kept_path(request->folder, fetch->hash, RB_RPM_UPDATEINFO);
    fetch->unchanged = rb_text_equal(fetch->hash, request->known_hash) &&
                       is_there(fetch, fetch->hash, has_updateinfo, &fetch->offer_count);
}

static void run_keep_updateinfo(void *context)
{
    struct rb_rpm_fetch *fetch = context;
    fetch->status = rb_rpm_keep_updateinfo(&fetch->repomd.updateinfo, &fetch->download.body,
                                           fetch->updateinfo_path, fetch->file_what,
                                           &fetch->advisory_count, &fetch->err);
    rb_strbuf_deinit(&fetch->download.body);
}

static void run_keep_primary(void *context)
{
    struct rb_rpm_fetch *fetch = context;
    fetch->status = rb_rpm_keep_primary(&fetch->repomd.primary, &fetch->download.body,
                                        fetch->request.architectures, fetch->index_path,
                                        fetch->file_what, &fetch->offer_count, &fetch->err);
    rb_strbuf_deinit(&fetch->download.body);
}

/* How a state begins. */

static void worked(void *context)
{
    struct rb_rpm_fetch *fetch = context;
    fetch->is_working = false;
    fetch->advance(fetch);
}

static void work(struct rb_rpm_fetch *fetch, enum state state, void (*run)(void *context))
{
    if (state != STATE_PREPARE)
        rb_state_move(&STATES, &fetch->state, state);
    fetch->is_working = true;
    rb_work_queue(fetch->loop, run, worked, fetch);
}

static void download(struct rb_rpm_fetch *fetch, enum state state, struct rb_download_ask *ask)
{
    RB_CLEANUP_FREE char *shown = rb_address_shown(ask->url);
    ask->shown = fetch->file_what = rb_arena_strdup(fetch->arena, shown);
    if (state == STATE_REPOMD)
        fetch->what = fetch->file_what;
    rb_state_move(&STATES, &fetch->state, state);
    rb_download_start(&fetch->download, fetch->loop, fetch->http, ask);
}

static void ask_mirrors(struct rb_rpm_fetch *fetch)
{
    download(fetch, STATE_MIRRORS,
             &(struct rb_download_ask){.url = fetch->request.mirrorlist,
                                       .maximum = LIST_MAXIMUM,
                                       .timeout_ms = REPOMD_TIMEOUT_MS});
}

/* Of a mirror the conditions are its own. */
static void ask_repomd(struct rb_rpm_fetch *fetch)
{
    const struct rb_rpm_request *request = &fetch->request;
    const char *mirror = rb_rpm_mirror(&fetch->mirrors);
    bool is_known = fetch->known_is_there &&
                    (request->mirrorlist == NULL || rb_text_equal(request->mirror, mirror));
    download(fetch, STATE_REPOMD,
             &(struct rb_download_ask){
                 .url = rb_arena_printf(fetch->arena, "%s/repodata/repomd.xml", mirror),
                 .maximum = RB_RPM_REPOMD_MAXIMUM,
                 .timeout_ms = REPOMD_TIMEOUT_MS,
                 .etag = is_known ? request->etag : NULL,
                 .last_modified = is_known ? request->last_modified : NULL});
}

static void ask_signature(struct rb_rpm_fetch *fetch)
{
    download(
        fetch, STATE_SIGNATURE,
        &(struct rb_download_ask){.url = rb_arena_printf(fetch->arena, "%s/repodata/repomd.xml.asc",
                                                         rb_rpm_mirror(&fetch->mirrors)),
                                  .maximum = RB_RPM_SIGNATURE_MAXIMUM,
                                  .timeout_ms = REPOMD_TIMEOUT_MS});
}

static void ask_file(struct rb_rpm_fetch *fetch, enum state state)
{
    const struct rb_rpm_file *file =
        state == STATE_PRIMARY ? &fetch->repomd.primary : &fetch->repomd.updateinfo;
    int64_t maximum = file->size_bytes > 0 ? file->size_bytes : FILE_MAXIMUM;
    download(fetch, state,
             &(struct rb_download_ask){.url = rb_arena_printf(fetch->arena, "%s/%s",
                                                              rb_rpm_mirror(&fetch->mirrors),
                                                              file->href),
                                       .maximum = (size_t)maximum,
                                       .timeout_ms = FILE_TIMEOUT_MS});
}

static void verified(void *context, const struct rb_gpgv_verdict *verdict,
                     const struct rb_err *error)
{
    struct rb_rpm_fetch *fetch = context;
    fetch->gpgv = NULL;
    if (error != NULL)
        fetch->status = rb_err_copy(&fetch->err, error);
    if (error != NULL && error->code == RB_EVERIFY)
        fetch->trouble = verdict->trouble;
    fetch->advance(fetch);
}

static void verify(struct rb_rpm_fetch *fetch)
{
    const struct rb_strbuf *signature = &fetch->download.body;
    struct rb_gpgv_request request = {
        .what = fetch->what,
        .keyring = fetch->request.signed_by,
        .folder = fetch->request.folder,
        .content = fetch->repomd_data,
        .content_size = fetch->repomd_size,
        .signature = rb_strbuf_text(signature),
        .signature_size = signature->size,
    };
    rb_state_move(&STATES, &fetch->state, STATE_VERIFY);
    fetch->gpgv = rb_gpgv_start(fetch->loop, &request, verified, fetch);
}

/* How a failure ends. */

/* What one mirror has not, another may: a repomd.xml that is believed, or a file whose checksum is
   known already. */
static void ask_again(struct rb_rpm_fetch *fetch)
{
    enum state state = (enum state)fetch->state;
    if (state == STATE_PRIMARY || state == STATE_KEEP_PRIMARY)
        ask_file(fetch, STATE_PRIMARY);
    else if (state == STATE_UPDATEINFO || state == STATE_KEEP_UPDATEINFO)
        ask_file(fetch, STATE_UPDATEINFO);
    else
        ask_repomd(fetch);
}

static void after_failure(struct rb_rpm_fetch *fetch)
{
    bool is_of_mirror = fetch->state != STATE_PREPARE && fetch->state != STATE_MIRRORS;
    if (!is_of_mirror || !rb_rpm_mirrors_pass_over(&fetch->mirrors, &fetch->err, &fetch->trouble)) {
        fetch->status = (int)fetch->err.code;
        finish(fetch);
        return;
    }
    fetch->status = 0;
    fetch->trouble = RB_TROUBLE_NONE;
    ask_again(fetch);
}

static void fail(struct rb_rpm_fetch *fetch, const struct rb_err *error)
{
    fetch->status = rb_err_copy(&fetch->err, error);
    after_failure(fetch);
}

/* How a state ends. */

static void after_prepare(struct rb_rpm_fetch *fetch)
{
    if (fetch->request.mirrorlist != NULL) {
        ask_mirrors(fetch);
        return;
    }
    rb_rpm_mirrors_set(&fetch->mirrors, fetch->request.url);
    ask_repomd(fetch);
}

/* What was accepted stands. */
static void after_no_change(struct rb_rpm_fetch *fetch)
{
    fetch->unchanged = true;
    fetch->etag = fetch->request.etag;
    fetch->last_modified = fetch->request.last_modified;
    finish(fetch);
}

static void after_mirrors(struct rb_rpm_fetch *fetch)
{
    const struct rb_download *download = &fetch->download;
    const struct rb_rpm_request *request = &fetch->request;
    if (download->absent.code != RB_OK) {
        fail(fetch, &download->absent);
        return;
    }
    fetch->moved = download->moved;
    fetch->status = rb_rpm_mirrors_read(&fetch->mirrors, rb_strbuf_text(&download->body),
                                        download->body.size, fetch->file_what,
                                        request->signed_by != NULL, request->mirror, &fetch->err);
    const struct rb_mirrorlist *list = &fetch->mirrors.list;
    if (fetch->status != 0)
        finish(fetch);
    else if (fetch->known_is_there && list->state_count > 0 &&
             rb_text_equal(list->states[0].hex, request->known_hash))
        after_no_change(fetch);
    else
        ask_repomd(fetch);
}

static void look(struct rb_rpm_fetch *fetch)
{
    work(fetch, STATE_LOOK, run_look);
}

static void refuse_state(struct rb_rpm_fetch *fetch)
{
    fetch->status =
        rb_err_set(&fetch->err, RB_EVERIFY,
                   "%s is none of the states that the list of mirrors allows", fetch->what);
    after_failure(fetch);
}

/* The mirror stands still; the list tells whether the others do. */
static void after_not_modified(struct rb_rpm_fetch *fetch)
{
    if (rb_mirrorlist_allows_hash(&fetch->mirrors.list, fetch->request.known_hash))
        after_no_change(fetch);
    else
        refuse_state(fetch);
}

static void after_repomd(struct rb_rpm_fetch *fetch)
{
    struct rb_download *download = &fetch->download;
    if (download->absent.code != RB_OK) {
        fail(fetch, &download->absent);
        return;
    }
    if (fetch->request.mirrorlist == NULL)
        fetch->moved = download->moved;
    if (download->status == 304) {
        after_not_modified(fetch);
        return;
    }
    fetch->etag = rb_arena_strdup(fetch->arena, download->etag);
    fetch->last_modified = rb_arena_strdup(fetch->arena, download->last_modified);
    rb_free(fetch->repomd_data);
    fetch->repomd_size = download->body.size;
    fetch->repomd_data = rb_strbuf_steal(&download->body);
    if (!rb_mirrorlist_allows(&fetch->mirrors.list, fetch->repomd_data, fetch->repomd_size)) {
        fetch->status =
            rb_err_set(&fetch->err, RB_EVERIFY,
                       "%s is none of the states that the list of mirrors allows", fetch->what);
        after_failure(fetch);
    } else if (fetch->request.signed_by == NULL) {
        look(fetch);
    } else {
        ask_signature(fetch);
    }
}

static void after_signature(struct rb_rpm_fetch *fetch)
{
    if (fetch->download.absent.code == RB_OK) {
        verify(fetch);
        return;
    }
    fetch->status = rb_err_set(&fetch->err, RB_EVERIFY,
                               "%s is not signed: there is no repomd.xml.asc", fetch->what);
    after_failure(fetch);
}

static void after_look(struct rb_rpm_fetch *fetch)
{
    rb_rpm_mirrors_settle(&fetch->mirrors);
    if (fetch->unchanged)
        finish(fetch);
    else
        ask_file(fetch, fetch->updateinfo_path != NULL ? STATE_UPDATEINFO : STATE_PRIMARY);
}

static void after_file(struct rb_rpm_fetch *fetch, enum state keep, void (*run)(void *context))
{
    if (fetch->download.absent.code != RB_OK)
        fail(fetch, &fetch->download.absent);
    else
        work(fetch, keep, run);
}

static void step(struct rb_rpm_fetch *fetch)
{
    switch ((enum state)fetch->state) {
    case STATE_PREPARE:
        after_prepare(fetch);
        break;
    case STATE_MIRRORS:
        after_mirrors(fetch);
        break;
    case STATE_REPOMD:
        after_repomd(fetch);
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
    case STATE_UPDATEINFO:
        after_file(fetch, STATE_KEEP_UPDATEINFO, run_keep_updateinfo);
        break;
    case STATE_KEEP_UPDATEINFO:
        ask_file(fetch, STATE_PRIMARY);
        break;
    case STATE_PRIMARY:
        after_file(fetch, STATE_KEEP_PRIMARY, run_keep_primary);
        break;
    case STATE_KEEP_PRIMARY:
        finish(fetch);
        break;
    case STATE_DONE:
    case STATE_COUNT:
        RB_ASSERT(false && "a step after the end");
    }
}

/* What the state waited for has come: the callback has recorded it, here is the step. */
static void advance(void *context)
{
    struct rb_rpm_fetch *fetch = context;
    if (fetch->is_cancelled) {
        free_fetch(fetch);
        return;
    }
    if (fetch->status == 0 && fetch->download.err.code != RB_OK)
        fetch->status = rb_err_copy(&fetch->err, &fetch->download.err);
    if (fetch->status != 0)
        after_failure(fetch);
    else
        step(fetch);
}

static void copy_request(struct rb_rpm_fetch *fetch, const struct rb_rpm_request *request)
{
    struct rb_arena *arena = fetch->arena;
    struct rb_rpm_request *copy = &fetch->request;
    *copy = *request;
    copy->url = rb_arena_strdup(arena, request->url);
    copy->mirrorlist = rb_arena_strdup(arena, request->mirrorlist);
    copy->architectures = rb_arena_strdup_list(arena, request->architectures);
    copy->signed_by = rb_arena_strdup(arena, request->signed_by);
    copy->folder = rb_arena_strdup(arena, request->folder);
    copy->known_hash = rb_arena_strdup(arena, request->known_hash);
    copy->known_revision = rb_arena_strdup(arena, request->known_revision);
    copy->made_ending = rb_arena_strdup(arena, request->made_ending);
    copy->mirror = rb_arena_strdup(arena, request->mirror);
    copy->etag = rb_arena_strdup(arena, request->etag);
    copy->last_modified = rb_arena_strdup(arena, request->last_modified);
}

struct rb_rpm_fetch *rb_rpm_fetch_start(struct rb_loop *loop, struct rb_http *http,
                                        const struct rb_clock *clock,
                                        const struct rb_rpm_request *request, rb_rpm_cb *done,
                                        void *context)
{
    struct rb_rpm_fetch *fetch = rb_zalloc(sizeof(*fetch));
    fetch->loop = loop;
    fetch->http = http;
    fetch->clock = clock;
    fetch->arena = rb_arena_new();
    fetch->advance = advance;
    fetch->state = STATE_PREPARE;
    fetch->done = done;
    fetch->context = context;
    copy_request(fetch, request);
    rb_download_init(&fetch->download, advance, fetch);
    work(fetch, STATE_PREPARE, run_prepare);
    return fetch;
}

void rb_rpm_fetch_cancel(struct rb_rpm_fetch *fetch)
{
    fetch->is_cancelled = true;
    if (fetch->is_working || fetch->download.is_reading)
        return; /* advance frees it */
    if (fetch->gpgv != NULL)
        rb_gpgv_cancel(fetch->gpgv);
    free_fetch(fetch);
}
