/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpgv tells of each signature: NEWSIG, then one of GOODSIG, EXPSIG, EXPKEYSIG, REVKEYSIG, BADSIG,
 * ERRSIG, and for all that are mathematically right (the expired and revoked too) VALIDSIG.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gpgv.h"
#include "rebake/base/memory.h"

enum { WORDS_MAXIMUM = 12, WORD_SIZE = 72 };

/* Why a signature does not count; the later outranks the earlier as the reason that is told. */
enum refusal { NO_SIGNATURE, UNSUPPORTED, UNKNOWN_KEY, EXPIRED, WEAK, EXPIRED_KEY, REVOKED_KEY };

struct told {
    bool is_good_signature; /* GOODSIG was told of the signature at hand */
    bool is_accepted;
    bool is_bad;
    enum refusal refusal;
    char refused_key[WORD_SIZE];
    char fingerprint[RB_FINGERPRINT_SIZE];
};

struct words {
    char text[WORDS_MAXIMUM][WORD_SIZE];
    size_t count;
};

static void refuse(struct told *told, enum refusal refusal, const char *key)
{
    if (refusal < told->refusal)
        return;
    told->refusal = refusal;
    (void)snprintf(told->refused_key, sizeof(told->refused_key), "%s", key);
}

/* Numbers of RFC 4880 section 9.4 and RFC 9580 section 9.5. MD5, SHA-1 and RIPEMD-160 are left out.
 */
static bool is_strong_hash(const char *number)
{
    static const char *const STRONG[] = {"8", "9", "10", "11", "12", "14"};
    for (size_t i = 0; i < RB_COUNT_OF(STRONG); i++) {
        if (strcmp(number, STRONG[i]) == 0)
            return true;
    }
    return false;
}

static bool is_fingerprint(const char *text)
{
    size_t size = strlen(text);
    return (size == 40 || size == 64) && strspn(text, "0123456789ABCDEF") == size;
}

/* VALIDSIG fpr date timestamp expires version reserved pubkey-algo hash-algo class [primary-fpr] */
static void take_valid(struct told *told, const struct words *words)
{
    if (!told->is_good_signature || words->count < 10 || !is_fingerprint(words->text[1]))
        return;
    told->is_good_signature = false;
    if (!is_strong_hash(words->text[8])) {
        refuse(told, WEAK, words->text[1]);
        return;
    }
    const char *primary = words->count > 10 ? words->text[10] : words->text[1];
    if (told->is_accepted || !is_fingerprint(primary))
        return;
    told->is_accepted = true;
    (void)snprintf(told->fingerprint, sizeof(told->fingerprint), "%.64s", primary);
}

static void take_line(struct told *told, const struct words *words)
{
    static const struct {
        const char *keyword;
        enum refusal refusal;
    } REFUSALS[] = {{"EXPSIG", EXPIRED},
                    {"EXPKEYSIG", EXPIRED_KEY},
                    {"REVKEYSIG", REVOKED_KEY},
                    {"NO_PUBKEY", UNKNOWN_KEY},
                    {"ERRSIG", UNSUPPORTED}};
    const char *keyword = words->text[0], *key = words->count > 1 ? words->text[1] : "";
    if (strcmp(keyword, "VALIDSIG") == 0) {
        take_valid(told, words);
        return;
    }
    if (strcmp(keyword, "NEWSIG") == 0)
        told->is_good_signature = false;
    if (strcmp(keyword, "GOODSIG") == 0)
        told->is_good_signature = true;
    if (strcmp(keyword, "BADSIG") == 0)
        told->is_bad = true;
    for (size_t i = 0; i < RB_COUNT_OF(REFUSALS); i++) {
        if (strcmp(keyword, REFUSALS[i].keyword) != 0)
            continue;
        told->is_good_signature = false;
        refuse(told, REFUSALS[i].refusal, key);
    }
}

/* Words past the limits are cut: none that we judge by is so long. */
static void split_words(const char *line, size_t size, struct words *ret_words)
{
    const char *at = line, *end = line + size;
    ret_words->count = 0;
    while (at < end && ret_words->count < WORDS_MAXIMUM) {
        const char *space = memchr(at, ' ', (size_t)(end - at));
        const char *word_end = space != NULL ? space : end;
        if (word_end > at)
            (void)snprintf(ret_words->text[ret_words->count++], WORD_SIZE, "%.*s",
                           (int)(word_end - at), at);
        at = space != NULL ? space + 1 : end;
    }
}

static int tell(const struct told *told, const char *what, struct rb_err *err)
{
    const char *key = told->refused_key;
    if (told->is_bad)
        return rb_err_set(err, RB_EVERIFY,
                          "%s: bad signature: the file or the signature was changed on its way",
                          what);
    switch (told->refusal) {
    case REVOKED_KEY:
        return rb_err_set(err, RB_EVERIFY, "%s is signed by key %s, which is revoked", what, key);
    case EXPIRED_KEY:
        return rb_err_set(err, RB_EVERIFY,
                          "%s is signed by key %s, which has expired: is the keyring up to date?",
                          what, key);
    case WEAK:
        return rb_err_set(err, RB_EVERIFY,
                          "%s is signed by key %s with a hash that is broken (SHA-1 or older)",
                          what, key);
    case EXPIRED:
        return rb_err_set(err, RB_EVERIFY, "%s: its signature by key %s has expired", what, key);
    case UNKNOWN_KEY:
        return rb_err_set(err, RB_EVERIFY, "%s is signed by key %s, which is not in the keyring",
                          what, key);
    case UNSUPPORTED:
        return rb_err_set(err, RB_EVERIFY,
                          "%s: its signature by key %s is of a kind that gpgv cannot check", what,
                          key);
    case NO_SIGNATURE:
        break;
    }
    return rb_err_set(err, RB_EVERIFY, "%s: gpgv finds no signature in it", what);
}

int rb_gpgv_judge(const char *status, size_t size, const char *what,
                  struct rb_gpgv_verdict *ret_verdict, struct rb_err *err)
{
    static const char PREFIX[] = "[GNUPG:] ";
    struct told told = {0};
    struct words words;
    const char *at = status, *end = status + size;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = newline != NULL ? newline : end;
        size_t line_size = (size_t)(line_end - at), prefix_size = sizeof(PREFIX) - 1;
        if (line_size > prefix_size && memcmp(at, PREFIX, prefix_size) == 0) {
            split_words(at + prefix_size, line_size - prefix_size, &words);
            if (words.count > 0)
                take_line(&told, &words);
        }
        at = newline != NULL ? newline + 1 : end;
    }
    if (told.is_bad || !told.is_accepted) {
        ret_verdict->trouble = !told.is_bad && told.refusal == UNKNOWN_KEY ? RB_TROUBLE_KEY_CHANGED
                                                                           : RB_TROUBLE_UNTRUSTED;
        return tell(&told, what, err);
    }
    ret_verdict->trouble = RB_TROUBLE_NONE;
    memcpy(ret_verdict->fingerprint, told.fingerprint, RB_FINGERPRINT_SIZE);
    return 0;
}
