/* SPDX-License-Identifier: Apache-2.0 */
#include "vex_write.h"

#include <string.h>

#include "rebake/advisory/vex.h"
#include "rebake/base/digest.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "view.h"

enum { URL_MAXIMUM = 4096 };

/* ── what both say ──────────────────────────────────────────────────────────────────────────── */

static enum rb_vex_status status_of(const json_t *finding)
{
    const char *verdict = rb_json_get_string(finding, "verdict", "");
    if (strcmp(verdict, "affected") == 0)
        return RB_VEX_AFFECTED;
    if (strcmp(verdict, "not-affected") == 0)
        return RB_VEX_NOT_AFFECTED;
    return strcmp(verdict, "outside") == 0 ? RB_VEX_FIXED : RB_VEX_UNDER_INVESTIGATION;
}

/* pkg:oci/NAME@DIGEST?repository_url=REGISTRY/NAME; the caller frees it. */
static char *product_url(const json_t *artifact)
{
    struct rb_strbuf url = RB_STRBUF_INIT(URL_MAXIMUM);
    const char *reference = rb_json_get_string(artifact, "reference", "");
    const char *slash = strrchr(reference, '/');
    const char *digest = rb_json_get_string(artifact, "digest", "");
    rb_strbuf_printf(&url, "pkg:oci/%s@", slash == NULL ? reference : slash + 1);
    for (const char *at = digest; *at != '\0'; at++)
        rb_strbuf_puts(&url, *at == ':' ? "%3A" : (char[]){*at, '\0'});
    rb_strbuf_puts(&url, "?repository_url=");
    for (const char *at = reference; *at != '\0'; at++)
        rb_strbuf_puts(&url, *at == ':' ? "%3A" : (char[]){*at, '\0'});
    return rb_strbuf_steal(&url);
}

static const char *package_url(const json_t *finding)
{
    return rb_json_get_string(json_object_get(finding, "package"), "purl", "");
}

/* What is to be done about it; the caller frees it. */
static char *action_of(const json_t *finding)
{
    const json_t *package = json_object_get(finding, "package");
    const json_t *available = json_array_get(json_object_get(finding, "available"), 0);
    const char *name = rb_json_get_string(package, "name", "?");
    const char *fixed = rb_json_get_string(finding, "fixedVersion", NULL);
    const char *said = rb_json_get_string(json_object_get(finding, "vex"), "action", NULL);
    if (said != NULL)
        return rb_strdup(said);
    if (available != NULL)
        return rb_asprintf("update %s to %s of %s", name,
                           rb_json_get_string(available, "version", "?"),
                           rb_json_get_string(available, "source", "?"));
    return fixed == NULL ? rb_strdup("no fix is known yet")
                         : rb_asprintf("update %s to %s once a repository that is watched has it",
                                       name, fixed);
}

/* Why it is not affected where nobody has said so: a feed knows. The caller frees it. */
static char *impact_of(const json_t *finding)
{
    const json_t *vex = json_object_get(finding, "vex");
    const json_t *match = json_array_get(json_object_get(finding, "matches"), 0);
    const char *impact = rb_json_get_string(vex, "impact", NULL);
    const char *reason = rb_json_get_string(vex, "justification", NULL);
    if (impact != NULL || reason != NULL)
        return rb_strdup(impact != NULL ? impact : reason);
    return rb_asprintf("%s says so of %s", rb_json_get_string(match, "feed", "?"),
                       rb_json_get_string(match, "ecosystem", "?"));
}

static const json_t *find_artifact(const json_t *answer, const json_t *id)
{
    size_t i;
    const json_t *artifact;
    json_array_foreach(json_object_get(answer, "artifacts"), i, artifact)
    {
        if (json_equal(json_object_get(artifact, "id"), id))
            return artifact;
    }
    return NULL;
}

/* ── OpenVEX ────────────────────────────────────────────────────────────────────────────────── */

static bool is_justification(const char *word)
{
    static const char *const WORDS[] = {"component_not_present", "vulnerable_code_not_present",
                                        "vulnerable_code_not_in_execute_path",
                                        "vulnerable_code_cannot_be_controlled_by_adversary",
                                        "inline_mitigations_already_exist"};
    for (size_t i = 0; i < RB_COUNT_OF(WORDS); i++) {
        if (rb_text_equal(word, WORDS[i]))
            return true;
    }
    return false;
}

static json_t *vulnerability_of(const json_t *finding)
{
    json_t *json = rb_json_object(), *aliases = rb_json_array();
    const char *id = rb_json_get_string(finding, "id", "?");
    size_t i;
    const json_t *name;
    rb_json_set_string(json, "name", id);
    json_array_foreach(json_object_get(finding, "names"), i, name)
    {
        if (!rb_text_equal(json_string_value(name), id))
            rb_json_append_string(aliases, json_string_value(name));
    }
    if (json_array_size(aliases) > 0)
        rb_json_set(json, "aliases", aliases);
    else
        json_decref(aliases);
    return json;
}

static json_t *products_of(const json_t *answer, const json_t *finding)
{
    json_t *products = rb_json_array();
    size_t i;
    const json_t *id;
    json_array_foreach(json_object_get(finding, "artifacts"), i, id)
    {
        RB_CLEANUP_FREE char *url = product_url(find_artifact(answer, id));
        json_t *product = rb_json_object(), *parts = rb_json_array(), *part = rb_json_object();
        rb_json_set_string(part, "@id", package_url(finding));
        rb_json_append(parts, part);
        rb_json_set_string(product, "@id", url);
        rb_json_set(product, "subcomponents", parts);
        rb_json_append(products, product);
    }
    return products;
}

static json_t *statement_of(const json_t *answer, const json_t *finding)
{
    enum rb_vex_status status = status_of(finding);
    const char *justification =
        rb_json_get_string(json_object_get(finding, "vex"), "justification", NULL);
    json_t *json = rb_json_object();
    rb_json_set(json, "vulnerability", vulnerability_of(finding));
    rb_json_set(json, "products", products_of(answer, finding));
    rb_json_set_string(json, "status", rb_vex_status_name(status));
    if (status == RB_VEX_NOT_AFFECTED && is_justification(justification)) {
        rb_json_set_string(json, "justification", justification);
    } else if (status == RB_VEX_NOT_AFFECTED) {
        RB_CLEANUP_FREE char *impact = impact_of(finding);
        rb_json_set_string(json, "impact_statement", impact);
    } else if (status == RB_VEX_AFFECTED) {
        RB_CLEANUP_FREE char *action = action_of(finding);
        rb_json_set_string(json, "action_statement", action);
    }
    return json;
}

json_t *rb_vex_to_openvex(const json_t *answer)
{
    json_t *json = rb_json_object(), *statements = rb_json_array();
    char hex[RB_SHA256_HEX_SIZE];
    size_t i;
    const json_t *finding;
    json_array_foreach(json_object_get(answer, "findings"), i, finding)
        rb_json_append(statements, statement_of(answer, finding));
    RB_CLEANUP_FREE char *text = rb_json_canonical(statements);
    RB_CLEANUP_FREE char *id =
        rb_asprintf("urn:rebake:vex:%s", rb_sha256_of(text, strlen(text), hex));
    rb_json_set_string(json, "@context", "https://openvex.dev/ns/v0.2.0");
    rb_json_set_string(json, "@id", id);
    rb_json_set_string(json, "author", "rebake");
    rb_json_set_string(json, "timestamp", rb_json_get_string(answer, "now", ""));
    rb_json_set_integer(json, "version", 1);
    rb_json_set(json, "statements", statements);
    return json;
}

/* ── CycloneDX ──────────────────────────────────────────────────────────────────────────────── */

static const json_t *newest_artifact(const json_t *answer)
{
    const json_t *artifacts = json_object_get(answer, "artifacts"), *artifact;
    size_t i;
    json_array_foreach(artifacts, i, artifact)
    {
        if (rb_json_get_bool(artifact, "newest", false))
            return artifact;
    }
    return json_array_get(artifacts, 0);
}

static json_t *component_of(const char *type, const char *name, const char *version,
                            const char *url)
{
    json_t *json = rb_json_object();
    rb_json_set_string(json, "type", type);
    rb_json_set_string(json, "bom-ref", url);
    rb_json_set_string(json, "name", name);
    rb_json_set_string(json, "version", version);
    rb_json_set_string(json, "purl", url);
    return json;
}

/* CycloneDX's own words, where it has one. */
static const char *cyclonedx_justification(const json_t *finding)
{
    static const char *const WORDS[][2] = {
        {"component_not_present", "code_not_present"},
        {"vulnerable_code_not_present", "code_not_present"},
        {"vulnerable_code_not_in_execute_path", "code_not_reachable"},
        {"inline_mitigations_already_exist", "protected_by_mitigating_control"},
    };
    const char *word = rb_json_get_string(json_object_get(finding, "vex"), "justification", NULL);
    for (size_t i = 0; i < RB_COUNT_OF(WORDS); i++) {
        if (rb_text_equal(word, WORDS[i][0]))
            return WORDS[i][1];
    }
    return NULL;
}

static json_t *analysis_of(const json_t *finding)
{
    static const char *const STATES[] = {
        [RB_VEX_NOT_AFFECTED] = "not_affected",
        [RB_VEX_AFFECTED] = "exploitable",
        [RB_VEX_FIXED] = "resolved",
        [RB_VEX_UNDER_INVESTIGATION] = "in_triage",
    };
    enum rb_vex_status status = status_of(finding);
    json_t *json = rb_json_object();
    rb_json_set_string(json, "state", STATES[status]);
    if (status == RB_VEX_NOT_AFFECTED) {
        RB_CLEANUP_FREE char *impact = impact_of(finding);
        const char *justification = cyclonedx_justification(finding);
        if (justification != NULL)
            rb_json_set_string(json, "justification", justification);
        rb_json_set_string(json, "detail", impact);
    }
    return json;
}

static json_t *ratings_of(const json_t *finding)
{
    json_t *ratings = rb_json_array();
    size_t i;
    const json_t *severity;
    json_array_foreach(json_object_get(finding, "severities"), i, severity)
    {
        const json_t *score = json_object_get(severity, "score");
        if (!json_is_real(score))
            continue;
        json_t *rating = rb_json_object();
        rb_json_set(rating, "score", json_copy((json_t *)(uintptr_t)score));
        rb_json_set_string(rating, "severity", rb_json_get_string(severity, "band", "unknown"));
        rb_json_set_string(rating, "vector", rb_json_get_string(severity, "text", ""));
        rb_json_append(ratings, rating);
    }
    return ratings;
}

static json_t *vulnerability_json(const json_t *finding)
{
    json_t *json = rb_json_object(), *affects = rb_json_array(), *affected = rb_json_object();
    RB_CLEANUP_FREE char *action = action_of(finding);
    rb_json_set_string(affected, "ref", package_url(finding));
    rb_json_append(affects, affected);
    rb_json_set_string(json, "id", rb_json_get_string(finding, "id", "?"));
    rb_json_set(json, "ratings", ratings_of(finding));
    if (status_of(finding) == RB_VEX_AFFECTED)
        rb_json_set_string(json, "recommendation", action);
    rb_json_set(json, "analysis", analysis_of(finding));
    rb_json_set(json, "affects", affects);
    return json;
}

static bool is_in(const json_t *finding, const json_t *artifact)
{
    size_t i;
    const json_t *id;
    json_array_foreach(json_object_get(finding, "artifacts"), i, id)
    {
        if (json_equal(id, json_object_get(artifact, "id")))
            return true;
    }
    return false;
}

static void add_finding(const json_t *finding, json_t *components, json_t *vulnerabilities)
{
    const json_t *package = json_object_get(finding, "package");
    const char *url = package_url(finding);
    size_t i;
    const json_t *component;
    rb_json_append(vulnerabilities, vulnerability_json(finding));
    json_array_foreach(components, i, component)
    {
        if (strcmp(rb_json_get_string(component, "bom-ref", ""), url) == 0)
            return;
    }
    rb_json_append(components, component_of("library", rb_json_get_string(package, "name", "?"),
                                            rb_json_get_string(package, "version", "?"), url));
}

json_t *rb_vex_to_cyclonedx(const json_t *answer)
{
    json_t *json = rb_json_object(), *metadata = rb_json_object();
    json_t *components = rb_json_array(), *vulnerabilities = rb_json_array();
    const json_t *artifact = newest_artifact(answer), *finding;
    RB_CLEANUP_FREE char *url = product_url(artifact);
    size_t i;
    json_array_foreach(json_object_get(answer, "findings"), i, finding)
    {
        if (is_in(finding, artifact))
            add_finding(finding, components, vulnerabilities);
    }
    rb_json_set_string(metadata, "timestamp", rb_json_get_string(answer, "now", ""));
    rb_json_set(metadata, "component",
                component_of("container", rb_json_get_string(artifact, "reference", "?"),
                             rb_json_get_string(artifact, "digest", "?"), url));
    rb_json_set_string(json, "bomFormat", "CycloneDX");
    rb_json_set_string(json, "specVersion", "1.6");
    rb_json_set_integer(json, "version", 1);
    rb_json_set(json, "metadata", metadata);
    rb_json_set(json, "components", components);
    rb_json_set(json, "vulnerabilities", vulnerabilities);
    return json;
}
