/* SPDX-License-Identifier: Apache-2.0 */
#include "git_fetch.h"

#include <string.h>
#include <unistd.h>

#include "rebake/base/memory.h"

enum { ANSWER_MAXIMUM = 1 << 20 };

static int write_request(const char *path, const char *url, const char *branch,
                         const char *repository, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *request = rb_json_object();
    json_t *paths = rb_json_array();
    rb_json_append_string(paths, ".");
    rb_json_set_string(request, "url", url);
    rb_json_set_string(request, "branch", branch);
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

int git_fetch(struct rb_job *job, const char *url, const char *branch, const char *repository,
              struct rb_err *err)
{
    RB_CLEANUP_FREE char *request = rb_asprintf("%s/git-request.json", job->scratch);
    RB_CLEANUP_FREE char *program = rb_asprintf("/proc/%d/exe", (int)getpid());
    RB_CLEANUP_FREE char *answer = NULL;
    const char *arguments[] = {"sh",    "-c",    "exec \"$0\" internal git-check <\"$1\"",
                               program, request, NULL};
    int status = write_request(request, url, branch, repository, err);
    if (status == 0)
        status = rb_job_capture(job, arguments, ANSWER_MAXIMUM, &answer, "fetch the code", err);
    return status == 0 ? read_answer(answer, err) : status;
}
