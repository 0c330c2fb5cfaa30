/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The check of a registry of a language's packages:
 *
 *     prepare ──▶ package ──200──▶ read ──┐  all packages
 *     (pool)        ▲ │          (pool)   ├─────────────▶ write ──▶ done
 *                   │ └──304──────────────┤              (pool)
 *                   └─────────────────────┘
 *                       the next package
 *
 * Any state may end in done with an error. What all packages offer is one document of ours,
 * {"flask":["2.3.2","2.3.3"],…}; the version is its SHA-256. It is kept under that name: of a
 * package that has not changed the next check takes its list from there.
 */
#include <string.h>

#include "address.h"
#include "check.h"
#include "download.h"
#include "fetching.h"
#include "kept.h"
#include "language_document.h"
#include "language_version.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strlist.h"
#include "rebake/base/text.h"
#include "rebake/inventory/index.h"
#include "rebake/loop/state.h"
#include "rebake/loop/work.h"

enum { TRANSFER_TIMEOUT_MS = 5 * 60 * 1000, KEPT_STATES = 16 };

enum state { STATE_PREPARE, STATE_PACKAGE, STATE_READ, STATE_WRITE, STATE_DONE, STATE_COUNT };

#define TO(state) RB_STATE_BIT(STATE_##state)
static const struct rb_state_table STATES = {
    .name = "language check",
    .count = STATE_COUNT,
    .states = {
        [STATE_PREPARE] = {"prepare", TO(PACKAGE) | TO(DONE)},
        [STATE_PACKAGE] = {"package", TO(PACKAGE) | TO(READ) | TO(WRITE) | TO(DONE)},
        [STATE_READ] = {"read", TO(PACKAGE) | TO(WRITE) | TO(DONE)},
        [STATE_WRITE] = {"write", TO(DONE)},
        [STATE_DONE] = {"done", 0},
    }};
#undef TO

struct language_check {
    const struct rb_watch_tools *tools;
    enum rb_source_kind kind;
    unsigned state;
    char *url;
    struct rb_strlist packages;
    size_t at;    /* the package at hand */
    char *folder; /* where the documents are kept */
    char *known_hash;
    json_t *known_etags; /* of the last check, by package */
    json_t *known;       /* the known document; NULL where it is lost, or the index of it */
    json_t *etags;
    json_t *offers; /* the document of now */
    struct rb_download download;
    int64_t newest_at;
    char hash[RB_SHA256_HEX_SIZE];
    char *index_path;
    size_t offer_count;
    int status; /* of the first failure, with err */
    struct rb_err err;
    bool moved;
    bool is_working; /* the pool has it */
    bool is_cancelled;
    rb_check_cb *done;
    void *context;
};

static void free_check(struct language_check *check)
{
    rb_download_deinit(&check->download);
    rb_strlist_deinit(&check->packages);
    rb_free(check->url);
    rb_free(check->folder);
    rb_free(check->known_hash);
    rb_free(check->index_path);
    json_decref(check->known_etags);
    json_decref(check->known);
    json_decref(check->etags);
    json_decref(check->offers);
    rb_free(check);
}

static json_t *make_detail(const struct language_check *check)
{
    json_t *detail = rb_json_object();
    rb_json_set_string(detail, "index", check->index_path);
    rb_json_set_integer(detail, "packages", (int64_t)check->packages.count);
    rb_json_set_integer(detail, "offers", (int64_t)check->offer_count);
    rb_json_set_time(detail, "date", check->newest_at);
    return detail;
}

static void finish(struct language_check *check)
{
    rb_state_move(&STATES, &check->state, STATE_DONE);
    struct rb_check_outcome outcome = rb_check_outcome_of(&check->download.cost);
    RB_CLEANUP_JSON json_t *detail = NULL;
    RB_CLEANUP_JSON json_t *memo = rb_json_object();
    struct rb_check_result result = {.version = check->hash, .memo = memo};
    if (check->status != 0) {
        outcome.error = &check->err;
    } else {
        rb_json_set(memo, "etags", json_incref(check->etags));
        result.unchanged = rb_text_equal(check->hash, check->known_hash);
        detail = check->index_path == NULL ? NULL : make_detail(check);
        result.detail = detail;
        result.upstream_at = check->newest_at;
        outcome.trouble = check->moved ? RB_TROUBLE_MOVED : RB_TROUBLE_NONE;
        outcome.result = &result;
    }
    check->done(check->context, &outcome);
    free_check(check);
}

/* What runs in the pool. */

static void run_prepare(void *context)
{
    struct language_check *check = context;
    size_t offers;
    check->status = rb_folder_make(check->folder, 0755, &check->err);
    if (check->status != 0 || check->known_hash == NULL)
        return;
    RB_CLEANUP_FREE char *index = rb_kept_path(check->folder, check->known_hash, "index");
    RB_CLEANUP_FREE char *path = rb_kept_path(check->folder, check->known_hash, RB_LANGUAGE_ENDING);
    /* Without both of them the state is made anew. */
    if (rb_kept_index_is_there(index, &offers) &&
        rb_json_read_file(path, RB_LANGUAGE_OFFERS_MAXIMUM, &check->known, NULL) != 0)
        check->known = NULL;
}

static void run_read(void *context)
{
    struct language_check *check = context;
    const struct rb_strbuf *body = &check->download.body;
    json_t *versions = NULL;
    int64_t newest_at;
    check->status = rb_language_read(check->kind, rb_strbuf_text(body), body->size,
                                     check->download.shown, &versions, &newest_at, &check->err);
    if (check->status != 0)
        return;
    rb_json_set(check->offers, check->packages.items[check->at], versions);
    if (newest_at > check->newest_at)
        check->newest_at = newest_at;
}

static int add_offers(struct rb_index_builder *builder, const char *name, const json_t *versions,
                      struct rb_err *err)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < json_array_size(versions); i++) {
        const char *version = json_string_value(json_array_get(versions, i));
        const struct rb_offer offer = {name, version, "", name, version};
        status = rb_index_builder_add(builder, &offer, err);
    }
    return status;
}

static int write_index(struct language_check *check)
{
    struct rb_index_builder *builder =
        rb_index_builder_new_ordered(rb_language_protocol(check->kind)->order);
    const char *name;
    json_t *versions;
    json_object_foreach(check->offers, name, versions)
    {
        if (check->status == 0)
            check->status = add_offers(builder, name, versions, &check->err);
    }
    check->index_path = rb_kept_path(check->folder, check->hash, "index");
    if (check->status == 0)
        check->status = rb_index_builder_write(builder, check->index_path, &check->err);
    check->offer_count = rb_index_builder_count(builder);
    rb_index_builder_free(builder);
    return check->status;
}

/* The known state again is written only where something of it was lost. */
static void run_write(void *context)
{
    struct language_check *check = context;
    RB_CLEANUP_FREE char *text = rb_json_canonical(check->offers);
    (void)rb_sha256_of(text, strlen(text), check->hash);
    if (check->known != NULL && rb_text_equal(check->hash, check->known_hash))
        return;
    check->status = rb_kept_write(check->folder, check->hash, RB_LANGUAGE_ENDING, text,
                                  strlen(text), KEPT_STATES, &check->err);
    if (check->status == 0 && write_index(check) == 0)
        rb_kept_drop_others(check->folder, check->hash);
}

/* How a state begins. */

static void advance(void *context);

static void worked(void *context)
{
    struct language_check *check = context;
    check->is_working = false;
    advance(check);
}

static void work(struct language_check *check, enum state state, void (*run)(void *context))
{
    rb_state_move(&STATES, &check->state, state);
    check->is_working = true;
    rb_work_queue(check->tools->loop, run, worked, check);
}

static void ask_package(struct language_check *check)
{
    const char *package = check->packages.items[check->at];
    RB_CLEANUP_FREE char *url = rb_language_url(check->kind, check->url, package);
    RB_CLEANUP_FREE char *shown = rb_address_shown(url);
    bool is_known = json_is_array(json_object_get(check->known, package));
    const struct rb_download_ask ask = {
        .url = url,
        .shown = shown,
        .accept = rb_language_protocol(check->kind)->accept,
        .maximum = RB_LANGUAGE_DOCUMENT_MAXIMUM,
        .timeout_ms = TRANSFER_TIMEOUT_MS,
        .etag = is_known ? rb_json_get_string(check->known_etags, package, NULL) : NULL,
    };
    rb_state_move(&STATES, &check->state, STATE_PACKAGE);
    rb_download_start(&check->download, check->tools->loop, check->tools->http, &ask);
}

/* How a state ends. */

static void after_package(struct language_check *check)
{
    if (++check->at < check->packages.count)
        ask_package(check);
    else
        work(check, STATE_WRITE, run_write);
}

static void after_answer(struct language_check *check)
{
    const struct rb_download *download = &check->download;
    const char *package = check->packages.items[check->at];
    const char *known_etag = rb_json_get_string(check->known_etags, package, NULL);
    if (download->absent.code != RB_OK) {
        check->status = rb_err_copy(&check->err, &download->absent);
        finish(check);
        return;
    }
    check->moved = check->moved || download->moved;
    const char *etag = download->status == 304 ? known_etag : download->etag;
    if (etag != NULL)
        rb_json_set_string(check->etags, package, etag);
    if (download->status != 304) {
        work(check, STATE_READ, run_read);
        return;
    }
    rb_json_set(check->offers, package, json_incref(json_object_get(check->known, package)));
    after_package(check);
}

static void advance(void *context)
{
    struct language_check *check = context;
    if (check->is_cancelled) {
        free_check(check);
        return;
    }
    if (check->status == 0 && check->download.err.code != RB_OK)
        check->status = rb_err_copy(&check->err, &check->download.err);
    if (check->status != 0) {
        finish(check);
        return;
    }
    switch ((enum state)check->state) {
    case STATE_PREPARE:
        ask_package(check);
        break;
    case STATE_PACKAGE:
        after_answer(check);
        break;
    case STATE_READ:
        after_package(check);
        break;
    case STATE_WRITE:
        finish(check);
        break;
    case STATE_DONE:
    case STATE_COUNT:
        RB_ASSERT(false && "a step after the end");
    }
}

static void *start(const struct rb_watch_tools *tools, const struct rb_check_request *request,
                   rb_check_cb *done, void *context)
{
    const struct rb_language_source *source = &request->source->language;
    struct language_check *check = rb_zalloc(sizeof(*check));
    check->tools = tools;
    check->kind = request->source->kind;
    check->url = rb_strdup(source->url);
    for (size_t i = 0; source->packages[i] != NULL; i++) {
        RB_CLEANUP_FREE char *name = rb_language_name(check->kind, source->packages[i]);
        rb_strlist_add(&check->packages, name);
    }
    check->folder = rb_kept_source_folder(tools->cache_folder, RB_LANGUAGE_FAMILY, request->source);
    check->known_hash = rb_strdup(request->known_version);
    check->known_etags = json_incref(json_object_get(request->memo, "etags"));
    check->etags = rb_json_object();
    check->offers = rb_json_object();
    check->done = done;
    check->context = context;
    rb_download_init(&check->download, advance, check);
    check->is_working = true;
    rb_work_queue(tools->loop, run_prepare, worked, check);
    return check;
}

static void cancel(void *state)
{
    struct language_check *check = state;
    check->is_cancelled = true;
    if (!check->is_working)
        free_check(check); /* else advance does */
}

const struct rb_check_kind rb_check_language = {
    .start = start, .cancel = cancel, .fetch = rb_language_fetch_version};
