/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors. A function that can fail returns 0 or a negative enum rb_errc and, last of its
 * parameters, takes a caller-owned `struct rb_err *` (NULL is allowed) that it fills on failure
 * only. Filling never allocates. The text says what failed, on what, and what to do, in one line.
 *
 *     if (fd < 0)
 *         return rb_err_sys(err, errno, "open %s", path);
 *
 * Code of other libraries becomes ours in the one file that talks to that library.
 */
#ifndef REBAKE_BASE_ERR_H
#define REBAKE_BASE_ERR_H

enum rb_errc {
    RB_OK = 0,
    RB_EINVALID = -1,   /* bad input: file, argument, message from outside */
    RB_ENOTFOUND = -2,  /* what was named does not exist */
    RB_EEXIST = -3,     /* it exists already, or another holds it */
    RB_EIO = -4,        /* the operating system refused: file, process, socket */
    RB_EDB = -5,        /* the store refused */
    RB_EGIT = -6,       /* git refused */
    RB_EHTTP = -7,      /* the server answered, and not with what was asked for */
    RB_EAUTH = -8,      /* credentials are missing or refused */
    RB_ENETWORK = -9,   /* no answer: name, connection, TLS, broken transfer */
    RB_ETIMEOUT = -10,  /* a time limit passed */
    RB_ECANCELED = -11, /* somebody asked for it to stop */
    RB_ELIMIT = -12,    /* larger, deeper or longer than we accept */
    RB_EVERIFY = -13,   /* a signature, digest or date does not hold */
    RB_EBUSY = -14,     /* not now: try again later */
    RB_EINTERNAL = -15  /* a bug of ours, told instead of hidden */
};

enum { RB_ERR_TEXT_SIZE = 1024 };

struct rb_err {
    enum rb_errc code;
    int system;                  /* errno of the cause, or 0 */
    char text[RB_ERR_TEXT_SIZE]; /* one line, without a newline at its end */
};

#define RB_NODISCARD       __attribute__((warn_unused_result))
#define RB_PRINTF(fmt, va) __attribute__((format(printf, fmt, va)))

/* Fills err (if not NULL) and returns code, so that a failure is one return statement. */
int rb_err_set(struct rb_err *err, enum rb_errc code, const char *format, ...) RB_PRINTF(3, 4);

/* As rb_err_set, with the text of the errno value `number` behind; the code is chosen from it. */
int rb_err_sys(struct rb_err *err, int number, const char *format, ...) RB_PRINTF(3, 4);

/* Puts "CONTEXT: " before the text of a filled err and returns its code. */
int rb_err_wrap(struct rb_err *err, const char *format, ...) RB_PRINTF(2, 3);

/* Copies from into err (either may be NULL) and returns from's code. */
int rb_err_copy(struct rb_err *err, const struct rb_err *from);

/* The stable lower-case word for a code ("network", "verify"), as JSON output carries it. */
const char *rb_errc_name(enum rb_errc code);

/* True where the same call may succeed later with nothing changed by us. */
int rb_errc_is_transient(enum rb_errc code);

#endif
