/* SPDX-License-Identifier: Apache-2.0 */
#include "git_fetch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { ANSWER_MAXIMUM = 1 << 20 };

static int write_request(const char *path, const char *url, const char *ref, const char *repository,
                         struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *request = rb_json_object();
    json_t *paths = rb_json_array();
    rb_json_append_string(paths, ".");
    rb_json_set_string(request, "url", url);
    rb_json_set_string(request, "ref", ref);
    rb_json_set_string(request, "mirror", repository);
    rb_json_set_string(request, "known", NULL);
    rb_json_set(request, "paths", paths);
    rb_json_set(request, "knownTrees", rb_json_object());
    return rb_json_write_file(path, request, 0600, err);
}

static enum rb_errc code_named(const char *name)
{
    for (int code = RB_EINTERNAL; code < 0; code++) {
        if (strcmp(rb_errc_name((enum rb_errc)code), name) == 0)
            return (enum rb_errc)code;
    }
    return RB_EGIT;
}

static int read_answer(const char *text, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *answer = NULL;
    int status = rb_json_parse(text, strlen(text), "git's answer", &answer, err);
    const json_t *error = json_object_get(answer, "error");
    if (status != 0 || error == NULL)
        return status;
    return rb_err_set(err, code_named(rb_json_get_string(error, "code", "git")), "%s",
                      rb_json_get_string(error, "text", "git failed and does not say why"));
}

/* By the same program, with the same credentials, as the checks of git sources
   (rb_git_check_main): a process of its own, since libgit2 has no time limits. */
static int fetch_ref(struct rb_job *job, const char *url, const char *ref, const char *repository,
                     struct rb_err *err)
{
    RB_CLEANUP_FREE char *request = rb_asprintf("%s/git-request.json", job->scratch);
    RB_CLEANUP_FREE char *program = rb_asprintf("/proc/%d/exe", (int)getpid());
    RB_CLEANUP_FREE char *answer = NULL;
    const char *arguments[] = {"sh",    "-c",    "exec \"$0\" internal git-check <\"$1\"",
                               program, request, NULL};
    int status = write_request(request, url, ref, repository, err);
    if (status == 0)
        status = rb_job_capture(job, arguments, ANSWER_MAXIMUM, &answer, "fetch the code", err);
    return status == 0 ? read_answer(answer, err) : status;
}

/* libgit2 1.5 fetches whole histories only. git asks for the one commit, without what the user and
   the machine have configured, and without questions to a terminal. */
static int fetch_commit(struct rb_job *job, const char *url, const char *commit,
                        const char *repository, struct rb_err *err)
{
    const char *authorities = getenv("SSL_CERT_FILE");
    RB_CLEANUP_FREE char *authority_file =
        rb_asprintf("http.sslCAInfo=%s", rb_text_is_empty(authorities) ? "" : authorities);
    const char *const init[] = {"git", "init", "--quiet", "--bare", "--", repository, NULL};
    const char *const fetch[] = {"env",
                                 "GIT_CONFIG_NOSYSTEM=1",
                                 "GIT_CONFIG_GLOBAL=/dev/null",
                                 "GIT_TERMINAL_PROMPT=0",
                                 "GIT_ALLOW_PROTOCOL=https:http:ssh:file",
                                 "GIT_SSH_COMMAND=ssh -o BatchMode=yes",
                                 "git",
                                 "-C",
                                 repository,
                                 "-c",
                                 "protocol.version=2",
                                 "-c",
                                 "credential.helper=store",
                                 "-c",
                                 "http.lowSpeedLimit=1",
                                 "-c",
                                 "http.lowSpeedTime=60",
                                 "-c",
                                 rb_text_is_empty(authorities) ? "http.sslVerify=true"
                                                               : authority_file,
                                 "fetch",
                                 "--quiet",
                                 "--depth=1",
                                 "--no-tags",
                                 "--",
                                 url,
                                 commit,
                                 NULL};
    int status = rb_job_run(job, init, "make a repository", err);
    return status == 0 ? rb_job_run(job, fetch, "fetch the commit", err) : status;
}

int git_fetch(struct rb_job *job, const char *url, const char *ref, const char *commit,
              const char *repository, struct rb_err *err)
{
    int status = fetch_commit(job, url, commit, repository, err);
    if (status == 0 || status == RB_ECANCELED || status == RB_ETIMEOUT)
        return status;
    rb_job_log(job, "the commit cannot be had alone: %s is fetched with its history", ref);
    return fetch_ref(job, url, ref, repository, err);
}
