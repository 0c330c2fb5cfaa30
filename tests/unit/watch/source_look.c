/* SPDX-License-Identifier: Apache-2.0 */
#include "source_look.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/inventory/index.h"
#include "rebake/loop/process.h"

static const int64_t NOW = INT64_C(1783814400000);

static struct test_keys keys;

static int64_t look_now(void *context)
{
    return ((struct source_look *)context)->now;
}

int source_look_make_keys(void **state)
{
    (void)state;
    test_keys_init(&keys);
    return 0;
}

int source_look_remove_keys(void **state)
{
    (void)state;
    test_keys_deinit(&keys);
    return 0;
}

int source_look_set_up(void **state)
{
    struct source_look *look = rb_zalloc(sizeof(*look));
    test_archive_init(&look->archive, &keys);
    look->loop = rb_loop_new();
    look->http = rb_http_new(look->loop);
    look->clock = (struct rb_clock){.now = look_now, .context = look};
    look->now = NOW;
    look->cache = rb_asprintf("%s/cache", look->archive.folder);
    look->url = rb_asprintf("http://127.0.0.1:%d", test_server_port(look->archive.server));
    look->old_url = rb_asprintf("%s/old", look->url);
    look->source.name = "source";
    *state = look;
    return 0;
}

void look_forget(struct source_look *look)
{
    rb_free(rb_steal(&look->version));
    json_decref(look->detail);
    json_decref(look->memo);
    look->detail = look->memo = NULL;
}

int source_look_tear_down(void **state)
{
    struct source_look *look = *state;
    rb_http_free(look->http);
    rb_loop_free(look->loop);
    test_archive_deinit(&look->archive);
    look_forget(look);
    rb_free(look->cache);
    rb_free(look->url);
    rb_free(look->old_url);
    rb_free(look);
    return 0;
}

static void on_checked(void *context, const struct rb_check_outcome *outcome)
{
    struct source_look *look = context;
    const struct rb_check_result *result = outcome->result;
    assert_false(look->answered);
    look->answered = true;
    look->err = outcome->error != NULL ? *outcome->error : (struct rb_err){0};
    look->trouble = outcome->trouble;
    look->requests = outcome->requests;
    assert_true((result == NULL) != (outcome->error == NULL));
    if (result == NULL)
        return;
    look->unchanged = result->unchanged;
    look->upstream_at = result->upstream_at;
    char *version = rb_strdup(result->version); /* which may be the one that the check was told */
    rb_free(look->version);
    look->version = version;
    json_decref(look->memo);
    look->memo = json_incref(result->memo);
    if (result->detail == NULL)
        return;
    json_decref(look->detail);
    look->detail = json_incref(result->detail);
}

static struct rb_check *start(struct source_look *look)
{
    static const char *const NO_PATHS[] = {NULL};
    look->tools = (struct rb_watch_tools){
        .loop = look->loop, .http = look->http, .clock = &look->clock, .cache_folder = look->cache};
    struct rb_check_request request = {.source = &look->source,
                                       .memo = look->memo,
                                       .known_version = look->version,
                                       .paths = NO_PATHS};
    look->answered = false;
    test_archive_forget_requests(&look->archive);
    return rb_check_start(&look->tools, &request, on_checked, look);
}

static void check(struct source_look *look)
{
    (void)start(look);
    assert_false(look->answered);
    rb_loop_run(look->loop);
    test_server_sync(look->archive.server);
    assert_true(look->answered);
}

static void look_is(struct source_look *look, enum rb_trouble trouble)
{
    check(look);
    if (look->err.code != RB_OK)
        fail_msg("%s", look->err.text);
    assert_int_equal(look->trouble, trouble);
}

void look_good(struct source_look *look)
{
    look_is(look, RB_TROUBLE_NONE);
}

void look_moves(struct source_look *look)
{
    static const struct {
        int status;
        enum rb_trouble trouble;
    } CASES[] = {{302, RB_TROUBLE_NONE},
                 {307, RB_TROUBLE_NONE},
                 {301, RB_TROUBLE_MOVED},
                 {308, RB_TROUBLE_MOVED},
                 {302, RB_TROUBLE_NONE}};
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        look->archive.move_with = CASES[i].status;
        for (int again = 0; again < 2; again++)
            look_is(look, CASES[i].trouble);
    }
}

void look_bad(struct source_look *look, enum rb_trouble trouble, const char *text)
{
    check(look);
    if (look->err.code == RB_OK || look->trouble != trouble || strstr(look->err.text, text) == NULL)
        fail_msg("not the expected error, which is \"%s\" (%s): %s (%s)", text,
                 rb_trouble_name(trouble), look->err.text, rb_trouble_name(look->trouble));
}

bool look_cancelled(struct source_look *look, int turns)
{
    struct rb_check *started = start(look);
    for (int i = 0; i < turns && !look->answered; i++)
        rb_loop_run_once(look->loop);
    if (look->answered)
        return false;
    rb_check_cancel(started);
    rb_loop_run(look->loop);
    test_server_sync(look->archive.server);
    assert_false(look->answered);
    return true;
}

char *look_offers(const struct source_look *look, const char *name)
{
    struct rb_strbuf text = RB_STRBUF_INIT(65536);
    struct rb_index *index = NULL;
    struct rb_err err;
    size_t first = 0;
    if (rb_index_open(rb_json_get_string(look->detail, "index", ""), &index, &err) != 0)
        fail_msg("%s", err.text);
    size_t count = rb_index_find(index, name, &first);
    rb_strbuf_puts(&text, "");
    for (size_t i = 0; i < count; i++) {
        struct rb_offer offer;
        rb_index_get(index, first + i, &offer);
        rb_strbuf_printf(&text, "%s %s %s %s\n", offer.architecture, offer.version,
                         offer.source_name, offer.source_version);
    }
    rb_index_close(index);
    return rb_strbuf_steal(&text);
}

char *look_kept(const struct source_look *look, const char *kind, const char *patterns)
{
    RB_CLEANUP_FREE char *list = rb_asprintf("%s/kept", look->archive.folder);
    char *text = NULL;
    test_shell(look->cache, "cd %s/*/; ls -d %s 2>/dev/null | tr '\\n' ' ' >%s", kind, patterns,
               list);
    assert_int_equal(rb_file_read(list, 65536, &text, NULL, NULL), 0);
    return text;
}

void look_write(const struct source_look *look, const char *path, const char *text)
{
    RB_CLEANUP_FREE char *file = rb_asprintf("%s/%s", look->archive.folder, path);
    RB_CLEANUP_FREE char *folder = rb_strndup(file, (size_t)(strrchr(file, '/') - file));
    assert_int_equal(rb_folder_make(folder, 0755, NULL), 0);
    assert_int_equal(rb_file_write_atomic(file, text, strlen(text), 0644, NULL), 0);
}
