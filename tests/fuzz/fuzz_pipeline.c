/* SPDX-License-Identifier: Apache-2.0 */
/* A pipeline file: either a model that can be drawn, or errors with places, in order. */
#include <stdint.h>

#include "rebake/base/memory.h"
#include "rebake/pipelines/pipeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_errors(const struct rb_diagnostics *diagnostics)
{
    RB_ASSERT(diagnostics->count > 0 && diagnostics->count <= RB_DIAGNOSTICS_MAXIMUM);
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct rb_place *place = &diagnostics->items[i].place;
        RB_ASSERT(place->line > 0 && place->column > 0);
        const struct rb_place *before = i == 0 ? place : &diagnostics->items[i - 1].place;
        RB_ASSERT(before->line < place->line ||
                  (before->line == place->line && before->column <= place->column));
    }
}

static void draw(const struct rb_pipeline *pipeline)
{
    static const char *const formats[] = {"text", "dot", "mermaid", "json"};
    for (size_t i = 0; i < RB_COUNT_OF(formats); i++) {
        RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf out = RB_STRBUF_INIT(1 << 20);
        int status = rb_pipeline_graph(pipeline, formats[i], &out, NULL);
        RB_ASSERT(status == 0 || status == RB_ELIMIT);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(1 << 20);
    RB_CLEANUP(rb_pipeline_cleanup) struct rb_pipeline *pipeline = NULL;
    int status =
        rb_pipeline_parse((const char *)data, size, "fuzz.yaml", &pipeline, &diagnostics, NULL);
    if (status == 0)
        draw(pipeline);
    else if (status != RB_ELIMIT)
        check_errors(&diagnostics);
    rb_diagnostics_print(&diagnostics, &text);
    return 0;
}
