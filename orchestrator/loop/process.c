/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a child:
 *
 *     start ──▶ running ──exit, both pipes at their end──▶ report ──all handles closed──▶ freed
 *                  │                                          ▲
 *                  └─time over, too much output, kill──▶ TERM to the group ──grace──▶ KILL
 *                                                             ▲                        │
 *                                                             └──── pipes closed ◀──last grace
 *
 * `waits` counts what must still happen before the report: the exit and each open pipe. A process
 * that left the group with a pipe in its hands would keep us waiting; what the kill does not end is
 * not listened to any longer.
 * `handles` counts what must be closed before the memory may go.
 */
#include "rebake/loop/process.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "process_end.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"

enum { GRACE_MS = 5000, LAST_GRACE_MS = 1000, READ_BLOCK = 16384 };

struct capture {
    uv_pipe_t pipe;
    struct rb_strbuf text;
    bool newest; /* more than the maximum pushes the oldest out, rather than killing the child */
    bool open;
};

struct rb_process {
    uv_process_t uv;
    uv_timer_t timer;
    uv_pipe_t input;
    uv_write_t input_write;
    char *input_data;
    struct capture output;
    struct capture errors;
    struct rb_process_result result;
    int64_t timeout_ms;
    int waits;
    int handles;
    bool outlives;
    bool killed;
    char block[READ_BLOCK];
    rb_process_cb *done; /* NULL once forgotten or reported */
    void *context;
};

static void handle_closed(uv_handle_t *handle)
{
    struct rb_process *process = handle->data;
    if (--process->handles > 0)
        return;
    rb_strbuf_deinit(&process->output.text);
    rb_strbuf_deinit(&process->errors.text);
    rb_free(process->input_data);
    rb_free(process);
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, handle_closed);
}

static void step(struct rb_process *process)
{
    if (--process->waits > 0)
        return;
    close_handle((uv_handle_t *)&process->uv);
    close_handle((uv_handle_t *)&process->timer);
    if (process->input_data != NULL)
        close_handle((uv_handle_t *)&process->input);
    rb_process_cb *done = process->done;
    process->done = NULL;
    struct rb_process_result *result = &process->result;
    result->overflowed = process->output.text.overflowed;
    /* The reader of a result may hold on to nothing: the text is lent for this call. */
    rb_strbuf_puts(&process->output.text, "");
    rb_strbuf_puts(&process->errors.text, "");
    char nothing[1] = "";
    result->output = process->output.text.data != NULL ? process->output.text.data : nothing;
    result->output_size = process->output.text.size;
    result->errors = process->errors.text.data != NULL ? process->errors.text.data : nothing;
    if (done != NULL)
        done(process->context, result);
}

static void end_capture(struct rb_process *process, struct capture *capture)
{
    if (!capture->open)
        return;
    capture->open = false;
    close_handle((uv_handle_t *)&capture->pipe);
    step(process);
}

static void last_grace_over(uv_timer_t *timer)
{
    struct rb_process *process = timer->data;
    end_capture(process, &process->output);
    end_capture(process, &process->errors);
}

static void grace_over(uv_timer_t *timer)
{
    struct rb_process *process = timer->data;
    (void)kill(-process->uv.pid, SIGKILL);
    (void)uv_timer_start(timer, last_grace_over, LAST_GRACE_MS, 0);
}

void rb_process_kill(struct rb_process *process)
{
    if (process->killed)
        return;
    process->killed = true;
    (void)kill(-process->uv.pid, SIGTERM);
    uv_update_time(process->timer.loop);
    (void)uv_timer_start(&process->timer, grace_over, GRACE_MS, 0);
}

bool rb_process_is_ending(const uv_handle_t *handle)
{
    const struct rb_process *process = handle->data;
    return handle->type == UV_PROCESS && process->killed && !uv_is_closing(handle);
}

static void time_over(uv_timer_t *timer)
{
    struct rb_process *process = timer->data;
    process->result.timed_out = true;
    rb_process_kill(process);
}

static void on_exit_status(uv_process_t *uv, int64_t exit_status, int signal_number)
{
    struct rb_process *process = uv->data;
    process->result.exit_code = signal_number != 0 ? -1 : (int)exit_status;
    process->result.signal = signal_number;
    step(process);
}

static void lend_block(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct rb_process *process = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(process->block, READ_BLOCK);
}

static void keep(struct rb_process *process, struct capture *capture, const char *data, size_t size)
{
    struct rb_strbuf *text = &capture->text;
    if (capture->newest && size > text->maximum - text->size) {
        size_t whole = text->size + size, surplus = whole - text->maximum;
        size_t from_text = surplus < text->size ? surplus : text->size;
        text->size -= from_text;
        if (text->size > 0)
            memmove(text->data, text->data + from_text, text->size);
        data += surplus - from_text;
        size -= surplus - from_text;
    }
    if (!rb_strbuf_append(text, data, size))
        rb_process_kill(process);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct rb_process *process = stream->data;
    struct capture *capture = rb_container_of(stream, struct capture, pipe);
    if (size > 0) {
        keep(process, capture, buffer->base, (size_t)size);
    } else if (size < 0) {
        end_capture(process, capture);
    }
}

static void on_written(uv_write_t *write, int status)
{
    struct rb_process *process = write->data;
    (void)status; /* a child that does not read its input to the end is its own matter */
    close_handle((uv_handle_t *)&process->input);
}

static void prepare_capture(struct rb_process *process, struct capture *capture,
                            uv_stdio_container_t *stdio, size_t maximum, int log_fd, bool newest)
{
    if (log_fd > 0) {
        stdio->flags = UV_INHERIT_FD;
        stdio->data.fd = log_fd;
        return;
    }
    stdio->flags = UV_IGNORE;
    if (maximum == 0)
        return;
    RB_ASSERT(uv_pipe_init(process->uv.loop, &capture->pipe, 0) == 0);
    capture->pipe.data = process;
    capture->text = RB_STRBUF_INIT(maximum);
    capture->newest = newest;
    capture->open = true;
    process->waits++;
    process->handles++;
    stdio->flags = (uv_stdio_flags)(UV_CREATE_PIPE | UV_WRITABLE_PIPE);
    stdio->data.stream = (uv_stream_t *)&capture->pipe;
}

static void prepare_input(struct rb_process *process, const struct rb_process_options *options,
                          uv_stdio_container_t *stdio)
{
    stdio->flags = UV_IGNORE;
    if (options->input == NULL)
        return;
    RB_ASSERT(uv_pipe_init(process->uv.loop, &process->input, 0) == 0);
    process->input.data = process;
    process->input_data = rb_alloc(options->input_size);
    memcpy(process->input_data, options->input, options->input_size);
    process->handles++;
    stdio->flags = (uv_stdio_flags)(UV_CREATE_PIPE | UV_READABLE_PIPE);
    stdio->data.stream = (uv_stream_t *)&process->input;
}

static void start_streams(struct rb_process *process, size_t input_size)
{
    if (process->output.open)
        (void)uv_read_start((uv_stream_t *)&process->output.pipe, lend_block, on_read);
    if (process->errors.open)
        (void)uv_read_start((uv_stream_t *)&process->errors.pipe, lend_block, on_read);
    if (process->input_data != NULL) {
        uv_buf_t buffer = uv_buf_init(process->input_data, (unsigned int)input_size);
        process->input_write.data = process;
        if (uv_write(&process->input_write, (uv_stream_t *)&process->input, &buffer, 1,
                     on_written) != 0)
            close_handle((uv_handle_t *)&process->input);
    }
}

/* The child never ran: close what was opened; nothing is reported. */
static void abandon(struct rb_process *process)
{
    process->done = NULL;
    close_handle((uv_handle_t *)&process->uv);
    close_handle((uv_handle_t *)&process->timer);
    if (process->output.open)
        close_handle((uv_handle_t *)&process->output.pipe);
    if (process->errors.open)
        close_handle((uv_handle_t *)&process->errors.pipe);
    if (process->input_data != NULL)
        close_handle((uv_handle_t *)&process->input);
}

static struct rb_process *new_process(struct rb_loop *loop,
                                      const struct rb_process_options *options, rb_process_cb *done,
                                      void *context)
{
    struct rb_process *process = rb_zalloc(sizeof(*process));
    process->done = done;
    process->context = context;
    process->outlives = options->outlives;
    process->timeout_ms = options->timeout_ms;
    process->uv.data = process;
    process->uv.loop = rb_loop_uv(loop);
    process->waits = 1;
    process->handles = 2;
    RB_ASSERT(uv_timer_init(rb_loop_uv(loop), &process->timer) == 0);
    process->timer.data = process;
    return process;
}

int rb_process_start(struct rb_loop *loop, const struct rb_process_options *options,
                     rb_process_cb *done, void *context, struct rb_process **ret_process,
                     struct rb_err *err)
{
    struct rb_process *process = new_process(loop, options, done, context);
    uv_stdio_container_t stdio[3];
    prepare_input(process, options, &stdio[0]);
    prepare_capture(process, &process->output, &stdio[1], options->output_maximum, options->log_fd,
                    false);
    prepare_capture(process, &process->errors, &stdio[2], options->errors_maximum, options->log_fd,
                    true);
    uv_process_options_t uv = {
        .exit_cb = on_exit_status,
        .file = options->arguments[0],
        .args = (char **)(uintptr_t)options->arguments,
        .env = (char **)(uintptr_t)options->environment,
        .cwd = options->folder,
        .flags = UV_PROCESS_DETACHED, /* setsid(2): a group of its own, to be killed whole */
        .stdio = stdio,
        .stdio_count = 3,
    };
    int status = uv_spawn(rb_loop_uv(loop), &process->uv, &uv);
    process->uv.data = process;
    if (status != 0) {
        abandon(process);
        return rb_err_sys(err, -status, "run %s", options->arguments[0]);
    }
    start_streams(process, options->input_size);
    if (process->timeout_ms > 0) {
        uv_update_time(process->timer.loop);
        (void)uv_timer_start(&process->timer, time_over, (uint64_t)process->timeout_ms, 0);
    }
    if (ret_process != NULL)
        *ret_process = process;
    return 0;
}

pid_t rb_process_pid(const struct rb_process *process)
{
    return process->uv.pid;
}

void rb_process_forget(struct rb_process *process)
{
    RB_ASSERT(process->outlives);
    abandon(process);
}

static void keep_result(void *context, const struct rb_process_result *result)
{
    struct rb_process_result *kept = context;
    *kept = *result;
    kept->output = rb_alloc(result->output_size + 1);
    memcpy(kept->output, result->output, result->output_size + 1);
    kept->errors = rb_strdup(result->errors);
}

int rb_process_run(const struct rb_process_options *options, struct rb_process_result *ret_result,
                   struct rb_err *err)
{
    RB_CLEANUP(rb_loop_cleanup) struct rb_loop *loop = rb_loop_new();
    *ret_result = (struct rb_process_result){0};
    int status = rb_process_start(loop, options, keep_result, ret_result, NULL, err);
    if (status == 0)
        rb_loop_run(loop);
    return status;
}

void rb_process_result_deinit(struct rb_process_result *result)
{
    rb_free(result->output);
    rb_free(result->errors);
    *result = (struct rb_process_result){0};
}

/* The last line that says something: what a tool prints before it gives up is its reason. */
static const char *last_line(const char *text, size_t *ret_size)
{
    const char *end = text + strlen(text);
    while (end > text && (end[-1] == '\n' || end[-1] == ' '))
        end--;
    const char *start = end;
    while (start > text && start[-1] != '\n')
        start--;
    *ret_size = (size_t)(end - start);
    return start;
}

int rb_process_check(const struct rb_process_result *result, const char *what, struct rb_err *err)
{
    if (result->timed_out)
        return rb_err_set(err, RB_ETIMEOUT, "%s: its time ran out", what);
    if (result->overflowed)
        return rb_err_set(err, RB_ELIMIT, "%s: its output was too large", what);
    if (result->exit_code == 0)
        return 0;
    size_t size;
    const char *line = last_line(result->errors != NULL ? result->errors : "", &size);
    if (result->signal != 0)
        return rb_err_set(err, RB_EIO, "%s: ended by signal %d%s%.*s", what, result->signal,
                          size > 0 ? ": " : "", (int)size, line);
    return rb_err_set(err, RB_EIO, "%s: exit code %d%s%.*s", what, result->exit_code,
                      size > 0 ? ": " : "", (int)size, line);
}
