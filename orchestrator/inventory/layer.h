/* SPDX-License-Identifier: Apache-2.0 */
/* What one layer says of the paths that are wanted: contents, links, and what it hides of the
   layers below (OCI image-spec layer.md, "Whiteouts"). */
#ifndef ORCHESTRATOR_INVENTORY_LAYER_H
#define ORCHESTRATOR_INVENTORY_LAYER_H

#include "file_tree.h"
#include "finds.h"
#include "layer_stream.h"

enum layer_kind {
    LAYER_FILE,
    LAYER_SYMLINK,
    LAYER_HARDLINK,
    LAYER_FOLDER,
    LAYER_OTHER,    /* a device, a pipe */
    LAYER_WHITEOUT, /* hides path in the layers below */
    LAYER_OPAQUE    /* hides all below the folder path in the layers below */
};

struct layer_item {
    enum layer_kind kind;
    const char *path;   /* normalised: no leading '/', no "." */
    const char *target; /* of links; of a hard link normalised like path */
    const char *data;   /* of files */
    size_t size;
};

struct layer {
    struct layer_item *items;
    size_t count;
    size_t capacity;
};

/* The paths that somebody asks for. */
struct wanted_path {
    const char *path;
    bool tree; /* and all below it */
};

struct wanted {
    struct rb_arena *arena; /* holds the paths; outlives the readings that add to them */
    struct wanted_path *paths;
    size_t count;
    size_t capacity;
};

/* What reading may use up, of all layers together. */
struct layer_budget {
    size_t items;
    size_t bytes; /* kept */
    uint64_t entries;
    uint64_t unpacked_bytes;
};

/* Reads a layer to its end, keeping what concerns a wanted path: itself, its parents, and whiteouts
   of either. All lives in arena. finds gets what is found anywhere in it; NULL: that is not asked
   for. */
RB_NODISCARD int layer_read(struct layer_stream *stream, const struct wanted *wanted,
                            struct layer_budget *budget, struct rb_arena *arena,
                            struct layer *ret_layer, struct finds *finds, struct rb_err *err);

/* Reads the layer once more, for the files that only hard links' names tell to be a language's;
   needed where hard_links_need_reading(). */
RB_NODISCARD int layer_read_linked(struct layer_stream *stream, struct layer_budget *budget,
                                   struct finds *finds, struct rb_err *err);

/* Is the path itself asked for, as a file or as part of a tree? */
bool wanted_covers(const struct wanted *wanted, const char *path);
void wanted_add(struct wanted *wanted, const char *path, bool tree);

#endif
