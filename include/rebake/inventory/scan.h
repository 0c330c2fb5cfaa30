/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is inside an image, read without unpacking it: the layers are streamed from the top down,
 * the first answer for a path wins, whiteouts hide what is below (OCI image-spec layer.md). Blocks;
 * runs in jobs and command-line verbs.
 */
#ifndef REBAKE_INVENTORY_SCAN_H
#define REBAKE_INVENTORY_SCAN_H

#include "rebake/inventory/package.h"
#include "rebake/net/session.h"

/* A file that the scan kept. */
struct rb_kept_file {
    const char *path; /* without a leading '/' */
    const char *data;
    size_t size;
};

struct rb_scan {
    struct rb_inventory inventory;
    struct rb_kept_file *files; /* only with keep_apt; in the inventory's arena */
    size_t file_count;
    char *reference; /* what was scanned: registry/name@sha256:… for images */
    char *digest;    /* of the manifest; "" where there is none */
    char *origin;    /* by whose word: "CycloneDX 1.5 by syft 1.0"; NULL: it was looked into */
    size_t left_out; /* of that, packages without a package URL that we know */
};

struct rb_scan_options {
    /* Also keep the image's apt configuration: sources, keyrings, preferences, apt.conf, dpkg's
       foreign architectures. */
    bool keep_apt;
    /* Where what was found in layers is kept, by their digests, so that none is read twice; NULL:
       nowhere. */
    const char *cache_folder;
};

/* reference: registry/name[:tag][@digest], oci:FOLDER[:tag] (an OCI layout),
   oci-archive:FILE[:tag], docker-archive:FILE[:[name:]tag], or rootfs:PATH (a folder or a tar file,
   compressed or not), disk:FILE (the ext2, ext3 or ext4 root file system of a host, in a raw or
   qcow2 image); by the word of others sbom:FILE (CycloneDX or SPDX, JSON) or
   attached:registry/name… (what is attached to it). On success the caller frees ret_scan with
   rb_scan_deinit. */
RB_NODISCARD int rb_scan_reference(struct rb_net_session *session, const char *reference,
                                   const struct rb_scan_options *options, struct rb_scan *ret_scan,
                                   struct rb_err *err);
void rb_scan_deinit(struct rb_scan *scan); /* usable with RB_CLEANUP */

#endif
