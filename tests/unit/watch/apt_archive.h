/* SPDX-License-Identifier: Apache-2.0 */
/* A signed Debian repository that a test makes, changes and breaks, served on loopback. */
#ifndef REBAKE_TEST_APT_ARCHIVE_H
#define REBAKE_TEST_APT_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "http_server.h"

enum { TEST_REQUESTS_MAXIMUM = 64, TEST_FORMS = 5 };

/* Throw-away keys, made once for all tests of a program: good@, other@, expired@, revoked@
   example.com. */
struct test_keys {
    char *folder; /* GNUPGHOME; keyrings good.gpg, good.asc, other.gpg, all.gpg are in it */
};

void test_keys_init(struct test_keys *keys);
void test_keys_deinit(struct test_keys *keys); /* ends the agent */

/* What goes wrong with the files whose path ends like this; an empty suffix is no fault. */
struct test_fault {
    const char *suffix;
    int status;         /* instead of 200 */
    const char *header; /* name of a header, with its value */
    const char *value;
    size_t cut_at;
    size_t grow_by; /* bytes behind the file's own */
    bool flip;      /* one byte is another */
    bool silent;
};

struct test_archive {
    char *folder; /* dists/stable/... is in it */
    const struct test_keys *keys;
    struct test_server *server;
    struct test_fault fault;
    int move_with; /* status of what is asked for below /old, and lives below / */
    char *requests[TEST_REQUESTS_MAXIMUM]; /* "PATH STATUS" each */
    size_t request_count;
    char *packages; /* what forms are of */
    struct {
        char *data;
        size_t size;
    } forms[TEST_FORMS];
};

/* How a state is published. Zero is: dated 2026-07-11, valid for ever, suite "stable", codename
   "bookworm", Packages in xz, signed by good@ in an InRelease. */
struct test_state {
    const char *packages;    /* of main for amd64; NULL: one package */
    const char *date;        /* as in a Release file */
    const char *valid_until; /* or NULL */
    const char *suite;
    const char *codename;
    const char *forms;     /* "xz gz zst bz2 plain": which are published */
    const char *sign_with; /* options of gpg */
    const char *listed;    /* which are listed; NULL: "plain xz": Debian lists the plain one too */
    const char *more; /* "contrib/binary-amd64 main/binary-arm64": folders with the same files */
    bool is_flat;     /* the files lie in dists/stable itself */
    bool by_hash;
    bool by_hash_is_missing; /* promised, but not there */
    bool detached;           /* Release and Release.gpg instead of InRelease */
    bool unsigned_release;   /* Release alone */
};

void test_archive_init(struct test_archive *archive, const struct test_keys *keys);
void test_archive_deinit(struct test_archive *archive);
void test_archive_publish(struct test_archive *archive, const struct test_state *state);
void test_archive_forget_requests(struct test_archive *archive);

/* Runs sh -c with the words; fails the test if it does. */
void test_shell(const char *folder, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
