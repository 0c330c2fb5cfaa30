/* SPDX-License-Identifier: Apache-2.0 */
#include "token.h"

#include <string.h>
#include <sys/queue.h>

#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "url.h"

enum {
    MOST_TOKENS = 1024,
    LARGEST_ANSWER = 1 << 20,
    LONGEST_TOKEN = 64 << 10,
    REQUEST_TIMEOUT_MS = 30 * 1000,
    DEFAULT_LIFETIME_S = 60, /* as the specification says */
    LONGEST_LIFETIME_S = 24 * 3600,
    MARGIN_MS = 5000 /* a token is not used in its last moments: the request takes time, too */
};

struct token {
    TAILQ_ENTRY(token) link;
    char *realm, *service, *scope, *value;
    int64_t expires_ms; /* monotonic */
};

struct rb_token_cache {
    TAILQ_HEAD(, token) tokens; /* the oldest first */
    int count;
};

struct rb_token_cache *rb_token_cache_new(void)
{
    struct rb_token_cache *cache = rb_zalloc(sizeof(*cache));
    TAILQ_INIT(&cache->tokens);
    return cache;
}

static void drop(struct rb_token_cache *cache, struct token *token)
{
    TAILQ_REMOVE(&cache->tokens, token, link);
    cache->count--;
    rb_free(token->realm);
    rb_free(token->service);
    rb_free(token->scope);
    rb_free(token->value);
    rb_free(token);
}

void rb_token_cache_free(struct rb_token_cache *cache)
{
    if (cache == NULL)
        return;
    while (!TAILQ_EMPTY(&cache->tokens))
        drop(cache, TAILQ_FIRST(&cache->tokens));
    rb_free(cache);
}

static struct token *find(struct rb_token_cache *cache, const struct rb_grant *grant)
{
    struct token *token;
    TAILQ_FOREACH(token, &cache->tokens, link)
    {
        if (rb_text_equal(token->realm, grant->realm) &&
            rb_text_equal(token->service, grant->service) &&
            rb_text_equal(token->scope, grant->scope))
            return token;
    }
    return NULL;
}

const char *rb_token_cache_find(struct rb_token_cache *cache, const struct rb_grant *grant)
{
    const struct token *token = find(cache, grant);
    return token != NULL && token->expires_ms > rb_clock_monotonic_ms() ? token->value : NULL;
}

void rb_token_cache_forget(struct rb_token_cache *cache, const struct rb_grant *grant)
{
    struct token *token = find(cache, grant);
    if (token != NULL)
        drop(cache, token);
}

void rb_token_cache_keep(struct rb_token_cache *cache, const struct rb_grant *grant,
                         const char *value, int64_t lifetime_ms)
{
    rb_token_cache_forget(cache, grant);
    if (cache->count == MOST_TOKENS)
        drop(cache, TAILQ_FIRST(&cache->tokens));
    struct token *token = rb_zalloc(sizeof(*token));
    token->realm = rb_strdup(grant->realm);
    token->service = rb_strdup(grant->service);
    token->scope = rb_strdup(grant->scope);
    token->value = rb_strdup(value);
    token->expires_ms = rb_clock_monotonic_ms() + lifetime_ms - MARGIN_MS;
    TAILQ_INSERT_TAIL(&cache->tokens, token, link);
    cache->count++;
}

int rb_token_check_realm(const char *realm, bool registry_is_loopback, struct rb_err *err)
{
    if (rb_url_is_https(realm) || (registry_is_loopback && rb_url_is_loopback(realm)))
        return 0;
    RB_CLEANUP_FREE char *shown = rb_url_display(realm);
    return rb_err_set(err, RB_EAUTH,
                      "the token server %s does not speak TLS: nothing is sent there", shown);
}

static void add_field(struct rb_strbuf *form, const char *name, const char *value)
{
    if (value == NULL)
        return;
    RB_CLEANUP_FREE char *escaped = rb_url_escape(value);
    rb_strbuf_printf(form, "%s%s=%s", form->size > 0 ? "&" : "", name, escaped);
}

void rb_token_request(struct rb_http *http, const struct rb_grant *grant,
                      const struct rb_credentials *credentials, rb_http_cb *done, void *context,
                      struct rb_http_transfer **ret_transfer)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf form = RB_STRBUF_INIT(1 << 20);
    bool by_identity = credentials->identity_token != NULL;
    if (by_identity)
        add_field(&form, "grant_type", "refresh_token");
    add_field(&form, "service", grant->service);
    add_field(&form, "scope", grant->scope);
    add_field(&form, "client_id", "rebake");
    add_field(&form, "refresh_token", credentials->identity_token);
    RB_CLEANUP_FREE char *url =
        rb_asprintf("%s%s%s", grant->realm, strchr(grant->realm, '?') != NULL ? "&" : "?",
                    rb_strbuf_text(&form));
    struct rb_http_request request = {
        .url = url,
        .user = credentials->user,
        .password = credentials->password,
        .body_maximum = LARGEST_ANSWER,
        .timeout_ms = REQUEST_TIMEOUT_MS,
        .follow = true,
    };
    if (by_identity) {
        request.url = grant->realm;
        request.method = "POST";
        request.body = rb_strbuf_text(&form);
        request.body_size = form.size;
        request.follow = false; /* the secret is in the body */
    }
    rb_http_send(http, &request, done, context, ret_transfer);
}

/* A token goes into a header line: nothing in it may end that line. */
static bool is_token(const char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    }
    return size > 0 && size <= LONGEST_TOKEN;
}

int rb_token_read(const char *data, size_t size, char **ret_token, int64_t *ret_lifetime_ms,
                  struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *json = NULL;
    int status = rb_json_parse(data, size, "answer of the token server", &json, err);
    if (status != 0)
        return status;
    const char *token = rb_json_get_string(json, "token", "");
    if (*token == '\0')
        token = rb_json_get_string(json, "access_token", "");
    if (!is_token(token))
        return rb_err_set(err, RB_EAUTH, "the token server's answer holds no usable token");
    int64_t lifetime_s = rb_json_get_integer(json, "expires_in", DEFAULT_LIFETIME_S);
    if (lifetime_s < 0)
        lifetime_s = 0;
    if (lifetime_s > LONGEST_LIFETIME_S)
        lifetime_s = LONGEST_LIFETIME_S;
    *ret_token = rb_strdup(token);
    *ret_lifetime_ms = lifetime_s * 1000;
    return 0;
}
