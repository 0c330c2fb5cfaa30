/* SPDX-License-Identifier: Apache-2.0 */
/* A folder on loopback, and checks of a source that looks at it, with what the last one has told.
 */
#ifndef REBAKE_TEST_SOURCE_LOOK_H
#define REBAKE_TEST_SOURCE_LOOK_H

#include "apt_archive.h"
#include "rebake/watch/watch.h"

struct source_look {
    struct test_archive archive; /* the folder and its server; its keys where a group made some */
    struct rb_loop *loop;
    struct rb_http *http;
    struct rb_clock clock;
    int64_t now; /* 2026-07-12T00:00:00Z at first */
    char *cache;
    char *url;
    char *old_url; /* the same below "/old" */
    struct rb_watch_tools tools;
    struct rb_source source; /* what is checked */
    /* what the last check told; what it remembers is handed to the next */
    bool answered;
    struct rb_err err; /* code RB_OK: it succeeded */
    enum rb_trouble trouble;
    bool unchanged;
    char *version;
    json_t *detail; /* of the last one that told any */
    json_t *memo;
    int64_t upstream_at;
    int requests;
};

/* For cmocka: of the group that needs keys (struct test_keys), and of each test. */
int source_look_make_keys(void **state);
int source_look_remove_keys(void **state);
int source_look_set_up(void **state);
int source_look_tear_down(void **state);

/* Checks, and waits for the answer. bad: text is what must stand in the error. */
void look_good(struct source_look *look);
void look_bad(struct source_look *look, enum rb_trouble trouble, const char *text);
/* Of a source that asks below "/old" of the folder: an address that is another for ever is told as
   long as it is asked, one that is so for the moment is not. */
void look_moves(struct source_look *look);
/* The next check knows nothing. */
void look_forget(struct source_look *look);
/* Starts a check and ends it after so many turns of the loop; false when it was over before. */
bool look_cancelled(struct source_look *look, int turns);

/* The versions that the index of the last check offers of a package, "ARCHITECTURE VERSION SOURCE
   SOURCE-VERSION" a line. The caller frees it. */
char *look_offers(const struct source_look *look, const char *name);
/* The files that are kept and match the shell's patterns, sorted, in one line. The caller frees it.
 */
char *look_kept(const struct source_look *look, const char *kind, const char *patterns);
void look_write(const struct source_look *look, const char *path, const char *text);

#endif
