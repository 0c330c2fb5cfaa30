/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake exposure`: who has it, where it runs, where the fix is, and what is done about it. */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "table.h"
#include "vex_write.h"
#include "view.h"

static bool is_affected(const json_t *finding)
{
    return rb_text_equal(rb_json_get_string(finding, "verdict", NULL), "affected");
}

static size_t count_affected(const json_t *answer)
{
    size_t i, count = 0;
    const json_t *finding;
    json_array_foreach(json_object_get(answer, "findings"), i, finding) count +=
        is_affected(finding);
    return count;
}

static const char *verdict_style(const struct rb_style *style, const char *verdict)
{
    if (strcmp(verdict, "affected") == 0)
        return style->bad;
    return strcmp(verdict, "not-affected") == 0 || strcmp(verdict, "outside") == 0 ? style->good
                                                                                   : style->warn;
}

static void print_threat(const struct rb_style *style, const json_t *object)
{
    const json_t *exploited = json_object_get(object, "exploited");
    const json_t *epss = json_object_get(object, "epss");
    size_t i;
    const json_t *severity;
    json_array_foreach(json_object_get(object, "severities"), i, severity)
    {
        const char *band = rb_json_get_string(severity, "band", NULL);
        printf("  severity: ");
        if (band != NULL)
            printf("%s%s, %.1f%s by ", rb_view_severity(style, band), band,
                   json_real_value(json_object_get(severity, "score")), style->reset);
        printf("%s %s\n", rb_json_get_string(severity, "type", "?"),
               rb_json_get_string(severity, "text", "?"));
    }
    if (json_is_object(exploited))
        printf("  %sexploited%s since %s: %s%s\n", style->bad, style->reset,
               rb_json_get_string(exploited, "addedAt", "?"),
               rb_json_get_string(exploited, "name", ""),
               rb_json_get_bool(exploited, "ransomware", false) ? " (by ransomware)" : "");
    if (json_is_object(epss))
        printf("  EPSS: %.2f %% likely to be exploited within 30 days\n",
               100 * json_real_value(json_object_get(epss, "score")));
}

static void print_vulnerability(const struct rb_style *style, const json_t *vulnerability)
{
    char shown[RB_ERR_TEXT_SIZE];
    const char *summary = rb_json_get_string(vulnerability, "summary", NULL);
    const char *published = rb_json_get_string(vulnerability, "publishedAt", NULL);
    const json_t *names = json_object_get(vulnerability, "names");
    printf("%s%s%s", style->bold, rb_json_get_string(vulnerability, "id", "?"), style->reset);
    for (size_t i = 1; i < json_array_size(names); i++)
        printf("%s%s", i == 1 ? " = " : ", ", json_string_value(json_array_get(names, i)));
    printf("%s%s\n", published == NULL ? "" : ", published ", published == NULL ? "" : published);
    if (summary != NULL)
        printf("  %s\n", rb_text_printable(summary, shown, sizeof(shown)));
    print_threat(style, vulnerability);
}

static const json_t *artifact_of(const json_t *answer, const json_t *id)
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

/* "shop/production 3d ago", or where else it is. */
static char *runs_on(const json_t *artifact, int64_t now_at)
{
    const json_t *deployments = json_object_get(artifact, "deployments");
    size_t count = json_array_size(deployments);
    char when[RB_VIEW_TEXT_SIZE];
    if (count == 0)
        return rb_strdup("-");
    const json_t *first = json_array_get(deployments, 0);
    RB_CLEANUP_FREE char *more = count == 1 ? rb_strdup("") : rb_asprintf(" and %zu", count - 1);
    return rb_asprintf("%s%s, %s", rb_json_get_string(first, "name", "?"), more,
                       rb_view_when(first, "since", now_at, when));
}

/* What is done about it: the image's state, once a newer artifact has no part in it. */
static char *doing(const json_t *artifact)
{
    const char *state = rb_json_get_string(artifact, "imageState", "?");
    const char *cause = rb_json_get_string(artifact, "imageCause", "");
    RB_CLEANUP_FREE char *reasons = rb_view_reasons(json_object_get(artifact, "imageReasons"));
    const char *more = *cause != '\0' ? cause : reasons;
    const char *is_old = rb_json_get_bool(artifact, "newest", false) ? "" : "replaced; ";
    return rb_asprintf("%s%s%s%s", is_old, state, *more == '\0' ? "" : ": ", more);
}

/* "; breached 2h ago", "; due in 3h", or "". */
static char *deadline_of(const json_t *open, int64_t now_at)
{
    char when[RB_VIEW_TEXT_SIZE];
    if (rb_json_get_string(open, "deadline", NULL) == NULL)
        return rb_strdup("");
    return rb_asprintf("; %s %s", rb_json_get_bool(open, "breached", false) ? "breached" : "due",
                       rb_view_when(open, "deadline", now_at, when));
}

/* Since when the artifact is open to it, how long its patch has taken so far, and by when policy
   wants it. */
static char *time_open(const json_t *finding, const json_t *id, int64_t now_at)
{
    const json_t *open;
    size_t i;
    char when[RB_VIEW_TEXT_SIZE], span[RB_TIME_TEXT_SIZE];
    json_array_foreach(json_object_get(finding, "open"), i, open)
    {
        int64_t so_far_ms = rb_json_get_integer(open, "soFarMs", -1);
        if (!json_equal(json_object_get(open, "artifact"), id))
            continue;
        RB_CLEANUP_FREE char *deadline = deadline_of(open, now_at);
        rb_view_when(open, "since", now_at, when);
        if (so_far_ms < 0)
            return rb_asprintf("%s%s", when, deadline);
        return rb_asprintf("%s; fix for %s%s", when, rb_span_format(so_far_ms, span), deadline);
    }
    return rb_strdup("-");
}

static char *fix_of(const json_t *finding)
{
    const json_t *available = json_array_get(json_object_get(finding, "available"), 0);
    const char *fixed = rb_json_get_string(finding, "fixedVersion", NULL);
    if (fixed == NULL)
        return rb_strdup("none yet");
    if (available == NULL)
        return rb_asprintf("%s, in no watched repository", fixed);
    return rb_asprintf("%s in %s", rb_json_get_string(available, "version", "?"),
                       rb_json_get_string(available, "source", "?"));
}

/* What somebody has said counts, and is shown as theirs. */
static void add_verdict(struct rb_table *table, const struct rb_style *style, const json_t *finding)
{
    const char *verdict = rb_json_get_string(finding, "verdict", "?");
    const json_t *vex = json_object_get(finding, "vex");
    const char *why = rb_json_get_string(vex, "justification", NULL);
    if (why == NULL)
        why = rb_json_get_string(vex, "status", NULL);
    if (why != NULL)
        rb_table_addf(table, verdict_style(style, verdict), "%s (VEX: %s)", verdict, why);
    else
        rb_table_addf(table, verdict_style(style, verdict), "%s%s", verdict,
                      rb_json_get_bool(finding, "conflict", false) ? " (disputed)" : "");
}

static void add_rows(struct rb_table *table, const struct rb_style *style, const json_t *answer,
                     const json_t *finding, int64_t now_at)
{
    const json_t *package = json_object_get(finding, "package"), *id;
    RB_CLEANUP_FREE char *fix = fix_of(finding);
    size_t i;
    json_array_foreach(json_object_get(finding, "artifacts"), i, id)
    {
        const json_t *artifact = artifact_of(answer, id);
        RB_CLEANUP_FREE char *place = runs_on(artifact, now_at);
        RB_CLEANUP_FREE char *state = doing(artifact);
        RB_CLEANUP_FREE char *open = time_open(finding, id, now_at);
        add_verdict(table, style, finding);
        rb_table_add(table, style->name, rb_json_get_string(finding, "id", NULL));
        rb_table_add(table, style->name, rb_json_get_string(artifact, "image", NULL));
        rb_table_addf(table, "", "%s %s", rb_json_get_string(package, "name", "?"),
                      rb_json_get_string(package, "version", "?"));
        rb_table_add(table, "", fix);
        rb_table_add(table, style->name, place);
        rb_table_add(table, "", open);
        rb_table_add(table, rb_view_style(style, rb_json_get_string(artifact, "imageState", "")),
                     state);
    }
}

static void print_exposure(const json_t *answer)
{
    static const struct rb_table_column columns[] = {
        {"VERDICT", 0, 0}, {"ADVISORY", 0, 0},    {"IMAGE", 0, 12}, {"PACKAGE", 0, 16},
        {"FIX", 0, 16},    {"DEPLOYED TO", 0, 0}, {"OPEN", 0, 8},   {"REBAKE", 0, 16}};
    struct rb_style style = rb_style_for(stdout);
    const json_t *vulnerability = json_object_get(answer, "vulnerability"), *finding;
    const json_t *findings = json_object_get(answer, "findings");
    int64_t now_at = rb_clock_now(&rb_clock_system);
    size_t i;
    if (json_is_object(vulnerability))
        print_vulnerability(&style, vulnerability);
    RB_CLEANUP(rb_table_cleanup)
    struct rb_table *table = rb_table_new(columns, RB_COUNT_OF(columns));
    json_array_foreach(findings, i, finding) add_rows(table, &style, answer, finding, now_at);
    if (json_array_size(findings) > 0)
        rb_table_print(table, stdout);
    size_t affected = count_affected(answer);
    printf("%s%s%s: %zu affected, %lld package%s without it\n",
           affected > 0 ? style.bad : style.good, affected > 0 ? "exposed" : "not exposed",
           style.reset, affected, (long long)rb_json_get_integer(answer, "cleared", 0),
           rb_json_get_integer(answer, "cleared", 0) == 1 ? "" : "s");
}

static const struct {
    const char *name;
    json_t *(*make)(const json_t *answer);
    bool is_of_image; /* it can tell of one image alone */
} DOCUMENTS[] = {
    {"openvex", rb_vex_to_openvex, false},
    {"cyclonedx", rb_vex_to_cyclonedx, true},
};

/* A format that is none of these is RB_COUNT_OF(DOCUMENTS). */
static size_t find_document(const char *name)
{
    size_t i = 0;
    while (i < RB_COUNT_OF(DOCUMENTS) && strcmp(DOCUMENTS[i].name, name) != 0)
        i++;
    return i;
}

static int check_format(const struct rb_command *command, const struct rb_client_options *asked)
{
    size_t document = asked->format == NULL ? 0 : find_document(asked->format);
    if (document == RB_COUNT_OF(DOCUMENTS))
        return rb_command_usage(command, "--format is openvex or cyclonedx");
    if (asked->format != NULL && DOCUMENTS[document].is_of_image && asked->image == NULL)
        return rb_command_usage(command, "--format cyclonedx goes with --image");
    return RB_EXIT_OK;
}

static void print_document(const json_t *answer, const char *format)
{
    RB_CLEANUP_JSON json_t *document = DOCUMENTS[find_document(format)].make(answer);
    rb_client_print(document);
}

static void tell_faults(const struct rb_command *command, const json_t *answer)
{
    size_t i;
    const json_t *fault;
    json_array_foreach(json_object_get(answer, "vexFaults"), i, fault)(void)
        fprintf(stderr, "rebake %s: not counted: %s\n", command->name, json_string_value(fault));
}

static char *make_path(const struct rb_client_options *asked, const char *subject)
{
    RB_CLEANUP_FREE char *text = rb_client_encode(asked->image != NULL ? asked->image : subject);
    const char *what = asked->image != NULL                   ? "image"
                       : rb_text_starts_with(subject, "pkg:") ? "purl"
                                                              : "id";
    return rb_asprintf("/v1/exposure?%s=%s", what, text);
}

static int run_exposure(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {"image", "format", NULL};
    struct rb_client_options asked;
    int count = rb_client_parse(command, argc, argv, more, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (count != (asked.image == NULL))
        return rb_command_usage(command, "name an advisory, a package URL, or an image by --image");
    if (check_format(command, &asked) != RB_EXIT_OK)
        return RB_EXIT_USAGE;
    RB_CLEANUP(rb_client_cleanup) struct rb_client *client = rb_client_new(asked.socket_path);
    RB_CLEANUP_FREE char *path = make_path(&asked, argv[0]);
    RB_CLEANUP_JSON json_t *answer = NULL;
    struct rb_err err;
    if (rb_client_get(client, path, &answer, &err) != 0)
        return rb_command_fail(command, &err);
    tell_faults(command, answer);
    if (asked.format != NULL)
        print_document(answer, asked.format);
    else if (asked.json)
        rb_client_print(answer);
    else
        print_exposure(answer);
    return count_affected(answer) > 0 ? RB_EXIT_OUTDATED : RB_EXIT_OK;
}

const struct rb_command rb_command_exposure = {
    .name = "exposure",
    .arguments = "ID | PURL | --image IMAGE [--format openvex|cyclonedx] [--json]",
    .summary = "Show who is exposed to a vulnerability, where the fix is, and what is done",
    .help =
        "ID is a CVE or any other name that a watched feed of advisories has for it; PURL is\n"
        "a package (pkg:deb/debian/openssl, with @VERSION for one version). Exit codes: 0\n"
        "nothing is affected, 10 something is, 1 nobody knows the name.\n"
        "\n"
        "  --image IMAGE  all that is known of what is in the image, the worst first\n"
        "  --format NAME  as a VEX document: openvex, or with --image cyclonedx\n" RB_CLIENT_HELP,
    .run = run_exposure,
};
