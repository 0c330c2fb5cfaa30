/* SPDX-License-Identifier: Apache-2.0 */
#include "routes.h"

#include <string.h>

#include "rebake/base/text.h"

/* ":" stands for one part of the path, "*" for all the rest of it. */
static const struct route {
    const char *method;
    const char *pattern;
    api_handler *handler;
} ROUTES[] = {
    {"GET", "/v1/status", api_get_status},
    {"GET", "/v1/healthz", api_get_health},
    {"GET", "/v1/sources", api_get_sources},
    {"GET", "/v1/history", api_get_history},
    {"GET", "/v1/hooks", api_get_hooks},
    {"GET", "/v1/exposure", api_get_exposure},
    {"GET", "/v1/advisories", api_get_advisories},
    {"GET", "/v1/patches", api_get_patches},
    {"POST", "/v1/exposure", api_judge},
    {"GET", "/v1/why/*", api_get_why},
    {"GET", "/v1/decisions", api_get_decisions},
    {"GET", "/v1/decisions/*", api_get_decision},
    {"GET", "/v1/builds/:", api_get_build},
    {"GET", "/v1/builds/:/log", api_get_log},
    {"POST", "/v1/cancel", api_cancel},
    {"POST", "/v1/trigger", api_trigger_named},
    {"POST", "/v1/images/:/trigger", api_trigger},
    {"POST", "/v1/images/:/:/trigger", api_trigger},
    {"GET", "/v1/images/*", api_get_image},
    {"GET", "/metrics", api_get_metrics},
    {"GET", "/v1/plan", api_plan},
    {"POST", "/v1/plan", api_plan},
    {"POST", "/v1/approve", api_approve},
    {"POST", "/v1/withdraw", api_withdraw},
    {"GET", "/v1/words", api_get_words},
    {"POST", "/v1/pin", api_pin},
    {"POST", "/v1/unpin", api_unpin},
    {"POST", "/v1/pause", api_pause},
    {"POST", "/v1/resume", api_resume},
    {"POST", "/v1/check", api_check},
    {"POST", "/v1/sources/:/check", api_check},
};

/* Does the path fit the pattern? What varies goes to the arguments, whose text is the arena's. */
static bool fits(const char *pattern, const char *path, struct api_request *request)
{
    size_t count = 0;
    memset(request->arguments, 0, sizeof(request->arguments));
    while (*pattern != '\0' && *path != '\0') {
        if (*pattern == '*' || *pattern == ':') {
            size_t size = *pattern == '*' ? strlen(path) : strcspn(path, "/");
            if (size == 0)
                return false;
            RB_ASSERT(count < API_ARGUMENTS);
            request->arguments[count++] = rb_arena_strndup(request->arena, path, size);
            path += size;
            pattern++;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *pattern == '\0' && *path == '\0';
}

static int status_of(enum rb_errc code)
{
    switch (code) {
    case RB_EINVALID:
        return 400;
    case RB_ENOTFOUND:
        return 404;
    case RB_EEXIST:
        return 409;
    case RB_ELIMIT:
        return 413;
    case RB_EDB:
    case RB_EBUSY:
        return 503;
    case RB_OK:
    case RB_EIO:
    case RB_EGIT:
    case RB_EHTTP:
    case RB_EAUTH:
    case RB_ENETWORK:
    case RB_ETIMEOUT:
    case RB_ECANCELED:
    case RB_EVERIFY:
    case RB_EINTERNAL:
        break;
    }
    return 500;
}

void api_reply_error(struct api_reply *reply, const struct rb_err *err)
{
    json_t *error = rb_json_object();
    rb_json_set_string(error, "code", rb_errc_name(err->code));
    rb_json_set_string(error, "message", err->text);
    json_decref(reply->json);
    rb_free(rb_steal(&reply->bytes));
    reply->json = rb_json_object();
    rb_json_set(reply->json, "error", error);
    if (reply->status == 0)
        reply->status = status_of(err->code);
}

static const struct route *find_route(const char *method, const char *path,
                                      struct api_request *request, const char **ret_allow)
{
    *ret_allow = NULL;
    for (size_t i = 0; i < RB_COUNT_OF(ROUTES); i++) {
        if (!fits(ROUTES[i].pattern, path, request))
            continue;
        if (strcmp(ROUTES[i].method, method) == 0) {
            *ret_allow = NULL;
            return &ROUTES[i];
        }
        *ret_allow = *ret_allow == NULL
                         ? ROUTES[i].method
                         : rb_arena_printf(request->arena, "%s, %s", *ret_allow, ROUTES[i].method);
    }
    return NULL;
}

static int no_route(const char *path, const char *allow, struct rb_err *err)
{
    if (allow == NULL)
        return rb_err_set(err, RB_ENOTFOUND, "there is nothing at %s", path);
    return rb_err_set(err, RB_EINVALID, "%s takes %s only", path, allow);
}

void api_answer(const char *method, const char *path, struct api_request *request,
                struct api_reply *reply, const char **ret_allow)
{
    struct rb_err err;
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    const struct route *route = find_route(method, path, request, ret_allow);
    if (route == NULL)
        reply->status = *ret_allow == NULL ? 404 : 405;
    int status =
        route == NULL ? no_route(path, *ret_allow, &err) : route->handler(request, reply, &err);
    if (status != 0)
        api_reply_error(reply, &err);
    else if (reply->status == 0)
        reply->status = 200;
}

int api_want_id(const struct api_request *request, const char *what, int64_t *ret_id,
                struct rb_err *err)
{
    if (rb_text_to_i64(request->arguments[0], ret_id) && *ret_id > 0)
        return 0;
    return rb_err_set(err, RB_ENOTFOUND, "there is no %s %s", what, request->arguments[0]);
}

int api_number(const struct api_request *request, const char *name, int64_t fallback,
               int64_t maximum, int64_t *ret_value, struct rb_err *err)
{
    const char *text = request->parameter(request, name);
    *ret_value = fallback;
    if (text == NULL)
        return 0;
    if (!rb_text_to_i64(text, ret_value) || *ret_value < 0 || *ret_value > maximum)
        return rb_err_set(err, RB_EINVALID, "%s=%s is not a number from 0 to %lld", name, text,
                          (long long)maximum);
    return 0;
}
