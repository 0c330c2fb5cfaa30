/* SPDX-License-Identifier: Apache-2.0 */
/* A store to test on: in memory, with a clock that the test sets, and a little pipeline in it. */
#ifndef REBAKE_TEST_STORE_FIXTURE_H
#define REBAKE_TEST_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rebake/store/builds.h"
#include "rebake/store/decisions.h"
#include "rebake/store/deployments.h"
#include "rebake/store/events.h"
#include "rebake/store/packages.h"
#include "rebake/store/sources.h"

#define DIGEST_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DIGEST_B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

struct fixture {
    struct rb_store *store;
    struct rb_arena *arena;
    struct rb_clock clock;
    int64_t now; /* what the clock says */
    int64_t pipeline_id;
    int64_t source_id;
    int64_t runtime_id; /* images */
    int64_t app_id;
    int64_t production_id; /* a deployment of app */
    char *folder;          /* a private one, for tests on disk; made when asked for */
};

int fixture_setup(void **state);
int fixture_teardown(void **state);

/* PATH in the fixture's folder; lives in its arena. */
const char *fixture_path(struct fixture *fixture, const char *name);
/* Puts the little pipeline into a store: shop, with code, runtime, app and production. */
void fixture_fill(struct fixture *fixture, struct rb_store *store);

/* A queued build of an image for one reason, and one carried to its end. */
int64_t fixture_queue(struct fixture *fixture, int64_t image_id);
int64_t fixture_build(struct fixture *fixture, int64_t image_id, enum rb_build_state state,
                      const char *digest);
/* The artifact of a good build of an image, with what is inside it. */
int64_t fixture_artifact(struct fixture *fixture, int64_t image_id, const json_t *inventory,
                         const char *digest);

/* "name subject" of the newest events, oldest first, joined with "\n"; lives in the arena. */
const char *fixture_events(struct fixture *fixture, size_t count);

/* Fails the test with the error's text when status is not 0. */
void assert_ok(int status, const struct rb_err *err);

#endif
