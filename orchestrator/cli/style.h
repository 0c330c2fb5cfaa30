/* SPDX-License-Identifier: Apache-2.0 */
/* Colours: only on a terminal, and not where NO_COLOR is set (no-color.org) or TERM is "dumb". */
#ifndef ORCHESTRATOR_CLI_STYLE_H
#define ORCHESTRATOR_CLI_STYLE_H

#include <stdio.h>

/* Text to write before and, reset, behind what is to stand out; all "" without colours. */
struct rb_style {
    const char *reset;
    const char *bold;
    const char *dim;  /* beside the matter: times, hashes */
    const char *good; /* up to date, succeeded */
    const char *warn; /* needs a look: outdated, held */
    const char *bad;  /* failed, refused */
    const char *name; /* what can be typed: names of images, verbs */
};

struct rb_style rb_style_for(FILE *stream);

#endif
