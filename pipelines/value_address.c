/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: URLs (RFC 3986), image names (base/image_name.h), branches (git-check-ref-format(1))
   and the words of an apt source (sources.list(5)). */
#include "value.h"

#include <string.h>

#include "rebake/base/digest.h"
#include "rebake/base/image_name.h"
#include "rebake/base/text.h"

enum { URL_MAXIMUM = 2048, IMAGE_NAME_MAXIMUM = 255, PLATFORM_MAXIMUM = 100 };

struct scheme {
    const char *prefix;
    bool has_host;
};

/* Behind the "://" of one of the schemes, or NULL. */
static const char *behind_scheme(const char *text, const struct scheme *schemes, bool *ret_has_host)
{
    for (; schemes->prefix != NULL; schemes++) {
        if (rb_text_starts_with(text, schemes->prefix)) {
            *ret_has_host = schemes->has_host;
            return text + strlen(schemes->prefix);
        }
    }
    return NULL;
}

static bool is_visible_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~' || strchr("\"<>\\^`{|}", *text) != NULL)
            return false;
    }
    return true;
}

/* What both kinds of URL ask for. Returns NULL when it is refused. */
static const char *check_url(const char *text, const struct scheme *schemes,
                             struct rb_complaint *complaint, const char *example)
{
    bool has_host = false;
    const char *rest = behind_scheme(text, schemes, &has_host);
    if (rest == NULL)
        return rb_value_refuse(complaint, "is not a URL that can be read", example);
    if (strlen(text) > URL_MAXIMUM)
        return rb_value_refuse(complaint, "is longer than 2048 bytes", NULL);
    if (!is_visible_ascii(text))
        return rb_value_refuse(complaint, "holds a character that no URL has",
                               "write it as %XX, the byte in hexadecimal");
    if (strchr(text, '#') != NULL)
        return rb_value_refuse(complaint, "has a \"#\"", "remove it and what follows");
    if (!has_host)
        return *rest == '/' ? text
                            : rb_value_refuse(complaint, "names no absolute path",
                                              "write file:///path/to/it");
    size_t size = strcspn(rest, "/?");
    const char *at = memchr(rest, '@', size);
    if (at != NULL && memchr(rest, ':', (size_t)(at - rest)) != NULL)
        return rb_value_refuse(complaint, "holds a password",
                               "remove it: secrets never stand in this file");
    if (at != NULL) {
        size -= (size_t)(at + 1 - rest);
        rest = at + 1;
    }
    if (!rb_image_name_is_registry(rest, size))
        return rb_value_refuse(complaint, "has no host that could be asked", example);
    return text;
}

const char *rb_value_git_url(struct rb_arena *arena, const char *text,
                             struct rb_complaint *complaint)
{
    static const struct scheme schemes[] = {
        {"https://", true}, {"http://", true}, {"ssh://", true}, {"file://", false}, {NULL, false}};
    if (*text == '/')
        return rb_value_refuse(complaint, "is a path",
                               rb_arena_printf(arena, "write file://%.200s", text));
    const char *colon = strchr(text, ':'), *at = strchr(text, '@');
    if (strstr(text, "://") == NULL && colon != NULL && at != NULL && at < colon)
        return rb_value_refuse(complaint, "is not a URL",
                               rb_arena_printf(arena, "write ssh://%.*s/%.200s",
                                               (int)(colon - text < 200 ? colon - text : 200), text,
                                               colon[1] == '/' ? colon + 2 : colon + 1));
    return check_url(text, schemes, complaint,
                     "write an https, http, ssh or file URL, for example "
                     "https://git.example.com/shop.git");
}

/* An http or https URL, its query included. */
static const char *web_url(const char *text, struct rb_complaint *complaint, const char *hint)
{
    static const struct scheme schemes[] = {{"https://", true}, {"http://", true}, {NULL, false}};
    return check_url(text, schemes, complaint, hint);
}

const char *rb_value_file_url(struct rb_arena *arena, const char *text,
                              struct rb_complaint *complaint)
{
    (void)arena;
    return web_url(text, complaint,
                   "write an https or http URL, for example "
                   "https://files.example.com/tool.tar.gz");
}

const char *rb_value_mirrorlist(struct rb_arena *arena, const char *text,
                                struct rb_complaint *complaint)
{
    (void)arena;
    return web_url(text, complaint,
                   "write an https or http URL, for example "
                   "https://mirrors.example.com/metalink?repo=baseos-9&arch=x86_64");
}

/* A URL that paths are to follow: without a query, and without a '/' at its end. */
static const char *folder_url(struct rb_arena *arena, const char *text,
                              struct rb_complaint *complaint)
{
    size_t size = strlen(text);
    if (strchr(text, '?') != NULL)
        return rb_value_refuse(complaint, "has a \"?\"", "remove it and what follows");
    while (size > 0 && text[size - 1] == '/')
        size--;
    return rb_arena_strndup(arena, text, size);
}

/* The folder of a repository, without a '/' at its end. */
static const char *repository_url(struct rb_arena *arena, const char *text,
                                  struct rb_complaint *complaint, const char *example,
                                  const char *folder)
{
    static const struct scheme schemes[] = {
        {"https://", true}, {"http://", true}, {"file://", false}, {NULL, false}};
    if (check_url(text, schemes, complaint,
                  rb_arena_printf(arena, "write an https, http or file URL, for example %s",
                                  example)) == NULL)
        return NULL;
    const char *url = folder_url(arena, text, complaint);
    if (url != NULL && rb_text_equal(strstr(text, "://") + 3, "/"))
        return rb_value_refuse(complaint, "is the root of this machine", folder);
    return url;
}

const char *rb_value_apt_url(struct rb_arena *arena, const char *text,
                             struct rb_complaint *complaint)
{
    return repository_url(arena, text, complaint, "https://mirror.example.com/debian",
                          "write the folder that holds dists/");
}

const char *rb_value_rpm_url(struct rb_arena *arena, const char *text,
                             struct rb_complaint *complaint)
{
    return repository_url(arena, text, complaint,
                          "https://mirror.example.com/rocky/9/BaseOS/x86_64/os",
                          "write the folder that holds repodata/");
}

const char *rb_value_apk_url(struct rb_arena *arena, const char *text,
                             struct rb_complaint *complaint)
{
    return repository_url(arena, text, complaint, "https://mirror.example.com/alpine/v3.20/main",
                          "write the folder that holds x86_64/ and others");
}

const char *rb_value_language_url(struct rb_arena *arena, const char *text,
                                  struct rb_complaint *complaint)
{
    if (web_url(text, complaint,
                "write an https or http URL, for example https://mirror.example.com/simple") ==
        NULL)
        return NULL;
    return folder_url(arena, text, complaint);
}

/* A name, or one in a scope: "@types/node". What PyPI's and npm's rules have in common with a path
   of a URL. */
const char *rb_value_language_package(struct rb_arena *arena, const char *text,
                                      struct rb_complaint *complaint)
{
    enum { NAME_MAXIMUM = 214 };
    const char *name = text;
    (void)arena;
    if (*name == '@') {
        const char *slash = strchr(name, '/');
        name = slash != NULL && slash > name + 1 && name[1] != '.' ? slash + 1 : "";
    }
    bool good = *name != '\0' && *name != '.' && strlen(text) <= NAME_MAXIMUM;
    for (const char *at = text + (*text == '@'); *at != '\0'; at++)
        good = good && (strchr(rb_letters_and_digits, *at) != NULL || strchr("._-", *at) != NULL ||
                        (*at == '/' && at + 1 == name));
    return good ? text
                : rb_value_refuse(complaint, "is not the name of a package",
                                  "write it as its registry does, for example requests or "
                                  "\"@types/node\"");
}

const char *rb_value_machine(struct rb_arena *arena, const char *text,
                             struct rb_complaint *complaint)
{
    (void)arena;
    bool good = *text != '\0' && strlen(text) < 32;
    for (const char *at = text; *at != '\0'; at++)
        good = good && (*at == '_' || strchr(rb_lower_and_digits, *at) != NULL);
    return good ? text
                : rb_value_refuse(complaint, "is not the name of an architecture",
                                  "write for example architectures: [x86_64]");
}

const char *rb_value_branch(struct rb_arena *arena, const char *text,
                            struct rb_complaint *complaint)
{
    (void)arena;
    if (rb_text_starts_with(text, "refs/heads/"))
        return rb_value_refuse(complaint, "is the full name of a branch",
                               rb_arena_printf(arena, "write branch: %.100s", text + 11));
    bool bad = *text == '\0' || strlen(text) > 255 || strpbrk(text, " ~^:?*[\\") != NULL ||
               strstr(text, "..") != NULL || strstr(text, "@{") != NULL ||
               strstr(text, "//") != NULL || strstr(text, "/.") != NULL || strchr("-/.", *text) ||
               rb_text_ends_with(text, "/") || rb_text_ends_with(text, ".") ||
               rb_text_ends_with(text, ".lock") || strstr(text, ".lock/") != NULL ||
               rb_text_equal(text, "@");
    for (const char *at = text; *at != '\0'; at++)
        bad = bad || (unsigned char)*at < 0x20 || *at == 0x7f;
    return bad ? rb_value_refuse(complaint, "cannot be the name of a branch",
                                 "write for example branch: main")
               : text;
}

/* A part of a path on the archive: no empty, "." or ".." between its slashes. */
static bool is_archive_path(const char *text)
{
    for (const char *part = text;; part++) {
        size_t size = strcspn(part, "/");
        if (size == 0 || *part == '.' || strspn(part, rb_letters_and_digits) == 0)
            return false;
        for (size_t i = 0; i < size; i++) {
            if (strchr(rb_letters_and_digits, part[i]) == NULL && strchr(".-_+~", part[i]) == NULL)
                return false;
        }
        part += size;
        if (*part == '\0')
            return part - text <= 255;
    }
}

/* As sources.list(5) names a flat repository: a folder below the URL, with a '/' at its end. */
static bool is_flat_folder(const char *text)
{
    char folder[256];
    size_t size = strlen(text);
    if (size == 0 || size >= sizeof(folder) || text[size - 1] != '/')
        return false;
    memcpy(folder, text, size);
    folder[size - 1] = '\0';
    const char *path = folder;
    if (strcmp(path, "") == 0 || strcmp(path, ".") == 0)
        return true;
    return is_archive_path(rb_text_starts_with(path, "./") ? path + 2 : path);
}

const char *rb_value_suite(struct rb_arena *arena, const char *text, struct rb_complaint *complaint)
{
    (void)arena;
    if (is_archive_path(text) || is_flat_folder(text))
        return text;
    return rb_value_refuse(complaint, "is not the name of a suite",
                           "write for example suite: bookworm-security");
}

const char *rb_value_codename(struct rb_arena *arena, const char *text,
                              struct rb_complaint *complaint)
{
    (void)arena;
    return is_archive_path(text) ? text
                                 : rb_value_refuse(complaint, "is not the codename of a release",
                                                   "write for example codename: bookworm");
}

const char *rb_value_component(struct rb_arena *arena, const char *text,
                               struct rb_complaint *complaint)
{
    (void)arena;
    return is_archive_path(text) ? text
                                 : rb_value_refuse(complaint, "is not the name of a component",
                                                   "write for example components: [main]");
}

const char *rb_value_architecture(struct rb_arena *arena, const char *text,
                                  struct rb_complaint *complaint)
{
    (void)arena;
    bool good = strchr(rb_lower_and_digits, *text) != NULL && strlen(text) < 32;
    for (const char *at = text; *at != '\0'; at++)
        good = good && (*at == '-' || strchr(rb_lower_and_digits, *at) != NULL);
    return good && *text != '\0' ? text
                                 : rb_value_refuse(complaint, "is not an architecture of Debian",
                                                   "write for example architectures: [amd64]");
}

static bool image_name_refused(const char *text, struct rb_complaint *complaint,
                               const char *with_digest, const char *with_tag)
{
    size_t host_size = rb_image_name_registry_size(text);
    const char *path = host_size == 0 ? text : text + host_size + 1;
    if (strstr(text, "://") != NULL)
        rb_value_refuse(complaint, "is a URL", "write registry.example.com/name");
    else if (strchr(path, '@') != NULL)
        rb_value_refuse(complaint, "carries a digest", with_digest);
    else if (strchr(path, ':') != NULL)
        rb_value_refuse(complaint, "carries a tag", with_tag);
    else if (!rb_image_name_is_repository(path) || strlen(text) > IMAGE_NAME_MAXIMUM)
        rb_value_refuse(complaint, "is not the name of an image",
                        "write lower-case letters, digits, \".\", \"_\", \"-\" and \"/\"");
    else if (host_size > 0 && !rb_image_name_is_registry(text, host_size))
        rb_value_refuse(complaint, "has no registry that could be asked",
                        "write registry.example.com/name");
    else
        return false;
    return true;
}

const char *rb_value_repository(struct rb_arena *arena, const char *text,
                                struct rb_complaint *complaint)
{
    const char *tag = strrchr(text, ':');
    const char *with_tag =
        tag == NULL ? NULL
                    : rb_arena_printf(arena, "write image: %.*s and tag: %.128s",
                                      (int)(tag - text < 200 ? tag - text : 200), text, tag + 1);
    if (image_name_refused(text, complaint, "write image: NAME and digest: DIGEST", with_tag))
        return NULL;
    if (rb_image_name_registry_size(text) > 0)
        return text;
    return rb_arena_printf(arena, "docker.io/%s%s", strchr(text, '/') == NULL ? "library/" : "",
                           text);
}

const char *rb_value_push(struct rb_arena *arena, const char *text, struct rb_complaint *complaint)
{
    (void)arena;
    if (image_name_refused(text, complaint, "remove it: what was built decides the digest",
                           "remove it: images are pushed and deployed by digest"))
        return NULL;
    if (rb_image_name_registry_size(text) > 0)
        return text;
    return rb_value_refuse(complaint, "names no registry",
                           "write for example push: registry.example.com/shop/app");
}

const char *rb_value_tag(struct rb_arena *arena, const char *text, struct rb_complaint *complaint)
{
    (void)arena;
    return rb_image_name_is_tag(text)
               ? text
               : rb_value_refuse(complaint, "is not a tag",
                                 "write at most 128 letters, digits, \".\", \"_\" and \"-\"");
}

const char *rb_value_digest(struct rb_arena *arena, const char *text,
                            struct rb_complaint *complaint)
{
    (void)arena;
    return rb_digest_is_valid(text)
               ? text
               : rb_value_refuse(complaint, "is not a digest",
                                 "write sha256: and 64 of the characters 0-9 and a-f");
}

const char *rb_value_platform(struct rb_arena *arena, const char *text,
                              struct rb_complaint *complaint)
{
    (void)arena;
    size_t slashes = 0;
    bool good = strlen(text) <= PLATFORM_MAXIMUM;
    for (const char *at = text; good && *at != '\0'; at++) {
        bool ends = at[1] == '/' || at[1] == '\0';
        slashes += *at == '/';
        good = *at == '/' ? at > text && !ends
                          : strchr(rb_lower_and_digits, *at) != NULL || strchr("._-", *at) != NULL;
    }
    return good && slashes >= 1 && slashes <= 2
               ? text
               : rb_value_refuse(complaint, "is not a platform",
                                 "write linux/amd64, linux/arm64 or linux/arm/v7");
}
