/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake scan`: what is inside an image. */
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "index_cache.h"
#include "patience.h"
#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/inventory/scan.h"
#include "style.h"
#include "table.h"

static void print_document(json_t *document)
{
    RB_CLEANUP_FREE char *text = rb_json_pretty(document);
    puts(text);
    json_decref(document);
}

static void print_json(const struct rb_scan *scan)
{
    json_t *document = rb_inventory_to_json(&scan->inventory);
    if (scan->origin != NULL)
        rb_json_set_string(document, "origin", scan->origin);
    print_document(document);
}

static void print_cyclonedx(const struct rb_scan *scan)
{
    print_document(rb_inventory_to_cyclonedx(&scan->inventory, scan->reference, scan->digest));
}

/* When a document says that it was made (reproducible-builds.org, SOURCE_DATE_EPOCH). */
static int64_t made_at(void)
{
    uint64_t epoch_s;
    const char *text = getenv("SOURCE_DATE_EPOCH");
    bool is_said = text != NULL && rb_text_to_u64(text, &epoch_s) && epoch_s < INT32_MAX;
    return is_said ? (int64_t)epoch_s * 1000 : rb_clock_now(&rb_clock_system);
}

static void print_spdx(const struct rb_scan *scan)
{
    print_document(
        rb_inventory_to_spdx(&scan->inventory, scan->reference, scan->digest, made_at()));
}

static void print_table(const struct rb_scan *scan)
{
    static const struct rb_table_column columns[] = {
        {.title = "PACKAGE", .minimum = 12},
        {.title = "VERSION", .minimum = 12},
        {.title = "ARCHITECTURE"},
        {.title = "SOURCE", .minimum = 10},
    };
    struct rb_style style = rb_style_for(stdout);
    const struct rb_inventory *inventory = &scan->inventory;
    RB_CLEANUP(rb_table_cleanup)
    struct rb_table *table = rb_table_new(columns, RB_COUNT_OF(columns));
    for (size_t i = 0; i < inventory->package_count; i++) {
        const struct rb_package *package = &inventory->packages[i];
        rb_table_addf(table, style.name, "%s%s", package->name, package->held ? " (held)" : "");
        rb_table_add(table, "", package->version);
        rb_table_add(table, style.dim, package->architecture);
        if (rb_text_equal(package->source_version, package->version))
            rb_table_add(table, style.dim, package->source_name);
        else
            rb_table_addf(table, style.dim, "%s (%s)", package->source_name,
                          package->source_version);
    }
    if (inventory->package_count > 0)
        rb_table_print(table, stdout);
    char name[128];
    printf("%s%zu package%s%s%s%s\n", style.bold, inventory->package_count,
           inventory->package_count == 1 ? "" : "s", style.reset,
           *inventory->pretty_name == '\0' ? "" : ": ",
           rb_text_printable(inventory->pretty_name, name, sizeof(name)));
    if (scan->origin != NULL)
        printf("by the word of %s; %zu without a package URL that is known were left out\n",
               rb_text_printable(scan->origin, name, sizeof(name)), scan->left_out);
}

static const struct {
    const char *name;
    void (*print)(const struct rb_scan *scan);
} formats[] = {
    {"table", print_table},
    {"json", print_json},
    {"cyclonedx", print_cyclonedx},
    {"spdx", print_spdx},
};

static bool find_format(const char *name, size_t *ret_format)
{
    for (size_t i = 0; i < RB_COUNT_OF(formats); i++) {
        if (rb_text_equal(formats[i].name, name)) {
            *ret_format = i;
            return true;
        }
    }
    return false;
}

static int scan_and_print(const struct rb_command *command, const char *reference, size_t format)
{
    struct rb_err err;
    RB_CLEANUP(rb_net_session_deinit) struct rb_net_session session;
    rb_net_session_init(&session);
    rb_cli_be_patient(session.http);
    RB_CLEANUP(rb_scan_deinit) struct rb_scan scan = {0};
    RB_CLEANUP_FREE char *cache = rb_cli_cache_folder("layers");
    struct rb_scan_options options = {.cache_folder = cache};
    if (rb_scan_reference(&session, reference, &options, &scan, &err) != 0)
        return rb_command_fail(command, &err);
    formats[format].print(&scan);
    return RB_EXIT_OK;
}

static int run_scan(const struct rb_command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"format", required_argument, NULL, 'f'},
        {"json", no_argument, NULL, 'j'},
        {0},
    };
    size_t format = 0;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        const char *name = option == 'j' ? "json" : optarg;
        if (option != 'f' && option != 'j')
            return rb_command_usage(command, NULL);
        if (!find_format(name, &format))
            return rb_command_usage(command, "--format is table, json, cyclonedx or spdx");
    }
    if (argc - optind != 1)
        return rb_command_usage(command, "name one image");
    return scan_and_print(command, argv[optind], format);
}

const struct rb_command rb_command_scan = {
    .name = "scan",
    .arguments = "IMAGE [--format table|json|cyclonedx|spdx]",
    .summary = "List the packages inside an image, without unpacking or running it",
    .help = "IMAGE is registry/name[:tag][@digest], oci:FOLDER[:tag], oci-archive:FILE[:tag],\n"
            "docker-archive:FILE[:[name:]tag] or rootfs:FOLDER-OR-TAR; disk:FILE, a host's\n"
            "ext4 root in a raw or qcow2 image; or by the word of others\n"
            "sbom:FILE (CycloneDX or SPDX, JSON) or attached:registry/name[:tag][@digest].\n"
            "The default format is a table for people; --json is short for --format json.\n"
            "cyclonedx is CycloneDX 1.6, spdx is SPDX 2.3, each with a purl for each package.\n"
            "What spdx says of when it was made is $SOURCE_DATE_EPOCH where that is set.\n",
    .run = run_scan,
};
