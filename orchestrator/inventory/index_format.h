/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of a package index, in the byte order of the machine that made it (another's is told by
 * its magic and made again):
 *
 *     struct rb_index_header
 *     struct rb_index_record[count]    sorted by name, then architecture, newest version first
 *     strings                          with a NUL behind each; the first is ""
 *     origin: what the offers were read from, for the next builder alone
 *         struct rb_index_origin
 *         struct rb_index_file[file_count]
 *         struct rb_index_stanza[stanza_count]    file by file, in the order of each
 *
 * A record names its strings by their place among the strings.
 */
#ifndef ORCHESTRATOR_INVENTORY_INDEX_FORMAT_H
#define ORCHESTRATOR_INVENTORY_INDEX_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define RB_INDEX_MAGIC UINT64_C(0x6478656e69627202) /* the last byte is the format's version */

enum { RB_INDEX_KEY_SIZE = 64 };

struct rb_index_record {
    uint32_t name;
    uint32_t version;
    uint32_t architecture;
    uint32_t source_name;
    uint32_t source_version;
};

struct rb_index_header {
    uint64_t magic;
    uint32_t count;
    uint32_t strings_size; /* a multiple of 4 */
    uint32_t checksum;     /* CRC-32 (zlib) of records and strings */
    uint32_t origin_size;
    uint32_t origin_checksum; /* CRC-32 of the origin */
    uint32_t reserved;        /* 0 */
};

struct rb_index_origin {
    uint32_t file_count;
    uint32_t stanza_count;
    uint32_t compact_size; /* of the strings when last nothing else was among them */
};

struct rb_index_file {
    char key[RB_INDEX_KEY_SIZE]; /* all NUL: it has none */
    uint32_t first;              /* of its stanzas */
    uint32_t count;
};

/* A stanza with an offer; with size 0 one that cannot be known again by itself. */
struct rb_index_stanza {
    uint32_t hash[2]; /* CRC-64 (liblzma) of it and the empty line behind it */
    uint32_t size;    /* bytes of the same */
    uint32_t lines;
    uint32_t record;
};

struct rb_index {
    void *map;
    size_t map_size;
    const struct rb_index_record *records;
    const char *strings;
    size_t count;
    size_t strings_size;
    const struct rb_index_origin *origin;
};

#endif
