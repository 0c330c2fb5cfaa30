/* SPDX-License-Identifier: Apache-2.0 */
/* From downloaded files of an rpm repository to what is kept of its state. All of it takes its
   time: for the pool. */
#ifndef REBAKE_WATCH_RPM_STATE_H
#define REBAKE_WATCH_RPM_STATE_H

#include "rebake/base/strbuf.h"
#include "rebake/pipelines/source.h"
#include "rpm_repomd.h"

#define RB_RPM_REPOMD     "repomd.xml"
#define RB_RPM_REPOMD_ASC "repomd.xml.asc"
enum { RB_RPM_REPOMD_MAXIMUM = 4 << 20, RB_RPM_SIGNATURE_MAXIMUM = 1 << 20 };

/* Where what the source's checks keep is; the caller frees it. */
char *rb_rpm_kept_folder(const char *cache_folder, const struct rb_rpm_source *source);

/* Keeps repomd.xml with its signature (NULL: unsigned) as they were served, under the hash of the
   first, of the newest 16 states. */
RB_NODISCARD int rb_rpm_keep_repomd(const char *folder, const char *hash, const char *repomd,
                                    size_t repomd_size, const char *signature,
                                    size_t signature_size, struct rb_err *err);

/* Each of these checks a downloaded file against repomd.xml, packed and unpacked, reads it, and
   writes what is kept. what names the file in errors. RB_EVERIFY for a checksum or a size that does
   not hold.
 */
RB_NODISCARD int rb_rpm_keep_primary(const struct rb_rpm_file *file, const struct rb_strbuf *body,
                                     const char *const *architectures, const char *path,
                                     const char *what, size_t *ret_offers, struct rb_err *err);
RB_NODISCARD int rb_rpm_keep_updateinfo(const struct rb_rpm_file *file,
                                        const struct rb_strbuf *body, const char *path,
                                        const char *what, size_t *ret_advisories,
                                        struct rb_err *err);

#endif
