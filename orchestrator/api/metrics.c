/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /metrics: figures in Prometheus' text format (0.0.4). Labels are states and pipelines, never
 * names of advisories or sources: their number stays small.
 */
#include <stdlib.h>
#include <string.h>

#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "rebake/store/builds.h"
#include "rebake/store/deployments.h"
#include "rebake/store/events.h"
#include "rebake/store/exposures.h"
#include "rebake/store/sources.h"
#include "request.h"

enum { METRICS_MAXIMUM = 8 << 20 };

struct metrics {
    const struct api_request *request;
    struct rb_strbuf text;
};

static void begin(struct metrics *metrics, const char *name, const char *type, const char *help)
{
    rb_strbuf_printf(&metrics->text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add(struct metrics *metrics, const char *name, const char *labels, double value)
{
    rb_strbuf_printf(&metrics->text, "%s%s %.16g\n", name, labels, value);
}

static void add_one(struct metrics *metrics, const char *name, const char *type, const char *help,
                    double value)
{
    begin(metrics, name, type, help);
    add(metrics, name, "", value);
}

/* How many things have each set of labels; sorted, so that equal ones stand together. */
static int compare_texts(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

static void add_counts(struct metrics *metrics, const char *name, const char *help,
                       const char **labels, size_t count)
{
    begin(metrics, name, "gauge", help);
    qsort(labels, count, sizeof(*labels), compare_texts);
    for (size_t i = 0, first = 0; i < count; i++) {
        if (i + 1 < count && strcmp(labels[i], labels[i + 1]) == 0)
            continue;
        add(metrics, name, labels[i], (double)(i + 1 - first));
        first = i + 1;
    }
}

/* Names of pipelines, states and troubles are words of letters, digits, ".", "_" and "-": nothing
   in them is to be escaped. */
static const char *labels_of(struct metrics *metrics, const char *pipeline, const char *state)
{
    return rb_arena_printf(metrics->request->arena, "{pipeline=\"%s\",state=\"%s\"}", pipeline,
                           state);
}

static int add_images(struct metrics *metrics, struct rb_err *err)
{
    struct rb_image_row *rows;
    size_t count;
    struct rb_arena *arena = metrics->request->arena;
    int status = rb_store_images(metrics->request->options->store, arena, &rows, &count, err);
    if (status != 0)
        return status;
    const char **labels = rb_arena_array(arena, count, sizeof(*labels));
    for (size_t i = 0; i < count; i++)
        labels[i] = labels_of(metrics, rows[i].pipeline, rows[i].state);
    add_counts(metrics, "rebake_images", "Images by what the planner says of them.", labels, count);
    return 0;
}

static int add_builds(struct metrics *metrics, struct rb_err *err)
{
    struct rb_build_row *rows, *newest;
    size_t count, newest_count;
    struct rb_arena *arena = metrics->request->arena;
    struct rb_store *store = metrics->request->options->store;
    int status = rb_store_builds(store, 0, true, 0, arena, &rows, &count, err);
    if (status == 0)
        status = rb_store_builds(store, 0, false, 1, arena, &newest, &newest_count, err);
    if (status != 0)
        return status;
    const char **labels = rb_arena_array(arena, count, sizeof(*labels));
    for (size_t i = 0; i < count; i++)
        labels[i] = labels_of(metrics, rows[i].pipeline, rb_build_state_name(rows[i].state));
    add_counts(metrics, "rebake_builds_open", "Builds that are queued or running.", labels, count);
    add_one(metrics, "rebake_builds_total", "counter", "Builds that were ever queued.",
            newest_count == 0 ? 0 : (double)newest[0].id);
    return 0;
}

static int add_deployments(struct metrics *metrics, struct rb_err *err)
{
    struct rb_deployment_row *rows;
    size_t count;
    struct rb_arena *arena = metrics->request->arena;
    int status = rb_store_deployments(metrics->request->options->store, arena, &rows, &count, err);
    if (status != 0)
        return status;
    const char **labels = rb_arena_array(arena, count, sizeof(*labels));
    for (size_t i = 0; i < count; i++)
        labels[i] = labels_of(metrics, rows[i].pipeline, rows[i].state);
    add_counts(metrics, "rebake_deployments", "Deployments by state.", labels, count);
    return 0;
}

static int add_sources(struct metrics *metrics, struct rb_err *err)
{
    struct rb_source_row *rows;
    size_t count;
    struct rb_arena *arena = metrics->request->arena;
    int64_t now_at = metrics->request->now_at, worst_ms = 0;
    int status = rb_store_sources(metrics->request->options->store, arena, &rows, &count, err);
    if (status != 0)
        return status;
    const char **labels = rb_arena_array(arena, count, sizeof(*labels));
    double checks = 0, requests = 0, bytes = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t lag_ms = rows[i].last_good_at == 0 ? 0 : now_at - rows[i].last_good_at;
        labels[i] =
            rb_arena_printf(arena, "{kind=\"%s\",trouble=\"%s\"}", rows[i].kind, rows[i].trouble);
        worst_ms = lag_ms > worst_ms ? lag_ms : worst_ms;
        checks += (double)rows[i].checks;
        requests += (double)rows[i].requests;
        bytes += (double)rows[i].bytes;
    }
    add_counts(metrics, "rebake_sources", "Sources by kind and by what is wrong with them.", labels,
               count);
    add_one(metrics, "rebake_source_lag_seconds_max", "gauge",
            "Time since the last good check of the source that was not seen for the longest time.",
            (double)worst_ms / 1000);
    add_one(metrics, "rebake_source_checks_total", "counter", "Checks of all sources.", checks);
    add_one(metrics, "rebake_source_requests_total", "counter", "Requests that checks made.",
            requests);
    add_one(metrics, "rebake_source_bytes_total", "counter", "Bytes that checks sent and received.",
            bytes);
    return 0;
}

static int add_deadlines(struct metrics *metrics, struct rb_err *err)
{
    struct rb_sla_sum sum;
    int status = rb_store_sla(metrics->request->options->store, &sum, err);
    if (status != 0)
        return status;
    add_one(metrics, "rebake_exposures", "gauge",
            "Vulnerabilities in artifacts in force, of pipelines with a policy.",
            (double)sum.exposed);
    add_one(metrics, "rebake_sla_open", "gauge", "Exposures that have a deadline.",
            (double)sum.open);
    add_one(metrics, "rebake_sla_due", "gauge",
            "Of these, that have used three quarters of their time.", (double)sum.due);
    add_one(metrics, "rebake_sla_breached", "gauge", "Of these, that are past their deadline.",
            (double)sum.breached);
    add_one(metrics, "rebake_sla_breaches_total", "counter", "Deadlines that were ever missed.",
            (double)sum.breaches);
    add_one(metrics, "rebake_sla_next_deadline_timestamp_seconds", "gauge",
            "The next deadline; 0 when there is none.", (double)sum.next_at / 1000);
    return 0;
}

static int add_daemon(struct metrics *metrics, struct rb_err *err)
{
    const struct rb_api_options *options = metrics->request->options;
    struct rb_event *events;
    size_t count;
    int status =
        rb_store_events(options->store, NULL, 0, 1, metrics->request->arena, &events, &count, err);
    if (status != 0)
        return status;
    begin(metrics, "rebake_info", "gauge", "The program's version.");
    rb_strbuf_printf(&metrics->text, "rebake_info{version=\"%s\"} 1\n", options->version);
    add_one(metrics, "rebake_start_timestamp_seconds", "gauge", "When the daemon started.",
            (double)options->started_at / 1000);
    add_one(metrics, "rebake_planning", "gauge",
            "1 while something is recorded that no plan has seen.",
            options->is_behind(options->context) ? 1 : 0);
    add_one(metrics, "rebake_events_total", "counter", "Changes of state that were ever recorded.",
            count == 0 ? 0 : (double)events[0].id);
    return 0;
}

int api_get_metrics(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    static int (*const PARTS[])(struct metrics *, struct rb_err *) = {
        add_daemon, add_sources, add_images, add_builds, add_deployments, add_deadlines};
    struct metrics metrics = {.request = request, .text = RB_STRBUF_INIT(METRICS_MAXIMUM)};
    int status = 0;
    for (size_t i = 0; status == 0 && i < RB_COUNT_OF(PARTS); i++)
        status = PARTS[i](&metrics, err);
    if (status == 0 && metrics.text.overflowed)
        status =
            rb_err_set(err, RB_ELIMIT, "the figures are larger than %d bytes", METRICS_MAXIMUM);
    if (status != 0) {
        rb_strbuf_deinit(&metrics.text);
        return status;
    }
    reply->byte_count = metrics.text.size;
    reply->bytes = rb_strbuf_steal(&metrics.text);
    return 0;
}
