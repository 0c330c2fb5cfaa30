/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One listing of refs:
 *
 *     start ──the manner is known──▶ ASK ──answered──▶ done
 *       │                            │ ▲
 *       │           not so any more ─┘ └─ protocol 2
 *       │                   ▼              │
 *       └──────────────▶ DISCOVER ─────────┤
 *                         │    ▲           └─ protocol 0 or 1: the refs stand there ──▶ done
 *                         └────┘ 401: once more, with credentials
 *
 * DISCOVER is GET info/refs, which follows redirects; ASK is POST git-upload-pack with ls-refs,
 * which does not: what moved is discovered anew.
 */
#include "git_http.h"

#include <string.h>
#include <strings.h>

#include "address.h"
#include "git_credential.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/state.h"

#define SERVICE_PATH "/info/refs?service=git-upload-pack"

enum { BODY_MAXIMUM = 256 << 20, TIMEOUT_MS = 5 * 60 * 1000, STALL_MS = 60 * 1000 };

enum state { STATE_DISCOVER, STATE_ASK, STATE_DONE };

static const struct rb_state_table STATES = {
    .name = "git listing",
    .count = 3,
    .states = {
        [STATE_DISCOVER] = {"discover", RB_STATE_BIT(STATE_DISCOVER) | RB_STATE_BIT(STATE_ASK) |
                                            RB_STATE_BIT(STATE_DONE)},
        [STATE_ASK] = {"ask", RB_STATE_BIT(STATE_DISCOVER) | RB_STATE_BIT(STATE_DONE)},
        [STATE_DONE] = {"done", 0},
    }};

struct rb_git_http {
    struct rb_http *http;
    struct rb_http_transfer *transfer;
    unsigned state;
    char *url;       /* as the source says it, with user info */
    char *base;      /* where the repository is asked, without user info */
    char *prefix;    /* of the refs */
    bool remembered; /* the manner is that of an earlier listing */
    bool login;      /* credentials are sent */
    bool moved;
    bool passing; /* the redirect was not for ever: what it leads to is not to be remembered */
    struct rb_git_refs *refs;
    struct rb_http_cost cost;
    rb_git_listed_cb *done;
    void *context;
};

bool rb_git_is_http(const char *url)
{
    return rb_text_starts_with(url, "https://") || rb_text_starts_with(url, "http://");
}

static void free_listing(struct rb_git_http *listing)
{
    rb_git_refs_free(listing->refs);
    rb_free(listing->url);
    rb_free(listing->base);
    rb_free(listing->prefix);
    rb_free(listing);
}

static void report(struct rb_git_http *listing, const struct rb_err *error)
{
    struct rb_git_listing told = {.moved = listing->moved, .cost = listing->cost};
    RB_CLEANUP_JSON json_t *manner = NULL;
    bool was_asked = listing->state == STATE_ASK;
    rb_state_move(&STATES, &listing->state, STATE_DONE);
    if (error == NULL)
        told.refs = listing->refs;
    if (error == NULL && was_asked && !listing->passing) {
        manner = rb_json_object();
        rb_json_set_integer(manner, "protocol", 2);
        rb_json_set_bool(manner, "login", listing->login);
        rb_json_set_bool(manner, "moved", listing->moved);
        rb_json_set_string(manner, "url", listing->base);
        told.manner = manner;
    }
    listing->done(listing->context, &told, error);
    free_listing(listing);
}

/* ── credentials ────────────────────────────────────────────────────────────────────────────── */

/* Those of the source's URL go to where it points and nowhere else. */
static bool find_credentials(const struct rb_git_http *listing, char **ret_user,
                             char **ret_password)
{
    RB_CLEANUP_FREE char *shown = rb_address_shown(listing->url);
    bool at_home = strcmp(shown, listing->base) == 0;
    if (at_home) {
        rb_address_user_info(listing->url, ret_user, ret_password);
        if (*ret_user != NULL && *ret_password != NULL)
            return true;
        rb_free(rb_steal(ret_user));
        rb_free(rb_steal(ret_password));
    }
    return rb_git_credential_find(at_home ? listing->url : listing->base, ret_user, ret_password);
}

static int refused(const struct rb_git_http *listing, struct rb_err *err)
{
    if (listing->login)
        return rb_err_set(err, RB_EAUTH, "%s: the server refused the credentials", listing->base);
    return rb_err_set(err, RB_EAUTH,
                      "%s: the server asks for credentials and there are none for it in git's "
                      "store (~/.git-credentials)",
                      listing->base);
}

/* ── talking ────────────────────────────────────────────────────────────────────────────────── */

static bool take_bytes(void *context, const void *data, size_t size)
{
    struct rb_git_http *listing = context;
    return rb_git_refs_feed(listing->refs, data, size);
}

static void send_request(struct rb_git_http *listing, struct rb_http_request *request,
                         enum rb_git_speech speech, rb_http_cb *answered)
{
    RB_CLEANUP_FREE char *user = NULL;
    RB_CLEANUP_FREE char *password = NULL;
    if (listing->login && find_credentials(listing, &user, &password)) {
        request->user = user;
        request->password = password;
    }
    rb_git_refs_free(listing->refs);
    listing->refs = rb_git_refs_new(speech, listing->prefix);
    request->sink = take_bytes;
    request->sink_context = listing;
    request->body_maximum = BODY_MAXIMUM;
    request->timeout_ms = TIMEOUT_MS;
    request->stall_ms = STALL_MS;
    rb_http_send(listing->http, request, answered, listing, &listing->transfer);
}

static void count(struct rb_git_http *listing, const struct rb_http_response *response)
{
    listing->transfer = NULL;
    rb_http_cost_count(&listing->cost, response);
}

/* Fills err unless the answer is one of git's that holds together. */
static int judge(const struct rb_git_http *listing, const struct rb_http_response *response,
                 const struct rb_err *error, const char *type, struct rb_err *err)
{
    /* That the parser wanted no more is told by the parser. */
    if (error != NULL && error->code != RB_ECANCELED)
        return rb_err_copy(err, error);
    if (response->status == 401)
        return refused(listing, err);
    if (response->status != 200)
        return rb_http_status_error(response, listing->base, err);
    const char *told = rb_http_header(response, "Content-Type");
    if (told == NULL || strncasecmp(told, type, strlen(type)) != 0) {
        char shown[80];
        return rb_err_set(err, RB_EGIT, "%s: this is no git server: it answers with %s",
                          listing->base,
                          told == NULL ? "no type" : rb_text_printable(told, shown, sizeof(shown)));
    }
    return rb_git_refs_end(listing->refs, listing->base, err);
}

/* Where a redirect led to: the same path stands there, behind another beginning. */
static bool adopt_base(struct rb_git_http *listing, const struct rb_http_response *response)
{
    RB_CLEANUP_FREE char *landed = rb_address_shown(response->url);
    if (!rb_text_ends_with(landed, SERVICE_PATH))
        return false;
    landed[strlen(landed) - strlen(SERVICE_PATH)] = '\0';
    if (strcmp(landed, listing->base) == 0)
        return true;
    listing->moved = response->moved;
    listing->passing = !response->moved;
    rb_free(listing->base);
    listing->base = rb_steal(&landed);
    return true;
}

static void discover(struct rb_git_http *listing);

static void asked(void *context, const struct rb_http_response *response,
                  const struct rb_err *error)
{
    struct rb_git_http *listing = context;
    struct rb_err err;
    count(listing, response);
    if (judge(listing, response, error, "application/x-git-upload-pack-result", &err) == 0) {
        report(listing, NULL);
        return;
    }
    bool server_is_away = response->status == 0 || response->status == 429 ||
                          response->status > 500 || err.code == RB_ELIMIT;
    if (listing->remembered && !server_is_away) {
        rb_state_move(&STATES, &listing->state, STATE_DISCOVER);
        discover(listing);
        return;
    }
    report(listing, &err);
}

static void ask(struct rb_git_http *listing)
{
    static const char *const HEADERS[] = {"Content-Type: application/x-git-upload-pack-request",
                                          "Accept: application/x-git-upload-pack-result",
                                          "Git-Protocol: version=2", NULL};
    RB_CLEANUP_FREE char *url = rb_asprintf("%s/git-upload-pack", listing->base);
    RB_CLEANUP_FREE char *question = rb_git_refs_question(listing->prefix);
    struct rb_http_request request = {.method = "POST",
                                      .url = url,
                                      .headers = HEADERS,
                                      .body = question,
                                      .body_size = strlen(question)};
    send_request(listing, &request, RB_GIT_LS_REFS, asked);
}

/* 401, and there is something to say to it. */
static bool may_log_in(const struct rb_git_http *listing, const struct rb_http_response *response)
{
    RB_CLEANUP_FREE char *user = NULL;
    RB_CLEANUP_FREE char *password = NULL;
    return response->status == 401 && !listing->login &&
           find_credentials(listing, &user, &password);
}

static void discovered(void *context, const struct rb_http_response *response,
                       const struct rb_err *error)
{
    struct rb_git_http *listing = context;
    struct rb_err err;
    count(listing, response);
    bool landed = response->status == 0 || adopt_base(listing, response);
    if (may_log_in(listing, response)) {
        rb_state_move(&STATES, &listing->state, STATE_DISCOVER);
        listing->login = true;
        discover(listing);
        return;
    }
    int status =
        judge(listing, response, error, "application/x-git-upload-pack-advertisement", &err);
    if (status == 0 && !landed)
        status = rb_err_set(&err, RB_EGIT, "%s: it redirects to what is no repository's address",
                            listing->base);
    if (status != 0) {
        report(listing, &err);
    } else if (rb_git_refs_are_to_be_asked(listing->refs)) {
        rb_state_move(&STATES, &listing->state, STATE_ASK);
        ask(listing);
    } else {
        report(listing, NULL);
    }
}

/* What was remembered does not count any more, but for who we are. */
static void discover(struct rb_git_http *listing)
{
    static const char *const HEADERS[] = {"Git-Protocol: version=2", NULL};
    if (listing->remembered) {
        rb_free(listing->base);
        listing->base = rb_address_shown(listing->url);
        listing->remembered = listing->moved = listing->login = false;
    }
    RB_CLEANUP_FREE char *url = rb_asprintf("%s" SERVICE_PATH, listing->base);
    struct rb_http_request request = {.url = url, .headers = HEADERS, .follow = true};
    send_request(listing, &request, RB_GIT_ADVERTISEMENT, discovered);
}

/* ── the outside ────────────────────────────────────────────────────────────────────────────── */

struct rb_git_http *rb_git_http_list(struct rb_http *http, const char *url, const char *prefix,
                                     const json_t *manner, rb_git_listed_cb *done, void *context)
{
    struct rb_git_http *listing = rb_zalloc(sizeof(*listing));
    const char *base = rb_json_get_string(manner, "url", NULL);
    listing->http = http;
    listing->url = rb_strdup(url);
    listing->prefix = rb_strdup(prefix);
    listing->done = done;
    listing->context = context;
    listing->remembered = base != NULL && rb_json_get_integer(manner, "protocol", 0) == 2;
    if (listing->remembered) {
        listing->base = rb_strdup(base);
        listing->login = json_is_true(json_object_get(manner, "login"));
        listing->moved = json_is_true(json_object_get(manner, "moved"));
        listing->state = STATE_ASK;
        ask(listing);
    } else {
        listing->base = rb_address_shown(url);
        listing->state = STATE_DISCOVER;
        discover(listing);
    }
    return listing;
}

void rb_git_http_cancel(struct rb_git_http *listing)
{
    rb_http_cancel(listing->transfer);
    free_listing(listing);
}
