/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each broken file in bad/ gives exactly the text of the .golden file beside it. After a wanted
 * change of messages: UPDATE_GOLDEN=1 test_pipelines_bad writes them anew, to be read before they
 * are committed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strlist.h"
#include "rebake/base/text.h"
#include "rebake/pipelines/pipeline.h"
#include "rebake/pipelines/policy_file.h"
#include "rebake/pipelines/settings.h"

#define FOLDER REBAKE_TEST_DIR "/unit/pipelines/bad"

static int parse_pipeline(const char *data, size_t size, const char *file,
                          struct rb_diagnostics *diagnostics, struct rb_err *err)
{
    struct rb_pipeline *pipeline = NULL;
    int status = rb_pipeline_parse(data, size, file, &pipeline, diagnostics, err);
    assert_true((status == 0) == (pipeline != NULL));
    rb_pipeline_free(pipeline);
    return status;
}

static int parse_settings(const char *data, size_t size, const char *file,
                          struct rb_diagnostics *diagnostics, struct rb_err *err)
{
    struct rb_settings *settings = NULL;
    int status = rb_settings_parse(data, size, file, &settings, diagnostics, err);
    assert_true((status == 0) == (settings != NULL));
    rb_settings_free(settings);
    return status;
}

static int parse_policy(const char *data, size_t size, const char *name,
                        struct rb_diagnostics *diagnostics, struct rb_err *err)
{
    struct rb_policy_file *file = NULL;
    int status = rb_policy_file_parse(data, size, name, &file, diagnostics, err);
    assert_true((status == 0) == (file != NULL));
    rb_policy_file_free(file);
    return status;
}

static const struct language {
    const char *folder;
    size_t files; /* at least so many */
    int (*parse)(const char *data, size_t size, const char *file,
                 struct rb_diagnostics *diagnostics, struct rb_err *err);
} PIPELINES = {FOLDER, 20, parse_pipeline},
  SETTINGS = {REBAKE_TEST_DIR "/unit/pipelines/settings/bad", 9, parse_settings},
  POLICIES = {REBAKE_TEST_DIR "/unit/pipelines/policies/bad", 4, parse_policy};

static struct rb_strlist broken_files(const struct language *language)
{
    struct rb_strlist files = {0};
    DIR *folder = opendir(language->folder);
    assert_non_null(folder);
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        if (rb_text_ends_with(entry->d_name, ".yaml"))
            rb_strlist_add(&files, entry->d_name);
    }
    (void)closedir(folder);
    rb_strlist_sort(&files);
    return files;
}

static char *diagnostics_of(const struct language *language, const char *name)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", language->folder, name);
    RB_CLEANUP_FREE char *data = NULL;
    struct rb_strbuf text = RB_STRBUF_INIT(1 << 20);
    size_t size;
    struct rb_err err;
    assert_int_equal(rb_file_read(path, 1 << 20, &data, &size, &err), 0);
    /* a copy of the exact size, so that a read behind the end is seen */
    RB_CLEANUP_FREE char *exact = rb_alloc(size);
    memcpy(exact, data, size);
    assert_int_equal(language->parse(exact, size, name, &diagnostics, &err), RB_EINVALID);
    assert_true(rb_text_starts_with(err.text, name));
    for (size_t i = 0; i < diagnostics.count; i++)
        assert_true(diagnostics.items[i].place.line > 0 && diagnostics.items[i].place.column > 0);
    rb_diagnostics_print(&diagnostics, &text);
    return rb_strbuf_steal(&text);
}

static void every_broken_file_gives_its_golden_text(void **state)
{
    const struct language *language = *state;
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist files = broken_files(language);
    assert_true(files.count >= language->files);
    for (size_t i = 0; i < files.count; i++) {
        RB_CLEANUP_FREE char *found = diagnostics_of(language, files.items[i]);
        RB_CLEANUP_FREE char *expected = NULL;
        RB_CLEANUP_FREE char *golden = rb_asprintf("%s/%.*s.golden", language->folder,
                                                   (int)strlen(files.items[i]) - 5, files.items[i]);
        struct rb_err err;
        if (getenv("UPDATE_GOLDEN") != NULL)
            assert_int_equal(rb_file_write_atomic(golden, found, strlen(found), 0644, &err), 0);
        if (rb_file_read(golden, 1 << 20, &expected, NULL, &err) != 0)
            fail_msg("%s", err.text);
        assert_string_equal(found, expected);
    }
}

static void a_file_that_is_too_large_is_refused(void **state)
{
    (void)state;
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    size_t size = (1 << 20) + 1;
    RB_CLEANUP_FREE char *data = rb_alloc(size);
    struct rb_pipeline *pipeline = NULL;
    struct rb_err err;
    memset(data, '#', size);
    assert_int_equal(rb_pipeline_parse(data, size, "large.yaml", &pipeline, &diagnostics, &err),
                     RB_ELIMIT);
    assert_string_equal(err.text, "large.yaml is larger than 1048576 bytes");
    assert_int_equal(
        rb_pipeline_parse(data, size - 1, "comment.yaml", &pipeline, &diagnostics, &err),
        RB_EINVALID);
    assert_string_equal(err.text, "comment.yaml: 1 error");
}

static void a_file_that_is_not_there_is_not_found(void **state)
{
    (void)state;
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    struct rb_pipeline *pipeline = NULL;
    struct rb_err err;
    assert_int_equal(rb_pipeline_read(FOLDER "/absent.yaml", &pipeline, &diagnostics, &err),
                     RB_ENOTFOUND);
    assert_int_equal(diagnostics.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(every_broken_file_gives_its_golden_text, (void *)&PIPELINES),
        cmocka_unit_test_prestate(every_broken_file_gives_its_golden_text, (void *)&SETTINGS),
        cmocka_unit_test_prestate(every_broken_file_gives_its_golden_text, (void *)&POLICIES),
        cmocka_unit_test(a_file_that_is_too_large_is_refused),
        cmocka_unit_test(a_file_that_is_not_there_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
