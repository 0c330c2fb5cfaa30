/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_advisories FOLDER: a made-up export of OSV for Debian (as many records as the real one has,
 * of its shape) read and compiled, beside what no reader of JSON can do without in the same run:
 * the same zip file unpacked and each record parsed by jansson. Each is a process of its own, so
 * that its memory is known. Then lookups in the set.
 */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rebake/advisory/feed.h"
#include "rebake/advisory/match.h"
#include "rebake/base/file.h"
#include "rebake/base/json.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"

enum { RECORDS = 40000, PACKAGES = 4000, VERSIONS = 30, ROUNDS = 3, LOOKUPS = 20000 };

struct job {
    const char *zip;
    const char *set; /* NULL: judged alone */
    int64_t records;
};

static void must(int status, const struct rb_err *err)
{
    if (status == 0)
        return;
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static double cpu_ms(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e3 +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e3;
}

/* A package of one release: its range, its versions so far. */
static void put_affected(struct rb_strbuf *text, int record, int release)
{
    int package = record * 7919 % PACKAGES;
    rb_strbuf_printf(text,
                     "%s{\"package\":{\"ecosystem\":\"Debian:%d\",\"name\":\"package-%d\","
                     "\"purl\":\"pkg:deb/debian/package-%d?arch=source\"},\"ranges\":[{\"type\":"
                     "\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"}",
                     release == 11 ? "" : ",", release, package, package);
    if (record % 3 != 0)
        rb_strbuf_printf(text, ",{\"fixed\":\"%d.%d.%d-1+deb%du%d\"}", package % 9, record % 40,
                         record % 7, release, record % 4);
    rb_strbuf_puts(text, "]}],\"versions\":[");
    for (int i = 0; i < VERSIONS; i++)
        rb_strbuf_printf(text, "%s\"%d.%d.%d-%d\"", i == 0 ? "" : ",", package % 9, i, i % 7,
                         release % 3 + 1);
    rb_strbuf_puts(text, "],\"ecosystem_specific\":{\"urgency\":\"not yet assigned\"}}");
}

static void put_record(struct rb_strbuf *text, int record)
{
    int year = 2000 + record % 26;
    rb_strbuf_clear(text);
    rb_strbuf_printf(
        text,
        "{\"schema_version\":\"1.7.3\",\"id\":\"DEBIAN-CVE-%d-%d\",\"details\":\"A flaw was found "
        "in package %d. A remote attacker may send a crafted request that leads to a read beyond "
        "the end of a buffer, and so to a crash or to memory being told that should not be. It was "
        "fixed by checking the length before it is "
        "used.\",\"modified\":\"2026-%02d-%02dT10:00:00.%06dZ\","
        "\"published\":\"%d-05-01T10:15:00.123Z\",\"upstream\":[\"CVE-%d-%d\"],\"references\":[{"
        "\"type\":\"ADVISORY\",\"url\":\"https://tracker.example.com/tracker/CVE-%d-%d\"}],"
        "\"severity\":[{\"type\":\"CVSS_V3\",\"score\":"
        "\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N\"}],\"affected\":[",
        year, 1000 + record, record % PACKAGES, record % 12 + 1, record % 28 + 1, record, year,
        year, 1000 + record, year, 1000 + record);
    for (int release = 11; release <= 14; release++)
        put_affected(text, record, release);
    rb_strbuf_puts(text, "]}");
}

static void make_zip(const char *path)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(1 << 20);
    struct archive *archive = archive_write_new();
    (void)archive_write_set_format_zip(archive);
    RB_ASSERT(archive_write_open_filename(archive, path) == ARCHIVE_OK);
    for (int i = 0; i < RECORDS; i++) {
        char name[64];
        struct archive_entry *entry = archive_entry_new();
        put_record(&text, i);
        (void)snprintf(name, sizeof(name), "DEBIAN-CVE-%d.json", i);
        archive_entry_set_pathname(entry, name);
        archive_entry_set_size(entry, (la_int64_t)text.size);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        RB_ASSERT(archive_write_header(archive, entry) == ARCHIVE_OK);
        RB_ASSERT(archive_write_data(archive, rb_strbuf_text(&text), text.size) ==
                  (la_ssize_t)text.size);
        archive_entry_free(entry);
    }
    (void)archive_write_free(archive);
}

static void parse_alone(struct job *job)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(16 << 20);
    struct archive *archive = archive_read_new();
    struct archive_entry *entry;
    char block[64 << 10];
    (void)archive_read_support_format_zip(archive);
    RB_ASSERT(archive_read_open_filename(archive, job->zip, sizeof(block)) == ARCHIVE_OK);
    while (archive_read_next_header(archive, &entry) == ARCHIVE_OK) {
        la_ssize_t size;
        rb_strbuf_clear(&text);
        while ((size = archive_read_data(archive, block, sizeof(block))) > 0)
            rb_strbuf_append(&text, block, (size_t)size);
        json_t *record = json_loadb(rb_strbuf_text(&text), text.size, JSON_REJECT_DUPLICATES, NULL);
        RB_ASSERT(record != NULL);
        json_decref(record);
    }
    (void)archive_read_free(archive);
}

static void read_feed(struct job *job)
{
    struct rb_feed_summary summary;
    struct rb_err err;
    must(rb_feed_read(RB_SOURCE_OSV, job->zip, job->set, &summary, &err), &err);
    RB_ASSERT(summary.records == RECORDS);
}

/* The least of some rounds, each in a process of its own. */
static double measure(void (*run)(struct job *job), struct job *job, long *ret_kib)
{
    double least = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct rusage usage;
        int status;
        pid_t pid = fork();
        RB_ASSERT(pid >= 0);
        if (pid == 0) {
            run(job);
            _exit(0);
        }
        RB_ASSERT(wait4(pid, &status, 0, &usage) == pid && status == 0);
        if (i == 0 || cpu_ms(&usage) < least)
            least = cpu_ms(&usage);
        *ret_kib = usage.ru_maxrss;
    }
    return least;
}

static double now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void look_up(const char *path)
{
    struct rb_advisory_set *set;
    struct rb_err err;
    double start = now_us();
    must(rb_advisory_set_open(path, &set, &err), &err);
    printf("open and verify the set          %9.1f ms\n", (now_us() - start) / 1e3);
    struct rb_advisory_source source = {"osv", set};
    struct rb_inventory inventory = {
        .distribution = "debian", .distribution_version = "12", .codename = "bookworm"};
    size_t found = 0, first;
    start = now_us();
    for (int i = 0; i < LOOKUPS; i++) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        struct rb_finding *findings;
        char name[32];
        (void)snprintf(name, sizeof(name), "package-%d", i % PACKAGES);
        struct rb_package package = {.type = RB_PACKAGE_DEB,
                                     .name = name,
                                     .version = "5.20.3-1",
                                     .source_name = name,
                                     .source_version = "5.20.3-1"};
        found += rb_advisory_match(&inventory, &package, &source, 1, arena, &findings);
    }
    printf("all that one package has         %9.1f us  %.1f findings of %d advisories\n",
           (now_us() - start) / LOOKUPS, (double)found / LOOKUPS, RECORDS / PACKAGES);
    start = now_us();
    for (int i = 0; i < LOOKUPS; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "CVE-%d-%d", 2000 + i % 26, 1000 + i);
        found += rb_advisory_set_find(set, name, &first);
    }
    printf("one advisory by name             %9.2f us\n", (now_us() - start) / LOOKUPS);
    RB_ASSERT(found > LOOKUPS);
    rb_advisory_set_close(set);
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : "/tmp";
    RB_CLEANUP_FREE char *zip = rb_asprintf("%s/bench-osv.zip", folder);
    RB_CLEANUP_FREE char *set = rb_asprintf("%s/bench-osv.set", folder);
    struct rb_err err;
    int64_t zip_bytes, set_bytes;
    long alone_kib, judged_kib, compiled_kib;
    make_zip(zip);
    struct job job = {.zip = zip};
    double alone = measure(parse_alone, &job, &alone_kib);
    double judged = measure(read_feed, &job, &judged_kib);
    job.set = set;
    double compiled = measure(read_feed, &job, &compiled_kib);
    must(rb_file_size(zip, &zip_bytes, &err), &err);
    must(rb_file_size(set, &set_bytes, &err), &err);
    printf("%d records, zip of %.1f MB, set of %.1f MB; best of %d, processor time\n", RECORDS,
           (double)zip_bytes / 1e6, (double)set_bytes / 1e6, ROUNDS);
    printf("unzip and jansson, the limit     %9.1f ms %8ld KiB\n", alone, alone_kib);
    printf("read                             %9.1f ms %8ld KiB  %.2f of the limit\n", judged,
           judged_kib, judged / alone);
    printf("read, compile, write             %9.1f ms %8ld KiB  %.2f of the limit\n", compiled,
           compiled_kib, compiled / alone);
    look_up(set);
    (void)unlink(zip);
    (void)unlink(set);
    return 0;
}
