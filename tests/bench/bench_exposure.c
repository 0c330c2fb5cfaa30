/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The question of three in the morning: bench_exposure STORE FOLDER. Over the store that
 * bench_fleet has filled it adds a tracker of 40,000 vulnerabilities, compiled into FOLDER, starts
 * the API on a socket, and asks who is exposed to one of them. The time is a processor's, of server
 * and client together; beside it stands the bare join in the store, from the package's name to its
 * holders.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rebake/advisory/feed.h"
#include "rebake/api/api.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "rebake/inventory/version.h"
#include "rebake/store/packages.h"
#include "rebake/store/sources.h"

enum { VULNERABILITIES = 40000, FEED_MAXIMUM = 64 << 20, ROUNDS = 21 };
static const char FIXED[] =
    "1.2.2-1+deb12u1"; /* the newest of the three versions that images hold */

struct bench {
    struct rb_loop *loop;
    struct rb_http *http;
    struct rb_store *store;
    struct rb_api *api;
    const char *folder;
    char *socket_path;
    /* of the last answer */
    bool done;
    size_t size;
    json_t *answer;
};

static void want(int status, const struct rb_err *err)
{
    if (status == 0)
        return;
    fprintf(stderr, "bench_exposure: %s\n", err->text);
    exit(1);
}

static double processor_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Half of them speak of packages that the fleet holds, each of another. */
static char *make_tracker(void)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(FEED_MAXIMUM);
    rb_strbuf_putc(&text, '{');
    for (int i = 0; i < VULNERABILITIES; i++)
        rb_strbuf_printf(&text,
                         "%s\"package%d\":{\"CVE-2026-%d\":{\"description\":\"It leaks.\","
                         "\"releases\":{\"bookworm\":{\"status\":\"resolved\","
                         "\"fixed_version\":\"%s\",\"urgency\":\"high\"}}}}",
                         i == 0 ? "" : ",", i, i, FIXED);
    rb_strbuf_putc(&text, '}');
    return rb_strdup(rb_strbuf_text(&text));
}

static void watch_tracker(struct bench *bench)
{
    struct rb_err err;
    struct rb_feed_summary summary;
    int64_t pipeline_id, source_id;
    RB_CLEANUP_FREE char *text = make_tracker();
    RB_CLEANUP_FREE char *from = rb_asprintf("%s/tracker.json", bench->folder);
    RB_CLEANUP_FREE char *into = rb_asprintf("%s/tracker.set", bench->folder);
    RB_CLEANUP_FREE char *detail = rb_asprintf("{\"index\":\"%s\"}", into);
    want(rb_file_write_atomic(from, text, strlen(text), 0600, &err), &err);
    want(rb_feed_read(RB_SOURCE_DEBIAN_TRACKER, from, into, &summary, &err), &err);
    want(rb_store_put_pipeline(bench->store, "feeds", "f", "h", &pipeline_id, &err), &err);
    want(rb_store_put_source(bench->store, pipeline_id, "tracker", "tracker", "debian-tracker",
                             "{}", "tracker", &source_id, &err),
         &err);
    const struct rb_check_record check = {.source_id = source_id,
                                          .checked_at = rb_clock_now(&rb_clock_system),
                                          .version = "v1",
                                          .detail = detail};
    want(rb_store_record_check(bench->store, &check, NULL, &err), &err);
}

static void answered(void *context, const struct rb_http_response *response,
                     const struct rb_err *error)
{
    struct bench *bench = context;
    struct rb_err err;
    bench->done = true;
    if (error != NULL)
        want(error->code, error);
    bench->size = response->body_size;
    want(rb_json_parse(response->body, response->body_size, "the answer", &bench->answer, &err),
         &err);
}

static void ask(struct bench *bench)
{
    const struct rb_http_request request = {.method = "GET",
                                            .url = "http://rebaked/v1/exposure?id=CVE-2026-5",
                                            .unix_socket = bench->socket_path};
    json_decref(bench->answer);
    bench->answer = NULL;
    bench->done = false;
    rb_http_send(bench->http, &request, answered, bench, NULL);
    while (!bench->done)
        rb_loop_run_once(bench->loop);
}

/* The join alone: the rows of the package's name that are older, and who holds them now. */
static size_t join(struct bench *bench)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_package_row *rows;
    struct rb_holder_row *holders;
    struct rb_err err;
    size_t count, older = 0, holder_count;
    want(rb_store_packages_named(bench->store, "package5", false, arena, &rows, &count, &err),
         &err);
    int64_t *ids = rb_arena_array(arena, count + 1, sizeof(*ids));
    for (size_t i = 0; i < count; i++) {
        if (rb_version_compare_deb(rows[i].version, FIXED) < 0)
            ids[older++] = rows[i].id;
    }
    want(rb_store_holders(bench->store, ids, older, true, arena, &holders, &holder_count, &err),
         &err);
    return holder_count;
}

static int compare_times(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void measure(struct bench *bench)
{
    double answers[ROUNDS], joins[ROUNDS];
    size_t holders = 0;
    ask(bench); /* opens the feed */
    for (size_t i = 0; i < ROUNDS; i++) {
        double start_ms = processor_ms();
        ask(bench);
        answers[i] = processor_ms() - start_ms;
        start_ms = processor_ms();
        holders = join(bench);
        joins[i] = processor_ms() - start_ms;
    }
    qsort(answers, ROUNDS, sizeof(answers[0]), compare_times);
    qsort(joins, ROUNDS, sizeof(joins[0]), compare_times);
    printf("one advisory of %d, %zu artifacts exposed, an answer of %zu bytes: %.3f ms\n",
           VULNERABILITIES, json_array_size(json_object_get(bench->answer, "artifacts")),
           bench->size, answers[ROUNDS / 2]);
    printf("  the join in the store alone, to %zu holders: %.3f ms\n", holders, joins[ROUNDS / 2]);
}

int main(int argc, char **argv)
{
    struct rb_err err;
    if (argc != 3) {
        fprintf(stderr, "usage: bench_exposure STORE FOLDER\n");
        return 2;
    }
    struct bench bench = {.folder = argv[2], .loop = rb_loop_new()};
    bench.http = rb_http_new(bench.loop);
    bench.socket_path = rb_asprintf("%s/bench.socket", argv[2]);
    want(rb_store_open(argv[1], &rb_clock_system, &bench.store, &err), &err);
    watch_tracker(&bench);
    const struct rb_api_options options = {.loop = bench.loop,
                                           .store = bench.store,
                                           .clock = &rb_clock_system,
                                           .socket_path = bench.socket_path,
                                           .version = "bench"};
    want(rb_api_start(&options, &bench.api, &err), &err);
    measure(&bench);
    json_decref(bench.answer);
    rb_api_stop(bench.api);
    rb_http_free(bench.http);
    rb_store_close(bench.store);
    rb_loop_free(bench.loop);
    rb_free(bench.socket_path);
    return 0;
}
