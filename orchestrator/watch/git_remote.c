/* SPDX-License-Identifier: Apache-2.0 */
#include "git_remote.h"

#include <git2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "git_credential.h"
#include "git_error.h"
#include "git_export.h"
#include "git_mirror.h"
#include "git_signature.h"
#include "git_tags.h"
#include "git_trees.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strlist.h"
#include "rebake/base/text.h"

enum { REFS_MAXIMUM = 1000000, SSH_ATTEMPTS = 4 };
static const size_t OBJECTS_MAXIMUM = 50 * 1000 * 1000;
static const uint64_t RECEIVED_MAXIMUM = UINT64_C(8) << 30;

static const char HEADS[] = "refs/heads/", TAGS[] = "refs/tags/";

struct look {
    const struct rb_git_request *request;
    struct rb_git_answer *answer;
    git_remote *remote;
    int credentials_given;
    bool too_large;
    char *ref;      /* the one that is followed, once it is known */
    git_oid object; /* what it names */
    git_oid commit; /* the same, or what an annotated tag is of */
    enum rb_trouble trouble;
};

static int fail(const struct look *look, int code, const char *doing, struct rb_err *err)
{
    if (!look->too_large)
        return rb_err_git(code, look->request->url, doing, err);
    RB_CLEANUP_FREE char *shown = rb_address_shown(look->request->url);
    return rb_err_set(err, RB_ELIMIT, "%s: the branch is larger than we fetch", shown);
}

/* What libgit2 asks while it talks. */

static int give_password(struct look *look, git_credential **ret_credential)
{
    RB_CLEANUP_FREE char *user = NULL;
    RB_CLEANUP_FREE char *password = NULL;
    if (look->credentials_given++ > 0) {
        git_error_set_str(GIT_ERROR_NET, "the server refused the credentials");
        return GIT_EAUTH;
    }
    if (!rb_git_credential_find(look->request->url, &user, &password)) {
        git_error_set_str(GIT_ERROR_NET, "the server asks for credentials and there are none for "
                                         "it in git's store (~/.git-credentials)");
        return GIT_EAUTH;
    }
    return git_credential_userpass_plaintext_new(ret_credential, user, password);
}

static int give_key_file(const char *user, const char *kind, git_credential **ret_credential)
{
    const char *home = getenv("HOME");
    RB_CLEANUP_FREE char *key = rb_asprintf("%s/.ssh/id_%s", home == NULL ? "" : home, kind);
    RB_CLEANUP_FREE char *public_key = rb_asprintf("%s.pub", key);
    if (!rb_file_exists(key))
        return GIT_PASSTHROUGH;
    return git_credential_ssh_key_new(ret_credential, user,
                                      rb_file_exists(public_key) ? public_key : NULL, key, NULL);
}

/* The agent, then the key files that ssh(1) tries; each once, since libgit2 asks until it is told
   no. */
static int give_ssh_key(struct look *look, const char *user, git_credential **ret_credential)
{
    static const char *const KINDS[SSH_ATTEMPTS] = {NULL, "ed25519", "ecdsa", "rsa"};
    if (user == NULL)
        user = "git";
    while (look->credentials_given < SSH_ATTEMPTS) {
        const char *kind = KINDS[look->credentials_given++];
        int code = GIT_PASSTHROUGH;
        if (kind != NULL)
            code = give_key_file(user, kind, ret_credential);
        else if (getenv("SSH_AUTH_SOCK") != NULL)
            code = git_credential_ssh_key_from_agent(ret_credential, user);
        if (code != GIT_PASSTHROUGH)
            return code;
    }
    git_error_set_str(GIT_ERROR_SSH, "the server accepts no key of the agent and none of "
                                     "~/.ssh/id_ed25519, id_ecdsa, id_rsa");
    return GIT_EAUTH;
}

static int on_credentials(git_credential **ret_credential, const char *url, const char *user,
                          unsigned int allowed, void *payload)
{
    struct look *look = payload;
    (void)url;
    if ((allowed & GIT_CREDENTIAL_SSH_KEY) != 0)
        return give_ssh_key(look, user, ret_credential);
    if ((allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT) != 0)
        return give_password(look, ret_credential);
    if ((allowed & GIT_CREDENTIAL_USERNAME) != 0)
        return git_credential_username_new(ret_credential, "git");
    git_error_set_str(GIT_ERROR_NET, "the server asks for a kind of credentials that we lack");
    return GIT_EAUTH;
}

static void alive(const struct look *look)
{
    (void)alarm(look->request->silence_s);
}

static int on_progress(const git_indexer_progress *progress, void *payload)
{
    struct look *look = payload;
    alive(look);
    look->too_large = progress->received_bytes > RECEIVED_MAXIMUM;
    return look->too_large ? -1 : 0;
}

static int on_sideband(const char *text, int size, void *payload)
{
    const struct look *look = payload;
    (void)text;
    (void)size;
    alive(look);
    return 0;
}

static git_remote_callbacks callbacks_of(struct look *look)
{
    return (git_remote_callbacks){
        .version = GIT_REMOTE_CALLBACKS_VERSION,
        .credentials = on_credentials,
        .transfer_progress = on_progress,
        .sideband_progress = on_sideband,
        .payload = look,
    };
}

static git_proxy_options proxy_of_environment(void)
{
    return (git_proxy_options){.version = GIT_PROXY_OPTIONS_VERSION, .type = GIT_PROXY_AUTO};
}

/* The URL is taken as the pipeline says it: no url.*.insteadOf of a git configuration changes who
   is asked. Without a repository refs can be listed, not fetched. */
static int make_remote(struct look *look, git_repository *repository)
{
    git_remote_create_options options = {
        .version = GIT_REMOTE_CREATE_OPTIONS_VERSION,
        .repository = repository,
        .flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC,
    };
    git_remote_free(look->remote);
    look->remote = NULL;
    look->credentials_given = 0;
    return git_remote_create_with_opts(&look->remote, look->request->url, &options);
}

/* What the remote says. */

static int no_such_ref(const struct look *look, const git_remote_head **heads, size_t count,
                       struct rb_err *err)
{
    const char *kind = rb_text_starts_with(look->ref, HEADS) ? HEADS : TAGS;
    const char *noun = kind == HEADS ? "branch" : "tag", *name = look->ref + strlen(kind);
    RB_CLEANUP_FREE char *shown = rb_address_shown(look->request->url);
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist names = {0};
    for (size_t i = 0; i < count && i < 10000; i++) {
        if (rb_text_starts_with(heads[i]->name, kind))
            rb_strlist_add(&names, heads[i]->name + strlen(kind));
    }
    if (names.count == 0)
        return rb_err_set(err, RB_ENOTFOUND, "%s has no %s yet", shown,
                          kind == HEADS ? "branches" : "tags");
    const char *nearest = rb_text_nearest(name, (const char *const *)names.items);
    return rb_err_set(err, RB_ENOTFOUND, "%s has no %s \"%.200s\"%s%.200s%s", shown, noun, name,
                      nearest == NULL ? "" : " (did you mean \"", nearest == NULL ? "" : nearest,
                      nearest == NULL ? "" : "\"?)");
}

/* Sets the ref to that of the newest tag that counts. */
static int choose_tag(struct look *look, const git_remote_head **heads, size_t count,
                      struct rb_err *err)
{
    const struct rb_git_request *request = look->request;
    RB_CLEANUP_FREE char *shown = rb_address_shown(request->url);
    RB_CLEANUP_FREE const char **names = rb_calloc(count, sizeof(char *));
    const char *best = NULL;
    size_t tags = 0;
    for (size_t i = 0; i < count; i++) {
        if (rb_text_starts_with(heads[i]->name, TAGS) && !rb_text_ends_with(heads[i]->name, "^{}"))
            names[tags++] = heads[i]->name + strlen(TAGS);
    }
    int status = rb_git_tags_choose(&request->tags, names, tags, request->known_tag, shown, &best,
                                    &look->trouble, err);
    if (status == 0)
        look->ref = rb_asprintf("%s%s", TAGS, best);
    return status;
}

static int find_ref(struct look *look, const git_remote_head **heads, size_t count,
                    struct rb_err *err)
{
    bool found = false;
    if (look->ref == NULL) {
        int status = choose_tag(look, heads, count, err);
        if (status != 0)
            return status;
    }
    RB_CLEANUP_FREE char *peeled = rb_asprintf("%s^{}", look->ref);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(heads[i]->name, look->ref) == 0) {
            git_oid_cpy(&look->object, &heads[i]->oid);
            git_oid_cpy(&look->commit, &heads[i]->oid);
            found = true;
        } else if (found && strcmp(heads[i]->name, peeled) == 0) {
            git_oid_cpy(&look->commit, &heads[i]->oid);
        }
    }
    return found ? 0 : no_such_ref(look, heads, count, err);
}

/* The lines of the advertisement, as gitprotocol-pack(5) frames them: what the listing cost. */
static int64_t listing_bytes(const git_remote_head **heads, size_t count)
{
    int64_t bytes = 4;
    for (size_t i = 0; i < count; i++)
        bytes += 4 + GIT_OID_HEXSZ + 1 + (int64_t)strlen(heads[i]->name) + 1;
    return bytes;
}

static int list_refs(struct look *look, struct rb_err *err)
{
    git_remote_callbacks callbacks = callbacks_of(look);
    git_proxy_options proxy = proxy_of_environment();
    const git_remote_head **heads = NULL;
    size_t count = 0;
    look->answer->requests = 1;
    int code = git_remote_connect(look->remote, GIT_DIRECTION_FETCH, &callbacks, &proxy, NULL);
    if (code == 0)
        code = git_remote_ls(&heads, &count, look->remote);
    if (code != 0)
        return fail(look, code, "list refs", err);
    if (count > REFS_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "list refs: more than %d of them", REFS_MAXIMUM);
    look->answer->bytes = listing_bytes(heads, count);
    return find_ref(look, heads, count, err);
}

static int read_fetched(struct look *look, const struct rb_git_mirror *mirror, struct rb_err *err)
{
    git_object *object = NULL;
    git_object *commit = NULL;
    int code = git_reference_name_to_id(&look->object, mirror->repository, look->ref);
    if (code == 0)
        code = git_object_lookup(&object, mirror->repository, &look->object, GIT_OBJECT_ANY);
    if (code == 0)
        code = git_object_peel(&commit, object, GIT_OBJECT_COMMIT);
    if (code == 0)
        git_oid_cpy(&look->commit, git_object_id(commit));
    git_object_free(commit);
    git_object_free(object);
    return code == 0 ? 0 : fail(look, code, "read what was fetched", err);
}

/* The ref may have moved on since it was listed: what was fetched is what counts. */
static int fetch_ref(struct look *look, const struct rb_git_mirror *mirror, struct rb_err *err)
{
    RB_CLEANUP_FREE char *refspec = rb_asprintf("+%s:%s", look->ref, look->ref);
    char *refspecs[] = {refspec};
    git_strarray wanted = {.strings = refspecs, .count = 1};
    git_fetch_options options = {
        .version = GIT_FETCH_OPTIONS_VERSION,
        .callbacks = callbacks_of(look),
        .prune = GIT_FETCH_NO_PRUNE,
        .download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE,
        .proxy_opts = proxy_of_environment(),
    };
    look->answer->requests += 2;
    int code = make_remote(look, mirror->repository);
    if (code == 0)
        code = git_remote_fetch(look->remote, &wanted, &options, NULL);
    if (code != 0)
        return fail(look, code, "fetch", err);
    look->answer->bytes += (int64_t)git_remote_stats(look->remote)->received_bytes;
    return read_fetched(look, mirror, err);
}

/* Where git itself refuses, or misses something that the server has just listed, the mirror may be
   what is wrong: the next check begins without it. */
static int use_mirror(struct look *look, struct rb_err *err)
{
    struct rb_git_mirror mirror;
    int status = rb_git_mirror_open(&mirror, look->request, err);
    if (status == 0 &&
        !(rb_git_mirror_has(&mirror, &look->object) && rb_git_mirror_has(&mirror, &look->commit)))
        status = fetch_ref(look, &mirror, err);
    alive(look);
    if (status == 0)
        status = rb_git_signature_check(&mirror, look->ref, &look->object, &look->trouble, err);
    alive(look);
    if (status == 0)
        status = rb_git_mirror_read(&mirror, &look->commit, look->answer, err);
    bool is_broken = status == RB_EGIT || status == RB_ENOTFOUND;
    if (status == 0 && look->request->files != NULL) {
        status = rb_git_export(&mirror, &look->commit, look->answer, err);
        is_broken = status == RB_EGIT;
    }
    if (is_broken && rb_git_mirror_remove(&mirror, NULL) != 0)
        rb_err_wrap(err, "%s cannot be removed", look->request->mirror);
    git_remote_free(rb_steal(&look->remote));
    rb_git_mirror_close(&mirror);
    return status;
}

/* True where the last check knows all that is asked for: nothing needs to be fetched. */
static bool take_known_trees(struct look *look, const char *commit)
{
    const struct rb_git_request *request = look->request;
    if (!rb_text_equal(request->known, commit) ||
        !rb_text_equal(request->known_tag, look->answer->tag) ||
        !rb_git_trees_take(request->known_trees, request->paths, look->answer->trees))
        return false;
    look->answer->rewritten = RB_GIT_REWRITTEN_NO;
    return true;
}

/* What was listed over HTTP already is not listed again. */
static int find_commit(struct look *look, struct rb_err *err)
{
    const struct rb_git_request *request = look->request;
    look->ref = rb_strdup(request->ref);
    if (request->found != NULL && git_oid_fromstr(&look->commit, request->found) == 0 &&
        git_oid_fromstr(&look->object, request->found_object) == 0)
        return 0;
    int code = make_remote(look, NULL);
    return code == 0 ? list_refs(look, err) : fail(look, code, "read the URL", err);
}

/* The tag belongs into the answer before the trees are read: history is judged by it. */
static void tell_tag(struct look *look)
{
    if (!rb_text_starts_with(look->ref, TAGS))
        return;
    rb_json_set_string(look->answer->json, "tag", look->ref + strlen(TAGS));
    look->answer->tag = rb_json_get_string(look->answer->json, "tag", NULL);
}

static int run_look(struct look *look, struct rb_err *err)
{
    char commit[GIT_OID_HEXSZ + 1];
    int status = find_commit(look, err);
    if (status != 0)
        return status;
    tell_tag(look);
    git_oid_tostr(commit, sizeof(commit), &look->commit);
    if (!take_known_trees(look, commit))
        status = use_mirror(look, err);
    if (status != 0)
        return status;
    git_oid_tostr(commit, sizeof(commit), &look->commit);
    rb_json_set_string(look->answer->json, "commit", commit);
    look->answer->commit = rb_json_get_string(look->answer->json, "commit", NULL);
    return 0;
}

static void set_options(void)
{
    const char *certificates = getenv("SSL_CERT_FILE");
    (void)git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS, OBJECTS_MAXIMUM);
    (void)git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
    if (!rb_text_is_empty(certificates))
        (void)git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, certificates, NULL);
}

int rb_git_look(const struct rb_git_request *request, struct rb_git_answer *ret_answer,
                enum rb_trouble *ret_trouble, struct rb_err *err)
{
    struct rb_git_answer answer = {.json = rb_json_object(), .trees = rb_json_object()};
    rb_json_set(answer.json, "trees", answer.trees);
    struct look look = {.request = request, .answer = &answer};
    alive(&look);
    (void)git_libgit2_init();
    set_options();
    int status = run_look(&look, err);
    git_remote_free(look.remote);
    rb_free(look.ref);
    (void)git_libgit2_shutdown();
    *ret_trouble = look.trouble;
    if (status != 0) {
        rb_git_answer_deinit(&answer);
        return status;
    }
    *ret_answer = answer;
    return 0;
}
