/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A state of an apt repository by the hash of its Release file. Upstream serves the newest Release
 * alone, but keeps the indexes of earlier ones for a while under their hashes: so the Release is
 * the one that the check kept, unless upstream still has it, and the indexes come by hash.
 */
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "apt_choice.h"
#include "apt_request.h"
#include "apt_signed.h"
#include "clearsign.h"
#include "fetching.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

/* A Release file that was read and verified. */
struct state {
    struct rb_got release;   /* an InRelease where there is no signature */
    struct rb_got signature; /* data NULL: none */
    struct rb_clearsigned parts;
    struct rb_apt_release *parsed;
    char hash[RB_SHA256_HEX_SIZE];
};

struct apt_version {
    const struct rb_fetching *fetching;
    struct rb_arena *arena;
    struct rb_apt_request request;
    const char *address; /* the folder of the Release file */
    const char *shown;
};

static void state_deinit(struct state *state)
{
    rb_got_deinit(&state->release);
    rb_got_deinit(&state->signature);
    rb_clearsigned_deinit(&state->parts);
    rb_apt_release_free(state->parsed);
}

/* ── the Release file ───────────────────────────────────────────────────────────────────────── */

/* The newline before the signature in an InRelease is not signed (RFC 4880 section 7.1); the one at
   the end of a Release is. */
static int verify(const struct apt_version *version, struct state *state, struct rb_err *err)
{
    struct rb_clearsigned *parts = &state->parts;
    bool is_inline = state->signature.data == NULL;
    struct rb_gpgv_request request = {
        .what = state->release.shown,
        .keyring = version->request.signed_by,
    };
    if (is_inline) {
        int status = rb_clearsigned_split(state->release.data, state->release.size,
                                          state->release.shown, parts, err);
        if (status != 0)
            return status;
    } else {
        parts->content = rb_strndup(state->release.data, state->release.size);
        parts->content_size = state->release.size;
        parts->signature = rb_strndup(state->signature.data, state->signature.size);
        parts->signature_size = state->signature.size;
    }
    request.content = parts->content;
    request.content_size = parts->content_size - (is_inline ? 1 : 0);
    request.signature = parts->signature;
    request.signature_size = parts->signature_size;
    int status = rb_fetching_verify(version->fetching, &request, err);
    if (status == 0)
        status = rb_apt_release_parse(parts->content, parts->content_size, state->release.shown,
                                      &state->parsed, err);
    rb_sha256_of(parts->content, parts->content_size, state->hash);
    return status;
}

/* Reads what was kept of the version; false: nothing was, or it is not what its name says. */
static bool read_kept(const struct apt_version *version, struct state *state)
{
    const char *folder = version->request.index_folder;
    const char *hash = version->fetching->version;
    if (rb_fetching_read_kept(folder, hash, RB_APT_INRELEASE, RB_APT_RELEASE_MAXIMUM,
                              &state->release, NULL) != 0) {
        rb_got_deinit(&state->release);
        if (rb_fetching_read_kept(folder, hash, RB_APT_RELEASE, RB_APT_RELEASE_MAXIMUM,
                                  &state->release, NULL) != 0 ||
            rb_fetching_read_kept(folder, hash, RB_APT_RELEASE_GPG, RB_APT_SIGNATURE_MAXIMUM,
                                  &state->signature, NULL) != 0)
            return false;
    }
    return verify(version, state, NULL) == 0 && rb_text_equal(state->hash, hash);
}

static int download(const struct apt_version *version, const char *name, size_t maximum,
                    struct rb_got *got, struct rb_err *err)
{
    const char *url = rb_arena_printf(version->arena, "%s/%s", version->address, name);
    return rb_fetching_download(version->fetching, url, NULL, maximum, got, err);
}

/* What upstream has now. */
static int read_upstream(const struct apt_version *version, struct state *state, struct rb_err *err)
{
    int status = download(version, RB_APT_INRELEASE, RB_APT_RELEASE_MAXIMUM, &state->release, err);
    if (status != 0 && state->release.is_absent) {
        rb_got_deinit(&state->release);
        status = download(version, RB_APT_RELEASE, RB_APT_RELEASE_MAXIMUM, &state->release, err);
        if (status == 0)
            status = download(version, RB_APT_RELEASE_GPG, RB_APT_SIGNATURE_MAXIMUM,
                              &state->signature, err);
    }
    return status == 0 ? verify(version, state, err) : status;
}

/* what is gone: "VERSION", or a file of it. */
static int gone(const struct apt_version *version, const struct state *now, const char *what,
                struct rb_err *err)
{
    char since[RB_TIME_TEXT_SIZE];
    return rb_err_set(
        err, RB_ENOTFOUND, "%s: %s is no longer there: since %s the repository is at version %s",
        version->shown, what, rb_time_format(rb_apt_release_date(now->parsed), since), now->hash);
}

static int find_state(const struct apt_version *version, struct state *state, struct rb_err *err)
{
    if (read_kept(version, state))
        return 0;
    state_deinit(state);
    *state = (struct state){0};
    int status = read_upstream(version, state, err);
    if (status != 0 || rb_text_equal(state->hash, version->fetching->version))
        return status;
    const char *what = rb_arena_printf(version->arena, "the version %s, of which no copy is kept,",
                                       version->fetching->version);
    return gone(version, state, what, err);
}

/* ── the indexes ────────────────────────────────────────────────────────────────────────────── */

/* Nobody has the file that the Release lists. Has upstream moved on, or is it broken? */
static int explain(const struct apt_version *version, const struct rb_apt_file *file,
                   bool is_another, struct rb_err *err)
{
    RB_CLEANUP(state_deinit) struct state now = {0};
    const char *what =
        rb_arena_printf(version->arena, "%s with the SHA-256 %s, of the version %.12s,", file->path,
                        file->sha256, version->fetching->version);
    int status = read_upstream(version, &now, err);
    if (status != 0)
        return status;
    if (!rb_text_equal(now.hash, version->fetching->version))
        return gone(version, &now, what, err);
    if (is_another)
        return rb_err_set(err, RB_EVERIFY, "%s/%s is not what the Release file lists",
                          version->shown, file->path);
    return rb_err_set(err, RB_ENOTFOUND, "%s/%s is listed in the Release file and is not there",
                      version->shown, file->path);
}

/* One form of an index from one address. *ret_is_there and *ret_is_right tell what came. */
static int try_file(const struct apt_version *version, const struct rb_apt_file *file, bool by_hash,
                    bool *ret_is_there, bool *ret_is_right, struct rb_err *err)
{
    RB_CLEANUP(rb_got_deinit) struct rb_got got = {0};
    RB_CLEANUP_FREE char *address = rb_apt_file_address(file, by_hash);
    const char *url = rb_arena_printf(version->arena, "%s/%s", version->address, address);
    const char *into =
        rb_arena_printf(version->arena, "%s/%s", version->fetching->folder, file->path);
    size_t maximum = file->size_bytes > 0 ? (size_t)file->size_bytes : 1;
    int status = rb_fetching_download(version->fetching, url, into, maximum, &got, err);
    bool is_larger = status == RB_ELIMIT; /* than what is listed: it is another */
    *ret_is_there = !got.is_absent;
    *ret_is_right = status == 0 && rb_text_equal(got.sha256, file->sha256);
    if (!*ret_is_right)
        (void)unlink(into);
    return got.is_absent || is_larger ? 0 : status;
}

static int fetch_index(const struct apt_version *version, const struct state *state,
                       const struct rb_apt_index *index, struct rb_err *err)
{
    bool has_by_hash = rb_apt_release_flag(state->parsed, "Acquire-By-Hash");
    bool is_another = false;
    for (size_t form = 0; form < index->form_count; form++) {
        for (int by_hash = has_by_hash; by_hash >= 0; by_hash--) {
            const struct rb_apt_file *file = index->forms[form];
            bool is_there, is_right;
            int status = try_file(version, file, by_hash == 1, &is_there, &is_right, err);
            if (status != 0 || is_right)
                return status;
            if (is_there && by_hash == 1)
                return rb_err_set(err, RB_EVERIFY,
                                  "%s/%s: what is served by its hash %s is another file",
                                  version->shown, file->path, file->sha256);
            is_another = is_another || is_there;
        }
    }
    return explain(version, index->forms[0], is_another, err);
}

static int fetch_indexes(const struct apt_version *version, const struct state *state,
                         struct rb_err *err)
{
    RB_CLEANUP_FREE struct rb_apt_index *indexes = NULL;
    size_t count = 0;
    int status =
        rb_apt_choose(state->parsed, version->request.components, version->request.architectures,
                      version->shown, &indexes, &count, err);
    for (size_t i = 0; status == 0 && i < count; i++)
        status = fetch_index(version, state, &indexes[i], err);
    return status;
}

static int write_release(const struct apt_version *version, const struct state *state,
                         struct rb_err *err)
{
    const struct rb_got *signature = &state->signature;
    const char *name = signature->data == NULL ? RB_APT_INRELEASE : RB_APT_RELEASE;
    int status =
        rb_fetching_write(version->fetching, name, state->release.data, state->release.size, err);
    if (status == 0 && signature->data != NULL)
        status = rb_fetching_write(version->fetching, RB_APT_RELEASE_GPG, signature->data,
                                   signature->size, err);
    return status;
}

int rb_apt_fetch_version(const struct rb_fetching *fetching, struct rb_err *err)
{
    const struct rb_apt_source *source = &fetching->source->apt;
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    RB_CLEANUP(state_deinit) struct state state = {0};
    RB_CLEANUP_FREE char *kept = rb_apt_kept_folder(fetching->tools->cache_folder, source);
    struct apt_version version = {
        .fetching = fetching, .arena = arena, .request = rb_apt_request_of(source, kept)};
    version.address = rb_apt_request_address(&version.request, arena);
    RB_CLEANUP_FREE char *shown = rb_address_shown(version.address);
    version.shown = shown;
    int status = rb_fetching_want_sha256(fetching, err);
    if (status == 0)
        status = find_state(&version, &state, err);
    if (status == 0)
        status = write_release(&version, &state, err);
    return status == 0 ? fetch_indexes(&version, &state, err) : status;
}
