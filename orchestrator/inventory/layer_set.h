/* SPDX-License-Identifier: Apache-2.0 */
/* The layers of an image, wherever they are kept, each to be opened as often as needed: in a
   registry, in an OCI layout that is a folder or a tar file, in a tar file that docker saved, or
   the one layer that a tar file is. */
#ifndef ORCHESTRATOR_INVENTORY_LAYER_SET_H
#define ORCHESTRATOR_INVENTORY_LAYER_SET_H

#include "layer_stream.h"
#include "rebake/base/digest.h"
#include "rebake/base/json.h"
#include "rebake/net/manifest.h"
#include "rebake/net/session.h"
#include "tar_index.h"

enum { LAYERS_MAXIMUM = 1000 };

struct layer_entry {
    struct rb_descriptor blob;       /* an empty digest: a file as it is */
    const struct tar_member *member; /* such a file in an archive */
    char diff_id[RB_DIGEST_SIZE];    /* "" when not known */
};

struct layer_set {
    struct rb_net_session *session;
    struct rb_reference reference; /* of an image in a registry */
    char *folder;                  /* of an OCI layout */
    struct tar_index *archive;     /* of a saved image */
    char *tar;                     /* of a lone tar file */
    char digest[RB_DIGEST_SIZE];   /* of the manifest; "" for a tar file, and one of docker's */
    struct layer_entry *entries;   /* the bottom first, as manifests have them */
    size_t count;
};

/* Each reads what describes the image and leaves the layers for later. On failure nothing needs to
   be freed. */
RB_NODISCARD int layer_set_open_registry(struct layer_set *set, struct rb_net_session *session,
                                         const char *reference, struct rb_err *err);
/* name: FOLDER or FOLDER:TAG. */
RB_NODISCARD int layer_set_open_layout(struct layer_set *set, const char *name, struct rb_err *err);
/* The same layout as members of a tar file; name: FILE or FILE:TAG. */
RB_NODISCARD int layer_set_open_layout_archive(struct layer_set *set, const char *name,
                                               struct rb_err *err);
/* What `docker save` wrote, of any age; name: FILE, FILE:TAG or FILE:NAME:TAG. */
RB_NODISCARD int layer_set_open_docker_archive(struct layer_set *set, const char *name,
                                               struct rb_err *err);
void layer_set_open_tar(struct layer_set *set, const char *path);
void layer_set_close(struct layer_set *set);

/* Opens the layer's compressed bytes, checked against its digest as they are read; whoever opened
   it closes it. */
struct layer_reader;
RB_NODISCARD int layer_set_read(const struct layer_set *set, size_t number,
                                struct layer_reader **ret_reader, struct layer_source *ret_source,
                                struct rb_err *err);
void layer_reader_free(struct layer_reader *reader); /* NULL is allowed */

#endif
