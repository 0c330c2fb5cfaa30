/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_tree.h"

#include "rebake/base/memory.h"

enum { NOTHING = -1, INDENT_MAXIMUM = 1 << 20 };

/* What hangs below a source or image: the heads of two lists, linked by index. */
struct children {
    ptrdiff_t first_image;
    ptrdiff_t first_deployment;
};

struct tree {
    const struct rb_pipeline *pipeline;
    struct children *of_source;
    struct children *of_image;
    ptrdiff_t *next_image;
    ptrdiff_t *next_deployment;
    struct rb_strbuf *out;
    struct rb_strbuf indent;
};

static void hang_all(struct tree *tree)
{
    const struct rb_pipeline *pipeline = tree->pipeline;
    for (size_t i = 0; i < pipeline->source_count; i++)
        tree->of_source[i] = (struct children){NOTHING, NOTHING};
    for (size_t i = 0; i < pipeline->image_count; i++)
        tree->of_image[i] = (struct children){NOTHING, NOTHING};
    /* from the last to the first, so that each list is in the order of the file */
    for (ptrdiff_t i = (ptrdiff_t)pipeline->image_count - 1; i >= 0; i--) {
        const struct rb_image *image = &pipeline->images[i];
        struct children *parent = image->from_image != NULL
                                      ? &tree->of_image[image->from_image - pipeline->images]
                                      : &tree->of_source[image->from_source - pipeline->sources];
        tree->next_image[i] = parent->first_image;
        parent->first_image = i;
    }
    for (ptrdiff_t i = (ptrdiff_t)pipeline->deployment_count - 1; i >= 0; i--) {
        struct children *parent =
            &tree->of_image[pipeline->deployments[i].image - pipeline->images];
        tree->next_deployment[i] = parent->first_deployment;
        parent->first_deployment = i;
    }
}

/* Writes the line of one thing and sets the indent for what hangs below it. Returns the indent to
   go back to. */
static size_t open_branch(struct tree *tree, bool last)
{
    size_t size = tree->indent.size;
    rb_strbuf_printf(tree->out, "%s%s ", rb_strbuf_text(&tree->indent), last ? "└─" : "├─");
    rb_strbuf_puts(&tree->indent, last ? "   " : "│  ");
    return size;
}

static void close_branch(struct tree *tree, size_t size)
{
    tree->indent.size = size;
    tree->indent.data[size] = '\0';
}

static void write_image(struct tree *tree, const struct rb_image *image)
{
    rb_strbuf_printf(tree->out, "image %s: %s of %s", image->name, image->context_path,
                     image->context_source->name);
    for (size_t i = 0; image->packages[i] != NULL; i++)
        rb_strbuf_printf(tree->out, "%s %s", i == 0 ? ", packages of" : ",",
                         image->packages[i]->name);
    rb_strbuf_printf(tree->out, ", to %s\n", image->push);
}

/* As deep as the images build on each other; it ends when the output is full, which a deep tree's
   indent makes it soon. */
static void write_children(struct tree *tree, struct children children)
{
    for (ptrdiff_t i = children.first_deployment; i != NOTHING; i = tree->next_deployment[i]) {
        const struct rb_deployment *deployment = &tree->pipeline->deployments[i];
        size_t indent = open_branch(tree, tree->next_deployment[i] == NOTHING &&
                                              children.first_image == NOTHING);
        rb_strbuf_printf(tree->out, "deployment %s: container %s\n", deployment->name,
                         deployment->podman.container);
        close_branch(tree, indent);
    }
    for (ptrdiff_t i = children.first_image; i != NOTHING && !tree->out->overflowed;
         i = tree->next_image[i]) {
        size_t indent = open_branch(tree, tree->next_image[i] == NOTHING);
        write_image(tree, &tree->pipeline->images[i]);
        write_children(tree, tree->of_image[i]);
        close_branch(tree, indent);
    }
}

void rb_graph_tree(const struct rb_pipeline *pipeline, struct rb_strbuf *out)
{
    RB_CLEANUP_FREE struct children *of_source =
        rb_calloc(pipeline->source_count, sizeof(*of_source));
    RB_CLEANUP_FREE struct children *of_image = rb_calloc(pipeline->image_count, sizeof(*of_image));
    RB_CLEANUP_FREE ptrdiff_t *next_image = rb_calloc(pipeline->image_count, sizeof(*next_image));
    RB_CLEANUP_FREE ptrdiff_t *next_deployment =
        rb_calloc(pipeline->deployment_count, sizeof(*next_deployment));
    struct tree tree = {.pipeline = pipeline,
                        .of_source = of_source,
                        .of_image = of_image,
                        .next_image = next_image,
                        .next_deployment = next_deployment,
                        .out = out,
                        .indent = RB_STRBUF_INIT(INDENT_MAXIMUM)};
    hang_all(&tree);
    rb_strbuf_printf(out, "%s\n", pipeline->name);
    for (size_t i = 0; i < pipeline->source_count; i++) {
        const struct rb_source *source = &pipeline->sources[i];
        RB_CLEANUP_FREE char *description = rb_source_describe(source);
        size_t indent = open_branch(&tree, i + 1 == pipeline->source_count);
        rb_strbuf_printf(out, "source %s: %s\n", source->name, description);
        write_children(&tree, of_source[i]);
        close_branch(&tree, indent);
    }
    rb_strbuf_deinit(&tree.indent);
}
