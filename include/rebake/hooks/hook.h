/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A webhook: who sent it, and what it names. Nothing here is believed: what a webhook names is
 * asked for at its upstream, so a forged one that gets through costs one check. Pure: bytes in,
 * answer out. docs/reference/webhooks.md has each provider's scheme.
 */
#ifndef REBAKE_HOOKS_HOOK_H
#define REBAKE_HOOKS_HOOK_H

#include <stddef.h>
#include <stdint.h>

#include "rebake/base/arena.h"
#include "rebake/base/err.h"
#include "rebake/base/json.h"
#include "rebake/pipelines/settings.h"

enum {
    RB_HOOK_BODY_MAXIMUM = 2 * 1024 * 1024,
    RB_HOOK_THINGS_MAXIMUM = 64, /* what one webhook may name; more is left out */
    RB_HOOK_TEXT_MAXIMUM = 512,  /* bytes of a name; a longer one is left out */
    RB_HOOK_KEY_SIZE = 65,
    RB_HOOK_TOLERANCE_MS = 5 * 60 * 1000 /* how old or early a signed time may be */
};

/* A request as it came; all of it is borrowed. */
struct rb_hook_request {
    const char *(*header)(const struct rb_hook_request *request, const char *name); /* or NULL */
    const char *(*parameter)(const struct rb_hook_request *request, const char *name);
    void *context;
    const char *body;
    size_t body_size;
    int64_t now_at;
};

/* What became of a request: the word under which it is counted is rb_hook_outcome_name. */
enum rb_hook_outcome {
    RB_HOOK_ACCEPTED,
    RB_HOOK_REPLAYED,  /* it was here before: answered well, and nothing is done */
    RB_HOOK_UNKNOWN,   /* no such hook */
    RB_HOOK_UNSIGNED,  /* what proves the sender is missing, empty or of no length that fits */
    RB_HOOK_FORGED,    /* it does not hold */
    RB_HOOK_STALE,     /* it holds, and is too old or from the future */
    RB_HOOK_NO_SECRET, /* we have no secret to prove it by */
    RB_HOOK_MALFORMED, /* it holds, and makes no sense */
    RB_HOOK_TOO_LARGE,
    RB_HOOK_TOO_MANY,   /* over the hook's rate */
    RB_HOOK_NOT_STORED, /* the store refused, or there was no room */
    RB_HOOK_OUTCOMES
};
const char *rb_hook_outcome_name(enum rb_hook_outcome outcome);

/* Proves the sender by the scheme of the hook's provider, in constant time: RB_HOOK_ACCEPTED,
   UNSIGNED, FORGED, STALE or NO_SECRET, which fills err. key, of RB_HOOK_KEY_SIZE bytes, is the
   same for the same request sent again and cannot be chosen by who has not the secret; "" where the
   provider has nothing of that kind. */
enum rb_hook_outcome rb_hook_verify(const struct rb_hook_settings *hook,
                                    const struct rb_hook_request *request, char *key,
                                    struct rb_err *err);

enum rb_hook_thing_kind {
    RB_HOOK_GIT,    /* where: a URL, or "/PROJECT/REPOSITORY"; what: the full name of a ref */
    RB_HOOK_IMAGE,  /* where: registry/name; what: a tag */
    RB_HOOK_SOURCE, /* where: a glob of PIPELINE/SOURCE */
    RB_HOOK_URL     /* where: a file, a package repository, or a file of one */
};

struct rb_hook_thing {
    enum rb_hook_thing_kind kind;
    const char *where;
    const char *what; /* NULL: any */
};

struct rb_hook_news {
    struct rb_hook_thing *things;
    size_t count;
    size_t capacity;
    const char *id; /* of the delivery, by header or body; NULL: none */
};

/* Reads what a request of the provider names; it lives in the arena. Events of kinds that name
   nothing of ours give no thing. RB_EINVALID when it is not what the provider sends. */
RB_NODISCARD int rb_hook_parse(const struct rb_hook_settings *hook,
                               const struct rb_hook_request *request, struct rb_arena *arena,
                               struct rb_hook_news *ret_news, struct rb_err *err);

/* Things as JSON, and back: [["git","https://…","refs/heads/main"],…]. */
json_t *rb_hook_things_json(const struct rb_hook_news *news);
RB_NODISCARD int rb_hook_things_read(const char *text, struct rb_arena *arena,
                                     struct rb_hook_news *ret_news, struct rb_err *err);

#endif
