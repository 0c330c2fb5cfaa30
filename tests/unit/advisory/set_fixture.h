/* SPDX-License-Identifier: Apache-2.0 */
/* Sets that are made of records in the test. */
#ifndef REBAKE_TEST_SET_FIXTURE_H
#define REBAKE_TEST_SET_FIXTURE_H

#include "rebake/advisory/read.h"
#include "rebake/advisory/set.h"

typedef int test_reader(const char *data, size_t size, const char *what, rb_advisory_cb *take,
                        void *context, struct rb_err *err);

/* Each text is read by the reader; fails the test when one cannot be. NULL-terminated. */
struct rb_advisory_set *test_set_make(enum rb_advisory_origin origin, test_reader *read,
                                      const char *const *texts);

/* {"id":ID,"modified":…,REST} */
#define TEST_RECORD(id, rest) "{\"id\":\"" id "\",\"modified\":\"2026-01-02T03:04:05Z\"," rest "}"
#define TEST_AFFECTED(ecosystem, package, rest)                                                    \
    "{\"package\":{\"ecosystem\":\"" ecosystem "\",\"name\":\"" package "\"}," rest "}"
#define TEST_RANGE(type, events) "\"ranges\":[{\"type\":\"" type "\",\"events\":[" events "]}]"
#define TEST_FROM(version)       "{\"introduced\":\"" version "\"}"
#define TEST_FIXED(version)      "{\"fixed\":\"" version "\"}"
#define TEST_LAST(version)       "{\"last_affected\":\"" version "\"}"
#define TEST_LIMIT(version)      "{\"limit\":\"" version "\"}"

#endif
