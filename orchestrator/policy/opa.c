/* SPDX-License-Identifier: Apache-2.0 */
#include "opa.h"

#include <stdio.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { PACKAGE_DEPTH = 1, DECISION_DEPTH = 2, SEGMENTS_MAXIMUM = 16, INDENT = 2 };

static const char *const DECISION_PATH[DECISION_DEPTH] = {"rebake", "decision"};

/* A document's path in its parts. */
struct segments {
    size_t count; /* SEGMENTS_MAXIMUM + 1: deeper than any that there is */
    struct {
        const char *text;
        size_t size;
    } items[SEGMENTS_MAXIMUM];
};

bool opa_path(const char *path, const char **ret_document, unsigned *ret_flags)
{
    static const char V0[] = "/v0/data", V1[] = "/v1/data";
    bool is_v0 = rb_text_starts_with(path, V0);
    if (!is_v0 && !rb_text_starts_with(path, V1))
        return false;
    path += sizeof(V1) - 1;
    if (*path != '\0' && *path != '/')
        return false;
    *ret_document = path;
    *ret_flags = is_v0 ? OPA_BARE_INPUT | OPA_BARE_RESULT : 0;
    return true;
}

static struct segments split(const char *document)
{
    struct segments segments = {0};
    while (*document != '\0') {
        size_t size = strcspn(document, "/");
        if (size > 0 && segments.count == SEGMENTS_MAXIMUM) {
            segments.count++;
            break;
        }
        if (size > 0) {
            segments.items[segments.count].text = document;
            segments.items[segments.count++].size = size;
        }
        document += size;
        if (*document == '/')
            document++;
    }
    return segments;
}

static bool is_segment(const struct segments *segments, size_t index, const char *name)
{
    return segments->items[index].size == strlen(name) &&
           memcmp(segments->items[index].text, name, strlen(name)) == 0;
}

/* Does the path lead to the decision, or through it, or end above it? */
static bool meets_decision(const struct segments *segments)
{
    for (size_t i = 0; i < segments->count && i < DECISION_DEPTH; i++) {
        if (!is_segment(segments, i, DECISION_PATH[i]))
            return false;
    }
    return segments->count <= SEGMENTS_MAXIMUM;
}

static json_t *step_down(json_t *from, const char *segment, size_t size)
{
    RB_CLEANUP_FREE char *name = rb_strndup(segment, size);
    uint64_t index;
    if (json_is_array(from))
        return rb_text_to_u64(name, &index) ? json_array_get(from, (size_t)index) : NULL;
    return json_object_get(from, name);
}

static json_t *wrapped(const char *name, json_t *inner)
{
    json_t *object = rb_json_object();
    if (inner != NULL)
        rb_json_set(object, name, inner);
    return object;
}

/* The document that the path names, a new reference, or NULL: undefined. Takes over the decision
   (NULL: undefined); what stands above it is there all the same. */
static json_t *document_of(const struct segments *segments, json_t *decision)
{
    if (segments->count < DECISION_DEPTH)
        decision = wrapped(DECISION_PATH[PACKAGE_DEPTH], decision);
    if (segments->count < PACKAGE_DEPTH)
        decision = wrapped(DECISION_PATH[0], decision);
    json_t *at = decision;
    for (size_t i = DECISION_DEPTH; at != NULL && i < segments->count; i++)
        at = step_down(at, segments->items[i].text, segments->items[i].size);
    json_incref(at);
    json_decref(decision);
    return at;
}

/* As OPA's encoder does, with a newline at the end. */
static void set_text(struct opa_reply *reply, int status, const json_t *json, unsigned flags)
{
    size_t form = JSON_ENCODE_ANY | JSON_PRESERVE_ORDER |
                  ((flags & OPA_PRETTY) != 0 ? JSON_INDENT(INDENT) : JSON_COMPACT);
    size_t size = json_dumpb(json, NULL, 0, form);
    reply->status = status;
    reply->text = rb_alloc(size + 2);
    reply->size = json_dumpb(json, reply->text, size, form);
    RB_ASSERT(reply->size == size);
    reply->text[reply->size++] = '\n';
    reply->text[reply->size] = '\0';
}

void opa_refuse(int status, const char *code, const char *message, const char *cause_code,
                const char *cause, struct opa_reply *ret_reply)
{
    RB_CLEANUP_JSON json_t *body = rb_json_object();
    rb_json_set_string(body, "code", code);
    rb_json_set_string(body, "message", message);
    if (cause != NULL) {
        json_t *errors = rb_json_array(), *first = rb_json_object();
        rb_json_set_string(first, "code", cause_code);
        rb_json_set_string(first, "message", cause);
        rb_json_append(errors, first);
        rb_json_set(body, "errors", errors);
    }
    set_text(ret_reply, status, body, 0);
}

void opa_refuse_evaluation(const char *code, const char *cause, struct opa_reply *ret_reply)
{
    opa_refuse(500, "internal_error", "error(s) occurred while evaluating query", code, cause,
               ret_reply);
}

static void tell_document(const struct opa_question *question, const char *decision_id,
                          json_t *document, bool has_input, struct opa_reply *reply)
{
    if ((question->flags & OPA_BARE_RESULT) != 0) {
        if (document != NULL)
            set_text(reply, 200, document, question->flags);
        else
            opa_refuse(404, "undefined_document", "document(s) undefined", NULL, NULL, reply);
        json_decref(document);
        return;
    }
    RB_CLEANUP_JSON json_t *body = rb_json_object();
    rb_json_set_string(body, "decision_id", decision_id);
    if (document != NULL)
        rb_json_set(body, "result", document);
    if (!has_input) {
        json_t *warning = rb_json_object();
        rb_json_set_string(warning, "code", "api_usage_warning");
        rb_json_set_string(warning, "message", "'input' key missing from the request");
        rb_json_set(body, "warning", warning);
    }
    set_text(reply, 200, body, question->flags);
}

/* *ret_body owns *ret_input, which is NULL where none was sent. */
static int parse_input(const struct opa_question *question, json_t **ret_body,
                       const json_t **ret_input, struct rb_err *err)
{
    *ret_input = NULL;
    if (question->body_size == 0)
        return 0;
    int status =
        rb_json_parse(question->body, question->body_size, "the request's body", ret_body, err);
    if (status != 0)
        return status;
    if ((question->flags & OPA_BARE_INPUT) == 0 && !json_is_object(*ret_body))
        return rb_err_set(err, RB_EINVALID, "the request's body is not a JSON object");
    *ret_input =
        (question->flags & OPA_BARE_INPUT) != 0 ? *ret_body : json_object_get(*ret_body, "input");
    return 0;
}

void opa_answer(const struct opa_question *question, const char *decision_id, opa_decide *decide,
                void *context, struct opa_reply *ret_reply)
{
    struct segments segments = split(question->document);
    RB_CLEANUP_JSON json_t *body = NULL;
    json_t *decision = NULL, *document = NULL;
    const json_t *input;
    struct rb_err err;
    if (parse_input(question, &body, &input, &err) != 0) {
        opa_refuse(400, "invalid_parameter", err.text, NULL, NULL, ret_reply);
        return;
    }
    bool is_met = meets_decision(&segments);
    if (is_met && input != NULL) {
        int status = decide(context, input, &decision, &err);
        if (status != 0 && status != RB_ENOTFOUND) {
            opa_refuse_evaluation("eval_internal_error", err.text, ret_reply);
            return;
        }
    }
    if (is_met)
        document = document_of(&segments, decision);
    tell_document(question, decision_id, document, input != NULL, ret_reply);
}

void opa_decision_id(const unsigned char *random, char *out)
{
    static const char DIGITS[] = "0123456789abcdef";
    for (size_t i = 0; i < 16; i++) {
        unsigned char byte = random[i];
        if (i == 6)
            byte = (unsigned char)((byte & 0x0f) | 0x40); /* version 4 */
        else if (i == 8)
            byte = (unsigned char)((byte & 0x3f) | 0x80); /* of this variant */
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = DIGITS[byte >> 4];
        *out++ = DIGITS[byte & 0x0f];
    }
    *out = '\0';
}
