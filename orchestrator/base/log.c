/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebake/base/clock.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"

enum { LINE_MAXIMUM = 8192 };

static const struct {
    enum rb_log_level level;
    const char *name;
} LEVELS[] = {{RB_LOG_ERROR, "error"},
              {RB_LOG_WARNING, "warning"},
              {RB_LOG_INFO, "info"},
              {RB_LOG_DEBUG, "debug"}};

static int current_level = -1;

static int level_from_environment(void)
{
    const char *name = getenv("REBAKE_LOG");
    for (size_t i = 0; name != NULL && i < sizeof(LEVELS) / sizeof(LEVELS[0]); i++) {
        if (strcmp(LEVELS[i].name, name) == 0)
            return (int)LEVELS[i].level;
    }
    return RB_LOG_INFO;
}

void rb_log_set_level(enum rb_log_level level)
{
    current_level = (int)level;
}

static const char *name_of(enum rb_log_level level)
{
    for (size_t i = 0; i < sizeof(LEVELS) / sizeof(LEVELS[0]); i++) {
        if (LEVELS[i].level == level)
            return LEVELS[i].name;
    }
    return "info";
}

/* Quoted where a reader (or a parser of key=value) would be misled otherwise. */
static void put_value(struct rb_strbuf *line, const char *value)
{
    char text[RB_ERR_TEXT_SIZE];
    rb_text_printable(value, text, sizeof(text));
    if (text[0] != '\0' && strpbrk(text, " \"=") == NULL) {
        rb_strbuf_puts(line, text);
        return;
    }
    rb_strbuf_putc(line, '"');
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            rb_strbuf_putc(line, '\\');
        rb_strbuf_putc(line, *at);
    }
    rb_strbuf_putc(line, '"');
}

void rb_log(enum rb_log_level level, const char *message, ...)
{
    if (current_level < 0)
        current_level = level_from_environment();
    if ((int)level > current_level)
        return;
    struct rb_strbuf line = RB_STRBUF_INIT(LINE_MAXIMUM - 1);
    char at[RB_TIME_TEXT_SIZE];
    rb_strbuf_printf(&line, "%s %s %s", rb_time_format(rb_clock_now(&rb_clock_system), at),
                     name_of(level), message);
    va_list arguments;
    va_start(arguments, message);
    const char *key;
    while ((key = va_arg(arguments, const char *)) != NULL) {
        const char *value = va_arg(arguments, const char *);
        rb_strbuf_printf(&line, " %s=", key);
        put_value(&line, value == NULL ? "-" : value);
    }
    va_end(arguments);
    line.overflowed = false; /* a line that was too long is cut, but it ends */
    line.maximum++;
    rb_strbuf_putc(&line, '\n');
    /* One write, so lines of several processes do not mix; a closed stderr is nobody's error. */
    ssize_t written = write(STDERR_FILENO, line.data, line.size);
    (void)written;
    rb_strbuf_deinit(&line);
}
