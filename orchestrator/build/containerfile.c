/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images are named in three places: FROM IMAGE, COPY --from=IMAGE and RUN --mount=…,from=IMAGE
 * (Dockerfile reference). The builder is given a copy with one instruction a line, so that it
 * cannot read the file otherwise than it was judged here.
 */
#include "containerfile.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "rebake/base/digest.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/net/reference.h"
#include "recipe_lines.h"

enum {
    RECIPE_MAXIMUM = 1 << 20,
    OUTPUT_MAXIMUM = 4 << 20,
    STAGES_MAXIMUM = 100,
    VARIABLES_MAXIMUM = 1000,
};

struct stage {
    char *name; /* or NULL */
    bool on_base;
};

struct pinning {
    const struct containerfile_options *options;
    struct recipe_lines lines;
    int line; /* of the instruction at hand */
    struct stage stages[STAGES_MAXIMUM];
    size_t stage_count;
    struct recipe_variable variables[VARIABLES_MAXIMUM]; /* those that FROM sees; values owned */
    size_t variable_count;
    struct rb_strlist names; /* owns the variables' names */
    struct rb_strbuf out;
    struct rb_strlist *pinned;
};

/* An instruction's text is taken apart from its start. */
struct cursor {
    const char *at;
};

static int refuse(const struct pinning *pinning, struct rb_err *err)
{
    struct rb_err why = *err;
    return rb_err_set(err, why.code, "%s:%d: %s", pinning->options->file, pinning->line, why.text);
}

static size_t blanks(const char *text)
{
    return strspn(text, " \t\v\f\r");
}

static size_t word_size(const char *text)
{
    return strcspn(text, " \t\v\f\r");
}

/* ── which image is meant ───────────────────────────────────────────────────────────────────── */

static const struct stage *find_stage(const struct pinning *pinning, const char *name,
                                      bool by_number)
{
    uint64_t number;
    for (size_t i = pinning->stage_count; i-- > 0;) {
        if (pinning->stages[i].name != NULL && strcasecmp(pinning->stages[i].name, name) == 0)
            return &pinning->stages[i];
    }
    if (by_number && rb_text_to_u64(name, &number) && number < pinning->stage_count)
        return &pinning->stages[number];
    return NULL;
}

static bool is_same_tag(const struct rb_reference *reference, const char *tagged)
{
    RB_CLEANUP(rb_reference_deinit) struct rb_reference base = {0};
    return tagged != NULL && reference->digest == NULL &&
           rb_reference_parse(tagged, &base, NULL) == 0 &&
           rb_text_equal(reference->registry, base.registry) &&
           rb_text_equal(reference->repository, base.repository) &&
           rb_text_equal(reference->tag, base.tag);
}

static int refuse_image(const struct pinning *pinning, const char *image, struct rb_err *err)
{
    const struct containerfile_options *options = pinning->options;
    return rb_err_set(err, RB_EINVALID,
                      "image \"%.200s\" is not pinned: name the base (%s%s%s), an earlier stage, "
                      "scratch, or an image by digest (name@sha256:…)",
                      image, options->base_name, options->base_tagged != NULL ? " or " : "",
                      options->base_tagged != NULL ? options->base_tagged : "");
}

/* What the builder is told instead of image, which is no stage: the caller frees *ret_pinned. */
static int pin_image(struct pinning *pinning, const char *image, char **ret_pinned, bool *ret_base,
                     struct rb_err *err)
{
    const struct containerfile_options *options = pinning->options;
    RB_CLEANUP(rb_reference_deinit) struct rb_reference reference = {0};
    *ret_base = strcmp(image, options->base_name) == 0;
    if (!*ret_base && rb_reference_parse(image, &reference, NULL) != 0)
        return refuse_image(pinning, image, err);
    *ret_base = *ret_base || is_same_tag(&reference, options->base_tagged);
    if (*ret_base) {
        *ret_pinned = rb_strdup(options->base_pinned);
        return 0;
    }
    if (!rb_digest_is_valid(reference.digest))
        return refuse_image(pinning, image, err);
    rb_free(reference.tag); /* builders take a tag or a digest, not both */
    reference.tag = NULL;
    *ret_pinned = rb_reference_format(&reference);
    *ret_base = strcmp(*ret_pinned, options->base_pinned) == 0;
    if (!*ret_base && !rb_strlist_contains(pinning->pinned, *ret_pinned))
        rb_strlist_add(pinning->pinned, *ret_pinned);
    return 0;
}

/* For --from: a stage stays as it is named. */
static int pin_from(struct pinning *pinning, const char *name, struct rb_err *err)
{
    RB_CLEANUP_FREE char *pinned = NULL;
    bool is_base;
    if (name[strcspn(name, "$\"'\\`")] != '\0')
        return rb_err_set(err, RB_EINVALID,
                          "variables and quotes in \"from=%.100s\" are not "
                          "understood: write the name itself",
                          name);
    if (find_stage(pinning, name, true) != NULL) {
        rb_strbuf_puts(&pinning->out, name);
        return 0;
    }
    int status = pin_image(pinning, name, &pinned, &is_base, err);
    if (status == 0)
        rb_strbuf_puts(&pinning->out, pinned);
    return status;
}

/* ── flags ──────────────────────────────────────────────────────────────────────────────────── */

/* The size of the flag at text: a word in which quotes and the escape keep blanks together. */
static size_t flag_size(const struct pinning *pinning, const char *text)
{
    char quote = '\0';
    size_t size = 0;
    for (; text[size] != '\0'; size++) {
        char now = text[size];
        if (now == pinning->lines.escape && text[size + 1] != '\0')
            size++;
        else if (quote != '\0')
            quote = now == quote ? '\0' : quote;
        else if (now == '"' || now == '\'')
            quote = now;
        else if (blanks(text + size) > 0)
            break;
    }
    return size;
}

/* RUN --mount=type=bind,from=IMAGE,…: the fields are separated by commas. */
static int put_mount(struct pinning *pinning, const char *mount, struct rb_err *err)
{
    int status = 0;
    if (strchr(mount, '"') != NULL)
        return rb_err_set(err, RB_EINVALID, "quotes in --mount are not understood");
    rb_strbuf_puts(&pinning->out, "--mount=");
    while (status == 0) {
        size_t size = strcspn(mount, ",");
        RB_CLEANUP_FREE char *field = rb_strndup(mount, size);
        if (strncasecmp(field, "from=", 5) == 0) {
            rb_strbuf_puts(&pinning->out, "from=");
            status = pin_from(pinning, field + 5, err);
        } else {
            rb_strbuf_puts(&pinning->out, field);
        }
        if (mount[size] == '\0')
            break;
        rb_strbuf_putc(&pinning->out, ',');
        mount += size + 1;
    }
    return status;
}

static int put_flag(struct pinning *pinning, const char *flag, struct rb_err *err)
{
    if (rb_text_starts_with(flag, "--from=")) {
        rb_strbuf_puts(&pinning->out, "--from=");
        return pin_from(pinning, flag + 7, err);
    }
    if (rb_text_starts_with(flag, "--mount="))
        return put_mount(pinning, flag + 8, err);
    rb_strbuf_puts(&pinning->out, flag);
    return 0;
}

static int put_flags(struct pinning *pinning, struct cursor *cursor, struct rb_err *err)
{
    int status = 0;
    while (status == 0 && rb_text_starts_with(cursor->at, "--")) {
        size_t size = flag_size(pinning, cursor->at);
        RB_CLEANUP_FREE char *flag = rb_strndup(cursor->at, size);
        cursor->at += size;
        cursor->at += blanks(cursor->at);
        bool is_last =
            strcmp(flag, "--") == 0; /* what follows is no flag, whatever it looks like */
        status = put_flag(pinning, flag, err);
        rb_strbuf_putc(&pinning->out, ' ');
        if (is_last)
            break;
    }
    return status;
}

/* ── instructions ───────────────────────────────────────────────────────────────────────────── */

/* A word [0-9]*<<NAME or <<-NAME opens a here-document, which would be lines of another language.
 */
static bool has_here_document(const char *text)
{
    while (*(text += blanks(text)) != '\0') {
        const char *at = text + strspn(text, "0123456789");
        const char *name = at[0] == '<' && at[1] == '<' ? at + 2 : "";
        name += *name == '-';
        if (isalpha((unsigned char)*name) || *name == '_' || *name == '"' || *name == '\'')
            return true;
        text += word_size(text);
    }
    return false;
}

static void set_variable(struct pinning *pinning, const char *name, size_t name_size,
                         const char *value)
{
    RB_CLEANUP_FREE char *copy = rb_strndup(name, name_size);
    rb_strlist_add(&pinning->names, copy);
    pinning->variables[pinning->variable_count++] =
        (struct recipe_variable){pinning->names.items[pinning->names.count - 1], value};
}

static bool is_given(const struct pinning *pinning, const char *name, size_t size)
{
    for (size_t i = 0; i < pinning->options->argument_count; i++) {
        const char *given = pinning->options->arguments[i].name;
        if (strlen(given) == size && memcmp(given, name, size) == 0)
            return true;
    }
    return false;
}

static int expand(const struct pinning *pinning, const char *word, char **ret_text,
                  struct rb_err *err)
{
    return recipe_word_expand(word, pinning->lines.escape, pinning->variables,
                              pinning->variable_count, ret_text, err);
}

/* Before the first FROM: ARG NAME or NAME=default, more than one. A given argument wins. */
static int take_arguments(struct pinning *pinning, const char *text, struct rb_err *err)
{
    int status = 0;
    while (status == 0 && *text != '\0') {
        size_t size = flag_size(pinning, text);
        size_t name_size = strcspn(text, "= \t");
        name_size = name_size < size ? name_size : size;
        RB_CLEANUP_FREE char *word = rb_strndup(text, size);
        char *value = NULL;
        if (pinning->variable_count == VARIABLES_MAXIMUM)
            return rb_err_set(err, RB_ELIMIT, "more than %d arguments", VARIABLES_MAXIMUM);
        if (word[name_size] == '=' && !is_given(pinning, text, name_size)) {
            status = expand(pinning, word + name_size + 1, &value, err);
            if (status == 0)
                set_variable(pinning, text, name_size, value);
        }
        text += size;
        text += blanks(text);
    }
    return status;
}

static int add_stage(struct pinning *pinning, const char *rest, bool on_base, struct rb_err *err)
{
    size_t as = word_size(rest);
    const char *name = rest + as + blanks(rest + as);
    if (*rest != '\0' && (as != 2 || strncasecmp(rest, "as", 2) != 0 || *name == '\0' ||
                          name[word_size(name)] != '\0'))
        return rb_err_set(err, RB_EINVALID, "FROM takes an image, and \"AS name\" after it");
    if (pinning->stage_count == STAGES_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "more than %d stages", STAGES_MAXIMUM);
    pinning->stages[pinning->stage_count++] =
        (struct stage){*name != '\0' ? rb_strdup(name) : NULL, on_base};
    return 0;
}

static int take_from(struct pinning *pinning, const char *text, struct rb_err *err)
{
    struct cursor cursor = {text};
    RB_CLEANUP_FREE char *image = NULL;
    RB_CLEANUP_FREE char *pinned = NULL;
    bool on_base = false;
    rb_strbuf_puts(&pinning->out, "FROM ");
    int status = put_flags(pinning, &cursor, err);
    if (status != 0)
        return status;
    size_t size = flag_size(pinning, cursor.at);
    RB_CLEANUP_FREE char *word = rb_strndup(cursor.at, size);
    const char *rest = cursor.at + size + blanks(cursor.at + size);
    status = expand(pinning, word, &image, err);
    if (status != 0)
        return status;
    if (image[0] == '\0' || image[word_size(image)] != '\0')
        return rb_err_set(err, RB_EINVALID, "FROM %.100s names no image", word);
    const struct stage *stage = find_stage(pinning, image, false);
    if (stage != NULL)
        on_base = stage->on_base;
    else if (strcmp(image, "scratch") != 0)
        status = pin_image(pinning, image, &pinned, &on_base, err);
    if (status != 0)
        return status;
    rb_strbuf_printf(&pinning->out, "%s%s%s\n", pinned != NULL ? pinned : image,
                     *rest != '\0' ? " " : "", rest);
    return add_stage(pinning, rest, on_base, err);
}

/* An instruction whose flags may name images, RUN with what all RUNs get. */
static int take_flagged(struct pinning *pinning, const char *keyword, const char *text,
                        const char *more, struct rb_err *err)
{
    struct cursor cursor = {text};
    rb_strbuf_printf(&pinning->out, "%s %s%s", keyword, more != NULL ? more : "",
                     more != NULL ? " " : "");
    int status = put_flags(pinning, &cursor, err);
    if (status != 0)
        return status;
    if (has_here_document(cursor.at))
        return rb_err_set(err, RB_EINVALID,
                          "here-documents are not understood: put the text into a "
                          "file of the context, or continue lines");
    rb_strbuf_printf(&pinning->out, "%s\n", cursor.at);
    return 0;
}

static int take_instruction(struct pinning *pinning, const char *text, struct rb_err *err)
{
    size_t size = word_size(text);
    const char *rest = text + size + blanks(text + size);
    RB_CLEANUP_FREE char *keyword = rb_strndup(text, size);
    for (char *at = keyword; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
    if (strcmp(keyword, "FROM") == 0)
        return take_from(pinning, rest, err);
    if (pinning->stage_count == 0 && strcmp(keyword, "ARG") != 0)
        return rb_err_set(err, RB_EINVALID, "%.20s stands before the first FROM", keyword);
    if (strcmp(keyword, "RUN") == 0)
        return take_flagged(pinning, keyword, rest, pinning->options->run_flags, err);
    if (strcmp(keyword, "COPY") == 0 || strcmp(keyword, "ADD") == 0)
        return take_flagged(pinning, keyword, rest, NULL, err);
    rb_strbuf_printf(&pinning->out, "%s %s\n", keyword, rest);
    return pinning->stage_count == 0 ? take_arguments(pinning, rest, err) : 0;
}

static int take_all(struct pinning *pinning, struct rb_err *err)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(RECIPE_MAXIMUM);
    if (pinning->lines.escape == '`')
        rb_strbuf_puts(&pinning->out, "# escape=`\n");
    while (recipe_lines_next(&pinning->lines, &text, &pinning->line)) {
        if (take_instruction(pinning, rb_strbuf_text(&text), err) != 0)
            return refuse(pinning, err);
    }
    if (pinning->out.overflowed)
        return rb_err_set(err, RB_ELIMIT, "%s: it is too large", pinning->options->file);
    if (pinning->stage_count == 0)
        return rb_err_set(err, RB_EINVALID, "%s: there is no FROM in it", pinning->options->file);
    if (!pinning->stages[pinning->stage_count - 1].on_base)
        return rb_err_set(err, RB_EINVALID,
                          "%s: its last stage does not stand on the pipeline's base \"%s\": an "
                          "image that is rebuilt with its base must be built FROM it",
                          pinning->options->file, pinning->options->base_name);
    return 0;
}

static void deinit_pinning(struct pinning *pinning)
{
    for (size_t i = 0; i < pinning->stage_count; i++)
        rb_free(pinning->stages[i].name);
    for (size_t i = 0; i < pinning->variable_count; i++)
        rb_free((void *)(uintptr_t)pinning->variables[i].value);
    rb_strlist_deinit(&pinning->names);
    rb_strbuf_deinit(&pinning->out);
    rb_free(pinning);
}

int containerfile_pin(const char *data, size_t size, const struct containerfile_options *options,
                      struct containerfile *ret_containerfile, struct rb_err *err)
{
    struct containerfile made = {0};
    struct rb_err own;
    err = err != NULL ? err : &own;
    if (size > RECIPE_MAXIMUM || options->argument_count > VARIABLES_MAXIMUM / 2)
        return rb_err_set(err, RB_ELIMIT, "%s: it is too large", options->file);
    if (memchr(data, '\0', size) != NULL)
        return rb_err_set(err, RB_EINVALID, "%s: it is not a text", options->file);
    struct pinning *pinning = rb_zalloc(sizeof(*pinning));
    pinning->options = options;
    pinning->out = RB_STRBUF_INIT(OUTPUT_MAXIMUM);
    pinning->pinned = &made.pinned;
    recipe_lines_init(&pinning->lines, data, size);
    for (size_t i = 0; i < options->argument_count; i++)
        set_variable(pinning, options->arguments[i].name, strlen(options->arguments[i].name),
                     rb_strdup(options->arguments[i].value));
    int status = take_all(pinning, err);
    made.text = rb_strbuf_steal(&pinning->out);
    deinit_pinning(pinning);
    if (status == 0)
        *ret_containerfile = made;
    else
        containerfile_deinit(&made);
    return status;
}

void containerfile_deinit(struct containerfile *containerfile)
{
    rb_free(containerfile->text);
    rb_strlist_deinit(&containerfile->pinned);
    *containerfile = (struct containerfile){0};
}
