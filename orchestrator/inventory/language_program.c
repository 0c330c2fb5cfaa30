/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program was made of, where its compiler wrote that into it. Go: build information
 * (debug/buildinfo of Go's library) with its strings inline, as since Go 1.18; what older ones
 * point to lies anywhere. Rust: the list of cargo auditable (its PARSING.md), zlib's JSON in a
 * section.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "elf_parts.h"
#include "language.h"
#include "rebake/base/json.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

/* ── Go ─────────────────────────────────────────────────────────────────────────────────────── */

enum { GO_HEADER_BYTES = 32, GO_FLAGS_AT = 15, GO_INLINE = 2, GO_SENTINEL_BYTES = 16 };

struct bytes {
    const unsigned char *at;
    size_t left;
};

/* A text behind its length (encoding/binary, Uvarint); false past the end. */
static bool take_text(struct bytes *bytes, const char **ret_text, size_t *ret_size)
{
    uint64_t size = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
        if (bytes->left == 0)
            return false;
        unsigned char byte = *bytes->at++;
        bytes->left--;
        size |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            if (size > bytes->left)
                return false;
            *ret_text = (const char *)bytes->at;
            *ret_size = (size_t)size;
            bytes->at += size;
            bytes->left -= (size_t)size;
            return true;
        }
    }
    return false;
}

/* "go1.21rc2 X:noregabi" as its advisories write it: "1.21.0-rc.2". NULL for what has no number. */
static char *go_version(const char *text)
{
    unsigned numbers[3] = {0}, count = 0;
    if (!rb_text_starts_with(text, "go"))
        return NULL;
    char *at = (char *)(uintptr_t)text + 2;
    while (count < RB_COUNT_OF(numbers) && *at >= '0' && *at <= '9') {
        numbers[count++] = (unsigned)strtoul(at, &at, 10);
        at += *at == '.';
    }
    static const char *const STAGES[] = {"beta", "rc"};
    for (size_t i = 0; i < RB_COUNT_OF(STAGES); i++) {
        if (rb_text_starts_with(at, STAGES[i]))
            return rb_asprintf("%u.%u.%u-%s.%lu", numbers[0], numbers[1], numbers[2], STAGES[i],
                               strtoul(at + strlen(STAGES[i]), NULL, 10));
    }
    return count < 2 ? NULL : rb_asprintf("%u.%u.%u", numbers[0], numbers[1], numbers[2]);
}

/* A module, as "mod\tPATH\tVERSION\tSUM"; one that replaces it follows in a line of its own. */
struct module {
    const char *path;
    const char *version;
};

static void add_module(struct rb_inventory *inventory, struct module *module, const char *path)
{
    if (module->version != NULL && strcmp(module->version, "(devel)") != 0)
        language_add(inventory, RB_PACKAGE_GOLANG, module->path, module->version, path);
    *module = (struct module){NULL, NULL};
}

static void read_modules(char *text, const char *path, struct rb_inventory *inventory)
{
    struct module module = {NULL, NULL};
    for (char *line; (line = strsep(&text, "\n")) != NULL;) {
        const char *kind = strsep(&line, "\t");
        const char *name = strsep(&line, "\t"), *version = strsep(&line, "\t");
        bool is_replacement = strcmp(kind, "=>") == 0;
        if (!is_replacement)
            add_module(inventory, &module, path);
        if (name != NULL &&
            (is_replacement || strcmp(kind, "mod") == 0 || strcmp(kind, "dep") == 0))
            module = (struct module){name, version};
    }
    add_module(inventory, &module, path);
}

static void read_go(const struct elf *elf, const char *path, struct rb_inventory *inventory)
{
    const struct rb_strbuf *data = &elf->parts[ELF_DATA].bytes;
    const unsigned char *mark = (const unsigned char *)data->data;
    if (!elf->has_go || data->size < GO_HEADER_BYTES || (mark[GO_FLAGS_AT] & GO_INLINE) == 0)
        return;
    struct bytes bytes = {mark + GO_HEADER_BYTES, data->size - GO_HEADER_BYTES};
    const char *version, *modules;
    size_t version_size, modules_size;
    if (!take_text(&bytes, &version, &version_size))
        return;
    RB_CLEANUP_FREE char *go = rb_strndup(version, version_size);
    RB_CLEANUP_FREE char *library = go_version(go);
    language_add(inventory, RB_PACKAGE_GOLANG, "stdlib", library, path);
    if (!take_text(&bytes, &modules, &modules_size) || modules_size <= 2 * GO_SENTINEL_BYTES)
        return;
    RB_CLEANUP_FREE char *text =
        rb_strndup(modules + GO_SENTINEL_BYTES, modules_size - (size_t)2 * GO_SENTINEL_BYTES);
    read_modules(text, path, inventory);
}

/* ── Rust ───────────────────────────────────────────────────────────────────────────────────── */

enum { RUST_LIST_MAXIMUM = 8 * 1024 * 1024 };

static char *inflate_list(const unsigned char *packed, size_t size, size_t *ret_size)
{
    z_stream stream = {0};
    struct rb_strbuf list = RB_STRBUF_INIT(RUST_LIST_MAXIMUM);
    unsigned char piece[16384];
    int status = inflateInit(&stream) == Z_OK ? Z_OK : Z_DATA_ERROR;
    stream.next_in = (unsigned char *)(uintptr_t)packed;
    stream.avail_in = (uInt)size;
    while (status == Z_OK) {
        stream.next_out = piece;
        stream.avail_out = sizeof(piece);
        status = inflate(&stream, Z_NO_FLUSH);
        if (!rb_strbuf_append(&list, piece, sizeof(piece) - stream.avail_out))
            status = Z_DATA_ERROR;
    }
    (void)inflateEnd(&stream);
    *ret_size = list.size;
    if (status == Z_STREAM_END)
        return rb_strbuf_steal(&list);
    rb_strbuf_deinit(&list);
    return NULL;
}

static int read_rust(const struct elf *elf, const char *path, const struct file_bytes *bytes,
                     struct rb_inventory *inventory, struct rb_err *err)
{
    size_t size = 0, i;
    const json_t *package;
    RB_CLEANUP_JSON json_t *document = NULL;
    const unsigned char *packed = elf_section(elf, ".dep-v0", &size);
    RB_CLEANUP_FREE char *list = packed == NULL ? NULL : inflate_list(packed, size, &size);
    if (list == NULL)
        return 0;
    int status = file_bytes_unpacked(bytes, size, err);
    if (status != 0 || rb_json_parse(list, size, path, &document, NULL) != 0)
        return status;
    json_array_foreach(json_object_get(document, "packages"), i, package)
    {
        /* what only ran while it was built is not in it */
        if (strcmp(rb_json_get_string(package, "kind", "runtime"), "runtime") == 0)
            language_add(inventory, RB_PACKAGE_CARGO, rb_json_get_string(package, "name", NULL),
                         rb_json_get_string(package, "version", NULL), path);
    }
    return 0;
}

int program_read(const char *path, const struct file_bytes *bytes, struct rb_inventory *inventory,
                 struct rb_err *err)
{
    struct elf elf;
    bool is_elf;
    int status = elf_read(&elf, bytes, &is_elf, err);
    if (status == 0 && is_elf) {
        read_go(&elf, path, inventory);
        status = read_rust(&elf, path, bytes, inventory, err);
    }
    elf_deinit(&elf);
    return status;
}
