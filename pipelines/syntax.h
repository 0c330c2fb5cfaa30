/* SPDX-License-Identifier: Apache-2.0 */
/* What libyaml cannot read, in words that say what to write instead. */
#ifndef PIPELINES_SYNTAX_H
#define PIPELINES_SYNTAX_H

#include <yaml.h>

#include "report.h"

/* Reports the parser's error in the text of size bytes that it reads. */
void rb_syntax_report(struct rb_report *report, const yaml_parser_t *parser, const char *data,
                      size_t size);

/* Reports the first place that is not UTF-8 and returns true, or false when there is none. */
bool rb_syntax_report_encoding(struct rb_report *report, const char *data, size_t size);

/* Reports the first %TAG directive and returns true, or false when there is none. Tags have no
   meaning here, and libyaml compares each such directive with all before it: half a minute for a
   file of nothing else. */
bool rb_syntax_report_directive(struct rb_report *report, const char *data, size_t size);

#endif
