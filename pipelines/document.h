/* SPDX-License-Identifier: Apache-2.0 */
/* What all files of the language have in common: one YAML document whose root is a mapping. */
#ifndef PIPELINES_DOCUMENT_H
#define PIPELINES_DOCUMENT_H

#include "decode.h"

/* The root of the document, or NULL when it is not to be read: that is reported. what: "a
   pipeline". */
const struct rb_node *rb_document_root(const struct rb_decode *decode, const char *data,
                                       size_t size, const char *what);

/* 0 when nothing was reported, else RB_EINVALID with a summary: "shop.yaml: 3 errors". */
RB_NODISCARD int rb_document_verdict(const struct rb_report *report, struct rb_err *err);

#endif
