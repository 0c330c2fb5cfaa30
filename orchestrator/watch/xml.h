/* SPDX-License-Identifier: Apache-2.0 */
/* XML from outside, read piece by piece: elements as they begin and end, never a tree. A document
   type, and with it every entity of its own, is refused. */
#ifndef REBAKE_WATCH_XML_H
#define REBAKE_WATCH_XML_H

#include <stddef.h>

#include "rebake/base/err.h"

struct rb_xml_element {
    const char *name;              /* without the prefix of its namespace */
    const char *const *attributes; /* name, value, …, NULL; of one that ends: none */
    size_t depth;                  /* 1 for the document's own */
};

/* A failure ends the reading and is returned by feed or end. */
struct rb_xml_handler {
    int (*start)(void *context, const struct rb_xml_element *element, struct rb_err *err);
    /* text: of an element that holds no others, without white space around it; NULL when it is
       longer than 64 KiB. */
    int (*end)(void *context, const struct rb_xml_element *element, const char *text,
               struct rb_err *err);
};

struct rb_xml;
struct rb_xml *rb_xml_new(const struct rb_xml_handler *handler, void *context);
void rb_xml_free(struct rb_xml *xml); /* NULL is allowed */
/* RB_EINVALID for what is no XML, RB_ELIMIT for elements within elements past 64. */
RB_NODISCARD int rb_xml_feed(struct rb_xml *xml, const void *data, size_t size, struct rb_err *err);
RB_NODISCARD int rb_xml_end(struct rb_xml *xml, struct rb_err *err);
/* A whole document at once; what names it in errors. */
RB_NODISCARD int rb_xml_read(const void *data, size_t size, const struct rb_xml_handler *handler,
                             void *context, const char *what, struct rb_err *err);

/* The value of an attribute, or NULL. */
const char *rb_xml_attribute(const struct rb_xml_element *element, const char *name);

#endif
