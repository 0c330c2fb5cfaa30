/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/net/document.h"

#include <stdio.h>
#include <string.h>

#include "exchange.h"
#include "next_page.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "transfer.h"

struct rb_document_fetch {
    char *path;
    char *what;
    char *digest;
    rb_document_cb *done;
    void *context;
    struct rb_exchange *exchange;
    struct rb_http_cost cost;
};

static void free_fetch(struct rb_document_fetch *fetch)
{
    rb_free(fetch->path);
    rb_free(fetch->what);
    rb_free(fetch->digest);
    rb_free(fetch);
}

static int check_digest(const struct rb_document_fetch *fetch,
                        const struct rb_http_response *response, struct rb_err *err)
{
    char hex[RB_SHA256_HEX_SIZE], digest[RB_DIGEST_SIZE];
    (void)snprintf(digest, sizeof(digest), "sha256:%s",
                   rb_sha256_of(response->body, response->body_size, hex));
    if (fetch->digest == NULL || strcmp(fetch->digest, digest) == 0)
        return 0;
    return rb_err_set(err, RB_EVERIFY, "%s: what came has the digest %s", fetch->what, digest);
}

/* The path of the page after this one, or NULL. */
static int find_next(const struct rb_document_fetch *fetch, const struct rb_http_response *response,
                     char **ret_next, struct rb_err *err)
{
    RB_CLEANUP_FREE char *query = NULL;
    const char *field;
    for (size_t i = 0; query == NULL && (field = rb_http_header_nth(response, "Link", i)) != NULL;
         i++) {
        if (rb_next_page_query(response->url, field, &query, err) != 0)
            return rb_err_wrap(err, "%s", fetch->what);
    }
    if (query != NULL)
        *ret_next = rb_asprintf("%.*s?%s", (int)strcspn(fetch->path, "?"), fetch->path, query);
    return 0;
}

static void on_answer(void *context, const struct rb_http_response *response,
                      const struct rb_err *error)
{
    struct rb_document_fetch *fetch = context;
    RB_CLEANUP_FREE char *next = NULL;
    struct rb_err err;
    int status = error != NULL             ? rb_err_copy(&err, error)
                 : response->status != 200 ? rb_http_status_error(response, fetch->what, &err)
                                           : check_digest(fetch, response, &err);
    if (status == 0)
        status = find_next(fetch, response, &next, &err);
    const struct rb_document document = {
        .status = response->status,
        .body = response->body,
        .size = response->body_size,
        .next = next,
        .cost = fetch->cost,
    };
    fetch->done(fetch->context, &document, status == 0 ? NULL : &err);
    free_fetch(fetch);
}

void rb_document_fetch_start(struct rb_registry *registry,
                             const struct rb_document_request *request, rb_document_cb *done,
                             void *context, struct rb_document_fetch **ret_fetch)
{
    struct rb_document_fetch *fetch = rb_zalloc(sizeof(*fetch));
    fetch->path = rb_strdup(request->path);
    fetch->what = rb_strdup(request->what);
    fetch->digest = rb_strdup(request->digest);
    fetch->done = done;
    fetch->context = context;
    const struct rb_exchange_request question = {
        .reference = request->reference,
        .what = fetch->what,
        .path = fetch->path,
        .accept = request->accept,
        .body_maximum = request->maximum,
        .cost = &fetch->cost,
    };
    rb_exchange_start(registry, &question, on_answer, fetch, &fetch->exchange);
    *ret_fetch = fetch;
}

void rb_document_fetch_cancel(struct rb_document_fetch *fetch)
{
    rb_exchange_cancel(fetch->exchange);
    free_fetch(fetch);
}
