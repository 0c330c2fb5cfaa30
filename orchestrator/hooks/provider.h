/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of providers: how each proves itself, and how what it sends is read. */
#ifndef REBAKE_HOOKS_PROVIDER_H
#define REBAKE_HOOKS_PROVIDER_H

#include "rebake/hooks/hook.h"

enum hook_scheme {
    HOOK_HMAC,     /* HMAC-SHA256 of the body in a header */
    HOOK_STANDARD, /* Standard Webhooks: id, time and body are signed */
    HOOK_GITLAB,   /* that, or the secret itself in X-Gitlab-Token */
    HOOK_STATIC    /* the secret itself in Authorization or the query */
};

enum { HOOK_SIGNATURE_HEADERS = 3 };

/* Reads the body, which is `json`, NULL where it was empty; what it says wrong fails it. */
typedef int hook_parser(const struct rb_hook_request *request, const json_t *json,
                        struct rb_arena *arena, struct rb_hook_news *news, struct rb_err *err);

struct hook_provider {
    enum hook_scheme scheme;
    /* HMAC: the first that is there counts. None: the hook's own. */
    const char *signatures[HOOK_SIGNATURE_HEADERS + 1];
    const char *id_header; /* NULL: none */
    hook_parser *parse;
};

const struct hook_provider *hook_provider_of(enum rb_hook_provider provider);

/* news.c: adds a thing; what is missing, empty, too long or not text of one line is left out. */
void hook_add(struct rb_hook_news *news, struct rb_arena *arena, enum rb_hook_thing_kind kind,
              const char *where, const char *what);
/* The text at a path of members, "repository.clone_url"; NULL where there is none. */
const char *hook_text(const json_t *json, const char *path);
const json_t *hook_member(const json_t *json, const char *path);

/* forges.c */
hook_parser hook_parse_github;
hook_parser hook_parse_gitlab;
hook_parser hook_parse_gitea;
hook_parser hook_parse_bitbucket;
hook_parser hook_parse_bitbucket_dc;

/* registries.c */
hook_parser hook_parse_dockerhub;
hook_parser hook_parse_quay;
hook_parser hook_parse_harbor;
hook_parser hook_parse_distribution;
hook_parser hook_parse_acr;

/* cloudevents.c */
hook_parser hook_parse_cloudevents;

/* generic.c: our own words, {"git":[…],"images":[…],"sources":[…]}, at the top or in "data" */
hook_parser hook_parse_generic;
/* The same of one object, for others that carry it. */
void hook_read_words(const json_t *json, struct rb_arena *arena, struct rb_hook_news *news);

/* registries.c, for events that carry the same data. */
void hook_read_harbor(const json_t *data, struct rb_arena *arena, struct rb_hook_news *news);
void hook_read_push(const json_t *event, struct rb_arena *arena, struct rb_hook_news *news);

#endif
