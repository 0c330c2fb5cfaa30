/* SPDX-License-Identifier: Apache-2.0 */
/* What others have written down to be inside an image: CycloneDX 1.2 to 1.6 and SPDX 2.2 and 2.3,
   as JSON. Packages are known by their package URLs. */
#ifndef ORCHESTRATOR_INVENTORY_SBOM_H
#define ORCHESTRATOR_INVENTORY_SBOM_H

#include "rebake/inventory/package.h"

enum { SBOM_MAXIMUM = 256 * 1024 * 1024 /* bytes of a document */ };

/* Who wrote a document, and what of it says nothing here. */
struct sbom_origin {
    char *words;     /* "CycloneDX 1.5 by syft 1.0"; the caller frees it */
    size_t left_out; /* packages without a URL of a type that inventories have */
};

/* Appends the packages to the inventory, which has no distribution yet. RB_EINVALID for what is
   neither. */
RB_NODISCARD int sbom_read(const char *data, size_t size, const char *what,
                           struct rb_inventory *inventory, struct sbom_origin *ret_origin,
                           struct rb_err *err);

/* ── for the readers of both formats ────────────────────────────────────────────────────────── */

/* A package that a document tells of; texts are NULL where it does not. */
struct sbom_package {
    const char *purl;
    const char *source_name;
    const char *source_version;
    const char *module;
    const char *path;
};

struct sbom_reader {
    struct rb_inventory *inventory;
    struct sbom_origin *origin;
    size_t packages;
};

void sbom_add(struct sbom_reader *reader, const struct sbom_package *told);
void sbom_set_distribution(struct sbom_reader *reader, const char *id, const char *version,
                           const char *pretty_name);

RB_NODISCARD int sbom_read_cyclonedx(struct sbom_reader *reader, const json_t *document,
                                     const char *what, struct rb_err *err);
RB_NODISCARD int sbom_read_spdx(struct sbom_reader *reader, const json_t *document,
                                const char *what, struct rb_err *err);

#endif
