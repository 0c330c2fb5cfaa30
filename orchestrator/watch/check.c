/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "rebake/base/memory.h"

struct rb_check {
    const struct rb_check_kind *kind;
    void *state;
    rb_check_cb *done;
    void *context;
};

const struct rb_check_kind *rb_check_kind_of(enum rb_source_kind kind)
{
    switch (kind) {
    case RB_SOURCE_GIT:
    case RB_SOURCE_PIPELINE:
        return &rb_check_git;
    case RB_SOURCE_IMAGE:
        return &rb_check_image;
    case RB_SOURCE_APT:
        return &rb_check_apt;
    case RB_SOURCE_RPM:
        return &rb_check_rpm;
    case RB_SOURCE_APK:
        return &rb_check_apk;
    case RB_SOURCE_PYPI:
    case RB_SOURCE_NPM:
        return &rb_check_language;
    case RB_SOURCE_HTTP:
    case RB_SOURCE_OSV:
    case RB_SOURCE_DEBIAN_TRACKER:
    case RB_SOURCE_SECDB:
    case RB_SOURCE_KEV:
    case RB_SOURCE_EPSS:
        return &rb_check_file;
    }
    RB_ASSERT(false && "a kind of source without a check");
    return NULL;
}

struct rb_check_outcome rb_check_outcome_of(const struct rb_http_cost *cost)
{
    return (struct rb_check_outcome){
        .requests = cost->requests,
        .bytes = cost->bytes,
        .status = cost->status,
        .retry_after_ms = cost->retry_after_ms,
        .limit = cost->limit,
    };
}

/* A server that is out of order asks nobody for patience, unless it says so. */
static enum rb_trouble trouble_of(const struct rb_check_outcome *outcome)
{
    enum { TOO_MANY_REQUESTS = 429 };
    if (outcome->error == NULL || outcome->trouble != RB_TROUBLE_NONE)
        return outcome->trouble;
    enum rb_trouble trouble = rb_trouble_of(outcome->error);
    bool is_asked_for = outcome->retry_after_ms > 0 || outcome->status == TOO_MANY_REQUESTS;
    return trouble == RB_TROUBLE_LIMITED && !is_asked_for ? RB_TROUBLE_UNREACHABLE : trouble;
}

static void check_done(void *context, const struct rb_check_outcome *outcome)
{
    struct rb_check *check = context;
    rb_check_cb *done = check->done;
    void *done_context = check->context;
    struct rb_check_outcome told = *outcome;
    told.trouble = trouble_of(outcome);
    rb_free(check);
    done(done_context, &told);
}

struct rb_check *rb_check_start(const struct rb_watch_tools *tools,
                                const struct rb_check_request *request, rb_check_cb *done,
                                void *context)
{
    struct rb_check *check = rb_zalloc(sizeof(*check));
    check->kind = rb_check_kind_of(request->source->kind);
    check->done = done;
    check->context = context;
    check->state = check->kind->start(tools, request, check_done, check);
    return check;
}

void rb_check_cancel(struct rb_check *check)
{
    check->kind->cancel(check->state);
    rb_free(check);
}
