/* SPDX-License-Identifier: Apache-2.0 */
/* One archive and whoever looks at it, with what the last look has found. */
#ifndef REBAKE_TEST_APT_FIXTURE_H
#define REBAKE_TEST_APT_FIXTURE_H

#include "apt_archive.h"
#include "rebake/watch/apt.h"

struct apt_fixture {
    struct test_archive archive;
    struct rb_loop *loop;
    struct rb_http *http;
    struct rb_clock clock;
    int64_t now;
    char *folder; /* of the indexes */
    char *url;
    char *keyring;
    struct rb_apt_request request;
    /* what the last fetch answered */
    bool answered;
    struct rb_err err; /* code RB_OK: it succeeded */
    enum rb_trouble trouble;
    bool unchanged;
    char hash[RB_SHA256_HEX_SIZE];
    char *index_path;
    size_t offer_count;
    char etag[64];
    char known_etag[64];
    char codename[64];
    int64_t date_at;
    int64_t valid_until_at;
    int requests;
    int64_t bytes;
    int64_t retry_after_ms;
};

/* For cmocka: of the group, and of each test. */
int apt_fixture_make_keys(void **state);
int apt_fixture_remove_keys(void **state);
int apt_fixture_set_up(void **state);
int apt_fixture_tear_down(void **state);

/* Looks, and waits for the answer. bad: text is what must stand in the error. */
void fetch(struct apt_fixture *fixture);
void fetch_good(struct apt_fixture *fixture);
void fetch_bad(struct apt_fixture *fixture, enum rb_errc code, const char *text);
/* The same, and what it means for the source. */
void fetch_troubled(struct apt_fixture *fixture, enum rb_trouble trouble, const char *text);
/* The next look knows what this one has found. */
void remember(struct apt_fixture *fixture);
/* An rb_apt_cb, for looks that a test starts itself. */
void apt_fixture_fetched(void *context, const struct rb_apt_result *result,
                         const struct rb_err *error);

void assert_requests(const struct apt_fixture *fixture, const char *const *expected);
void assert_offers(const struct apt_fixture *fixture, const char *name, const char *version);
/* Nothing but indexes may be left: no keyring, no content, no half file. */
void assert_only_indexes(const struct apt_fixture *fixture, int expected);

#endif
