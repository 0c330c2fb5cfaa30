/* SPDX-License-Identifier: Apache-2.0 */
/* repomd.xml, the file that an rpm repository's signature is over: which files the repository has,
   with their checksums. Format: createrepo_c's doc/, repo.rng of the rpm-metadata project. */
#ifndef REBAKE_WATCH_RPM_REPOMD_H
#define REBAKE_WATCH_RPM_REPOMD_H

#include <stdint.h>

#include "checksum.h"
#include "rebake/watch/trouble.h"

enum { RB_RPM_HREF_SIZE = 1024, RB_RPM_REVISION_SIZE = 64 };

struct rb_rpm_file {
    char href[RB_RPM_HREF_SIZE]; /* relative to the repository, without ".."; "": there is none */
    int64_t size_bytes;          /* packed; -1 when it is not said */
    int64_t open_size_bytes;     /* unpacked; likewise */
    struct rb_checksum checksum; /* of the packed file */
    struct rb_checksum open_checksum; /* of the unpacked one; may be none */
};

struct rb_rpm_repomd {
    char revision[RB_RPM_REVISION_SIZE]; /* what the publisher calls this state; may be "" */
    int64_t newest_at;                   /* of the files' timestamps; 0 when there are none */
    struct rb_rpm_file primary;
    struct rb_rpm_file updateinfo;
};

/* RB_EINVALID for what is none, has no primary or names files outside of the repository; RB_EVERIFY
   where checksums are of a kind that proves nothing; RB_ELIMIT for files that are too large. */
RB_NODISCARD int rb_rpm_repomd_parse(const char *data, size_t size, const char *what,
                                     struct rb_rpm_repomd *ret_repomd, struct rb_err *err);

/* Is a state, whose signature holds, the one that may be followed now? RB_EVERIFY when its
   revision, as a number, is below known_revision (may be NULL), or, where these say nothing, its
   newest file is older than known_newest_at (BACKWARDS); when it lies ahead of now. */
RB_NODISCARD int rb_rpm_repomd_judge(const struct rb_rpm_repomd *repomd, const char *known_revision,
                                     int64_t known_newest_at, int64_t now, const char *what,
                                     enum rb_trouble *ret_trouble, struct rb_err *err);

#endif
