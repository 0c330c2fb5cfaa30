/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a version of a source is, as files. A version is asked for by itself and never as "the
 * newest": what comes is compared with the hash that the version is, whoever served or kept it, and
 * is refused where that does not hold.
 */
#ifndef REBAKE_WATCH_FETCH_H
#define REBAKE_WATCH_FETCH_H

#include "rebake/watch/watch.h"

struct rb_fetch_request {
    const struct rb_source *source;
    const char *version;  /* as in struct rb_check_result */
    const json_t *detail; /* that was recorded with it; NULL: nobody knows */
    const char *folder;   /* an absent or an empty one, in a folder that there is */
};

struct rb_fetch_result {
    size_t files;       /* links too */
    int64_t size_bytes; /* of all files */
};

/* Puts the version into the folder: all of it, or, on failure, nothing.
     git       the tree of the commit: files as they are stored, without filters and submodules
     image     an OCI layout (image-spec image-layout.md): the manifest and its blobs
     apt       as in the folder of the Release file: InRelease, or Release and Release.gpg, and the
               Packages files of the source's components and architectures, in one form each
     rpm       as in the repository: repodata/ with repomd.xml, its signature, primary, updateinfo
     apk       ARCHITECTURE/APKINDEX.tar.gz
     pypi, npm offers.json, what the packages offer, while it is kept: a registry has no versions
     others    the file, by the last part of its URL
   It is taken from what checks kept in the tools' cache folder, or else from upstream. What a
   signature is over (apt, rpm, apk) is verified anew.
   RB_ENOTFOUND: upstream no longer has the version, and what it has instead and since when where
   that can be told; RB_EVERIFY: what came is not the version; RB_EEXIST: the folder has something
   in it; RB_EINVALID: what is no version of such a source.
   Blocks and runs the tools' loop: for jobs and verbs, not for the daemon. */
RB_NODISCARD int rb_source_fetch(const struct rb_watch_tools *tools,
                                 const struct rb_fetch_request *request,
                                 struct rb_fetch_result *ret_result, struct rb_err *err);

#endif
