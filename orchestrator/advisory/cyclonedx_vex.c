/* SPDX-License-Identifier: Apache-2.0 */
/* In CycloneDX a vulnerability affects components by their references; what the document describes
   is the product, and its components are parts of it. */
#include <string.h>

#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "vex_parts.h"

static const struct {
    const char *state;
    enum rb_vex_status status;
} STATES[] = {
    {"resolved", RB_VEX_FIXED},
    {"resolved_with_pedigree", RB_VEX_FIXED},
    {"exploitable", RB_VEX_AFFECTED},
    {"in_triage", RB_VEX_UNDER_INVESTIGATION},
    {"false_positive", RB_VEX_NOT_AFFECTED},
    {"not_affected", RB_VEX_NOT_AFFECTED},
};

/* Where both have a word for it. */
static const char *const JUSTIFICATIONS[][2] = {
    {"code_not_present", "vulnerable_code_not_present"},
    {"code_not_reachable", "vulnerable_code_not_in_execute_path"},
    {"protected_by_mitigating_control", "inline_mitigations_already_exist"},
    {"protected_at_runtime", "inline_mitigations_already_exist"},
    {"protected_at_perimeter", "inline_mitigations_already_exist"},
    {"protected_by_compiler", "vulnerable_code_cannot_be_controlled_by_adversary"},
};

static bool find_status(const char *state, enum rb_vex_status *ret_status)
{
    for (size_t i = 0; i < RB_COUNT_OF(STATES); i++) {
        if (rb_text_equal(state, STATES[i].state)) {
            *ret_status = STATES[i].status;
            return true;
        }
    }
    return false;
}

static const char *justification_of(const struct vex_reader *reader, const json_t *analysis)
{
    const char *word = vex_text(reader, analysis, "justification");
    for (size_t i = 0; i < RB_COUNT_OF(JUSTIFICATIONS); i++) {
        if (strcmp(word, JUSTIFICATIONS[i][0]) == 0)
            return JUSTIFICATIONS[i][1];
    }
    return word;
}

static void add_component(struct rb_arena *arena, const json_t *component, struct vex_texts *names)
{
    size_t i;
    const json_t *hash;
    vex_add_text(arena, names, rb_json_get_string(component, "purl", ""));
    vex_add_text(arena, names, rb_json_get_string(component, "name", ""));
    vex_add_text(arena, names, rb_json_get_string(component, "version", ""));
    json_array_foreach(json_object_get(component, "hashes"), i, hash)
    {
        RB_CLEANUP_FREE char *digest =
            rb_text_equal(rb_json_get_string(hash, "alg", NULL), "SHA-256")
                ? rb_asprintf("sha256:%s", rb_json_get_string(hash, "content", ""))
                : NULL;
        vex_add_text(arena, names, digest);
    }
}

static const json_t *find_component(const json_t *document, const char *reference)
{
    size_t i;
    const json_t *component;
    json_array_foreach(json_object_get(document, "components"), i, component)
    {
        if (rb_text_equal(rb_json_get_string(component, "bom-ref", NULL), reference))
            return component;
    }
    return NULL;
}

/* A BOM-Link (urn:cdx:SERIAL/VERSION#REFERENCE) leads to another document, whose reference is
   mostly a package URL. */
static const char *last_part(const char *reference)
{
    const char *hash = strchr(reference, '#');
    return rb_text_starts_with(reference, "urn:cdx:") && hash != NULL ? hash + 1 : reference;
}

static struct rb_vex_product product_of(const struct vex_reader *reader, const json_t *document,
                                        const char *reference)
{
    struct rb_arena *arena = reader->vex->arena;
    const json_t *subject = json_object_get(json_object_get(document, "metadata"), "component");
    const json_t *component = find_component(document, reference);
    struct vex_texts names = {0}, parts = {0};
    bool is_subject = rb_text_equal(rb_json_get_string(subject, "bom-ref", NULL), reference);
    struct vex_texts *into = subject == NULL || is_subject ? &names : &parts;
    if (subject != NULL)
        add_component(arena, subject, &names);
    if (component != NULL)
        vex_add_text(arena, into, rb_json_get_string(component, "purl", ""));
    else if (!is_subject)
        vex_add_text(arena, into, last_part(reference));
    return (struct rb_vex_product){vex_texts(arena, &names), vex_texts(arena, &parts)};
}

static const char *const *read_vulnerabilities(const struct vex_reader *reader, const json_t *json)
{
    struct rb_arena *arena = reader->vex->arena;
    struct vex_texts names = {0};
    size_t i;
    const json_t *reference;
    vex_add_text(arena, &names, rb_json_get_string(json, "id", ""));
    json_array_foreach(json_object_get(json, "references"), i, reference)
        vex_add_text(arena, &names, rb_json_get_string(reference, "id", ""));
    return vex_texts(arena, &names);
}

static int read_vulnerability(struct vex_reader *reader, const json_t *document,
                              const json_t *vulnerability, struct rb_err *err)
{
    static const char *const TIMES[] = {"lastUpdated", "firstIssued"};
    const json_t *analysis = json_object_get(vulnerability, "analysis");
    const json_t *affects = json_object_get(vulnerability, "affects"), *item;
    if (analysis == NULL) /* it is listed, and nothing is said of it */
        return 0;
    struct rb_vex_statement statement = {
        .vulnerabilities = read_vulnerabilities(reader, vulnerability),
        .justification = justification_of(reader, analysis),
        .impact = vex_text(reader, analysis, "detail"),
        .action = vex_text(reader, vulnerability, "recommendation"),
    };
    if (!find_status(rb_json_get_string(analysis, "state", NULL), &statement.status))
        return vex_wrong(reader, "has a state that CycloneDX has not", err);
    if (statement.status == RB_VEX_NOT_AFFECTED && *statement.impact == '\0' &&
        rb_text_equal(rb_json_get_string(analysis, "state", NULL), "false_positive"))
        statement.impact = "false positive";
    for (size_t i = 0; i < RB_COUNT_OF(TIMES) && statement.at == 0; i++) {
        const char *text = rb_json_get_string(analysis, TIMES[i], NULL);
        if (text != NULL && rb_time_parse(text, &statement.at, NULL) != 0)
            return vex_wrong(reader, "has a time that is none", err);
    }
    struct rb_vex_product *products =
        rb_arena_array(reader->vex->arena, json_array_size(affects) + 1, sizeof(*products));
    size_t i;
    json_array_foreach(affects, i, item) products[i] =
        product_of(reader, document, rb_json_get_string(item, "ref", ""));
    statement.products = products;
    statement.product_count = json_array_size(affects);
    return vex_add_statement(reader, &statement, err);
}

int cyclonedx_vex_read(struct vex_reader *reader, const json_t *document, struct rb_err *err)
{
    const json_t *list = json_object_get(document, "vulnerabilities"), *vulnerability;
    const json_t *metadata = json_object_get(document, "metadata");
    size_t i;
    int status = 0;
    reader->vex->document = vex_text(reader, document, "serialNumber");
    reader->vex->author =
        vex_text(reader, json_array_get(json_object_get(metadata, "authors"), 0), "name");
    if (list != NULL && !json_is_array(list))
        return rb_err_set(err, RB_EINVALID, "%s: \"vulnerabilities\" is no list", reader->what);
    json_array_foreach(list, i, vulnerability)
    {
        status = read_vulnerability(reader, document, vulnerability, err);
        if (status != 0)
            break;
    }
    return status;
}
