/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/watch/git_code.h"

#include <stdlib.h>

#include "git_message.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static const char *const INIT[] = {"git", "init", "--quiet", "--bare", "--", NULL};
static const char *const SETTINGS[] = {"env",
                                       "GIT_CONFIG_NOSYSTEM=1",
                                       "GIT_CONFIG_GLOBAL=/dev/null",
                                       "GIT_TERMINAL_PROMPT=0",
                                       "GIT_ALLOW_PROTOCOL=https:http:ssh:file",
                                       "GIT_SSH_COMMAND=ssh -o BatchMode=yes",
                                       "git",
                                       "-c",
                                       "protocol.version=2",
                                       "-c",
                                       "credential.helper=store",
                                       "-c",
                                       "http.lowSpeedLimit=1",
                                       "-c",
                                       "http.lowSpeedTime=60",
                                       "-c",
                                       NULL};
static const char *const FETCH[] = {"fetch", "--quiet", "--depth=1", "--no-tags", "--", NULL};

void rb_git_commit_commands(const char *url, const char *commit, const char *repository,
                            struct rb_strlist *ret_init, struct rb_strlist *ret_fetch)
{
    const char *authorities = getenv("SSL_CERT_FILE");
    rb_strlist_add_all(ret_init, INIT);
    rb_strlist_add(ret_init, repository);
    rb_strlist_add_all(ret_fetch, SETTINGS);
    if (rb_text_is_empty(authorities))
        rb_strlist_add(ret_fetch, "http.sslVerify=true");
    else
        rb_strlist_addf(ret_fetch, "http.sslCAInfo=%s", authorities);
    rb_strlist_add(ret_fetch, "-C");
    rb_strlist_add(ret_fetch, repository);
    rb_strlist_add_all(ret_fetch, FETCH);
    rb_strlist_add(ret_fetch, url);
    rb_strlist_add(ret_fetch, commit);
}

json_t *rb_git_history_request(const char *url, const char *ref, const char *repository)
{
    json_t *request = rb_json_object();
    json_t *paths = rb_json_array();
    rb_json_append_string(paths, ".");
    rb_json_set_string(request, "url", url);
    rb_json_set_string(request, "ref", ref);
    rb_json_set_string(request, "mirror", repository);
    rb_json_set_string(request, "known", NULL);
    rb_json_set(request, "paths", paths);
    rb_json_set(request, "knownTrees", rb_json_object());
    return request;
}

int rb_git_history_answer(const char *data, size_t size, struct rb_err *err)
{
    RB_CLEANUP(rb_git_answer_deinit) struct rb_git_answer answer = {0};
    enum rb_trouble trouble;
    return rb_git_answer_parse(data, size, &answer, &trouble, err);
}
