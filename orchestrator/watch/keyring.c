/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/watch/keyring.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

#include "rebake/base/memory.h"

static const char BEGIN[] = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
static const char END[] = "-----END PGP PUBLIC KEY BLOCK-----";

struct line {
    const char *text;
    size_t size;
};

struct armour {
    const char *at;
    const char *end;
    unsigned char *out; /* has room for all of the input */
    size_t size;
};

static bool next_line(struct armour *armour, struct line *ret_line)
{
    if (armour->at == armour->end)
        return false;
    const char *newline = memchr(armour->at, '\n', (size_t)(armour->end - armour->at));
    const char *line_end = newline != NULL ? newline : armour->end;
    *ret_line = (struct line){.text = armour->at, .size = (size_t)(line_end - armour->at)};
    armour->at = newline != NULL ? newline + 1 : armour->end;
    while (ret_line->size > 0 && strchr(" \t\r", ret_line->text[ret_line->size - 1]) != NULL)
        ret_line->size--;
    return true;
}

static bool is_line(const struct line *line, const char *text)
{
    return line->size == strlen(text) && memcmp(line->text, text, line->size) == 0;
}

/* The armour's headers ("Version: …") end with an empty line. */
static bool skip_headers(struct armour *armour)
{
    struct line line;
    while (next_line(armour, &line)) {
        if (line.size == 0)
            return true;
        if (memchr(line.text, ':', line.size) == NULL)
            return false;
    }
    return false;
}

static bool decode_lines(struct armour *armour, EVP_ENCODE_CTX *decoder)
{
    struct line line;
    bool has_data = false;
    while (next_line(armour, &line)) {
        int size = 0;
        if (is_line(&line, END)) {
            int last = EVP_DecodeFinal(decoder, armour->out + armour->size, &size);
            armour->size += (size_t)size;
            return last >= 0 && has_data;
        }
        /* The checksum of 24 bits says nothing that the keys' own signatures do not say better. */
        if (line.size == 0 || line.text[0] == '=')
            continue;
        if (EVP_DecodeUpdate(decoder, armour->out + armour->size, &size,
                             (const unsigned char *)line.text, (int)line.size) < 0)
            return false;
        armour->size += (size_t)size;
        has_data = true;
    }
    return false;
}

static bool decode_block(struct armour *armour)
{
    EVP_ENCODE_CTX *decoder = EVP_ENCODE_CTX_new();
    RB_ASSERT(decoder != NULL);
    EVP_DecodeInit(decoder);
    bool good = skip_headers(armour) && decode_lines(armour, decoder);
    EVP_ENCODE_CTX_free(decoder);
    return good;
}

/* Text outside the blocks is comment. */
static bool decode_blocks(struct armour *armour)
{
    struct line line;
    while (next_line(armour, &line)) {
        if (is_line(&line, BEGIN) && !decode_block(armour))
            return false;
    }
    return armour->size > 0;
}

/* An OpenPGP packet's first byte has its highest bit set (RFC 4880 section 4.2); a keybox file says
   "KBXf" in its first blob. */
static bool is_binary(const char *data, size_t size)
{
    return size > 0 && (((unsigned char)data[0] & 0x80) != 0 ||
                        (size >= 12 && memcmp(data + 8, "KBXf", 4) == 0));
}

int rb_keyring_to_binary(const char *data, size_t size, const char *what, char **ret_binary,
                         size_t *ret_size, struct rb_err *err)
{
    if (size > INT_MAX)
        return rb_err_set(err, RB_ELIMIT, "%s is too large for a keyring", what);
    RB_CLEANUP_FREE unsigned char *out = rb_alloc(size + 3);
    struct armour armour = {.at = data, .end = data + size, .out = out};
    if (is_binary(data, size)) {
        memcpy(out, data, size);
        armour.size = size;
    } else if (!decode_blocks(&armour)) {
        return rb_err_set(err, RB_EINVALID,
                          "%s is not a keyring: neither OpenPGP packets nor armoured public keys",
                          what);
    }
    *ret_binary = (char *)rb_steal(&out);
    *ret_size = armour.size;
    return 0;
}
