/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A state of an rpm repository by the hash of its repomd.xml: the one that the check kept, or what
 * a mirror still serves. The files that it lists have their checksums, and most often names by
 * them, under which a repository keeps those of earlier states for a while.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "fetching.h"
#include "rebake/base/arena.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rpm_mirrors.h"
#include "rpm_repomd.h"
#include "rpm_state.h"

enum { LIST_MAXIMUM = 4 << 20, FILE_MAXIMUM = 256 << 20, BLOCK = 256 << 10 };

/* A repomd.xml that was verified and read. */
struct state {
    struct rb_got repomd;
    struct rb_got signature; /* data NULL: unsigned */
    struct rb_rpm_repomd parsed;
};

struct rpm_version {
    const struct rb_fetching *fetching;
    const struct rb_rpm_source *source;
    struct rb_arena *arena;
    struct rb_rpm_mirrors mirrors;
};

static void state_deinit(struct state *state)
{
    rb_got_deinit(&state->repomd);
    rb_got_deinit(&state->signature);
    *state = (struct state){0};
}

static void version_deinit(struct rpm_version *version)
{
    rb_rpm_mirrors_deinit(&version->mirrors);
    rb_arena_free(version->arena);
}

/* The mirror that the version was found at is asked first. */
static int find_mirrors(struct rpm_version *version, struct rb_err *err)
{
    const struct rb_rpm_source *source = version->source;
    RB_CLEANUP(rb_got_deinit) struct rb_got list = {0};
    if (source->url != NULL) {
        rb_rpm_mirrors_set(&version->mirrors, source->url);
        return 0;
    }
    int status =
        rb_fetching_download(version->fetching, source->mirrorlist, NULL, LIST_MAXIMUM, &list, err);
    if (status != 0)
        return status;
    return rb_rpm_mirrors_read(&version->mirrors, list.data, list.size, list.shown,
                               source->signed_by != NULL,
                               rb_json_get_string(version->fetching->detail, "mirror", NULL), err);
}

/* ── repomd.xml ─────────────────────────────────────────────────────────────────────────────── */

static int verify(const struct rpm_version *version, struct state *state, struct rb_err *err)
{
    const struct rb_gpgv_request request = {
        .what = state->repomd.shown,
        .keyring = version->source->signed_by,
        .content = state->repomd.data,
        .content_size = state->repomd.size,
        .signature = state->signature.data,
        .signature_size = state->signature.size,
    };
    int status = request.keyring == NULL ? 0 : rb_fetching_verify(version->fetching, &request, err);
    return status == 0 ? rb_rpm_repomd_parse(state->repomd.data, state->repomd.size,
                                             state->repomd.shown, &state->parsed, err)
                       : status;
}

static bool read_kept(const struct rpm_version *version, struct state *state)
{
    const struct rb_fetching *fetching = version->fetching;
    RB_CLEANUP_FREE char *folder =
        rb_rpm_kept_folder(fetching->tools->cache_folder, version->source);
    return rb_fetching_read_kept(folder, fetching->version, RB_RPM_REPOMD, RB_RPM_REPOMD_MAXIMUM,
                                 &state->repomd, NULL) == 0 &&
           (version->source->signed_by == NULL ||
            rb_fetching_read_kept(folder, fetching->version, RB_RPM_REPOMD_ASC,
                                  RB_RPM_SIGNATURE_MAXIMUM, &state->signature, NULL) == 0) &&
           rb_text_equal(state->repomd.sha256, fetching->version) &&
           verify(version, state, NULL) == 0;
}

/* What the mirror has now. */
static int read_mirror(const struct rpm_version *version, struct state *state, struct rb_err *err)
{
    const char *mirror = rb_rpm_mirror(&version->mirrors);
    const char *url = rb_arena_printf(version->arena, "%s/repodata/" RB_RPM_REPOMD, mirror);
    int status = rb_fetching_download(version->fetching, url, NULL, RB_RPM_REPOMD_MAXIMUM,
                                      &state->repomd, err);
    if (status == 0 && version->source->signed_by != NULL) {
        url = rb_arena_printf(version->arena, "%s/repodata/" RB_RPM_REPOMD_ASC, mirror);
        status = rb_fetching_download(version->fetching, url, NULL, RB_RPM_SIGNATURE_MAXIMUM,
                                      &state->signature, err);
    }
    return status == 0 ? verify(version, state, err) : status;
}

/* what is gone: the version, or a file of it. */
static int gone(const struct rpm_version *version, const struct state *now, const char *what,
                struct rb_err *err)
{
    char since[RB_TIME_TEXT_SIZE];
    RB_CLEANUP_FREE char *shown = rb_address_shown(rb_rpm_mirror(&version->mirrors));
    return rb_err_set(err, RB_ENOTFOUND,
                      "%s: %s is no longer there: since %s the repository is at version %s", shown,
                      what, rb_time_format(now->parsed.newest_at, since), now->repomd.sha256);
}

static int look_at_mirror(const struct rpm_version *version, struct state *state,
                          struct rb_err *err)
{
    state_deinit(state);
    int status = read_mirror(version, state, err);
    if (status != 0 || rb_text_equal(state->repomd.sha256, version->fetching->version))
        return status;
    const char *what = rb_arena_printf(version->arena, "the version %s, of which no copy is kept,",
                                       version->fetching->version);
    return gone(version, state, what, err);
}

static int find_state(struct rpm_version *version, struct state *state, struct rb_err *err)
{
    enum rb_trouble trouble = RB_TROUBLE_NONE;
    struct rb_err failure;
    if (read_kept(version, state))
        return 0;
    int status;
    while ((status = look_at_mirror(version, state, &failure)) != 0) {
        if (!rb_rpm_mirrors_pass_over(&version->mirrors, &failure, &trouble))
            return rb_err_copy(err, &failure);
    }
    rb_rpm_mirrors_settle(&version->mirrors);
    return status;
}

/* ── the files that it lists ────────────────────────────────────────────────────────────────── */

static int matches(const char *path, const struct rb_checksum *checksum, bool *ret_matches,
                   struct rb_err *err)
{
    RB_CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return rb_err_sys(err, errno, "open %s", path);
    RB_CLEANUP_FREE char *block = rb_alloc(BLOCK);
    struct rb_checksum_run *run = rb_checksum_begin(checksum);
    ssize_t size;
    while ((size = read(fd, block, BLOCK)) > 0)
        rb_checksum_update(run, block, (size_t)size);
    int number = errno;
    *ret_matches = rb_checksum_end(run);
    return size == 0 ? 0 : rb_err_sys(err, number, "read %s", path);
}

/* The mirror has not what repomd.xml lists. Has it moved on, or is it broken? */
static int explain(const struct rpm_version *version, const struct rb_rpm_file *file,
                   bool is_another, struct rb_err *err)
{
    RB_CLEANUP(state_deinit) struct state now = {0};
    RB_CLEANUP_FREE char *shown = rb_address_shown(rb_rpm_mirror(&version->mirrors));
    const char *what = rb_arena_printf(version->arena, "%s, of the version %.12s,", file->href,
                                       version->fetching->version);
    int status = read_mirror(version, &now, err);
    if (status != 0)
        return status;
    if (!rb_text_equal(now.repomd.sha256, version->fetching->version))
        return gone(version, &now, what, err);
    return is_another
               ? rb_err_set(err, RB_EVERIFY, "%s/%s is not what repomd.xml lists", shown,
                            file->href)
               : rb_err_set(err, RB_ENOTFOUND, "%s/%s is listed in repomd.xml and is not there",
                            shown, file->href);
}

static int fetch_from_mirror(const struct rpm_version *version, const struct rb_rpm_file *file,
                             struct rb_err *err)
{
    RB_CLEANUP(rb_got_deinit) struct rb_got got = {0};
    const char *url =
        rb_arena_printf(version->arena, "%s/%s", rb_rpm_mirror(&version->mirrors), file->href);
    const char *into =
        rb_arena_printf(version->arena, "%s/%s", version->fetching->folder, file->href);
    size_t maximum = file->size_bytes > 0 ? (size_t)file->size_bytes : FILE_MAXIMUM;
    bool is_right = false;
    int status = rb_fetching_download(version->fetching, url, into, maximum, &got, err);
    bool is_another = status == RB_ELIMIT;
    if (status == 0) {
        status = matches(into, &file->checksum, &is_right, err);
        is_another = !is_right;
    }
    if (is_right)
        return 0;
    (void)unlink(into);
    return got.is_absent || is_another ? explain(version, file, is_another, err) : status;
}

static int fetch_file(struct rpm_version *version, const struct rb_rpm_file *file,
                      struct rb_err *err)
{
    enum rb_trouble trouble = RB_TROUBLE_NONE;
    struct rb_err failure;
    while (fetch_from_mirror(version, file, &failure) != 0) {
        if (!rb_rpm_mirrors_pass_over(&version->mirrors, &failure, &trouble))
            return rb_err_copy(err, &failure);
    }
    rb_rpm_mirrors_settle(&version->mirrors);
    return 0;
}

static int write_out(struct rpm_version *version, const struct state *state, struct rb_err *err)
{
    const struct rb_fetching *fetching = version->fetching;
    int status = rb_fetching_write(fetching, "repodata/" RB_RPM_REPOMD, state->repomd.data,
                                   state->repomd.size, err);
    if (status == 0 && state->signature.data != NULL)
        status = rb_fetching_write(fetching, "repodata/" RB_RPM_REPOMD_ASC, state->signature.data,
                                   state->signature.size, err);
    if (status == 0)
        status = fetch_file(version, &state->parsed.primary, err);
    if (status == 0 && state->parsed.updateinfo.href[0] != '\0')
        status = fetch_file(version, &state->parsed.updateinfo, err);
    return status;
}

int rb_rpm_fetch_version(const struct rb_fetching *fetching, struct rb_err *err)
{
    RB_CLEANUP(state_deinit) struct state state = {0};
    RB_CLEANUP(version_deinit)
    struct rpm_version version = {
        .fetching = fetching, .source = &fetching->source->rpm, .arena = rb_arena_new()};
    int status = rb_fetching_want_sha256(fetching, err);
    if (status == 0)
        status = find_mirrors(&version, err);
    if (status == 0)
        status = find_state(&version, &state, err);
    return status == 0 ? write_out(&version, &state, err) : status;
}
