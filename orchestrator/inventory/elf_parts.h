/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of an ELF file that tell what it was made of, picked from its bytes as they pass, so
 * that no program is held whole: a place in its writable data, where Go's linker writes, and
 * what stands behind all that is loaded, where sections stand that only tools read.
 */
#ifndef ORCHESTRATOR_INVENTORY_ELF_PARTS_H
#define ORCHESTRATOR_INVENTORY_ELF_PARTS_H

#include "language.h"

struct elf_part {
    uint64_t offset; /* in the file */
    uint64_t wanted; /* bytes */
    struct rb_strbuf bytes;
};

#define ELF_GO_MARK "\xff Go buildinf:"

enum { ELF_HEAD, ELF_DATA, ELF_BEHIND, ELF_TABLE, ELF_PARTS };

struct elf {
    bool is_64_bit;
    bool is_big_endian;
    bool has_go; /* ELF_DATA begins with ELF_GO_MARK; else it has nothing of use */
    uint64_t section_offset;
    unsigned section_count;
    unsigned section_names; /* number of the section that has the others' names */
    struct elf_part parts[ELF_PARTS];
};

/* Reads the file to its end, or as far as anything is wanted. *ret_is_elf is false for any other
   file, and one that is broken. In both cases elf_deinit is needed. */
RB_NODISCARD int elf_read(struct elf *elf, const struct file_bytes *bytes, bool *ret_is_elf,
                          struct rb_err *err);
void elf_deinit(struct elf *elf);

/* The content of the section of that name, as far as it was kept; NULL where it was not. */
const unsigned char *elf_section(const struct elf *elf, const char *name, size_t *ret_size);

#endif
