/* SPDX-License-Identifier: Apache-2.0 */
/* The graph of good/everything.yaml in each notation, as in graph/ beside. UPDATE_GOLDEN=1 writes
   the files anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/pipelines/pipeline.h"

#define FOLDER REBAKE_TEST_DIR "/unit/pipelines"

static struct rb_pipeline *read_everything(void)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    struct rb_pipeline *pipeline = NULL;
    struct rb_err err;
    assert_int_equal(
        rb_pipeline_read(FOLDER "/good/everything.yaml", &pipeline, &diagnostics, &err), 0);
    return pipeline;
}

static void every_notation_gives_its_golden_text(void **state)
{
    (void)state;
    static const char *const formats[] = {"text", "dot", "mermaid", "json"};
    RB_CLEANUP(rb_pipeline_cleanup) struct rb_pipeline *pipeline = read_everything();
    for (size_t i = 0; i < RB_COUNT_OF(formats); i++) {
        RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf out = RB_STRBUF_INIT(1 << 16);
        RB_CLEANUP_FREE char *golden = rb_asprintf(FOLDER "/graph/everything.%s", formats[i]);
        RB_CLEANUP_FREE char *expected = NULL;
        struct rb_err err;
        assert_int_equal(rb_pipeline_graph(pipeline, formats[i], &out, &err), 0);
        if (getenv("UPDATE_GOLDEN") != NULL)
            assert_int_equal(rb_file_write_atomic(golden, out.data, out.size, 0644, &err), 0);
        if (rb_file_read(golden, 1 << 16, &expected, NULL, &err) != 0)
            fail_msg("%s", err.text);
        assert_string_equal(rb_strbuf_text(&out), expected);
    }
}

static void another_format_is_refused(void **state)
{
    (void)state;
    RB_CLEANUP(rb_pipeline_cleanup) struct rb_pipeline *pipeline = read_everything();
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf out = RB_STRBUF_INIT(1 << 16);
    struct rb_err err;
    assert_int_equal(rb_pipeline_graph(pipeline, "svg", &out, &err), RB_EINVALID);
    assert_string_equal(err.text,
                        "\"svg\" is not a format of the graph: text, dot, mermaid or json");
    assert_int_equal(out.size, 0);
}

static void a_graph_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const char *const formats[] = {"text", "dot", "mermaid", "json"};
    RB_CLEANUP(rb_pipeline_cleanup) struct rb_pipeline *pipeline = read_everything();
    for (size_t i = 0; i < RB_COUNT_OF(formats); i++) {
        RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf out = RB_STRBUF_INIT(4);
        struct rb_err err;
        assert_int_equal(rb_pipeline_graph(pipeline, formats[i], &out, &err), RB_ELIMIT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_notation_gives_its_golden_text),
        cmocka_unit_test(another_format_is_refused),
        cmocka_unit_test(a_graph_that_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
