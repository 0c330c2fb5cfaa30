/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the daemon: HTTP on its unix socket (docs/reference/api.md). Blocks. */
#ifndef ORCHESTRATOR_CLI_CLIENT_H
#define ORCHESTRATOR_CLI_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "command.h"
#include "rebake/base/err.h"
#include "rebake/base/json.h"
#include "rebake/daemon/paths.h"

struct rb_client;

enum { RB_CLIENT_WHAT_IF_MAXIMUM = 16 };

/* What the verbs that ask the daemon can be told. */
struct rb_client_options {
    const char *socket_path;                        /* --socket; NULL: not said */
    bool json;                                      /* --json */
    const char *why;                                /* --why TEXT; NULL: not said */
    bool follow;                                    /* --follow, -f */
    bool check;                                     /* --check */
    bool failing;                                   /* --failing */
    const char *kind;                               /* --kind NAME; NULL: not said */
    const char *format;                             /* --format NAME; NULL: not said */
    const char *image;                              /* --image NAME; NULL: not said */
    const char *what_if[RB_CLIENT_WHAT_IF_MAXIMUM]; /* --what-if TEXT, each */
    size_t what_if_count;
    bool diff;          /* --diff */
    bool force;         /* --force */
    bool unfixed;       /* --unfixed */
    bool kev;           /* --kev */
    int64_t since_ms;   /* --since SPAN: so long ago; 0: not said */
    int64_t limit;      /* --limit N, 1 to 1000; 0: not said */
    int64_t timeout_ms; /* --timeout SPAN; 0: not said */
    int64_t for_ms;     /* --for SPAN; 0: not said */
};

#define RB_CLIENT_HELP                                                                             \
    "  --socket PATH  the daemon's socket (default: $REBAKE_SOCKET, else " RB_DEFAULT_SOCKET_PATH  \
    ")\n"                                                                                          \
    "  --json         print the answer as it came: docs/reference/api.md\n"

/* Reads a verb's command line: --socket and --json, and of the others those named in `more`, a
   NULL-terminated list ("why", "limit"). Returns how many arguments stand behind the options, which
   are moved to the front of argv, or -1 after it said what is wrong. */
int rb_client_parse(const struct rb_command *command, int argc, char **argv,
                    const char *const *more, struct rb_client_options *ret_options);

/* socket_path NULL: $REBAKE_SOCKET, else where rebaked listens unless told otherwise. Connects when
   first asked. */
struct rb_client *rb_client_new(const char *socket_path);
void rb_client_free(struct rb_client *client); /* NULL is allowed */
void rb_client_cleanup(struct rb_client **client);

/* path: "/v1/status". The caller drops the reference. The daemon's own error is returned with its
   code and message; RB_ENETWORK when no daemon answers. */
RB_NODISCARD int rb_client_get(struct rb_client *client, const char *path, json_t **ret_answer,
                               struct rb_err *err);
/* body may be NULL, and so may ret_answer. */
RB_NODISCARD int rb_client_post(struct rb_client *client, const char *path, const json_t *body,
                                json_t **ret_answer, struct rb_err *err);

/* A piece of a build's log. */
struct rb_client_log {
    char *text; /* the caller frees it */
    size_t size;
    int64_t log_size; /* of the whole log now */
    char state[16];   /* of the build */
};
RB_NODISCARD int rb_client_get_log(struct rb_client *client, int64_t build_id, int64_t offset,
                                   struct rb_client_log *ret_log, struct rb_err *err);

/* Lets the time pass after which asking again makes sense. */
void rb_client_rest(struct rb_client *client);

/* A verb that shows one answer of the daemon: gets it and prints it, with --json as it came.
   Returns the verb's exit code. */
int rb_client_show(const struct rb_command *command, const struct rb_client_options *asked,
                   const char *path, void (*print)(const json_t *answer));

/* A verb that asks the daemon for something: sends it, and says what was done in a line, or with
   --json the answer as it came. body's reference is taken; NULL is allowed. Returns the verb's exit
   code. */
int rb_client_order(const struct rb_command *command, const struct rb_client_options *asked,
                    const char *path, json_t *body, const char *done);

/* Prints an answer as it came, for --json. */
void rb_client_print(const json_t *answer);

/* Percent-encodes a name for a path (RFC 3986 section 2.3), keeping '/'. The caller frees it. */
char *rb_client_encode(const char *name);

#endif
