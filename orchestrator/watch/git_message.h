/* SPDX-License-Identifier: Apache-2.0 */
/* What is said between a git check and its child: one JSON document each way (watch.h). */
#ifndef REBAKE_WATCH_GIT_MESSAGE_H
#define REBAKE_WATCH_GIT_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rebake/base/err.h"
#include "rebake/base/json.h"
#include "rebake/pipelines/tags.h"
#include "rebake/watch/trouble.h"
#include "rebake/watch/watch.h"

/* All text is borrowed from json. */
struct rb_git_request {
    json_t *json;
    const char *url;
    const char *ref;             /* "refs/heads/main"; NULL: the newest of the tags */
    struct rb_tag_policy tags;   /* where ref is NULL */
    const char *mirror;          /* folder of a bare repository, made if absent */
    const char *known;           /* commit, or NULL */
    const char *known_tag;       /* the tag that was followed last, or NULL */
    const char *found;           /* the commit at ref that was listed already, or NULL */
    const char *found_object;    /* and the object that ref names itself */
    const char *allowed_signers; /* files; at most one of the two, NULL: none */
    const char *keyring;
    const char *files;         /* where pipeline files at the one path are exported to, or NULL */
    const char *keep;          /* the tree that was exported last, or NULL */
    const json_t *paths;       /* array of text */
    const json_t *known_trees; /* object, path to object id or null: of the known commit */
    rb_policy_check *check_policy; /* not of the message: rb_git_check_main's; or NULL */
    unsigned silence_s;            /* without a byte, then the child ends itself; 60 unless said */
};

RB_NODISCARD int rb_git_request_parse(const char *data, size_t size,
                                      struct rb_git_request *ret_request, struct rb_err *err);
void rb_git_request_deinit(struct rb_git_request *request); /* usable with RB_CLEANUP */

enum rb_git_rewritten { RB_GIT_REWRITTEN_UNKNOWN, RB_GIT_REWRITTEN_NO, RB_GIT_REWRITTEN_YES };

struct rb_git_answer {
    json_t *json; /* owns commit, tag and trees */
    const char *commit;
    const char *tag; /* NULL for a branch */
    json_t *trees;   /* object, path to object id or null */
    int64_t committed_at;
    enum rb_git_rewritten rewritten; /* is the known commit no ancestor of this one */
    int requests;
    int64_t bytes;
};

/* Fails with the child's own error and trouble where the answer holds one, RB_EINVALID where it is
   none. */
RB_NODISCARD int rb_git_answer_parse(const char *data, size_t size,
                                     struct rb_git_answer *ret_answer, enum rb_trouble *ret_trouble,
                                     struct rb_err *err);
void rb_git_answer_deinit(struct rb_git_answer *answer); /* usable with RB_CLEANUP */

/* error is NULL for a good answer; trouble is NONE where nothing closer is known. The caller frees
   the text. */
char *rb_git_answer_format(const struct rb_git_answer *answer, const struct rb_err *error,
                           enum rb_trouble trouble);

/* True for an object id as git writes it: 40 hexadecimal digits in lower case. */
bool rb_git_is_object_id(const char *text);

#endif
