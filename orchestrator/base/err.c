/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A message is one line: whatever the words of others contain, ours do not break a log, a table or
   a terminal. C1 controls are two bytes in UTF-8. */
static void flatten(char *text)
{
    for (char *at = text; *at != '\0'; at++) {
        unsigned char first = (unsigned char)at[0], second = (unsigned char)at[1];
        if (first < 0x20 || first == 0x7f)
            at[0] = ' ';
        else if (first == 0xc2 && second >= 0x80 && second < 0xa0)
            at[0] = at[1] = ' ';
    }
    size_t size = strlen(text);
    while (size > 0 && text[size - 1] == ' ')
        text[--size] = '\0';
}

int rb_err_set(struct rb_err *err, enum rb_errc code, const char *format, ...)
{
    if (err == NULL)
        return code;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(err->text, sizeof(err->text), format, arguments);
    va_end(arguments);
    flatten(err->text);
    err->code = code;
    err->system = 0;
    return code;
}

static enum rb_errc code_of_errno(int number)
{
    switch (number) {
    case ENOENT:
        return RB_ENOTFOUND;
    case EEXIST:
        return RB_EEXIST;
    case ETIMEDOUT:
        return RB_ETIMEOUT;
    case ECANCELED:
        return RB_ECANCELED;
    default:
        return RB_EIO;
    }
}

int rb_err_sys(struct rb_err *err, int number, const char *format, ...)
{
    enum rb_errc code = code_of_errno(number);
    if (err == NULL)
        return code;
    char what[RB_ERR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    char reason[128];
    rb_err_set(err, code, "%s: %s", what, strerror_r(number, reason, sizeof(reason)));
    err->system = number;
    return code;
}

int rb_err_wrap(struct rb_err *err, const char *format, ...)
{
    if (err == NULL)
        return RB_EINTERNAL;
    char context[RB_ERR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(context, sizeof(context), format, arguments);
    va_end(arguments);
    struct rb_err inner = *err;
    rb_err_set(err, inner.code, "%s: %s", context, inner.text);
    err->system = inner.system;
    return err->code;
}

int rb_err_copy(struct rb_err *err, const struct rb_err *from)
{
    if (from == NULL)
        return RB_EINTERNAL;
    if (err != NULL)
        *err = *from;
    return from->code;
}

const char *rb_errc_name(enum rb_errc code)
{
    switch (code) {
    case RB_OK:
        return "ok";
    case RB_EINVALID:
        return "invalid";
    case RB_ENOTFOUND:
        return "not-found";
    case RB_EEXIST:
        return "exists";
    case RB_EIO:
        return "io";
    case RB_EDB:
        return "store";
    case RB_EGIT:
        return "git";
    case RB_EHTTP:
        return "http";
    case RB_EAUTH:
        return "authentication";
    case RB_ENETWORK:
        return "network";
    case RB_ETIMEOUT:
        return "timeout";
    case RB_ECANCELED:
        return "canceled";
    case RB_ELIMIT:
        return "limit";
    case RB_EVERIFY:
        return "verification";
    case RB_EBUSY:
        return "busy";
    case RB_EINTERNAL:
        return "internal";
    }
    return "unknown";
}

int rb_errc_is_transient(enum rb_errc code)
{
    return code == RB_ENETWORK || code == RB_ETIMEOUT || code == RB_EBUSY;
}
