/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keyrings of an image. gpgv is given one file, so what a source names is joined: OpenPGP packets
 * behind each other are one keyring. GnuPG's keybox format cannot be joined, and stands alone.
 */
#include <string.h>

#include "image_apt.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "rebake/watch/keyring.h"

enum { KEYRING_MAX = 8 << 20, FINGERPRINT_LEAST = 16 };

static const char armour_start[] = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

static bool is_keybox(const char *data, size_t size)
{
    return size >= 12 && memcmp(data + 8, "KBXf", 4) == 0;
}

static int join(struct rb_strbuf *all, const char *data, size_t size, const char *what,
                struct rb_err *err)
{
    RB_CLEANUP_FREE char *binary = NULL;
    size_t binary_size = 0;
    int status = rb_keyring_to_binary(data, size, what, &binary, &binary_size, err);
    if (status != 0)
        return status;
    if (all->size > 0 && (is_keybox(binary, binary_size) || is_keybox(all->data, all->size)))
        return rb_err_set(err, RB_EINVALID,
                          "%s: a keybox cannot be used together with other keyrings; export its "
                          "keys with gpg --export",
                          what);
    if (!rb_strbuf_append(all, binary, binary_size))
        return rb_err_set(err, RB_ELIMIT, "%s: the keyrings are larger than %d bytes", what,
                          KEYRING_MAX);
    return 0;
}

/* deb822 writes an empty line of a value as ".". */
static int join_inline(struct rb_strbuf *all, const char *signed_by, struct rb_err *err)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf armour = RB_STRBUF_INIT(KEYRING_MAX);
    for (const char *line = signed_by; *line != '\0';) {
        size_t size = strcspn(line, "\n");
        if (size != 1 || *line != '.')
            rb_strbuf_append(&armour, line, size);
        rb_strbuf_putc(&armour, '\n');
        line += size + (line[size] == '\n');
    }
    return join(all, rb_strbuf_text(&armour), armour.size, "the key within Signed-By", err);
}

static int join_path(struct rb_strbuf *all, const struct rb_scan *scan, const char *path,
                     bool prefer_here, struct rb_err *err)
{
    if (prefer_here && rb_file_exists(path)) {
        RB_CLEANUP_FREE char *data = NULL;
        size_t size = 0;
        int status = rb_file_read(path, KEYRING_MAX, &data, &size, err);
        return status != 0 ? status : join(all, data, size, path, err);
    }
    const struct rb_kept_file *file = rb_image_file(scan, path);
    if (file == NULL)
        return rb_err_set(err, RB_ENOTFOUND, "the keyring %s is not in the image%s", path,
                          prefer_here ? ", nor on this machine" : "");
    return join(all, file->data, file->size, path, err);
}

static bool is_fingerprint(const char *word)
{
    size_t size = strspn(word, "0123456789abcdefABCDEF");
    return size >= FINGERPRINT_LEAST && (word[size] == '\0' || word[size] == '!');
}

static int join_named(struct rb_strbuf *all, const struct rb_scan *scan, const char *signed_by,
                      bool prefer_here, struct rb_err *err)
{
    RB_CLEANUP_FREE char *copy = rb_strdup(signed_by);
    char *rest = NULL;
    for (const char *word = strtok_r(copy, ", \t\n", &rest); word != NULL;
         word = strtok_r(NULL, ", \t\n", &rest)) {
        if (is_fingerprint(word))
            return rb_err_set(err, RB_EINVALID,
                              "Signed-By names the key %s by its fingerprint alone: name the "
                              "keyring that holds it",
                              word);
        if (*word != '/')
            return rb_err_set(err, RB_EINVALID, "Signed-By \"%s\" is not an absolute path", word);
        int status = join_path(all, scan, word, prefer_here, err);
        if (status != 0)
            return status;
    }
    return 0;
}

static int join_trusted(struct rb_strbuf *all, const struct rb_scan *scan, struct rb_err *err)
{
    static const char *const extensions[] = {"gpg", "asc", NULL};
    RB_CLEANUP(rb_strlist_deinit)
    struct rb_strlist paths = rb_image_folder(scan, "etc/apt/trusted.gpg.d/", extensions);
    if (rb_image_file(scan, "etc/apt/trusted.gpg") != NULL)
        rb_strlist_add(&paths, "etc/apt/trusted.gpg");
    for (size_t i = 0; i < paths.count; i++) {
        const struct rb_kept_file *file = rb_image_file(scan, paths.items[i]);
        int status = file->size == 0 ? 0 : join(all, file->data, file->size, file->path, err);
        if (status != 0)
            return status;
    }
    if (all->size == 0)
        return rb_err_set(err, RB_ENOTFOUND,
                          "no key is named for it, and the image trusts none in general (etc/apt/"
                          "trusted.gpg.d)");
    return 0;
}

int rb_image_keyring(const struct rb_scan *scan, const char *signed_by, bool prefer_here,
                     char **ret_data, size_t *ret_size, struct rb_err *err)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf all = RB_STRBUF_INIT(KEYRING_MAX);
    int status;
    if (signed_by == NULL)
        status = join_trusted(&all, scan, err);
    else if (strstr(signed_by, armour_start) != NULL)
        status = join_inline(&all, signed_by, err);
    else
        status = join_named(&all, scan, signed_by, prefer_here, err);
    if (status != 0)
        return status;
    *ret_size = all.size;
    *ret_data = rb_strbuf_steal(&all);
    return 0;
}
