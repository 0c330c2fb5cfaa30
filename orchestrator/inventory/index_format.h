/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of a package index, in the byte order of the machine that made it (another's is told by
 * its magic and made again):
 *
 *     struct rb_index_header
 *     struct rb_index_record[count]    sorted by name, then architecture, newest version first
 *     strings                          each once, with a NUL behind it; the first is ""
 *
 * A record names its strings by their place among the strings.
 */
#ifndef ORCHESTRATOR_INVENTORY_INDEX_FORMAT_H
#define ORCHESTRATOR_INVENTORY_INDEX_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define RB_INDEX_MAGIC UINT64_C(0x6478656e69627201) /* the last byte is the format's version */

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
    uint32_t strings_size;
    uint32_t checksum; /* CRC-32 (zlib) of all that follows the header */
    uint32_t reserved; /* 0 */
};

#endif
