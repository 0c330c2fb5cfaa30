/* SPDX-License-Identifier: Apache-2.0 */
/* result.json (docs/reference/job.md): made once at the end of a job, and read by others. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "running.h"

enum { LOG_TAIL = 2048 };

static const char *state_of(const struct job_outcome *outcome)
{
    if (outcome->status == 0)
        return "succeeded";
    return rb_text_equal(outcome->class_name, "canceled") ? "canceled" : "failed";
}

static json_t *steps_of(const struct job_ledger *ledger, const char *state)
{
    json_t *steps = rb_json_array();
    for (int i = 0; i < ledger->count; i++) {
        json_t *step = rb_json_object();
        int64_t end = ledger->steps[i].ended_ms;
        int64_t took = (end != 0 ? end : rb_clock_monotonic_ms()) - ledger->steps[i].started_ms;
        rb_json_set_string(step, "name", ledger->steps[i].name);
        rb_json_set_time(step, "startedAt", ledger->steps[i].started_at);
        rb_json_set(step, "seconds", json_real((double)took / 1000));
        rb_json_set_string(step, "state", i + 1 < ledger->count ? "succeeded" : state);
        rb_json_append(steps, step);
    }
    return steps;
}

json_t *job_result_make(const struct job_running *running, const struct job_outcome *outcome,
                        int64_t started_at)
{
    const struct job_ledger *ledger = running->ledger;
    json_t *result = rb_json_object();
    rb_json_set_integer(result, "version", 1);
    rb_json_set_string(result, "kind", running->kind->name);
    rb_json_set_string(result, "state", state_of(outcome));
    rb_json_set_time(result, "startedAt", started_at);
    rb_json_set_time(result, "finishedAt", rb_clock_now(&rb_clock_system));
    rb_json_set(result, "steps", steps_of(ledger, state_of(outcome)));
    if (outcome->status == 0) {
        RB_ASSERT(json_object_update_missing(result, outcome->result) == 0);
    } else {
        RB_CLEANUP_FREE char *error = job_mask(outcome->err.text);
        rb_json_set_string(result, "error", error);
        rb_json_set_string(result, "errorClass", outcome->class_name);
        if (ledger->count > 0)
            rb_json_set_string(result, "step", ledger->steps[ledger->count - 1].name);
    }
    return result;
}

/* The last line of the log, which may be what a runner said before it ended. */
static void last_log_line(const char *folder, char *out, size_t out_size)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/log", folder);
    RB_CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char tail[LOG_TAIL + 1];
    struct stat status;
    out[0] = '\0';
    if (fd < 0 || fstat(fd, &status) != 0)
        return;
    off_t from = status.st_size > LOG_TAIL ? status.st_size - LOG_TAIL : 0;
    ssize_t got = pread(fd, tail, LOG_TAIL, from);
    while (got > 0 && (tail[got - 1] == '\n' || tail[got - 1] == ' '))
        got--;
    if (got <= 0)
        return;
    tail[got] = '\0';
    const char *line = strrchr(tail, '\n');
    rb_text_printable(line != NULL ? line + 1 : tail, out, out_size);
}

json_t *job_result_lost(const char *folder, const char *class_name, const char *error)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/spec.json", folder);
    RB_CLEANUP_JSON json_t *spec = NULL;
    char line[512];
    last_log_line(folder, line, sizeof(line));
    RB_CLEANUP_FREE char *text =
        rb_asprintf("%s%s%s", error, line[0] != '\0' ? "; its log ends with: " : "", line);
    RB_CLEANUP_FREE char *masked = job_mask(text);
    bool known = rb_json_read_file(path, JOB_SPEC_MAXIMUM, &spec, NULL) == 0;
    json_t *result = rb_json_object();
    rb_json_set_integer(result, "version", 1);
    rb_json_set_string(result, "kind", known ? rb_json_get_string(spec, "kind", NULL) : NULL);
    rb_json_set_string(result, "state",
                       strcmp(class_name, "canceled") == 0 ? "canceled" : "failed");
    rb_json_set_time(result, "startedAt", 0);
    rb_json_set_time(result, "finishedAt", 0);
    rb_json_set(result, "steps", rb_json_array());
    rb_json_set_string(result, "error", masked);
    rb_json_set_string(result, "errorClass", class_name);
    return result;
}

int rb_job_result(const char *folder, json_t **ret_result, struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/result.json", folder);
    RB_CLEANUP_JSON json_t *result = NULL;
    struct rb_err cause;
    int status = rb_json_read_file(path, JOB_RESULT_MAXIMUM, &result, &cause);
    if (status == RB_ENOTFOUND) {
        *ret_result = job_result_lost(folder, "infrastructure",
                                      "the runner ended without a result (it was killed, or the "
                                      "machine went down)");
        return 0;
    }
    if (status != 0)
        return rb_err_copy(err, &cause);
    if (rb_json_get_integer(result, "version", 0) != 1)
        return rb_err_set(err, RB_EINVALID, "%s: not a version that is known here (1)", path);
    *ret_result = rb_steal(&result);
    return 0;
}
