/* SPDX-License-Identifier: Apache-2.0 */
/* The graph in "dot", "mermaid" and "json": the same nodes and edges in three notations, each a row
   of functions. */
#include "graph_tree.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/pipelines/pipeline.h"

struct node {
    const char *type; /* "source", "image", "deployment" */
    const char *name;
    size_t index;       /* among those of its type */
    const char *detail; /* what it is, in a line */
};

struct edge {
    struct node from;
    struct node to;
    const char *type; /* "base", "code", "packages", "deploys" */
};

struct drawing {
    const struct rb_pipeline *pipeline;
    struct rb_strbuf *out;
    json_t *nodes; /* of the notation "json" alone */
    json_t *edges;
};

struct notation {
    const char *name;
    void (*begin)(struct drawing *drawing);
    void (*node)(struct drawing *drawing, const struct node *node);
    void (*edge)(struct drawing *drawing, const struct edge *edge);
    void (*end)(struct drawing *drawing);
};

static struct node source_node(const struct drawing *drawing, const struct rb_source *source)
{
    return (struct node){.type = "source",
                         .name = source->name,
                         .index = (size_t)(source - drawing->pipeline->sources)};
}

static struct node image_node(const struct drawing *drawing, const struct rb_image *image)
{
    return (struct node){.type = "image",
                         .name = image->name,
                         .index = (size_t)(image - drawing->pipeline->images),
                         .detail = image->push};
}

static struct node deployment_node(const struct drawing *drawing,
                                   const struct rb_deployment *deployment)
{
    return (struct node){.type = "deployment",
                         .name = deployment->name,
                         .index = (size_t)(deployment - drawing->pipeline->deployments),
                         .detail = deployment->podman.container};
}

static void draw_nodes(struct drawing *drawing, const struct notation *notation)
{
    const struct rb_pipeline *pipeline = drawing->pipeline;
    for (size_t i = 0; i < pipeline->source_count; i++) {
        RB_CLEANUP_FREE char *detail = rb_source_describe(&pipeline->sources[i]);
        struct node node = source_node(drawing, &pipeline->sources[i]);
        node.detail = detail;
        notation->node(drawing, &node);
    }
    for (size_t i = 0; i < pipeline->image_count; i++) {
        struct node node = image_node(drawing, &pipeline->images[i]);
        notation->node(drawing, &node);
    }
    for (size_t i = 0; i < pipeline->deployment_count; i++) {
        struct node node = deployment_node(drawing, &pipeline->deployments[i]);
        notation->node(drawing, &node);
    }
}

static void draw_image_edges(struct drawing *drawing, const struct notation *notation,
                             const struct rb_image *image)
{
    struct edge edge = {.to = image_node(drawing, image), .type = "base"};
    edge.from = image->from_image != NULL ? image_node(drawing, image->from_image)
                                          : source_node(drawing, image->from_source);
    notation->edge(drawing, &edge);
    edge.type = "code";
    edge.from = source_node(drawing, image->context_source);
    notation->edge(drawing, &edge);
    edge.type = "packages";
    for (size_t i = 0; image->packages[i] != NULL; i++) {
        edge.from = source_node(drawing, image->packages[i]);
        notation->edge(drawing, &edge);
    }
}

static void draw(struct drawing *drawing, const struct notation *notation)
{
    const struct rb_pipeline *pipeline = drawing->pipeline;
    notation->begin(drawing);
    draw_nodes(drawing, notation);
    for (size_t i = 0; i < pipeline->image_count; i++)
        draw_image_edges(drawing, notation, &pipeline->images[i]);
    for (size_t i = 0; i < pipeline->deployment_count; i++) {
        struct edge edge = {.from = image_node(drawing, pipeline->deployments[i].image),
                            .to = deployment_node(drawing, &pipeline->deployments[i]),
                            .type = "deploys"};
        notation->edge(drawing, &edge);
    }
    notation->end(drawing);
}

static void dot_begin(struct drawing *drawing)
{
    rb_strbuf_printf(drawing->out, "digraph \"%s\" {\n    rankdir=LR;\n", drawing->pipeline->name);
}

static void dot_node(struct drawing *drawing, const struct node *node)
{
    const char *shape = rb_text_equal(node->type, "source")  ? "ellipse"
                        : rb_text_equal(node->type, "image") ? "box"
                                                             : "house";
    rb_strbuf_printf(drawing->out, "    \"%s/%s\" [label=\"%s\", shape=%s, tooltip=\"%s\"];\n",
                     node->type, node->name, node->name, shape, node->detail);
}

static void dot_edge(struct drawing *drawing, const struct edge *edge)
{
    rb_strbuf_printf(drawing->out, "    \"%s/%s\" -> \"%s/%s\" [label=\"%s\"];\n", edge->from.type,
                     edge->from.name, edge->to.type, edge->to.name, edge->type);
}

static void dot_end(struct drawing *drawing)
{
    rb_strbuf_puts(drawing->out, "}\n");
}

static void mermaid_begin(struct drawing *drawing)
{
    rb_strbuf_printf(drawing->out, "---\ntitle: \"%s\"\n---\nflowchart LR\n",
                     drawing->pipeline->name);
}

/* Names may hold what mermaid reads as an arrow, so its identifiers are a letter and a number. */
static void mermaid_node(struct drawing *drawing, const struct node *node)
{
    const char *open = "[", *close = "]";
    if (rb_text_equal(node->type, "source")) {
        open = "([";
        close = "])";
    } else if (rb_text_equal(node->type, "deployment")) {
        open = "[/";
        close = "/]";
    }
    rb_strbuf_printf(drawing->out, "    %c%zu%s\"%s\"%s\n", *node->type, node->index, open,
                     node->name, close);
}

static void mermaid_edge(struct drawing *drawing, const struct edge *edge)
{
    rb_strbuf_printf(drawing->out, "    %c%zu -->|%s| %c%zu\n", *edge->from.type, edge->from.index,
                     edge->type, *edge->to.type, edge->to.index);
}

static void mermaid_end(struct drawing *drawing)
{
    (void)drawing;
}

static void json_begin(struct drawing *drawing)
{
    drawing->nodes = rb_json_array();
    drawing->edges = rb_json_array();
}

static void json_node(struct drawing *drawing, const struct node *node)
{
    json_t *object = rb_json_object();
    RB_CLEANUP_FREE char *id = rb_asprintf("%s/%s", node->type, node->name);
    rb_json_set_string(object, "id", id);
    rb_json_set_string(object, "type", node->type);
    rb_json_set_string(object, "name", node->name);
    rb_json_set_string(object, "detail", node->detail);
    rb_json_append(drawing->nodes, object);
}

static void json_edge(struct drawing *drawing, const struct edge *edge)
{
    json_t *object = rb_json_object();
    RB_CLEANUP_FREE char *from = rb_asprintf("%s/%s", edge->from.type, edge->from.name);
    RB_CLEANUP_FREE char *to = rb_asprintf("%s/%s", edge->to.type, edge->to.name);
    rb_json_set_string(object, "from", from);
    rb_json_set_string(object, "to", to);
    rb_json_set_string(object, "type", edge->type);
    rb_json_append(drawing->edges, object);
}

static void json_end(struct drawing *drawing)
{
    RB_CLEANUP_JSON json_t *document = rb_json_object();
    rb_json_set_string(document, "pipeline", drawing->pipeline->name);
    rb_json_set(document, "nodes", drawing->nodes);
    rb_json_set(document, "edges", drawing->edges);
    RB_CLEANUP_FREE char *text = rb_json_pretty(document);
    rb_strbuf_puts(drawing->out, text);
    rb_strbuf_putc(drawing->out, '\n');
}

static const struct notation notations[] = {
    {"dot", dot_begin, dot_node, dot_edge, dot_end},
    {"mermaid", mermaid_begin, mermaid_node, mermaid_edge, mermaid_end},
    {"json", json_begin, json_node, json_edge, json_end},
};

int rb_pipeline_graph(const struct rb_pipeline *pipeline, const char *format, struct rb_strbuf *out,
                      struct rb_err *err)
{
    const struct notation *notation = NULL;
    for (size_t i = 0; i < RB_COUNT_OF(notations); i++) {
        if (rb_text_equal(format, notations[i].name))
            notation = &notations[i];
    }
    struct drawing drawing = {.pipeline = pipeline, .out = out};
    if (notation != NULL)
        draw(&drawing, notation);
    else if (rb_text_equal(format, "text"))
        rb_graph_tree(pipeline, out);
    else
        return rb_err_set(err, RB_EINVALID,
                          "\"%.40s\" is not a format of the graph: text, dot, mermaid or json",
                          format);
    if (out->overflowed)
        return rb_err_set(err, RB_ELIMIT, "the graph of %s is larger than %zu bytes",
                          pipeline->name, out->maximum);
    return 0;
}
