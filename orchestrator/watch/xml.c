/* SPDX-License-Identifier: Apache-2.0 */
#define XML_DTD 1 /* of expat's guard against amplification the declarations depend on it */

#include "xml.h"

#include <expat.h>
#include <limits.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"

enum { DEPTH_MAXIMUM = 64, TEXT_MAXIMUM = 64 << 10, PIECE_MAXIMUM = 1 << 20 };
/* What comes out may be so many times what went in. No document that we read has entities. */
static const float AMPLIFICATION_MAXIMUM = 4;

struct rb_xml {
    XML_Parser parser;
    const struct rb_xml_handler *handler;
    void *context;
    size_t depth;
    struct rb_strbuf text; /* of the element at hand, since it or its last child */
    int status;            /* of the first failure, with err */
    struct rb_err err;
};

static const char *local_name(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon != NULL ? colon + 1 : name;
}

static void stop(struct rb_xml *xml, int status)
{
    xml->status = status;
    (void)XML_StopParser(xml->parser, XML_FALSE);
}

static void XMLCALL on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct rb_xml *xml = context;
    struct rb_xml_element element = {.name = local_name(name),
                                     .attributes = (const char *const *)attributes};
    if (xml->status != 0)
        return;
    if (xml->depth == DEPTH_MAXIMUM) {
        stop(xml, rb_err_set(&xml->err, RB_ELIMIT, "more than %d elements within each other",
                             DEPTH_MAXIMUM));
        return;
    }
    element.depth = ++xml->depth;
    rb_strbuf_clear(&xml->text);
    int status = xml->handler->start(xml->context, &element, &xml->err);
    if (status != 0)
        stop(xml, status);
}

/* NULL for a text that was too long to be kept. */
static const char *trimmed(struct rb_strbuf *text)
{
    static const char blanks[] = " \t\r\n";
    if (text->overflowed)
        return NULL;
    while (text->size > 0 && strchr(blanks, text->data[text->size - 1]) != NULL)
        text->data[--text->size] = '\0';
    const char *start = rb_strbuf_text(text);
    return start + strspn(start, blanks);
}

static void XMLCALL on_end(void *context, const XML_Char *name)
{
    static const char *const NO_ATTRIBUTES[] = {NULL};
    struct rb_xml *xml = context;
    struct rb_xml_element element = {
        .name = local_name(name), .attributes = NO_ATTRIBUTES, .depth = xml->depth};
    if (xml->status != 0)
        return;
    int status = xml->handler->end(xml->context, &element, trimmed(&xml->text), &xml->err);
    xml->depth--;
    rb_strbuf_clear(&xml->text);
    if (status != 0)
        stop(xml, status);
}

static void XMLCALL on_text(void *context, const XML_Char *text, int size)
{
    struct rb_xml *xml = context;
    if (xml->status == 0)
        (void)rb_strbuf_append(&xml->text, text, (size_t)size);
}

static void XMLCALL on_document_type(void *context, const XML_Char *name, const XML_Char *system,
                                     const XML_Char *public, int has_internal_subset)
{
    struct rb_xml *xml = context;
    (void)name;
    (void)system;
    (void)public;
    (void)has_internal_subset;
    if (xml->status == 0)
        stop(xml, rb_err_set(&xml->err, RB_EINVALID, "it has a document type, which is refused"));
}

struct rb_xml *rb_xml_new(const struct rb_xml_handler *handler, void *context)
{
    struct rb_xml *xml = rb_zalloc(sizeof(*xml));
    xml->parser = XML_ParserCreate(NULL);
    RB_ASSERT(xml->parser != NULL);
    xml->handler = handler;
    xml->context = context;
    xml->text = RB_STRBUF_INIT(TEXT_MAXIMUM);
    XML_SetUserData(xml->parser, xml);
    XML_SetElementHandler(xml->parser, on_start, on_end);
    XML_SetCharacterDataHandler(xml->parser, on_text);
    XML_SetStartDoctypeDeclHandler(xml->parser, on_document_type);
    (void)XML_SetBillionLaughsAttackProtectionMaximumAmplification(xml->parser,
                                                                   AMPLIFICATION_MAXIMUM);
    return xml;
}

void rb_xml_free(struct rb_xml *xml)
{
    if (xml == NULL)
        return;
    XML_ParserFree(xml->parser);
    rb_strbuf_deinit(&xml->text);
    rb_free(xml);
}

static int parse(struct rb_xml *xml, const void *data, size_t size, bool is_last,
                 struct rb_err *err)
{
    if (xml->status == 0 && XML_Parse(xml->parser, data, (int)size, is_last) != XML_STATUS_OK &&
        xml->status == 0) {
        enum XML_Error error = XML_GetErrorCode(xml->parser);
        RB_ASSERT(error != XML_ERROR_NO_MEMORY);
        xml->status = rb_err_set(&xml->err, RB_EINVALID, "%s", XML_ErrorString(error));
    }
    if (xml->status == 0)
        return 0;
    rb_err_copy(err, &xml->err);
    (void)rb_err_wrap(err, "line %lu", (unsigned long)XML_GetCurrentLineNumber(xml->parser));
    return xml->status;
}

int rb_xml_feed(struct rb_xml *xml, const void *data, size_t size, struct rb_err *err)
{
    const char *at = data;
    int status = 0;
    while (size > 0 && status == 0) {
        size_t piece = size < PIECE_MAXIMUM ? size : PIECE_MAXIMUM;
        status = parse(xml, at, piece, false, err);
        at += piece;
        size -= piece;
    }
    return status;
}

int rb_xml_end(struct rb_xml *xml, struct rb_err *err)
{
    return parse(xml, "", 0, true, err);
}

int rb_xml_read(const void *data, size_t size, const struct rb_xml_handler *handler, void *context,
                const char *what, struct rb_err *err)
{
    struct rb_xml *xml = rb_xml_new(handler, context);
    int status = rb_xml_feed(xml, data, size, err);
    if (status == 0)
        status = rb_xml_end(xml, err);
    rb_xml_free(xml);
    if (status != 0)
        (void)rb_err_wrap(err, "%s", what);
    return status;
}

const char *rb_xml_attribute(const struct rb_xml_element *element, const char *name)
{
    for (const char *const *at = element->attributes; at[0] != NULL; at += 2) {
        if (strcmp(at[0], name) == 0)
            return at[1];
    }
    return NULL;
}
