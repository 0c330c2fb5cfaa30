/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which line may come:
 *
 *     OPENING ──"# service="──▶ SERVICE ──flush──▶ VERSION
 *        │                                            │
 *        ├──"version 2"───────────────────────────────┴──▶ ABILITIES ──flush──▶ END
 *        └──a ref, or "version 1"─────────────────────┴──▶ REFS ──────flush──▶ END
 */
#include "git_refs.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "git_message.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum {
    LINE_MAXIMUM = 65520, /* with its four digits: gitprotocol-common(5) */
    LINES_MAXIMUM = 1000000,
    KEPT_MAXIMUM = 200000,
    ID_DIGITS = RB_GIT_ID_SIZE - 1,
    WORDS_SIZE = 160
};

enum expected { OPENING, SERVICE, VERSION, ABILITIES, REFS, END };

struct rb_git_refs {
    enum expected expected;
    bool is_version_2;
    bool can_list; /* the ability "ls-refs" was told */
    bool other_ids;
    char *prefix;
    char line[LINE_MAXIMUM + 1];
    size_t filled;
    size_t lines;
    struct rb_git_ref *items;
    size_t count, capacity;
    enum rb_errc code; /* of the first failure, with words */
    char words[WORDS_SIZE];
};

struct rb_git_refs *rb_git_refs_new(enum rb_git_speech speech, const char *prefix)
{
    struct rb_git_refs *refs = rb_zalloc(sizeof(*refs));
    refs->expected = speech == RB_GIT_ADVERTISEMENT ? OPENING : REFS;
    refs->prefix = rb_strdup(prefix);
    return refs;
}

void rb_git_refs_free(struct rb_git_refs *refs)
{
    if (refs == NULL)
        return;
    for (size_t i = 0; i < refs->count; i++)
        rb_free(refs->items[i].name);
    rb_free(refs->items);
    rb_free(refs->prefix);
    rb_free(refs);
}

void rb_git_refs_cleanup(struct rb_git_refs **refs)
{
    rb_git_refs_free(*refs);
}

static bool fail(struct rb_git_refs *refs, enum rb_errc code, const char *words)
{
    refs->code = code;
    (void)rb_text_printable(words, refs->words, sizeof(refs->words));
    return false;
}

static bool is_id(const char *text)
{
    return strspn(text, "0123456789abcdef") == ID_DIGITS;
}

static void set_id(char *id, const char *text)
{
    memcpy(id, text, ID_DIGITS);
    id[ID_DIGITS] = '\0';
}

static struct rb_git_ref *add_ref(struct rb_git_refs *refs)
{
    if (refs->count == refs->capacity) {
        refs->capacity = refs->capacity == 0 ? 8 : refs->capacity * 2;
        refs->items = rb_reallocarray(refs->items, refs->capacity, sizeof(*refs->items));
    }
    return &refs->items[refs->count++];
}

/* Protocol 0 tells what an annotated tag is of in a line of its own, "ID NAME^{}", behind it. */
static bool take_peeled(struct rb_git_refs *refs, const char *id, const char *name, size_t size)
{
    struct rb_git_ref *last = refs->count == 0 ? NULL : &refs->items[refs->count - 1];
    if (last != NULL && strlen(last->name) == size && strncmp(last->name, name, size) == 0)
        set_id(last->commit, id);
    return true;
}

/* Protocol 2 tells it in an attribute. */
static bool take_attributes(struct rb_git_refs *refs, struct rb_git_ref *ref, const char *text)
{
    const char *peeled = strstr(text, " peeled:");
    if (peeled == NULL)
        return true;
    peeled += strlen(" peeled:");
    if (!is_id(peeled))
        return fail(refs, RB_EGIT, "what a tag is of is no object id");
    set_id(ref->commit, peeled);
    return true;
}

/* "ID NAME", with attributes behind a space in protocol 2 and abilities behind a NUL in the first
   line of protocol 0. */
static bool take_ref(struct rb_git_refs *refs, const char *line)
{
    if (rb_text_starts_with(line, "shallow ") || rb_text_starts_with(line, "unborn "))
        return true;
    if (!is_id(line) || line[ID_DIGITS] != ' ')
        return fail(refs, RB_EGIT, "a line names no object and ref");
    const char *name = line + ID_DIGITS + 1;
    size_t size = strcspn(name, " ");
    if (size > 3 && strncmp(name + size - 3, "^{}", 3) == 0)
        return take_peeled(refs, line, name, size - 3);
    if (strncmp(name, refs->prefix, strlen(refs->prefix)) != 0)
        return true;
    if (refs->count >= KEPT_MAXIMUM)
        return fail(refs, RB_ELIMIT, "more refs than we keep");
    struct rb_git_ref *ref = add_ref(refs);
    ref->name = rb_strndup(name, size);
    set_id(ref->object, line);
    set_id(ref->commit, line);
    return take_attributes(refs, ref, name + size);
}

static bool take_ability(struct rb_git_refs *refs, const char *line)
{
    if (strcmp(line, "ls-refs") == 0 || rb_text_starts_with(line, "ls-refs="))
        refs->can_list = true;
    if (rb_text_starts_with(line, "object-format=") && strcmp(line, "object-format=sha1") != 0)
        refs->other_ids = true;
    return true;
}

static bool take_version(struct rb_git_refs *refs, const char *line)
{
    refs->is_version_2 = strcmp(line, "version 2") == 0;
    if (refs->is_version_2) {
        refs->expected = ABILITIES;
        return true;
    }
    refs->expected = REFS;
    return strcmp(line, "version 1") == 0 || take_ref(refs, line);
}

static bool take_line(struct rb_git_refs *refs, const char *line)
{
    if (++refs->lines > LINES_MAXIMUM)
        return fail(refs, RB_ELIMIT, "more refs than we read");
    if (rb_text_starts_with(line, "ERR ")) {
        RB_CLEANUP_FREE char *words = rb_asprintf("the server says: %s", line + 4);
        return fail(refs, RB_EGIT, words);
    }
    switch (refs->expected) {
    case OPENING:
        if (strcmp(line, "# service=git-upload-pack") != 0)
            return take_version(refs, line);
        refs->expected = SERVICE;
        return true;
    case VERSION:
        return take_version(refs, line);
    case ABILITIES:
        return take_ability(refs, line);
    case REFS:
        return take_ref(refs, line);
    case SERVICE:
    case END:
        break;
    }
    return fail(refs, RB_EGIT, "a line where none may stand");
}

static bool take_flush(struct rb_git_refs *refs)
{
    switch (refs->expected) {
    case SERVICE:
        refs->expected = VERSION;
        return true;
    case VERSION: /* nothing is advertised: an empty repository of some servers */
    case ABILITIES:
    case REFS:
        refs->expected = END;
        return true;
    case OPENING:
    case END:
        break;
    }
    return fail(refs, RB_EGIT, "a flush where none may stand");
}

/* The length that the line's first four bytes tell; -1 for none. */
static int line_size(const char *line)
{
    int size = 0;
    for (int i = 0; i < 4; i++) {
        int digit = rb_text_hex_digit(line[i]);
        if (digit < 0)
            return -1;
        size = size * 16 + digit;
    }
    return size;
}

/* A whole pkt-line stands in the buffer. A NUL ends what we read of it. */
static bool take_packet(struct rb_git_refs *refs, int size)
{
    if (size == 0)
        return take_flush(refs);
    refs->line[size] = '\0';
    char *line = refs->line + 4;
    line[strcspn(line, "\n")] = '\0';
    return take_line(refs, line);
}

bool rb_git_refs_feed(struct rb_git_refs *refs, const void *data, size_t size)
{
    const char *at = data, *end = at + size;
    while (refs->code == RB_OK && at < end) {
        size_t wanted = 4;
        if (refs->filled >= 4)
            wanted = (size_t)line_size(refs->line);
        size_t piece = wanted - refs->filled;
        piece = piece < (size_t)(end - at) ? piece : (size_t)(end - at);
        memcpy(refs->line + refs->filled, at, piece);
        refs->filled += piece;
        at += piece;
        if (refs->filled < 4)
            break;
        int told = line_size(refs->line);
        /* 1 to 3 are delimiters, which neither of the two answers has. */
        if (told < 0 || (told > 0 && told < 4) || told > LINE_MAXIMUM)
            return fail(refs, RB_EGIT, "what comes is no pkt-line");
        if (told > 0 && refs->filled < (size_t)told)
            continue;
        refs->filled = 0;
        if (!take_packet(refs, told))
            return false;
    }
    return refs->code == RB_OK;
}

int rb_git_refs_end(const struct rb_git_refs *refs, const char *what, struct rb_err *err)
{
    if (refs->code != RB_OK)
        return rb_err_set(err, refs->code, "%s: list refs: %s", what, refs->words);
    if (refs->expected != END || refs->filled > 0)
        return rb_err_set(err, RB_EGIT, "%s: list refs: the answer is cut", what);
    if (refs->other_ids)
        return rb_err_set(err, RB_EGIT, "%s: its object ids are not SHA-1: not supported", what);
    if (refs->is_version_2 && !refs->can_list)
        return rb_err_set(err, RB_EGIT, "%s: the server cannot list refs", what);
    return 0;
}

bool rb_git_refs_are_to_be_asked(const struct rb_git_refs *refs)
{
    return refs->is_version_2;
}

const struct rb_git_ref *rb_git_refs_list(const struct rb_git_refs *refs, size_t *ret_count)
{
    *ret_count = refs->count;
    return refs->items;
}

const struct rb_git_ref *rb_git_refs_find(const struct rb_git_refs *refs, const char *name)
{
    for (size_t i = 0; i < refs->count; i++) {
        if (strcmp(refs->items[i].name, name) == 0)
            return &refs->items[i];
    }
    return NULL;
}

char *rb_git_refs_question(const char *prefix)
{
    static const char COMMAND[] = "command=ls-refs\n", PEEL[] = "peel\n", WORD[] = "ref-prefix ";
    return rb_asprintf("%04zx%s0001%04zx%s%04zx%s%s\n0000", 4 + sizeof(COMMAND) - 1, COMMAND,
                       4 + sizeof(PEEL) - 1, PEEL, 4 + sizeof(WORD) - 1 + strlen(prefix) + 1, WORD,
                       prefix);
}
