/* SPDX-License-Identifier: Apache-2.0 */
#include "git_error.h"

#include <git2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/net/http.h"

/* "unexpected http status code: 404" */
static enum rb_errc code_of_http(const char *text)
{
    const char *digits = strpbrk(text, "0123456789");
    return rb_http_status_errc(digits == NULL ? 0 : (int)strtol(digits, NULL, 10));
}

static enum rb_errc code_of(int code, const git_error *error, const char *url)
{
    if (code == GIT_EAUTH)
        return RB_EAUTH;
    if (code == GIT_ECERTIFICATE)
        return RB_EVERIFY;
    if (code == GIT_ENOTFOUND)
        return RB_ENOTFOUND;
    if (code == GIT_ELOCKED)
        return RB_EBUSY;
    switch (error == NULL ? GIT_ERROR_NONE : error->klass) {
    case GIT_ERROR_HTTP:
        return code_of_http(error->message);
    case GIT_ERROR_NET:
    case GIT_ERROR_SSL:
    case GIT_ERROR_SSH:
        return RB_ENETWORK;
    case GIT_ERROR_OS: /* a socket's, where a server is talked to */
        return rb_text_starts_with(url, "file:") ? RB_EIO : RB_ENETWORK;
    default:
        return RB_EGIT;
    }
}

int rb_err_git(int code, const char *url, const char *doing, struct rb_err *err)
{
    const git_error *error = git_error_last();
    bool is_host_key = code == GIT_ECERTIFICATE && error != NULL && error->klass == GIT_ERROR_SSH;
    RB_CLEANUP_FREE char *shown = rb_address_shown(url);
    int status =
        rb_err_set(err, code_of(code, error, url), "%s: %s: %s%s", shown, doing,
                   error != NULL && error->message != NULL ? error->message : "no reason told",
                   is_host_key ? " (is the host's key in ~/.ssh/known_hosts?)" : "");
    rb_address_scrub(url, err);
    return status;
}
