/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of images, one after the other as the daemon makes them, at a registry of ours. */
#ifndef REBAKE_TEST_IMAGE_FIXTURE_H
#define REBAKE_TEST_IMAGE_FIXTURE_H

#include "image_registry.h"
#include "rebake/watch/watch.h"

struct image_fixture {
    struct image_registry *registry;
    struct rb_loop *loop;
    struct rb_http *http;
    struct rb_registry *client;
    struct rb_watch_tools tools;
    struct rb_clock clock;
    int64_t now;
    struct rb_source source; /* what is checked: to be filled in */
    char *names[4];          /* of repositories; freed at the end */
    char *key_path;          /* of a file for public keys */
    /* what the last check answered; version and memo stay when it failed */
    bool answered;
    struct rb_err err;
    enum rb_trouble trouble;
    bool unchanged;
    char version[RB_DIGEST_SIZE];
    json_t *detail;
    json_t *memo;
    int requests;
    int64_t limit_remaining;
};

int image_fixture_set_up(void **state);
int image_fixture_tear_down(void **state);

/* The name of a repository of the registry, kept by the fixture. */
const char *image_fixture_name(struct image_fixture *fixture, const char *repository);
void image_fixture_write_keys(struct image_fixture *fixture, const char *pem);

/* Checks; whatever comes of it. */
void image_fixture_check(struct image_fixture *fixture);
/* Checks, and must find this version. */
void image_fixture_finds(struct image_fixture *fixture, const char *version);
/* Checks, and must fail so. */
void image_fixture_fails(struct image_fixture *fixture, enum rb_errc code, enum rb_trouble trouble);
/* How often the last check asked for a path that holds this. */
size_t image_fixture_asked(const struct image_fixture *fixture, const char *part);

#endif
