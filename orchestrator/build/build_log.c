/* SPDX-License-Identifier: Apache-2.0 */
#include "build_log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum {
    TAIL_MAXIMUM = 64 << 10, /* of the log, for the reason */
    ALL_MAXIMUM = 16 << 20,  /* of the log, for the ids */
    LINES_SHOWN = 4,
    LINE_SHOWN = 200,
    REASON_MAXIMUM = LINES_SHOWN * (LINE_SHOWN + 3),
};

int64_t build_log_mark(const struct rb_job *job)
{
    struct stat status;
    return fstat(job->log_fd, &status) == 0 ? status.st_size : 0;
}

/* At most maximum bytes of what stands behind from: the last ones, or else the first. The caller
   frees the text. */
static char *read_log(const struct rb_job *job, int64_t from, size_t maximum, bool last)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/log", job->folder);
    RB_CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int64_t end = build_log_mark(job);
    if (last && end - from > (int64_t)maximum)
        from = end - (int64_t)maximum;
    size_t size = end > from ? (size_t)(end - from) : 0;
    size = size < maximum ? size : maximum;
    char *text = rb_alloc(size + 1);
    ssize_t got = fd >= 0 ? pread(fd, text, size, from) : 0;
    text[got > 0 ? got : 0] = '\0';
    return text;
}

/* Lines of the builder itself, which say nothing of the reason. */
static bool is_noise(const char *line)
{
    static const char *const starts[] = {"Error: building at STEP",
                                         "subprocess exited with status",
                                         "time=\"",
                                         "STEP ",
                                         "+ buildah",
                                         "--> "};
    for (size_t i = 0; i < RB_COUNT_OF(starts); i++) {
        if (rb_text_starts_with(line, starts[i]))
            return true;
    }
    return line[strspn(line, " \t\r")] == '\0';
}

static char *last_of(char *text)
{
    size_t size = strlen(text);
    while (size > 0 && text[size - 1] == '\n')
        text[--size] = '\0';
    char *newline = memrchr(text, '\n', size);
    return newline != NULL ? newline + 1 : text;
}

/* The last lines of the recipe's command, oldest first. Eats the text. */
static void last_words(char *text, char *out, size_t out_size)
{
    char lines[LINES_SHOWN][LINE_SHOWN];
    size_t count = 0, used = 0;
    while (text[0] != '\0' && count < LINES_SHOWN) {
        char *line = last_of(text);
        bool is_step = rb_text_starts_with(line, "STEP ");
        if (!is_noise(line))
            rb_text_printable(line, lines[count++], LINE_SHOWN);
        *line = '\0';
        if (is_step)
            break;
    }
    out[0] = '\0';
    while (count > 0 && used < out_size)
        used += (size_t)snprintf(out + used, out_size - used, "%s%s", used == 0 ? ": " : " | ",
                                 lines[--count]);
}

/* A command of the recipe that found no network, or a full disk, may work the next time. */
static bool looks_transient(const char *text)
{
    static const char *const signs[] = {
        "Temporary failure resolving", "Temporary failure in name resolution",
        "Could not resolve host",      "Could not connect to",
        "Unable to connect to",        "Connection timed out",
        "Connection failed",           "Connection refused",
        "Connection reset by peer",    "503  Service Unavailable",
        "No space left on device",     "no space left on device",
    };
    for (size_t i = 0; i < RB_COUNT_OF(signs); i++) {
        if (strstr(text, signs[i]) != NULL)
            return true;
    }
    return false;
}

static void cut_out(char *text, const char *hide)
{
    char *at = hide != NULL ? strstr(text, hide) : NULL;
    if (at == NULL)
        return;
    const char *rest = at + strlen(hide);
    rest += strspn(rest, " ");
    memmove(at, rest, strlen(rest) + 1);
}

int build_log_explain(const struct rb_job *job, int64_t from, const char *hide,
                      const char **ret_class, struct rb_err *err)
{
    static const char step_failed[] = "Error: building at STEP ";
    RB_CLEANUP_FREE char *text = read_log(job, from, TAIL_MAXIMUM, true);
    bool transient = looks_transient(text);
    char reason[REASON_MAXIMUM], error[LINE_SHOWN * 2];
    char *last = last_of(text);
    bool is_step = rb_text_starts_with(last, step_failed);
    *ret_class = is_step && !transient ? "recipe" : "infrastructure";
    if (!is_step)
        return err->code;
    cut_out(last, hide);
    rb_text_printable(last + sizeof(step_failed) - 1, error, sizeof(error));
    last_words(text, reason, sizeof(reason));
    return rb_err_set(err, RB_EIO, "%s%s", error, reason);
}

void build_log_images(const struct rb_job *job, int64_t from, struct rb_strlist *ids)
{
    RB_CLEANUP_FREE char *text = read_log(job, from, ALL_MAXIMUM, false);
    char *rest = text, *line;
    while ((line = strsep(&rest, "\n")) != NULL) {
        size_t size = rb_text_starts_with(line, "--> ") ? strspn(line + 4, "0123456789abcdef") : 0;
        if (size >= 11 && size <= 64 && line[4 + size] == '\0')
            rb_strlist_add(ids, line + 4);
    }
}
