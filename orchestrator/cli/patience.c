/* SPDX-License-Identifier: Apache-2.0 */
#include "patience.h"

#include <stdio.h>
#include <unistd.h>

#include "rebake/base/clock.h"
#include "style.h"

enum { PATIENCE_MS = 60 * 1000 };

/* On a line of its own, in place of what tells the progress. */
static void tell(void *context, const char *what, int status, int64_t wait_ms)
{
    struct rb_style style = rb_style_for(stderr);
    char span[RB_TIME_TEXT_SIZE];
    (void)context;
    fprintf(stderr, "\r\033[K%snote:%s %s: the server answered %d: asking again in %s\n",
            style.warn, style.reset, what, status, rb_span_format(wait_ms, span));
}

void rb_cli_be_patient(struct rb_http *http)
{
    rb_http_set_patience(http, PATIENCE_MS, isatty(STDERR_FILENO) ? tell : NULL, NULL);
}
