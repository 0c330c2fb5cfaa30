/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     field     = #challenge                         ("#" is a list between commas)
 *     challenge = scheme [ 1*SP ( token68 / #parameter ) ]
 *     parameter = token BWS "=" BWS ( token / quoted-string )
 *
 * The commas between challenges and between parameters are the same: what follows one is a
 * parameter if "=" comes after its first word, and else the next scheme.
 */
#include "challenge.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { LONGEST_FIELD = 16 << 10 };

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
static const char TOKEN_CHARACTERS[] = ALNUM "!#$%&'*+-.^_`|~";
static const char TOKEN68_CHARACTERS[] = ALNUM "-._~+/";
static const char BLANKS[] = " \t";

struct reader {
    const char *at;
    struct rb_arena *arena;
    struct rb_err *err;
};

static int malformed(struct reader *reader, const char *expected)
{
    return rb_err_set(reader->err, RB_EINVALID, "WWW-Authenticate: %s is missing before \"%.20s\"",
                      expected, reader->at);
}

static void skip_blanks(struct reader *reader)
{
    reader->at += strspn(reader->at, BLANKS);
}

static void skip_commas(struct reader *reader)
{
    reader->at += strspn(reader->at, " \t,");
}

static int read_token(struct reader *reader, const char **ret_token)
{
    size_t size = strspn(reader->at, TOKEN_CHARACTERS);
    if (size == 0)
        return malformed(reader, "a word");
    *ret_token = rb_arena_strndup(reader->arena, reader->at, size);
    reader->at += size;
    return 0;
}

static int read_quoted(struct reader *reader, const char **ret_text)
{
    const char *start = ++reader->at;
    char *text = rb_arena_alloc(reader->arena, strlen(start) + 1);
    size_t size = 0;
    for (; *reader->at != '"'; reader->at++) {
        if (*reader->at == '\\')
            reader->at++;
        if (*reader->at == '\0')
            return malformed(reader, "a closing quotation mark");
        text[size++] = *reader->at;
    }
    reader->at++;
    *ret_text = text;
    return 0;
}

/* Does a parameter stand here? */
static size_t parameter_name_size(const struct reader *reader)
{
    size_t size = strspn(reader->at, TOKEN_CHARACTERS);
    const char *behind = reader->at + size + strspn(reader->at + size, BLANKS);
    return *behind == '=' ? size : 0;
}

static int read_parameter(struct reader *reader, struct rb_challenge *challenge)
{
    if (challenge->parameter_count == RB_CHALLENGE_PARAMETERS_MAXIMUM)
        return rb_err_set(reader->err, RB_ELIMIT, "WWW-Authenticate: more than %d parameters",
                          RB_CHALLENGE_PARAMETERS_MAXIMUM);
    size_t index = challenge->parameter_count++;
    int status = read_token(reader, &challenge->parameters[index].name);
    if (status != 0)
        return status;
    skip_blanks(reader);
    reader->at++; /* "=" */
    skip_blanks(reader);
    const char **value = &challenge->parameters[index].value;
    return *reader->at == '"' ? read_quoted(reader, value) : read_token(reader, value);
}

static int read_parameters(struct reader *reader, struct rb_challenge *challenge)
{
    for (;;) {
        int status = read_parameter(reader, challenge);
        if (status != 0)
            return status;
        skip_blanks(reader);
        if (*reader->at == '\0')
            return 0;
        if (*reader->at != ',')
            return malformed(reader, "a comma");
        skip_commas(reader);
        if (parameter_name_size(reader) == 0)
            return 0;
    }
}

/* "abc==" and then a comma or the end: nothing else that may stand here looks like that. */
static size_t token68_size(const struct reader *reader)
{
    size_t size = strspn(reader->at, TOKEN68_CHARACTERS);
    if (size == 0)
        return 0;
    size += strspn(reader->at + size, "=");
    const char *behind = reader->at + size + strspn(reader->at + size, BLANKS);
    return *behind == ',' || *behind == '\0' ? size : 0;
}

static int read_challenge(struct reader *reader, struct rb_challenge *challenge)
{
    *challenge = (struct rb_challenge){0};
    int status = read_token(reader, &challenge->scheme);
    if (status != 0)
        return status;
    bool blank = strchr(BLANKS, *reader->at) != NULL && *reader->at != '\0';
    skip_blanks(reader);
    if (*reader->at == '\0' || *reader->at == ',')
        return 0;
    if (!blank)
        return malformed(reader, "a blank");
    size_t size = token68_size(reader);
    if (size > 0) {
        challenge->token68 = rb_arena_strndup(reader->arena, reader->at, size);
        reader->at += size;
        skip_blanks(reader);
        return 0;
    }
    if (parameter_name_size(reader) == 0)
        return malformed(reader, "a parameter");
    return read_parameters(reader, challenge);
}

int rb_challenges_parse(struct rb_arena *arena, const char *field, struct rb_challenges *challenges,
                        struct rb_err *err)
{
    struct reader reader = {.at = field, .arena = arena, .err = err};
    if (strnlen(field, LONGEST_FIELD + 1) > LONGEST_FIELD)
        return rb_err_set(err, RB_ELIMIT, "WWW-Authenticate: longer than %d bytes", LONGEST_FIELD);
    for (skip_commas(&reader); *reader.at != '\0'; skip_commas(&reader)) {
        if (challenges->count == RB_CHALLENGES_MAXIMUM)
            return rb_err_set(err, RB_ELIMIT, "WWW-Authenticate: more than %d challenges",
                              RB_CHALLENGES_MAXIMUM);
        int status = read_challenge(&reader, &challenges->items[challenges->count]);
        if (status != 0)
            return status;
        challenges->count++;
    }
    return 0;
}

const struct rb_challenge *rb_challenges_find(const struct rb_challenges *challenges,
                                              const char *scheme)
{
    for (size_t i = 0; i < challenges->count; i++) {
        if (strcasecmp(challenges->items[i].scheme, scheme) == 0)
            return &challenges->items[i];
    }
    return NULL;
}

const char *rb_challenge_get(const struct rb_challenge *challenge, const char *name)
{
    for (size_t i = 0; i < challenge->parameter_count; i++) {
        if (strcasecmp(challenge->parameters[i].name, name) == 0)
            return challenge->parameters[i].value;
    }
    return NULL;
}
