/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REBAKE_WATCH_TROUBLE_H
#define REBAKE_WATCH_TROUBLE_H

#include "rebake/base/err.h"

/* What is wrong with a source, for the operator and for whoever decides when to ask again; the
   error says it in words. */
enum rb_trouble {
    RB_TROUBLE_NONE,
    RB_TROUBLE_UNREACHABLE, /* no answer: the network, TLS, silence, 5xx */
    RB_TROUBLE_LIMITED,     /* the server asked to come back later */
    RB_TROUBLE_DENIED,      /* not let in */
    RB_TROUBLE_VANISHED,    /* the repository, branch, tag, suite or file is not there (any more) */
    RB_TROUBLE_MOVED,       /* upstream says that it lives elsewhere now, for ever */
    RB_TROUBLE_BACKWARDS,   /* an older state than one that was seen: not followed */
    RB_TROUBLE_EXPIRED,     /* a state that upstream itself calls too old */
    RB_TROUBLE_UNTRUSTED,   /* no valid signature, or a hash that does not match */
    RB_TROUBLE_KEY_CHANGED, /* signed validly, but not by whom it must be */
    RB_TROUBLE_MALFORMED,   /* an answer that cannot be understood */
    RB_TROUBLE_OURS         /* this machine's fault: a full disk, a missing program or keyring */
};

/* "unreachable", "key-changed", …; "none". */
const char *rb_trouble_name(enum rb_trouble trouble);
/* The other way; a word that is none gives RB_TROUBLE_NONE. */
enum rb_trouble rb_trouble_from_name(const char *name);
/* What an error means for a source where its check says nothing closer. */
enum rb_trouble rb_trouble_of(const struct rb_err *error);

#endif
