/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a registry tells of one package:
 *
 *   pypi  the JSON form of the simple API (PEP 691, with PEP 592's yanked files and PEP 700's
 * times); a version is there as long as one of its files is, and files name it (PyPA, "Binary
 *         distribution format" and "Source distribution format")
 *   npm   the abbreviated metadata (npm registry, docs/responses/package-metadata.md): what is not
 *         deprecated, and no newer than what the tag "latest" names
 */
#ifndef ORCHESTRATOR_WATCH_LANGUAGE_DOCUMENT_H
#define ORCHESTRATOR_WATCH_LANGUAGE_DOCUMENT_H

#include "rebake/base/json.h"
#include "rebake/pipelines/source.h"

enum { RB_LANGUAGE_DOCUMENT_MAXIMUM = 64 << 20 };

/* How a kind of registry is asked. */
struct rb_language_protocol {
    const char *accept; /* the media type that is asked for */
    const struct rb_version_order *order;
    bool ends_with_slash; /* the path of a package does */
};

const struct rb_language_protocol *rb_language_protocol(enum rb_source_kind kind);

/* The address of a package below the registry's; the caller frees it. */
char *rb_language_url(enum rb_source_kind kind, const char *registry, const char *package);

/* The name by which the package is told: of Python's the normalized one. The caller frees it. */
char *rb_language_name(enum rb_source_kind kind, const char *package);

/* Fills *ret_versions with an array of versions, oldest first, each once, that the caller drops;
   *ret_newest_at with when upstream last published, 0 where it does not tell. what names the
   document in errors. RB_EINVALID for what is none of the format. */
RB_NODISCARD int rb_language_read(enum rb_source_kind kind, const char *data, size_t size,
                                  const char *what, json_t **ret_versions, int64_t *ret_newest_at,
                                  struct rb_err *err);

#endif
