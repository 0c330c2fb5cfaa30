/* SPDX-License-Identifier: Apache-2.0 */
#include "worker_child.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "rebake/base/clock.h"
#include "rebake/base/file.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/base/random.h"
#include "rebake/base/strbuf.h"

enum {
    READ_BLOCK = 64 * 1024,
    REPLIES_KEPT = 64 * 1024, /* bytes */
    KEPT_MS = 1,
    RANDOM_SIZE = 16,
    EXIT_CONFINE = 3,
    SECOND_MS = 1000
};

struct child {
    const struct worker_child *options;
    int fd;
    struct rb_random random;
    rlim_t processor_seconds; /* the limit that is set */
    char *buffer;             /* what came and was not answered yet */
    size_t size, capacity;
    struct rb_strbuf replies; /* that were not sent yet */
    int64_t first_kept_ms;
};

/* A question has so much processor time at least, and the limit is set anew only now and then. */
static void renew_processor_time(struct child *child)
{
    struct timespec used;
    rlim_t wanted = (rlim_t)(child->options->processor_ms / SECOND_MS + 1);
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0)
        return;
    if ((rlim_t)used.tv_sec + wanted < child->processor_seconds)
        return;
    struct rlimit limit = {(rlim_t)used.tv_sec + 2 * wanted, RLIM_INFINITY};
    if (setrlimit(RLIMIT_CPU, &limit) == 0)
        child->processor_seconds = limit.rlim_cur;
}

static void send_replies(struct child *child)
{
    if (child->replies.size > 0 &&
        rb_write_all(child->fd, child->replies.data, child->replies.size, NULL) != 0)
        _exit(0); /* nobody is there */
    rb_strbuf_clear(&child->replies);
}

/* Several go together, since each wakes the server; none is kept longer than a moment, or the time
   of the next question would be taken for longer than it is. */
static void keep_reply(struct child *child, uint64_t number, const struct opa_reply *reply)
{
    const struct frame_reply head = {
        .number = number, .status = (uint32_t)reply->status, .size = (uint32_t)reply->size};
    int64_t now_ms = rb_clock_monotonic_ms();
    if (child->replies.size == 0)
        child->first_kept_ms = now_ms;
    rb_strbuf_append(&child->replies, &head, sizeof(head));
    rb_strbuf_append(&child->replies, reply->text, reply->size);
    RB_ASSERT(!child->replies.overflowed);
    if (child->replies.size >= REPLIES_KEPT || now_ms - child->first_kept_ms >= KEPT_MS)
        send_replies(child);
}

static void answer(struct child *child, const struct frame_question *head, const char *rest)
{
    const struct worker_child *options = child->options;
    const struct opa_question question = {.flags = head->flags,
                                          .document = rest,
                                          .body = rest + head->document_size + 1,
                                          .body_size = head->body_size};
    unsigned char random[RANDOM_SIZE];
    char decision_id[OPA_DECISION_ID_SIZE];
    struct opa_reply reply;
    for (size_t i = 0; i < RANDOM_SIZE; i += sizeof(uint64_t)) {
        uint64_t some = rb_random_next(&child->random);
        memcpy(random + i, &some, sizeof(some));
    }
    opa_decision_id(random, decision_id);
    renew_processor_time(child);
    options->shared->rule[0] = '\0';
    atomic_store(&options->shared->number, head->number);
    opa_answer(&question, decision_id, options->decide, options->context, &reply);
    if (reply.size > FRAME_REPLY_MAXIMUM) {
        rb_free(reply.text);
        opa_refuse_evaluation("eval_internal_error", "the decision is too large", &reply);
    }
    atomic_store(&options->shared->number, 0);
    keep_reply(child, head->number, &reply);
    rb_free(reply.text);
}

static size_t frame_size(const struct frame_question *head)
{
    return sizeof(*head) + head->document_size + 1 + head->body_size;
}

/* Answers all that is whole; what is left moves to the beginning. */
static void answer_all(struct child *child)
{
    size_t at = 0;
    struct frame_question head;
    while (child->size - at >= sizeof(head)) {
        memcpy(&head, child->buffer + at, sizeof(head));
        if (child->size - at < frame_size(&head))
            break;
        answer(child, &head, child->buffer + at + sizeof(head));
        at += frame_size(&head);
    }
    send_replies(child);
    child->size -= at;
    if (at > 0 && child->size > 0)
        memmove(child->buffer, child->buffer + at, child->size);
}

static bool receive(struct child *child)
{
    if (child->capacity - child->size < READ_BLOCK) {
        child->capacity = 2 * child->capacity + READ_BLOCK;
        child->buffer = rb_realloc(child->buffer, child->capacity);
    }
    ssize_t got;
    do
        got = read(child->fd, child->buffer + child->size, child->capacity - child->size);
    while (got < 0 && errno == EINTR);
    child->size += got > 0 ? (size_t)got : 0;
    return got > 0;
}

/* By _exit: there is nothing of the server's in our streams, and what it holds is its own. */
_Noreturn void worker_child_run(const struct worker_child *options)
{
    struct rb_err err;
    struct child child = {.options = options};
    char ready[1] = "";
    uint64_t seed;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != options->parent)
        _exit(0);
    rb_random_system(&seed, sizeof(seed));
    rb_random_seed(&child.random, seed);
    json_object_seed(0); /* from the kernel, while it can be opened */
    child.fd = worker_child_confine(options->fd, options->memory_bytes, &err);
    if (child.fd < 0) {
        rb_log(RB_LOG_ERROR, "the policy worker does not start", "error", err.text, NULL);
        _exit(EXIT_CONFINE);
    }
    if (options->note_rules != NULL)
        options->note_rules(options->context, options->shared->rule, FRAME_RULE_SIZE);
    child.replies = RB_STRBUF_INIT(REPLIES_KEPT + sizeof(struct frame_reply) + FRAME_REPLY_MAXIMUM);
    keep_reply(&child, 0, &(struct opa_reply){.status = 200, .text = ready});
    send_replies(&child);
    while (receive(&child))
        answer_all(&child);
    rb_free(child.buffer);
    _exit(0);
}
