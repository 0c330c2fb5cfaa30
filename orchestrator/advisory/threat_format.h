/* SPDX-License-Identifier: Apache-2.0 */
/* The file of threats, in the byte order of the machine that made it. */
#ifndef ORCHESTRATOR_ADVISORY_THREAT_FORMAT_H
#define ORCHESTRATOR_ADVISORY_THREAT_FORMAT_H

#include <stdint.h>

#include "rebake/watch/watch.h"

#define RB_THREATS_MAGIC (UINT64_C(0x7361657268746200) | RB_FEED_SET_FORMAT)

struct rb_threats_header {
    uint64_t magic;
    uint32_t kind; /* enum rb_threats_kind */
    uint32_t count;
    uint32_t strings_size;
    uint32_t checksum; /* CRC-32 (zlib) of rows and strings */
};

struct rb_threat_row {
    uint64_t cve;    /* rb_cve_parse */
    uint32_t first;  /* KEV: the day that it was listed; EPSS: the score in millionths */
    uint32_t second; /* KEV: the day that is due; EPSS: the percentile in millionths */
    uint32_t name;   /* KEV: its place among the strings */
    uint32_t is_ransomware : 1;
    uint32_t place : 31; /* in which order they were added */
};

#endif
