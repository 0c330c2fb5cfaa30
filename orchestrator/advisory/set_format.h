/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of a set of advisories, in the byte order of the machine that made it:
 *
 *     struct rb_set_header
 *     one array for each section, in the order of enum rb_set_section; the last are the strings,
 *     with a NUL behind each, of which the first is ""
 *
 * Entries are sorted by key and package, names by text. Rows name their strings by their place
 * among the strings, and rows of other sections by the first and how many.
 */
#ifndef ORCHESTRATOR_ADVISORY_SET_FORMAT_H
#define ORCHESTRATOR_ADVISORY_SET_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "rebake/watch/watch.h"

#define RB_SET_MAGIC (UINT64_C(0x746573766461ff00) | RB_FEED_SET_FORMAT)

enum rb_set_section {
    RB_SET_ADVISORIES,
    RB_SET_ENTRIES,
    RB_SET_RANGES,
    RB_SET_EVENTS,
    RB_SET_NAMES,
    RB_SET_SEVERITIES,
    RB_SET_WORDS, /* places of strings: names, versions */
    RB_SET_LINKS, /* entries of an advisory */
    RB_SET_STRINGS,
    RB_SET_SECTIONS
};

struct rb_set_header {
    uint64_t magic;
    uint32_t origin;   /* enum rb_advisory_origin */
    uint32_t checksum; /* CRC-32 (zlib) of all sections */
    uint32_t counts[RB_SET_SECTIONS];
    uint32_t reserved; /* 0 */
};

struct rb_set_rows {
    uint32_t first;
    uint32_t count;
};

struct rb_set_advisory {
    int64_t published_at;
    int64_t modified_at;
    int64_t withdrawn_at;
    uint32_t id;
    uint32_t summary;
    uint32_t names; /* the first of the words that are its aliases, upstream and related */
    uint32_t alias_count;
    uint32_t upstream_count;
    uint32_t related_count;
    struct rb_set_rows severities;
    struct rb_set_rows links;
};

struct rb_set_entry {
    uint32_t key; /* "Debian:12" */
    uint32_t package;
    uint32_t advisory;
    uint32_t status; /* enum rb_advisory_status */
    uint32_t ecosystem;
    uint32_t release;
    uint32_t suffix;
    uint32_t urgency;
    uint32_t postponed;
    uint32_t reason;
    struct rb_set_rows ranges;
    struct rb_set_rows versions; /* words: those that no range holds */
    struct rb_set_rows severities;
};

struct rb_set_range {
    uint32_t type; /* enum rb_range_type */
    uint32_t repository;
    struct rb_set_rows events;
};

struct rb_set_event {
    uint32_t kind; /* enum rb_event_kind */
    uint32_t version;
};

struct rb_set_name {
    uint32_t text;
    uint32_t advisory;
};

struct rb_set_severity {
    uint32_t type; /* enum rb_severity_type */
    uint32_t text;
    int32_t score;
};

/* Bytes of a row. */
extern const size_t rb_set_row_sizes[RB_SET_SECTIONS];

struct rb_advisory_set {
    void *map;
    size_t map_size;
    const struct rb_set_header *header;
    const struct rb_set_advisory *advisories;
    const struct rb_set_entry *entries;
    const struct rb_set_range *ranges;
    const struct rb_set_event *events;
    const struct rb_set_name *names;
    const struct rb_set_severity *severities;
    const uint32_t *words;
    const uint32_t *links;
    const char *strings;
};

#endif
