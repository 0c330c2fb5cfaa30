/* SPDX-License-Identifier: Apache-2.0 */
#include "elf_parts.h"

#include <elf.h>
#include <string.h>

#include "rebake/base/bytes.h"
#include "rebake/base/memory.h"

enum {
    HEAD_BYTES = 8 * 1024,          /* the header and the program headers */
    DATA_BYTES = 64 * 1024 * 1024,  /* that are looked through */
    GO_BYTES = 1024 * 1024,         /* Go's build information, with its strings */
    BEHIND_BYTES = 4 * 1024 * 1024, /* of what is not loaded */
    TABLE_BYTES = 256 * 1024,       /* the section headers and their names before them */
    NAMES_BYTES = 64 * 1024,
    PIECE_BYTES = 64 * 1024
};

static uint64_t number(const struct elf *elf, const unsigned char *at, size_t size)
{
    switch (size) {
    case sizeof(uint16_t):
        return elf->is_big_endian ? rb_be16(at) : rb_le16(at);
    case sizeof(uint32_t):
        return elf->is_big_endian ? rb_be32(at) : rb_le32(at);
    default:
        return elf->is_big_endian ? rb_be64(at) : rb_le64(at);
    }
}

/* A member of one of the file's structs, which differ between its two classes. */
#define MEMBER(elf, at, type, member)                                                              \
    ((elf)->is_64_bit                                                                              \
         ? number(elf, (at) + offsetof(Elf64_##type, member), sizeof(((Elf64_##type *)0)->member)) \
         : number(elf, (at) + offsetof(Elf32_##type, member),                                      \
                  sizeof(((Elf32_##type *)0)->member)))
#define SIZE(elf, type) ((elf)->is_64_bit ? sizeof(Elf64_##type) : sizeof(Elf32_##type))

static const unsigned char *bytes_of(const struct elf_part *part)
{
    return (const unsigned char *)part->bytes.data;
}

static void want(struct elf *elf, int which, uint64_t offset, uint64_t size)
{
    struct elf_part *part = &elf->parts[which];
    part->offset = offset;
    part->wanted = size;
    part->bytes = RB_STRBUF_INIT(size + 1);
}

/* Adds what a stretch of the file has of the part, if it goes on where the part ends. */
static void collect(struct elf_part *part, uint64_t offset, const unsigned char *data, size_t size)
{
    uint64_t next = part->offset + part->bytes.size, end = part->offset + part->wanted;
    if (next >= end || next < offset || next >= offset + size)
        return;
    size_t skip = (size_t)(next - offset), left = size - skip;
    size_t take = end - next < left ? (size_t)(end - next) : left;
    (void)rb_strbuf_append(&part->bytes, data + skip, take);
}

/* From the first writable segment to the end of the last one: lld makes two of them, and puts Go's
   information into the second. */
static void want_data(struct elf *elf, uint64_t begin, uint64_t length)
{
    const struct elf_part *data = &elf->parts[ELF_DATA];
    uint64_t first = data->wanted == 0 ? begin : data->offset;
    if (begin < first || begin + length - first <= data->wanted)
        return;
    uint64_t size = begin + length - first;
    want(elf, ELF_DATA, first, size < DATA_BYTES ? size : DATA_BYTES);
}

/* From the program headers: where the writable data are, and where all that is loaded ends. */
static bool read_segments(struct elf *elf, const unsigned char *head, size_t size)
{
    uint64_t offset = MEMBER(elf, head, Ehdr, e_phoff), end = 0;
    uint64_t count = MEMBER(elf, head, Ehdr, e_phnum);
    size_t entry = SIZE(elf, Phdr);
    if (MEMBER(elf, head, Ehdr, e_phentsize) != entry || offset > size ||
        count > (size - offset) / entry)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        const unsigned char *at = head + offset + i * entry;
        uint64_t begin = MEMBER(elf, at, Phdr, p_offset);
        uint64_t length = MEMBER(elf, at, Phdr, p_filesz);
        bool is_data = (MEMBER(elf, at, Phdr, p_flags) & (PF_W | PF_X)) == PF_W;
        if (MEMBER(elf, at, Phdr, p_type) != PT_LOAD || begin > INT64_MAX || length > INT64_MAX)
            continue;
        if (is_data)
            want_data(elf, begin, length);
        end = begin + length > end ? begin + length : end;
    }
    want(elf, ELF_BEHIND, end, BEHIND_BYTES);
    return true;
}

static bool read_head(struct elf *elf)
{
    const unsigned char *head = bytes_of(&elf->parts[ELF_HEAD]);
    size_t size = elf->parts[ELF_HEAD].bytes.size;
    if (size < EI_NIDENT || memcmp(head, ELFMAG, SELFMAG) != 0)
        return false;
    elf->is_64_bit = head[EI_CLASS] == ELFCLASS64;
    elf->is_big_endian = head[EI_DATA] == ELFDATA2MSB;
    if (size < SIZE(elf, Ehdr) || !read_segments(elf, head, size))
        return false;
    elf->section_offset = MEMBER(elf, head, Ehdr, e_shoff);
    elf->section_names = (unsigned)MEMBER(elf, head, Ehdr, e_shstrndx);
    /* Headers of another size are none that could be read. */
    if (MEMBER(elf, head, Ehdr, e_shentsize) == SIZE(elf, Shdr) &&
        elf->section_offset < INT64_MAX) {
        elf->section_count = (unsigned)MEMBER(elf, head, Ehdr, e_shnum);
        uint64_t before = elf->section_offset < NAMES_BYTES ? elf->section_offset : NAMES_BYTES;
        want(elf, ELF_TABLE, elf->section_offset - before, TABLE_BYTES);
    }
    return true;
}

static void drop_front(struct elf_part *part, size_t size)
{
    struct rb_strbuf *bytes = &part->bytes;
    memmove(bytes->data, bytes->data + size, bytes->size - size);
    bytes->size -= size;
    part->offset += size;
    part->wanted -= size;
}

/* The data are passed over up to where Go's information begins, which then is kept. */
static void look_for_go(struct elf *elf)
{
    struct elf_part *part = &elf->parts[ELF_DATA];
    size_t mark = strlen(ELF_GO_MARK), size = part->bytes.size;
    if (elf->has_go || size < mark)
        return;
    const char *found = memmem(part->bytes.data, size, ELF_GO_MARK, mark);
    elf->has_go = found != NULL;
    drop_front(part, elf->has_go ? (size_t)(found - part->bytes.data) : size - (mark - 1));
    if (elf->has_go && part->wanted > GO_BYTES)
        part->wanted = GO_BYTES;
}

/* The place of the next byte that a part wants; false when all have what they want. */
static bool find_next(const struct elf *elf, uint64_t *ret_next)
{
    *ret_next = UINT64_MAX;
    for (int i = ELF_DATA; i < ELF_PARTS; i++) {
        const struct elf_part *part = &elf->parts[i];
        uint64_t next = part->offset + part->bytes.size;
        if (part->bytes.size < part->wanted && next < *ret_next)
            *ret_next = next;
    }
    return *ret_next != UINT64_MAX;
}

static int read_rest(struct elf *elf, const struct file_bytes *bytes, struct rb_err *err)
{
    unsigned char *piece = rb_alloc(PIECE_BYTES);
    uint64_t offset = elf->parts[ELF_HEAD].bytes.size, next;
    size_t size = 1;
    int status = 0;
    while (status == 0 && size > 0 && find_next(elf, &next)) {
        if (next > offset && bytes->skip != NULL) {
            status = bytes->skip(bytes->context, next - offset, err);
            offset = next;
        }
        if (status == 0)
            status = bytes->read(bytes->context, piece, PIECE_BYTES, &size, err);
        for (int i = ELF_DATA; status == 0 && i < ELF_PARTS; i++)
            collect(&elf->parts[i], offset, piece, size);
        offset += size;
        look_for_go(elf);
    }
    rb_free(piece);
    return status;
}

int elf_read(struct elf *elf, const struct file_bytes *bytes, bool *ret_is_elf, struct rb_err *err)
{
    struct elf_part *head = &elf->parts[ELF_HEAD];
    unsigned char piece[HEAD_BYTES];
    size_t size = 1;
    int status = 0;
    memset(elf, 0, sizeof(*elf));
    *ret_is_elf = false;
    want(elf, ELF_HEAD, 0, HEAD_BYTES);
    while (head->bytes.size < HEAD_BYTES && size > 0) {
        status = bytes->read(bytes->context, piece, HEAD_BYTES - head->bytes.size, &size, err);
        if (status != 0)
            return status;
        collect(head, head->bytes.size, piece, size);
        if (head->bytes.size >= SELFMAG && memcmp(head->bytes.data, ELFMAG, SELFMAG) != 0)
            return 0;
    }
    if (!read_head(elf))
        return 0;
    for (int i = ELF_DATA; i < ELF_PARTS; i++)
        collect(&elf->parts[i], 0, bytes_of(head), head->bytes.size);
    look_for_go(elf);
    *ret_is_elf = true;
    return read_rest(elf, bytes, err);
}

void elf_deinit(struct elf *elf)
{
    for (int i = 0; i < ELF_PARTS; i++)
        rb_strbuf_deinit(&elf->parts[i].bytes);
}

/* A stretch of the file, if one part has all of it. */
static const unsigned char *find_stretch(const struct elf *elf, uint64_t offset, uint64_t size)
{
    for (int i = ELF_PARTS; i-- > 0;) {
        const struct elf_part *part = &elf->parts[i];
        uint64_t kept = part->bytes.size;
        if (kept > 0 && offset >= part->offset && offset - part->offset <= kept &&
            size <= kept - (offset - part->offset))
            return bytes_of(part) + (offset - part->offset);
    }
    return NULL;
}

static const unsigned char *find_header(const struct elf *elf, unsigned which)
{
    return which >= elf->section_count
               ? NULL
               : find_stretch(elf, elf->section_offset + (uint64_t)which * SIZE(elf, Shdr),
                              SIZE(elf, Shdr));
}

static const unsigned char *find_content(const struct elf *elf, const unsigned char *header,
                                         size_t *ret_size)
{
    uint64_t size = MEMBER(elf, header, Shdr, sh_size);
    *ret_size = (size_t)size;
    return find_stretch(elf, MEMBER(elf, header, Shdr, sh_offset), size);
}

const unsigned char *elf_section(const struct elf *elf, const char *name, size_t *ret_size)
{
    const unsigned char *header = find_header(elf, elf->section_names);
    size_t names_size = 0, size = strlen(name) + 1;
    const unsigned char *names = header == NULL ? NULL : find_content(elf, header, &names_size);
    for (unsigned i = 0; names != NULL && i < elf->section_count; i++) {
        header = find_header(elf, i);
        uint64_t at = header == NULL ? UINT64_MAX : MEMBER(elf, header, Shdr, sh_name);
        if (at <= names_size && size <= names_size - at && memcmp(names + at, name, size) == 0)
            return find_content(elf, header, ret_size);
    }
    return NULL;
}
