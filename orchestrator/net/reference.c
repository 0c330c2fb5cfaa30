/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grammar (OCI distribution-spec v1.1, "Pulling manifests"; the host part and the short names as in
 * distribution/reference, which docker and podman share):
 *
 *     reference  = [ host "/" ] repository [ ":" tag ] [ "@" digest ]
 *     repository = component *( "/" component )
 *     component  = alnum *( separator alnum ),  separator = "." / "_" / "__" / 1*"-"
 *
 * What stands before the first "/" is a host if it has a "." or ":" in it or is "localhost".
 */
#include "rebake/net/reference.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "rebake/base/digest.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "url.h"

enum { LONGEST_REPOSITORY = 255, LONGEST_TAG = 128, LONGEST_HOST = 255 };

static const char LOWER_ALNUM[] = "abcdefghijklmnopqrstuvwxyz0123456789";
#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
static const char TAG_CHARACTERS[] = ALNUM "_.-";
static const char HOST_CHARACTERS[] = ALNUM ".-";

static size_t separator_size(const char *text)
{
    if (text[0] == '.')
        return 1;
    if (text[0] == '_')
        return text[1] == '_' ? 2 : 1;
    return strspn(text, "-");
}

static bool is_repository(const char *text)
{
    if (strlen(text) > LONGEST_REPOSITORY)
        return false;
    for (;;) {
        size_t run = strspn(text, LOWER_ALNUM);
        if (run == 0)
            return false;
        text += run;
        if (*text == '\0')
            return true;
        text += *text == '/' ? 1 : separator_size(text);
    }
}

static bool is_tag(const char *text)
{
    return strchr(".-", *text) == NULL && strlen(text) <= LONGEST_TAG &&
           text[strspn(text, TAG_CHARACTERS)] == '\0';
}

static bool is_host(const char *text)
{
    size_t run;
    if (*text == '[') {
        run = 1 + strspn(text + 1, "0123456789abcdefABCDEF:.");
        if (run == 1 || text[run] != ']')
            return false;
        run++;
    } else {
        run = strspn(text, HOST_CHARACTERS);
    }
    if (run == 0 || run > LONGEST_HOST)
        return false;
    uint64_t port;
    return text[run] == '\0' ||
           (text[run] == ':' && rb_text_to_u64(text + run + 1, &port) && port > 0 && port < 65536);
}

static bool looks_like_host(const char *text, size_t size)
{
    return memchr(text, '.', size) != NULL || memchr(text, ':', size) != NULL ||
           (size == 9 && memcmp(text, "localhost", 9) == 0);
}

/* Splits "[host/]path", naming what docker leaves unsaid. */
static void split_name(const char *name, struct rb_reference *reference)
{
    const char *slash = strchr(name, '/');
    const char *path = name;
    if (slash != NULL && looks_like_host(name, (size_t)(slash - name))) {
        reference->registry = rb_strndup(name, (size_t)(slash - name));
        path = slash + 1;
    } else {
        reference->registry = rb_strdup("docker.io");
    }
    if (rb_text_equal(reference->registry, "index.docker.io")) {
        rb_free(reference->registry);
        reference->registry = rb_strdup("docker.io");
    }
    bool official = rb_text_equal(reference->registry, "docker.io") && strchr(path, '/') == NULL;
    reference->repository = rb_asprintf("%s%s", official ? "library/" : "", path);
}

static int check(const struct rb_reference *reference, const char *text, struct rb_err *err)
{
    const char *wrong = NULL;
    if (!is_host(reference->registry))
        wrong = "its registry is not host[:port]";
    else if (!is_repository(reference->repository))
        wrong = "its repository must be lower-case letters, digits and single separators (._-/)";
    else if (reference->tag != NULL && !is_tag(reference->tag))
        wrong = "its tag must be at most 128 of letters, digits, \"_\", \".\" and \"-\"";
    else if (reference->digest != NULL && !rb_digest_is_valid(reference->digest))
        wrong = "its digest must be \"sha256:\" and 64 lower-case hexadecimal digits";
    if (wrong == NULL)
        return 0;
    char shown[200];
    return rb_err_set(err, RB_EINVALID, "\"%s\" is not an image reference: %s",
                      rb_text_printable(text, shown, sizeof(shown)), wrong);
}

int rb_reference_parse(const char *text, struct rb_reference *ret_reference, struct rb_err *err)
{
    RB_CLEANUP(rb_reference_deinit) struct rb_reference reference = {0};
    RB_CLEANUP_FREE char *name = rb_strdup(text);
    char *at = strchr(name, '@');
    if (at != NULL) {
        *at = '\0';
        reference.digest = rb_strdup(at + 1);
    }
    char *slash = strrchr(name, '/');
    char *colon = strchr(slash != NULL ? slash : name, ':');
    if (colon != NULL) {
        *colon = '\0';
        reference.tag = rb_strdup(colon + 1);
    } else if (at == NULL) {
        reference.tag = rb_strdup("latest");
    }
    split_name(name, &reference);
    int status = check(&reference, text, err);
    if (status != 0)
        return status;
    *ret_reference = reference;
    reference = (struct rb_reference){0};
    return 0;
}

void rb_reference_deinit(struct rb_reference *reference)
{
    rb_free(reference->registry);
    rb_free(reference->repository);
    rb_free(reference->tag);
    rb_free(reference->digest);
    *reference = (struct rb_reference){0};
}

char *rb_reference_format(const struct rb_reference *reference)
{
    bool tag = reference->tag != NULL, digest = reference->digest != NULL;
    return rb_asprintf("%s/%s%s%s%s%s", reference->registry, reference->repository, tag ? ":" : "",
                       tag ? reference->tag : "", digest ? "@" : "",
                       digest ? reference->digest : "");
}

int rb_reference_is_loopback(const struct rb_reference *reference)
{
    RB_CLEANUP_FREE char *host = rb_strdup(reference->registry);
    char *bracket = strrchr(host, ']');
    char *colon = strrchr(bracket != NULL ? bracket : host, ':');
    if (colon != NULL)
        *colon = '\0';
    return rb_host_is_loopback(host);
}
