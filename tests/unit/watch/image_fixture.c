/* SPDX-License-Identifier: Apache-2.0 */
#include "image_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"

static int64_t read_clock(void *context)
{
    return *(int64_t *)context;
}

int image_fixture_set_up(void **state)
{
    struct image_fixture *fixture = rb_zalloc(sizeof(*fixture));
    fixture->registry = image_registry_new();
    fixture->loop = rb_loop_new();
    fixture->http = rb_http_new(fixture->loop);
    fixture->client = rb_registry_new(fixture->http);
    fixture->now = 1700000000000;
    fixture->clock = (struct rb_clock){read_clock, &fixture->now};
    fixture->tools = (struct rb_watch_tools){.loop = fixture->loop,
                                             .http = fixture->http,
                                             .registry = fixture->client,
                                             .clock = &fixture->clock};
    fixture->source.kind = RB_SOURCE_IMAGE;
    fixture->key_path = rb_strdup("/tmp/rebake-test-keys-XXXXXX");
    int fd = mkstemp(fixture->key_path);
    assert_true(fd >= 0);
    (void)close(fd);
    *state = fixture;
    return 0;
}

int image_fixture_tear_down(void **state)
{
    struct image_fixture *fixture = *state;
    rb_registry_free(fixture->client);
    rb_http_free(fixture->http);
    rb_loop_free(fixture->loop);
    image_registry_free(fixture->registry);
    for (size_t i = 0; i < RB_COUNT_OF(fixture->names); i++)
        rb_free(fixture->names[i]);
    (void)unlink(fixture->key_path);
    rb_free(fixture->key_path);
    json_decref(fixture->detail);
    json_decref(fixture->memo);
    rb_free(fixture);
    return 0;
}

const char *image_fixture_name(struct image_fixture *fixture, const char *repository)
{
    size_t i = 0;
    while (fixture->names[i] != NULL)
        i++;
    assert_true(i < RB_COUNT_OF(fixture->names));
    fixture->names[i] = image_registry_name(fixture->registry, repository);
    return fixture->names[i];
}

void image_fixture_write_keys(struct image_fixture *fixture, const char *pem)
{
    struct rb_err err;
    if (rb_file_write_atomic(fixture->key_path, pem, strlen(pem), 0600, &err) != 0)
        fail_msg("%s", err.text);
}

static void on_checked(void *context, const struct rb_check_outcome *outcome)
{
    struct image_fixture *fixture = context;
    const struct rb_check_result *result = outcome->result;
    assert_false(fixture->answered);
    assert_true((result == NULL) != (outcome->error == NULL));
    fixture->answered = true;
    fixture->requests = outcome->requests;
    fixture->limit_remaining = outcome->limit.window_ms > 0 ? outcome->limit.remaining : -1;
    fixture->trouble = outcome->trouble;
    fixture->err = outcome->error != NULL ? *outcome->error : (struct rb_err){0};
    if (result == NULL)
        return;
    fixture->unchanged = result->unchanged;
    (void)snprintf(fixture->version, sizeof(fixture->version), "%s", result->version);
    json_decref(fixture->detail);
    fixture->detail = json_incref(result->detail);
    json_decref(fixture->memo);
    fixture->memo = json_incref(result->memo);
}

void image_fixture_check(struct image_fixture *fixture)
{
    static const char *const no_paths[] = {NULL};
    RB_CLEANUP_FREE char *known = fixture->version[0] == '\0' ? NULL : rb_strdup(fixture->version);
    const struct rb_check_request request = {.source = &fixture->source,
                                             .memo = fixture->memo,
                                             .known_version = known,
                                             .paths = no_paths};
    fixture->answered = false;
    fixture->registry->log[0] = '\0';
    (void)rb_check_start(&fixture->tools, &request, on_checked, fixture);
    assert_false(fixture->answered);
    rb_loop_run(fixture->loop);
    assert_true(fixture->answered);
}

void image_fixture_finds(struct image_fixture *fixture, const char *version)
{
    image_fixture_check(fixture);
    if (fixture->err.code != RB_OK)
        fail_msg("%s", fixture->err.text);
    assert_string_equal(fixture->version, version);
    assert_int_equal(fixture->trouble, RB_TROUBLE_NONE);
}

void image_fixture_fails(struct image_fixture *fixture, enum rb_errc code, enum rb_trouble trouble)
{
    image_fixture_check(fixture);
    if (fixture->err.code != code || fixture->trouble != trouble)
        fail_msg("%s, %s: %s", rb_errc_name(fixture->err.code), rb_trouble_name(fixture->trouble),
                 fixture->err.text);
}

size_t image_fixture_asked(const struct image_fixture *fixture, const char *part)
{
    size_t count = 0;
    for (const char *at = fixture->registry->log; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}
