/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a git server says over HTTP of its refs, read as the bytes come: pkt-lines
 * (gitprotocol-common(5)), the advertisement (gitprotocol-http(5) "Smart Server Response";
 * gitprotocol-v2(5) "Capability Advertisement") and the answer to ls-refs (gitprotocol-v2(5)).
 */
#ifndef REBAKE_WATCH_GIT_REFS_H
#define REBAKE_WATCH_GIT_REFS_H

#include <stdbool.h>
#include <stddef.h>

#include "rebake/base/err.h"

enum { RB_GIT_ID_SIZE = 41 }; /* 40 hexadecimal digits and the NUL */

struct rb_git_ref {
    char *name;                  /* "refs/heads/main" */
    char object[RB_GIT_ID_SIZE]; /* what it names: a commit, or an annotated tag's object */
    char commit[RB_GIT_ID_SIZE]; /* the same, or what the tag is of */
};

struct rb_git_refs;

enum rb_git_speech {
    RB_GIT_ADVERTISEMENT, /* of protocol 0, 1 or 2 */
    RB_GIT_LS_REFS        /* asked for with "peel" */
};

/* Keeps the refs whose names begin with the prefix. */
struct rb_git_refs *rb_git_refs_new(enum rb_git_speech speech, const char *prefix);
void rb_git_refs_free(struct rb_git_refs *refs);     /* NULL is allowed */
void rb_git_refs_cleanup(struct rb_git_refs **refs); /* for RB_CLEANUP */

/* False once the bytes make no sense: rb_git_refs_end tells why. */
bool rb_git_refs_feed(struct rb_git_refs *refs, const void *data, size_t size);

/* What was fed is all there is. RB_EGIT: it is no answer of a git server, is cut, or is the
   server's own refusal; RB_ELIMIT: more refs than we keep. what names the repository. */
RB_NODISCARD int rb_git_refs_end(const struct rb_git_refs *refs, const char *what,
                                 struct rb_err *err);

/* Of a good advertisement: does the server speak protocol 2, so that it lists no refs itself but
   has to be asked? */
bool rb_git_refs_are_to_be_asked(const struct rb_git_refs *refs);

const struct rb_git_ref *rb_git_refs_list(const struct rb_git_refs *refs, size_t *ret_count);
/* The ref of exactly this name, or NULL. */
const struct rb_git_ref *rb_git_refs_find(const struct rb_git_refs *refs, const char *name);

/* The question for ls-refs, with one prefix; the caller frees it. */
char *rb_git_refs_question(const char *prefix);

#endif
