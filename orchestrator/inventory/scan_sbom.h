/* SPDX-License-Identifier: Apache-2.0 */
/* What is inside an image by the word of a document, and not by a look into it. */
#ifndef ORCHESTRATOR_INVENTORY_SCAN_SBOM_H
#define ORCHESTRATOR_INVENTORY_SCAN_SBOM_H

#include "rebake/inventory/scan.h"

/* A file. */
RB_NODISCARD int scan_sbom_file(const char *path, struct rb_scan *scan, struct rb_err *err);

/* What is attached to an image in a registry: among its referrers (OCI distribution-spec v1.1,
   "Listing Referrers", with the fallback to a tag), or under the tag that cosign attaches to.
   RB_ENOTFOUND when there is none. */
RB_NODISCARD int scan_attached_sbom(struct rb_net_session *session, const char *reference,
                                    struct rb_scan *scan, struct rb_err *err);

#endif
