/* SPDX-License-Identifier: Apache-2.0 */
/* Versions as files: of a file by HTTP, with what its checks keep. The other kinds are before real
   servers in tests/integration/fetch.test.sh. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/watch/fetch.h"
#include "source_look.h"
#include "watch/kept.h"

static char url[256];

static int set_up(void **state)
{
    int status = source_look_set_up(state);
    struct source_look *look = *state;
    (void)snprintf(url, sizeof(url), "%s/tool.bin?x=/y", look->url);
    look->source.kind = RB_SOURCE_HTTP;
    look->source.file = (struct rb_file_source){.url = url};
    look_write(look, "tool.bin", "one");
    return status;
}

static char *path_of(const struct source_look *look, const char *name)
{
    return rb_asprintf("%s/%s", look->archive.folder, name);
}

/* cache: a folder's name; NULL: that of the checks. */
static int fetch(struct source_look *look, const char *version, const char *folder,
                 const char *cache, struct rb_fetch_result *ret_result)
{
    RB_CLEANUP_FREE char *out = path_of(look, folder);
    RB_CLEANUP_FREE char *other = path_of(look, cache != NULL ? cache : "unused");
    const struct rb_watch_tools tools = {.loop = look->loop,
                                         .http = look->http,
                                         .clock = &look->clock,
                                         .cache_folder = cache != NULL ? other : look->cache};
    const struct rb_fetch_request request = {
        .source = &look->source, .version = version, .folder = out};
    int status = rb_source_fetch(&tools, &request, ret_result, &look->err);
    test_server_sync(look->archive.server);
    return status;
}

static void fetch_good(struct source_look *look, const char *version, const char *folder,
                       const char *cache, const char *content)
{
    struct rb_fetch_result result;
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s/tool.bin", look->archive.folder, folder);
    RB_CLEANUP_FREE char *text = NULL;
    if (fetch(look, version, folder, cache, &result) != 0)
        fail_msg("%s", look->err.text);
    assert_int_equal(result.files, 1);
    assert_int_equal(result.size_bytes, strlen(content));
    assert_int_equal(rb_file_read(path, 100, &text, NULL, NULL), 0);
    assert_string_equal(text, content);
}

/* Nothing is left of what was refused. */
static void fetch_bad(struct source_look *look, const char *version, const char *cache,
                      enum rb_errc code, const char *text)
{
    struct rb_fetch_result result;
    assert_int_equal(fetch(look, version, "refused", cache, &result), code);
    if (strstr(look->err.text, text) == NULL)
        fail_msg("not \"%s\": %s", text, look->err.text);
    test_shell(look->archive.folder, "! ls -d refused*");
}

static void a_version_is_fetched_and_no_other(void **state)
{
    struct source_look *look = *state;
    look_good(look);
    RB_CLEANUP_FREE char *first = rb_strdup(look->version);
    look_write(look, "tool.bin", "two!");
    look_good(look);
    fetch_good(look, first, "kept", NULL, "one");
    fetch_good(look, look->version, "newest", "none", "two!");
    fetch_bad(look, first, "none", RB_EVERIFY, "is another file than the version");
    assert_non_null(strstr(look->err.text, look->version));
    test_shell(look->archive.folder, "rm tool.bin");
    fetch_bad(look, first, "none", RB_ENOTFOUND, "tool.bin?x=/y is no longer there");
    fetch_bad(look, "1.0", NULL, RB_EINVALID, "\"1.0\" is no version of a source of kind http");
    test_shell(look->cache, "for file in files/*/%s; do echo spoilt >$file; done", first);
    fetch_bad(look, first, NULL, RB_ENOTFOUND, "is no longer there");
}

static void a_folder_is_taken_when_nothing_is_in_it(void **state)
{
    struct source_look *look = *state;
    struct rb_fetch_result result;
    look_good(look);
    test_shell(look->archive.folder, "mkdir empty full; touch full/.hidden");
    fetch_good(look, look->version, "empty///", NULL, "one");
    assert_int_equal(fetch(look, look->version, "full", NULL, &result), RB_EEXIST);
    assert_non_null(strstr(look->err.text, "is not empty"));
    assert_int_equal(fetch(look, look->version, "no/folder", NULL, &result), RB_ENOTFOUND);
    assert_int_equal(fetch(look, look->version, "full/.hidden", NULL, &result), RB_EIO);
}

static void a_silent_server_is_no_missing_version(void **state)
{
    struct source_look *look = *state;
    look_good(look);
    look->archive.fault = (struct test_fault){.suffix = "tool.bin", .status = 503};
    fetch_bad(look, look->version, "none", RB_EBUSY, "503");
}

static void the_newest_states_are_kept(void **state)
{
    struct source_look *look = *state;
    RB_CLEANUP_FREE char *folder = path_of(look, "states");
    assert_int_equal(rb_folder_make(folder, 0755, NULL), 0);
    for (char hash[] = "a"; hash[0] <= 'e'; hash[0]++) {
        assert_int_equal(rb_kept_write(folder, hash, "InRelease", hash, 1, 3, NULL), 0);
        assert_int_equal(rb_kept_write(folder, hash, "InRelease", "again", 5, 3, NULL), 0);
        RB_CLEANUP_FREE char *path = rb_kept_path(folder, hash, "InRelease");
        struct timespec times[2] = {{.tv_sec = hash[0]}, {.tv_sec = hash[0]}};
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    }
    look_write(look, "states/incoming", "f");
    RB_CLEANUP_FREE char *incoming = path_of(look, "states/incoming");
    assert_int_equal(rb_kept_adopt(incoming, folder, "f", "x.InRelease", 3, NULL), 0);
    assert_int_equal(rb_kept_write(folder, "g", "other", "", 0, 1, NULL), 0);
    test_shell(folder, "test \"$(echo *)\" = 'c.InRelease d.InRelease e.InRelease f.x.InRelease "
                       "g.other' && test \"$(cat c.InRelease)\" = c");
}

int main(void)
{
#define FETCH(name) cmocka_unit_test_setup_teardown(name, set_up, source_look_tear_down)
    const struct CMUnitTest tests[] = {
        FETCH(a_version_is_fetched_and_no_other),
        FETCH(a_folder_is_taken_when_nothing_is_in_it),
        FETCH(a_silent_server_is_no_missing_version),
        FETCH(the_newest_states_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
