/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake diff`: what is different inside two images, and what that means for vulnerabilities. Only
   the packages that differ are judged, by what the daemon watches. */
#include <stdio.h>

#include "client.h"
#include "index_cache.h"
#include "patience.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/inventory/compare.h"
#include "rebake/inventory/scan.h"
#include "style.h"
#include "table.h"

enum { JUDGED_AT_ONCE = 100 /* packages in a request, whose size the daemon bounds */ };

struct side {
    struct rb_scan scan;
    json_t *affected; /* ids of vulnerabilities, by package_key; NULL: nobody could be asked */
};

struct difference {
    struct side before;
    struct side after;
    struct rb_arena *arena;
    const struct rb_package_change *changes;
    size_t count;
    json_t *closed; /* ids, each once */
    json_t *opened;
};

static void difference_deinit(struct difference *difference)
{
    rb_scan_deinit(&difference->before.scan);
    rb_scan_deinit(&difference->after.scan);
    json_decref(difference->before.affected);
    json_decref(difference->after.affected);
    json_decref(difference->closed);
    json_decref(difference->opened);
    rb_arena_free(difference->arena);
}

/* ── who is affected ────────────────────────────────────────────────────────────────────────── */

static char *make_key(const char *type, const char *name, const char *architecture,
                      const char *version)
{
    return rb_asprintf("%s %s %s %s", type, name, architecture, version);
}

static void add_id(json_t *ids, const char *id)
{
    size_t i;
    const json_t *known;
    json_array_foreach(ids, i, known)
    {
        if (rb_text_equal(json_string_value(known), id))
            return;
    }
    rb_json_append_string(ids, id);
}

static void note_affected(json_t *affected, const json_t *answer)
{
    size_t i;
    const json_t *finding;
    json_array_foreach(json_object_get(answer, "findings"), i, finding)
    {
        const json_t *package = json_object_get(finding, "package");
        if (!rb_text_equal(rb_json_get_string(finding, "verdict", NULL), "affected"))
            continue;
        RB_CLEANUP_FREE char *key = make_key(rb_json_get_string(package, "type", ""),
                                             rb_json_get_string(package, "name", ""),
                                             rb_json_get_string(package, "architecture", ""),
                                             rb_json_get_string(package, "version", ""));
        if (json_object_get(affected, key) == NULL)
            rb_json_set(affected, key, rb_json_array());
        add_id(json_object_get(affected, key), rb_json_get_string(finding, "id", "?"));
    }
}

static int judge_some(struct rb_client *client, struct side *side, struct rb_package *packages,
                      size_t count, struct rb_err *err)
{
    struct rb_inventory some = side->scan.inventory;
    RB_CLEANUP_JSON json_t *answer = NULL;
    some.packages = packages;
    some.package_count = count;
    RB_CLEANUP_JSON json_t *body = rb_inventory_to_json(&some);
    int status = rb_client_post(client, "/v1/exposure", body, &answer, err);
    if (status == 0)
        note_affected(side->affected, answer);
    return status;
}

static int judge(struct rb_client *client, struct difference *difference, bool is_after,
                 struct rb_err *err)
{
    struct side *side = is_after ? &difference->after : &difference->before;
    struct rb_package *packages =
        rb_arena_array(difference->arena, JUDGED_AT_ONCE, sizeof(*packages));
    size_t count = 0;
    int status = 0;
    side->affected = rb_json_object();
    for (size_t i = 0; status == 0 && i < difference->count; i++) {
        const struct rb_package_change *change = &difference->changes[i];
        const struct rb_package *package = is_after ? change->after : change->before;
        if (package != NULL)
            packages[count++] = *package;
        if (count == JUDGED_AT_ONCE || (count > 0 && i + 1 == difference->count)) {
            status = judge_some(client, side, packages, count, err);
            count = 0;
        }
    }
    return status;
}

/* Packages can be compared without a daemon, or before it knows of any vulnerability. */
static void judge_both(struct difference *difference, const struct rb_client_options *asked)
{
    struct rb_err err;
    RB_CLEANUP(rb_client_cleanup) struct rb_client *client = rb_client_new(asked->socket_path);
    if (difference->count == 0 ||
        (judge(client, difference, false, &err) == 0 && judge(client, difference, true, &err) == 0))
        return;
    (void)fprintf(stderr, "rebake diff: without vulnerabilities: %s\n", err.text);
    json_decref(rb_steal(&difference->before.affected));
    json_decref(rb_steal(&difference->after.affected));
}

static const json_t *affected_by(const struct side *side, const struct rb_package *package)
{
    if (package == NULL || side->affected == NULL)
        return NULL;
    RB_CLEANUP_FREE char *key = make_key(rb_package_type_name(package->type), package->name,
                                         package->architecture, package->version);
    return json_object_get(side->affected, key);
}

static bool has_id(const json_t *ids, const char *id)
{
    size_t i;
    const json_t *known;
    json_array_foreach(ids, i, known)
    {
        if (rb_text_equal(json_string_value(known), id))
            return true;
    }
    return false;
}

/* Those of `from` that are not in `without`. */
static json_t *ids_without(const json_t *from, const json_t *without)
{
    json_t *ids = rb_json_array();
    size_t i;
    const json_t *id;
    json_array_foreach(from, i, id)
    {
        if (!has_id(without, json_string_value(id)))
            rb_json_append_string(ids, json_string_value(id));
    }
    return ids;
}

static json_t *closed_by(const struct difference *difference,
                         const struct rb_package_change *change)
{
    return ids_without(affected_by(&difference->before, change->before),
                       affected_by(&difference->after, change->after));
}

static json_t *opened_by(const struct difference *difference,
                         const struct rb_package_change *change)
{
    return ids_without(affected_by(&difference->after, change->after),
                       affected_by(&difference->before, change->before));
}

static void add_all(json_t *into, json_t *ids)
{
    size_t i;
    const json_t *id;
    json_array_foreach(ids, i, id) add_id(into, json_string_value(id));
    json_decref(ids);
}

static void sum_up(struct difference *difference)
{
    difference->closed = rb_json_array();
    difference->opened = rb_json_array();
    for (size_t i = 0; i < difference->count; i++) {
        add_all(difference->closed, closed_by(difference, &difference->changes[i]));
        add_all(difference->opened, opened_by(difference, &difference->changes[i]));
    }
}

/* ── showing it ─────────────────────────────────────────────────────────────────────────────── */

static const char *kind_of(const struct rb_package_change *change)
{
    if (change->before == NULL)
        return "added";
    return change->after == NULL ? "removed" : "changed";
}

static json_t *package_json(const struct side *side, const struct rb_package *package)
{
    if (package == NULL)
        return json_null();
    RB_CLEANUP_FREE char *purl = rb_package_purl(&side->scan.inventory, package);
    json_t *json = rb_json_object();
    rb_json_set_string(json, "version", package->version);
    rb_json_set_string(json, "purl", purl);
    return json;
}

static json_t *side_json(const struct side *side)
{
    json_t *json = rb_json_object();
    rb_json_set_string(json, "reference", side->scan.reference);
    rb_json_set_string(json, "digest", *side->scan.digest == '\0' ? NULL : side->scan.digest);
    rb_json_set_integer(json, "packageCount", (int64_t)side->scan.inventory.package_count);
    return json;
}

static json_t *change_json(const struct difference *difference,
                           const struct rb_package_change *change)
{
    const struct rb_package *package = change->after != NULL ? change->after : change->before;
    json_t *json = rb_json_object();
    rb_json_set_string(json, "change", kind_of(change));
    rb_json_set_string(json, "type", rb_package_type_name(package->type));
    rb_json_set_string(json, "name", package->name);
    rb_json_set_string(json, "architecture", package->architecture);
    rb_json_set(json, "before", package_json(&difference->before, change->before));
    rb_json_set(json, "after", package_json(&difference->after, change->after));
    rb_json_set(json, "closed", closed_by(difference, change));
    rb_json_set(json, "opened", opened_by(difference, change));
    return json;
}

static void print_json(const struct difference *difference)
{
    RB_CLEANUP_JSON json_t *json = rb_json_object();
    json_t *changes = rb_json_array();
    for (size_t i = 0; i < difference->count; i++)
        rb_json_append(changes, change_json(difference, &difference->changes[i]));
    rb_json_set(json, "before", side_json(&difference->before));
    rb_json_set(json, "after", side_json(&difference->after));
    rb_json_set_bool(json, "judged", difference->count == 0 || difference->after.affected != NULL);
    rb_json_set(json, "changes", changes);
    rb_json_set(json, "closed", json_incref(difference->closed));
    rb_json_set(json, "opened", json_incref(difference->opened));
    rb_client_print(json);
}

static void add_ids(struct rb_table *table, const char *style, json_t *ids)
{
    const char *first = json_string_value(json_array_get(ids, 0));
    size_t count = json_array_size(ids);
    if (count > 1)
        rb_table_addf(table, style, "%s and %zu", first, count - 1);
    else
        rb_table_add(table, style, first);
    json_decref(ids);
}

static void print_table(const struct difference *difference)
{
    static const struct rb_table_column columns[] = {{"CHANGE", 0, 0},  {"PACKAGE", 0, 12},
                                                     {"BEFORE", 0, 12}, {"AFTER", 0, 12},
                                                     {"CLOSES", 0, 0},  {"OPENS", 0, 0}};
    struct rb_style style = rb_style_for(stdout);
    size_t sums[3] = {0};
    RB_CLEANUP(rb_table_cleanup)
    struct rb_table *table = rb_table_new(columns, RB_COUNT_OF(columns));
    for (size_t i = 0; i < difference->count; i++) {
        const struct rb_package_change *change = &difference->changes[i];
        const struct rb_package *before = change->before, *after = change->after;
        sums[before == NULL ? 0 : after == NULL ? 1 : 2]++;
        rb_table_add(table, "", kind_of(change));
        rb_table_add(table, style.name, (after != NULL ? after : before)->name);
        rb_table_add(table, "", before == NULL ? NULL : before->version);
        rb_table_add(table, "", after == NULL ? NULL : after->version);
        add_ids(table, style.good, closed_by(difference, change));
        add_ids(table, style.bad, opened_by(difference, change));
    }
    if (difference->count > 0)
        rb_table_print(table, stdout);
    printf("%s%zu added, %zu removed, %zu changed%s", style.bold, sums[0], sums[1], sums[2],
           style.reset);
    if (difference->after.affected != NULL)
        printf("; vulnerabilities: %zu closed, %zu opened", json_array_size(difference->closed),
               json_array_size(difference->opened));
    puts("");
}

/* ── the verb ───────────────────────────────────────────────────────────────────────────────── */

static int scan_both(struct difference *difference, char **references, struct rb_err *err)
{
    RB_CLEANUP(rb_net_session_deinit) struct rb_net_session session;
    rb_net_session_init(&session);
    rb_cli_be_patient(session.http);
    RB_CLEANUP_FREE char *cache = rb_cli_cache_folder("layers");
    struct rb_scan_options options = {.cache_folder = cache};
    int status =
        rb_scan_reference(&session, references[0], &options, &difference->before.scan, err);
    if (status == 0)
        status = rb_scan_reference(&session, references[1], &options, &difference->after.scan, err);
    return status;
}

static int run_diff(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {NULL};
    struct rb_client_options asked;
    struct rb_err err;
    int count = rb_client_parse(command, argc, argv, more, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (count != 2)
        return rb_command_usage(command, "name two images");
    RB_CLEANUP(difference_deinit) struct difference difference = {.arena = rb_arena_new()};
    if (scan_both(&difference, argv, &err) != 0)
        return rb_command_fail(command, &err);
    struct rb_package_change *changes;
    difference.count =
        rb_inventory_compare(&difference.before.scan.inventory, &difference.after.scan.inventory,
                             difference.arena, &changes);
    difference.changes = changes;
    judge_both(&difference, &asked);
    sum_up(&difference);
    if (asked.json)
        print_json(&difference);
    else
        print_table(&difference);
    return difference.count == 0 ? RB_EXIT_OK : RB_EXIT_OUTDATED;
}

const struct rb_command rb_command_diff = {
    .name = "diff",
    .arguments = "IMAGE IMAGE [--json]",
    .summary = "List the packages that two images differ in, and the vulnerabilities with it",
    .help = "IMAGE is as for scan. A vulnerability is closed by a change when what was there has\n"
            "it and what is there has not, by the advisories that the daemon watches; without a\n"
            "daemon the packages alone are compared. Exit codes: 0 the same, 10 not.\n"
            "\n" RB_CLIENT_HELP,
    .run = run_diff,
};
