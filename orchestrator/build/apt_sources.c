/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each RUN gets them as bind mounts (--mount=type=bind), since the builder takes away the empty
 * files that it made to mount upon; those of --volume would stay in the layer. The mounts stand in
 * the image's history and are part of the layer cache's key: so the path names no place of this
 * machine, and does change when what the sources say changes.
 */
#include "apt_sources.h"

#include <string.h>

#include "rebake/base/digest.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"

enum { SOURCE_MAXIMUM = 65536, KEYRING_MAXIMUM = 16 << 20, FLAGS_MAXIMUM = 65536 };

/* The extension tells apt whether the keys are armored. */
static const char *extension_of(const json_t *repository)
{
    return rb_text_ends_with(rb_json_get_string(repository, "signedBy", ""), ".asc") ? "asc"
                                                                                     : "gpg";
}

static void format_source(const json_t *repository, struct rb_strbuf *out)
{
    size_t i;
    const json_t *component;
    rb_strbuf_printf(out, "Types: deb\nURIs: %s\nSuites: %s\n",
                     rb_json_get_string(repository, "url", ""),
                     rb_json_get_string(repository, "suite", ""));
    json_array_foreach(json_object_get(repository, "components"), i, component)
        rb_strbuf_printf(out, "%s%s", i == 0 ? "Components: " : " ", json_string_value(component));
    rb_strbuf_printf(out, "%sSigned-By: /usr/share/keyrings/rebake-%s.%s\n", i > 0 ? "\n" : "",
                     rb_json_get_string(repository, "name", ""), extension_of(repository));
}

static int write_keyring(const json_t *repository, const char *path, struct rb_err *err)
{
    RB_CLEANUP_FREE char *data = NULL;
    size_t size;
    int status = rb_file_read(rb_json_get_string(repository, "signedBy", ""), KEYRING_MAXIMUM,
                              &data, &size, err);
    return status != 0 ? status : rb_file_write_atomic(path, data, size, 0644, err);
}

static int write_repository(const json_t *repository, const char *folder, const char *key,
                            struct rb_strbuf *flags, struct rb_err *err)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf source = RB_STRBUF_INIT(SOURCE_MAXIMUM);
    const char *name = rb_json_get_string(repository, "name", "");
    const char *extension = extension_of(repository);
    RB_CLEANUP_FREE char *source_path = rb_asprintf("%s/%s/%s.sources", folder, key, name);
    RB_CLEANUP_FREE char *keyring_path = rb_asprintf("%s/%s/%s.%s", folder, key, name, extension);
    format_source(repository, &source);
    if (source.overflowed)
        return rb_err_set(err, RB_ELIMIT, "repository %s: its source is too long", name);
    static const char mount[] = "--mount=type=bind,from=" APT_SOURCES_CONTEXT;
    rb_strbuf_printf(flags,
                     "%s%s,source=%s/%s.sources,target=/etc/apt/sources.list.d/"
                     "rebake-%s.sources,ro",
                     flags->size > 0 ? " " : "", mount, key, name, name);
    rb_strbuf_printf(flags, " %s,source=%s/%s.%s,target=/usr/share/keyrings/rebake-%s.%s,ro", mount,
                     key, name, extension, name, extension);
    int status = rb_file_write_atomic(source_path, rb_strbuf_text(&source), source.size, 0644, err);
    return status != 0 ? status : write_keyring(repository, keyring_path, err);
}

int apt_sources_write(const json_t *repositories, const char *folder, char **ret_run_flags,
                      struct rb_err *err)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf flags = RB_STRBUF_INIT(FLAGS_MAXIMUM);
    char hex[RB_SHA256_HEX_SIZE];
    size_t i;
    const json_t *repository;
    *ret_run_flags = NULL;
    if (json_array_size(repositories) == 0)
        return 0;
    RB_CLEANUP_FREE char *text = rb_json_canonical(repositories);
    rb_sha256_of(text, strlen(text), hex);
    hex[16] = '\0';
    RB_CLEANUP_FREE char *inner = rb_asprintf("%s/%s", folder, hex);
    int status = rb_folder_make(inner, 0755, err);
    json_array_foreach(repositories, i, repository)
    {
        if (status == 0)
            status = write_repository(repository, folder, hex, &flags, err);
    }
    if (status != 0)
        return status;
    if (flags.overflowed)
        return rb_err_set(err, RB_ELIMIT, "there are too many repositories");
    *ret_run_flags = rb_strbuf_steal(&flags);
    return 0;
}
