/* SPDX-License-Identifier: Apache-2.0 */
/* From downloaded files of an rpm repository to what is kept of its state. All of it takes its
   time: for the pool. */
#ifndef REBAKE_WATCH_RPM_STATE_H
#define REBAKE_WATCH_RPM_STATE_H

#include "rebake/base/strbuf.h"
#include "rpm_repomd.h"

/* Each checks a downloaded file against repomd.xml, packed and unpacked, reads it, and writes what
   is kept. what names the file in errors. RB_EVERIFY for a checksum or a size that does not hold.
 */
RB_NODISCARD int rb_rpm_keep_primary(const struct rb_rpm_file *file, const struct rb_strbuf *body,
                                     const char *const *architectures, const char *path,
                                     const char *what, size_t *ret_offers, struct rb_err *err);
RB_NODISCARD int rb_rpm_keep_updateinfo(const struct rb_rpm_file *file,
                                        const struct rb_strbuf *body, const char *path,
                                        const char *what, size_t *ret_advisories,
                                        struct rb_err *err);

#endif
