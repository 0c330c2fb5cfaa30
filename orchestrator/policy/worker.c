/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     start ──▶ RUNNING ──its socket ended, its time is over, or it talks nonsense──▶ ENDING
 *       ▲          │                                                                    │
 *       │          └── other policies, and nothing is under way ──▶ ENDING              │
 *       │                                                                               ▼
 *       ├──── at once where it had been ready, else after a second ◀── STOPPED ◀── it is gone
 *
 * Nothing is sent to a process that is ENDING; what was sent to it and not answered is asked of the
 * next one, but for the question that it was at.
 */
#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"
#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "rebake/loop/channel.h"
#include "rebake/loop/process.h"
#include "rebake/loop/state.h"
#include "rebake/loop/timer.h"
#include "worker_child.h"

enum {
    UNDER_WAY_MAXIMUM = 8, /* sent ahead, so that the worker need not wait for us */
    BACKOFF_MS = 1000,
    PROCESSOR_FACTOR = 2, /* the worker's own bound is not to come before ours */
    CLOCK_FACTOR = 4      /* so much longer by the clock: the machine may be busy */
};

enum state { STOPPED, RUNNING, ENDING };

static const struct rb_state_table STATES = {
    .name = "policy worker",
    .count = 3,
    .states = {[STOPPED] = {"stopped", RB_STATE_BIT(RUNNING)},
               [RUNNING] = {"running", RB_STATE_BIT(ENDING)},
               [ENDING] = {"ending", RB_STATE_BIT(STOPPED)}}};

TAILQ_HEAD(questions, worker_question);

struct worker {
    struct worker_options options;
    unsigned state; /* enum state */
    pid_t pid;
    struct rb_channel *channel;
    struct rb_pid_watch *watch;
    struct rb_timer *timer;      /* RUNNING: the watchdog; STOPPED: until the next start */
    struct frame_shared *shared; /* one for all processes, one after the other */
    struct questions waiting, under_way;
    size_t under_way_count;
    uint64_t last_number;
    int64_t began_ms;      /* when the first of those under way was begun */
    int64_t began_used_ms; /* and what the process had used of the processor by then */
    bool is_watched;       /* the watchdog's timer runs */
    bool is_ready;         /* the process said so */
    bool is_late;          /* killed by the watchdog */
    bool talked_nonsense;  /* killed for what it sent */
    bool is_replaced;      /* other policies are to be used */
    struct rb_strbuf received;
    struct rb_strbuf frame;
};

static void pump(struct worker *worker);
static int start(struct worker *worker, struct rb_err *err);

/* What the process has used of the processor; 0 where that cannot be told. */
static int64_t used_ms(const struct worker *worker)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(worker->pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return 0;
    return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

static void begin_question(struct worker *worker)
{
    worker->began_ms = rb_clock_monotonic_ms();
    worker->began_used_ms = used_ms(worker);
}

static void end_process(struct worker *worker)
{
    if (worker->state != RUNNING)
        return;
    rb_state_move(&STATES, &worker->state, ENDING);
    rb_timer_stop(worker->timer);
    worker->is_watched = false;
    rb_channel_free(rb_steal(&worker->channel));
    (void)kill(worker->pid, SIGKILL);
}

static void reply_to(struct worker *worker, struct worker_question *question,
                     struct opa_reply *reply)
{
    TAILQ_REMOVE(&worker->under_way, question, link);
    worker->under_way_count--;
    question->done(question, reply);
}

static void drop_received(struct worker *worker, size_t size)
{
    struct rb_strbuf *received = &worker->received;
    received->size -= size;
    memmove(received->data, received->data + size, received->size);
}

/* True when a whole reply was at the beginning of what came. */
static bool take_reply(struct worker *worker)
{
    struct frame_reply head;
    struct rb_strbuf *received = &worker->received;
    struct worker_question *first = TAILQ_FIRST(&worker->under_way);
    if (received->size < sizeof(head))
        return false;
    memcpy(&head, received->data, sizeof(head));
    if (head.number == 0 && !worker->is_ready) {
        worker->is_ready = true;
        drop_received(worker, sizeof(head));
        return true;
    }
    if (first == NULL || head.number != first->number || head.size > FRAME_REPLY_MAXIMUM ||
        head.status < 200 || head.status > 599) {
        worker->talked_nonsense = true;
        end_process(worker);
        return false;
    }
    size_t size = sizeof(head) + head.size;
    if (received->size < size)
        return false;
    struct opa_reply reply = {.status = (int)head.status,
                              .text = rb_strndup(received->data + sizeof(head), head.size),
                              .size = head.size};
    drop_received(worker, size);
    begin_question(worker);
    reply_to(worker, first, &reply);
    return true;
}

static void received(void *context, const char *data, size_t size)
{
    struct worker *worker = context;
    if (size == 0 || !rb_strbuf_append(&worker->received, data, size)) {
        worker->talked_nonsense = size > 0;
        end_process(worker);
        return;
    }
    while (take_reply(worker))
        ;
    pump(worker);
}

static void send_question(struct worker *worker, struct worker_question *question)
{
    const struct opa_question *asked = &question->asked;
    struct rb_strbuf *frame = &worker->frame;
    const struct frame_question head = {.number = question->number = ++worker->last_number,
                                        .flags = asked->flags,
                                        .document_size = (uint32_t)strlen(asked->document),
                                        .body_size = (uint32_t)asked->body_size};
    rb_strbuf_clear(frame);
    rb_strbuf_append(frame, &head, sizeof(head));
    rb_strbuf_append(frame, asked->document, head.document_size + 1);
    rb_strbuf_append(frame, asked->body, asked->body_size);
    RB_ASSERT(!frame->overflowed);
    rb_channel_write(worker->channel, frame->data, frame->size);
}

static void watch_the_time(struct worker *worker)
{
    if (worker->is_watched)
        return;
    worker->is_watched = true;
    rb_timer_start(worker->timer, worker->options.timeout_ms, 0);
}

/* Sends what may be sent. */
static void pump(struct worker *worker)
{
    struct worker_question *question;
    if (worker->state != RUNNING)
        return;
    if (worker->is_replaced && worker->under_way_count == 0)
        end_process(worker);
    while (!worker->is_replaced && worker->under_way_count < UNDER_WAY_MAXIMUM &&
           (question = TAILQ_FIRST(&worker->waiting)) != NULL) {
        if (worker->under_way_count == 0)
            begin_question(worker);
        TAILQ_REMOVE(&worker->waiting, question, link);
        TAILQ_INSERT_TAIL(&worker->under_way, question, link);
        worker->under_way_count++;
        send_question(worker, question);
        watch_the_time(worker);
    }
}

static void begin_process(struct worker *worker)
{
    struct rb_err err;
    if (start(worker, &err) == 0) {
        pump(worker);
        return;
    }
    if (worker->options.died != NULL)
        worker->options.died(worker->options.context, "", &err);
    rb_timer_start(worker->timer, BACKOFF_MS, 0);
}

static int64_t time_left(const struct worker *worker)
{
    int64_t limit_ms = worker->options.timeout_ms;
    int64_t to_use_ms = worker->began_used_ms + limit_ms - used_ms(worker);
    int64_t by_clock_ms = worker->began_ms + limit_ms * CLOCK_FACTOR - rb_clock_monotonic_ms();
    return to_use_ms < by_clock_ms ? to_use_ms : by_clock_ms;
}

static void time_came(void *context)
{
    struct worker *worker = context;
    if (worker->state == STOPPED) {
        begin_process(worker);
        return;
    }
    worker->is_watched = false;
    if (worker->under_way_count == 0)
        return;
    int64_t left_ms = time_left(worker);
    if (left_ms > 0) {
        worker->is_watched = true;
        rb_timer_start(worker->timer, left_ms, 0);
        return;
    }
    worker->is_late = true;
    end_process(worker);
}

/* The one that it was at: the worker says so itself, and so may not. */
static struct worker_question *culprit_of(const struct worker *worker)
{
    uint64_t number = atomic_load(&worker->shared->number);
    struct worker_question *question;
    TAILQ_FOREACH(question, &worker->under_way, link)
    {
        if (question->number == number)
            return question;
    }
    return worker->is_late || worker->talked_nonsense ? TAILQ_FIRST(&worker->under_way) : NULL;
}

/* rule: NULL where no question is to blame, "" where the worker was at none of the rules. */
static void say_why(const struct worker *worker, int status, const char *rule, struct rb_err *err)
{
    RB_CLEANUP_FREE char *what = rule == NULL      ? rb_strdup("the policy worker")
                                 : rule[0] == '\0' ? rb_strdup("the evaluation of the policy")
                                                   : rb_asprintf("rule \"%s\"", rule);
    char span[RB_TIME_TEXT_SIZE];
    if (worker->is_late)
        rb_err_set(err, RB_ETIMEOUT, "%s did not end within %s and was stopped", what,
                   rb_span_format(worker->options.timeout_ms, span));
    else if (worker->talked_nonsense)
        rb_err_set(err, RB_EINTERNAL, "%s: the worker's words make no sense", what);
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        rb_err_set(err, RB_ETIMEOUT, "%s used up its processor time and was stopped", what);
    else if (WIFSIGNALED(status))
        rb_err_set(err, RB_EIO, "%s ended its process by signal %d (%s)%s", what, WTERMSIG(status),
                   strsignal(WTERMSIG(status)),
                   WTERMSIG(status) == SIGABRT || WTERMSIG(status) == SIGSEGV
                       ? ": most likely it wanted more memory than it may"
                       : "");
    else
        rb_err_set(err, RB_EIO, "%s ended its process with exit code %d", what,
                   WEXITSTATUS(status));
}

/* Gives the culprit its error, and the others back to those that wait, before them. */
static void settle(struct worker *worker, int status)
{
    struct worker_question *culprit = culprit_of(worker), *question;
    struct rb_err err;
    char rule[FRAME_RULE_SIZE], shown[FRAME_RULE_SIZE];
    memcpy(rule, worker->shared->rule, sizeof(rule));
    rule[sizeof(rule) - 1] = '\0';
    rb_text_printable(culprit == NULL ? "" : rule, shown, sizeof(shown));
    say_why(worker, status, culprit == NULL ? NULL : shown, &err);
    while ((question = TAILQ_LAST(&worker->under_way, questions)) != NULL) {
        struct opa_reply reply;
        if (question == culprit) {
            opa_refuse_evaluation("eval_cancel_error", err.text, &reply);
            reply_to(worker, question, &reply);
            continue;
        }
        TAILQ_REMOVE(&worker->under_way, question, link);
        TAILQ_INSERT_HEAD(&worker->waiting, question, link);
        worker->under_way_count--;
    }
    if (worker->options.died != NULL && !(worker->is_replaced && culprit == NULL))
        worker->options.died(worker->options.context, shown, &err);
}

static void gone(void *context)
{
    struct worker *worker = context;
    int status = 0;
    end_process(worker); /* its socket's end is still to come */
    (void)waitpid(worker->pid, &status, 0);
    rb_pid_watch_free(rb_steal(&worker->watch));
    worker->pid = 0;
    rb_state_move(&STATES, &worker->state, STOPPED);
    bool at_once = worker->is_ready || worker->is_replaced;
    settle(worker, status);
    if (at_once)
        begin_process(worker);
    else
        rb_timer_start(worker->timer, BACKOFF_MS, 0);
}

static _Noreturn void be_child(const struct worker *worker, pid_t parent, int fd)
{
    const struct worker_options *options = &worker->options;
    const struct worker_child child = {.parent = parent,
                                       .fd = fd,
                                       .shared = worker->shared,
                                       .memory_bytes = options->memory_bytes,
                                       .processor_ms = options->timeout_ms * PROCESSOR_FACTOR,
                                       .decide = options->policies.decide,
                                       .note_rules = options->policies.note_rules,
                                       .context = options->policies.context};
    worker_child_run(&child);
}

static int start(struct worker *worker, struct rb_err *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return rb_err_sys(err, errno, "make the policy worker's socket");
    pid_t parent = getpid();
    worker->pid = fork();
    if (worker->pid == 0)
        be_child(worker, parent, pair[1]);
    (void)close(pair[1]);
    if (worker->pid < 0) {
        int number = errno;
        worker->pid = 0;
        (void)close(pair[0]);
        return rb_err_sys(err, number, "start the policy worker");
    }
    int status =
        rb_pid_watch_start(worker->options.loop, worker->pid, gone, worker, &worker->watch, err);
    if (status != 0) {
        (void)kill(worker->pid, SIGKILL);
        (void)waitpid(worker->pid, NULL, 0);
        (void)close(pair[0]);
        worker->pid = 0;
        return status;
    }
    worker->channel = rb_channel_new(worker->options.loop, pair[0], received, worker);
    rb_strbuf_clear(&worker->received);
    worker->is_ready = worker->is_late = worker->talked_nonsense = worker->is_replaced = false;
    atomic_store(&worker->shared->number, 0);
    rb_state_move(&STATES, &worker->state, RUNNING);
    return 0;
}

int worker_new(const struct worker_options *options, struct worker **ret_worker, struct rb_err *err)
{
    void *shared = mmap(NULL, sizeof(struct frame_shared), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return rb_err_sys(err, errno, "share memory with the policy worker");
    struct worker *worker = rb_zalloc(sizeof(*worker));
    worker->options = *options;
    worker->shared = shared;
    worker->timer = rb_timer_new(options->loop, time_came, worker);
    TAILQ_INIT(&worker->waiting);
    TAILQ_INIT(&worker->under_way);
    worker->received = RB_STRBUF_INIT(2 * (sizeof(struct frame_reply) + FRAME_REPLY_MAXIMUM));
    worker->frame =
        RB_STRBUF_INIT(sizeof(struct frame_question) + FRAME_DOCUMENT_MAXIMUM + FRAME_BODY_MAXIMUM);
    int status = start(worker, err);
    if (status != 0)
        worker_free(worker);
    else
        *ret_worker = worker;
    return status;
}

static void refuse_all(struct questions *questions)
{
    struct worker_question *question;
    struct opa_reply reply;
    while ((question = TAILQ_FIRST(questions)) != NULL) {
        TAILQ_REMOVE(questions, question, link);
        opa_refuse_evaluation("eval_cancel_error", "the policy server ends", &reply);
        question->done(question, &reply);
    }
}

void worker_free(struct worker *worker)
{
    if (worker == NULL)
        return;
    end_process(worker);
    if (worker->pid > 0)
        (void)waitpid(worker->pid, NULL, 0); /* it was killed */
    rb_pid_watch_free(worker->watch);
    rb_timer_free(worker->timer);
    refuse_all(&worker->under_way);
    refuse_all(&worker->waiting);
    (void)munmap(worker->shared, sizeof(*worker->shared));
    rb_strbuf_deinit(&worker->received);
    rb_strbuf_deinit(&worker->frame);
    rb_free(worker);
}

void worker_ask(struct worker *worker, struct worker_question *question)
{
    RB_ASSERT(strlen(question->asked.document) < FRAME_DOCUMENT_MAXIMUM);
    RB_ASSERT(question->asked.body_size <= FRAME_BODY_MAXIMUM);
    TAILQ_INSERT_TAIL(&worker->waiting, question, link);
    pump(worker);
}

void worker_use(struct worker *worker, const struct worker_policies *policies)
{
    worker->options.policies = *policies;
    worker->is_replaced = true;
    pump(worker);
}

bool worker_is_ready(const struct worker *worker)
{
    return worker->state == RUNNING && worker->is_ready;
}

int worker_pid(const struct worker *worker)
{
    return (int)worker->pid;
}
