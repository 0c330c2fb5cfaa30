/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where signatures stand: a commit's in its header "gpgsig", whichever kind it is of
 * (gitformat-signature(5)); a tag's behind its message. What is signed is the object without it.
 */
#include "git_signature.h"

#include <string.h>

#include "address.h"
#include "git_error.h"
#include "gpgv.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "ssh_signature.h"

static const char SSH_BEGIN[] = "-----BEGIN SSH SIGNATURE-----";
static const char PGP_BEGIN[] = "-----BEGIN PGP SIGNATURE-----";

/* What is signed, and by what. */
struct signed_object {
    char *what; /* for people: "URL: commit HEX" */
    char *content;
    size_t content_size;
    char *signature;
    int64_t made_at;
};

static void deinit_object(struct signed_object *object)
{
    rb_free(object->what);
    rb_free(object->content);
    rb_free(object->signature);
}

static char *copy_of(const char *data, size_t size)
{
    char *copy = rb_alloc(size + 1);
    memcpy(copy, data, size);
    copy[size] = '\0';
    return copy;
}

static int unsigned_object(const struct signed_object *object, enum rb_trouble *ret_trouble,
                           struct rb_err *err)
{
    *ret_trouble = RB_TROUBLE_UNTRUSTED;
    return rb_err_set(err, RB_EVERIFY, "%s is not signed", object->what);
}

/* ── finding ────────────────────────────────────────────────────────────────────────────────── */

static int read_commit(const struct rb_git_mirror *mirror, const git_oid *id,
                       struct signed_object *object, enum rb_trouble *ret_trouble,
                       struct rb_err *err)
{
    git_buf signature = {0}, content = {0};
    git_commit *commit = NULL;
    git_oid copy;
    git_oid_cpy(&copy, id);
    int code = git_commit_lookup(&commit, mirror->repository, id);
    if (code != 0)
        return rb_err_git(code, mirror->request->url, "read the commit", err);
    object->made_at = (int64_t)git_commit_time(commit) * 1000;
    git_commit_free(commit);
    code = git_commit_extract_signature(&signature, &content, mirror->repository, &copy, NULL);
    if (code == 0) {
        object->signature = copy_of(signature.ptr, signature.size);
        object->content = copy_of(content.ptr, content.size);
        object->content_size = content.size;
    }
    git_buf_dispose(&signature);
    git_buf_dispose(&content);
    if (code == GIT_ENOTFOUND)
        return unsigned_object(object, ret_trouble, err);
    return code == 0 ? 0 : rb_err_git(code, mirror->request->url, "read the signature", err);
}

/* The last line that begins a signature, or NULL. */
static const char *find_signature(const char *text)
{
    const char *found = NULL;
    for (const char *line = text; line != NULL && *line != '\0';) {
        if (rb_text_starts_with(line, SSH_BEGIN) || rb_text_starts_with(line, PGP_BEGIN))
            found = line;
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    return found;
}

/* A signed tag of another name, served under this one, is a lie about which version this is. */
static int check_tag(const struct rb_git_mirror *mirror, const git_oid *id, const char *name,
                     struct signed_object *object, enum rb_trouble *ret_trouble, struct rb_err *err)
{
    git_tag *tag = NULL;
    int status = 0;
    int code = git_tag_lookup(&tag, mirror->repository, id);
    if (code != 0)
        return rb_err_git(code, mirror->request->url, "read the tag", err);
    const git_signature *tagger = git_tag_tagger(tag);
    object->made_at = tagger == NULL ? 0 : (int64_t)tagger->when.time * 1000;
    *ret_trouble = RB_TROUBLE_UNTRUSTED;
    if (!rb_text_equal(git_tag_name(tag), name))
        status = rb_err_set(err, RB_EVERIFY, "%s is another tag, %.100s, under this name",
                            object->what, git_tag_name(tag));
    else if (git_tag_target_type(tag) != GIT_OBJECT_COMMIT)
        status = rb_err_set(err, RB_EVERIFY, "%s is not a tag of a commit", object->what);
    git_tag_free(tag);
    return status;
}

static int read_tag(const struct rb_git_mirror *mirror, const git_oid *id, const char *name,
                    struct signed_object *object, enum rb_trouble *ret_trouble, struct rb_err *err)
{
    git_odb *odb = NULL;
    git_odb_object *raw = NULL;
    int status = 0;
    int code = git_repository_odb(&odb, mirror->repository);
    if (code == 0)
        code = git_odb_read(&raw, odb, id);
    if (code != 0) {
        status = rb_err_git(code, mirror->request->url, "read the tag", err);
    } else if (git_odb_object_type(raw) != GIT_OBJECT_TAG) {
        *ret_trouble = RB_TROUBLE_UNTRUSTED;
        status = rb_err_set(err, RB_EVERIFY, "%s is a plain name for a commit: it is not signed",
                            object->what);
    } else {
        object->content = copy_of(git_odb_object_data(raw), git_odb_object_size(raw));
        status = check_tag(mirror, id, name, object, ret_trouble, err);
    }
    git_odb_object_free(raw);
    git_odb_free(odb);
    if (status != 0)
        return status;
    const char *begin = find_signature(object->content);
    if (begin == NULL)
        return unsigned_object(object, ret_trouble, err);
    object->signature = rb_strdup(begin);
    object->content_size = (size_t)(begin - object->content);
    return 0;
}

/* ── judging ────────────────────────────────────────────────────────────────────────────────── */

struct gpg_verdict {
    int status;
    enum rb_trouble trouble;
    struct rb_err *err;
};

static void on_verdict(void *context, const struct rb_gpgv_verdict *verdict,
                       const struct rb_err *error)
{
    struct gpg_verdict *told = context;
    if (error == NULL)
        return;
    told->trouble = error->code == RB_EVERIFY ? verdict->trouble : RB_TROUBLE_OURS;
    told->status = rb_err_copy(told->err, error);
}

static int verify_pgp(const struct rb_git_request *request, const struct signed_object *object,
                      const char *folder, enum rb_trouble *ret_trouble, struct rb_err *err)
{
    struct gpg_verdict told = {.err = err};
    struct rb_loop *loop = rb_loop_new();
    const struct rb_gpgv_request wanted = {
        .what = object->what,
        .keyring = request->keyring,
        .folder = folder,
        .content = object->content,
        .content_size = object->content_size,
        .signature = object->signature,
        .signature_size = strlen(object->signature),
    };
    (void)rb_gpgv_start(loop, &wanted, on_verdict, &told);
    rb_loop_run(loop);
    rb_loop_free(loop);
    *ret_trouble = told.trouble;
    return told.status;
}

static int verify_ssh(const struct rb_git_request *request, const struct signed_object *object,
                      const char *folder, enum rb_trouble *ret_trouble, struct rb_err *err)
{
    const struct rb_ssh_signature wanted = {
        .what = object->what,
        .allowed_signers = request->allowed_signers,
        .folder = folder,
        .content = object->content,
        .content_size = object->content_size,
        .signature = object->signature,
        .signature_size = strlen(object->signature),
        .made_at = object->made_at,
    };
    return rb_ssh_signature_verify(&wanted, ret_trouble, err);
}

static int verify(const struct rb_git_mirror *mirror, const struct signed_object *object,
                  enum rb_trouble *ret_trouble, struct rb_err *err)
{
    const struct rb_git_request *request = mirror->request;
    RB_ASSERT(object->signature != NULL);
    bool is_ssh = rb_text_starts_with(object->signature, SSH_BEGIN);
    if (is_ssh != (request->allowed_signers != NULL)) {
        *ret_trouble = RB_TROUBLE_UNTRUSTED;
        return rb_err_set(err, RB_EVERIFY, "%s is signed with %s, and the source wants %s",
                          object->what, is_ssh ? "SSH" : "OpenPGP", is_ssh ? "OpenPGP" : "SSH");
    }
    /* The mirror is held by us alone, and so is what a killed verification left in it. */
    RB_CLEANUP_FREE char *folder = rb_asprintf("%s/verify", request->mirror);
    *ret_trouble = RB_TROUBLE_OURS;
    int status = rb_tree_remove(folder, err);
    if (status == 0)
        status = rb_folder_make(folder, 0700, err);
    if (status == 0)
        status = is_ssh ? verify_ssh(request, object, folder, ret_trouble, err)
                        : verify_pgp(request, object, folder, ret_trouble, err);
    if (rb_tree_remove(folder, status == 0 ? err : NULL) != 0 && status == 0)
        status = RB_EIO;
    return status;
}

int rb_git_signature_check(const struct rb_git_mirror *mirror, const char *ref,
                           const git_oid *object_id, enum rb_trouble *ret_trouble,
                           struct rb_err *err)
{
    static const char TAGS[] = "refs/tags/";
    const struct rb_git_request *request = mirror->request;
    RB_CLEANUP(deinit_object) struct signed_object object = {0};
    char id[GIT_OID_HEXSZ + 1];
    *ret_trouble = RB_TROUBLE_NONE;
    if (request->allowed_signers == NULL && request->keyring == NULL)
        return 0;
    RB_CLEANUP_FREE char *shown = rb_address_shown(request->url);
    bool is_tag = rb_text_starts_with(ref, TAGS);
    const char *name = is_tag ? ref + strlen(TAGS) : NULL;
    object.what = rb_asprintf("%s: %s %.200s", shown, is_tag ? "tag" : "commit",
                              is_tag ? name : git_oid_tostr(id, sizeof(id), object_id));
    int status = is_tag ? read_tag(mirror, object_id, name, &object, ret_trouble, err)
                        : read_commit(mirror, object_id, &object, ret_trouble, err);
    return status == 0 ? verify(mirror, &object, ret_trouble, err) : status;
}
