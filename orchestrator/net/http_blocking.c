/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/net/http.h"
#include "url.h"

struct waiting {
    const char *url;
    char **ret_body;
    size_t *ret_size;
    int status;
    struct rb_err *err;
};

static void got(void *context, const struct rb_http_response *response, const struct rb_err *error)
{
    struct waiting *waiting = context;
    if (error != NULL) {
        waiting->status = rb_err_copy(waiting->err, error);
    } else if (response->status < 200 || response->status > 299) {
        RB_CLEANUP_FREE char *shown = rb_url_display(waiting->url);
        RB_CLEANUP_FREE char *what = rb_asprintf("GET %s", shown);
        waiting->status = rb_http_status_error(response, what, waiting->err);
    } else {
        *waiting->ret_body = rb_alloc(response->body_size + 1);
        memcpy(*waiting->ret_body, response->body, response->body_size + 1);
        *waiting->ret_size = response->body_size;
    }
}

int rb_http_get_blocking(const char *url, size_t maximum, char **ret_body, size_t *ret_size,
                         struct rb_err *err)
{
    size_t size = 0;
    struct waiting waiting = {.url = url,
                              .ret_body = ret_body,
                              .ret_size = ret_size != NULL ? ret_size : &size,
                              .err = err};
    struct rb_http_request request = {.url = url, .body_maximum = maximum, .follow = true};
    struct rb_loop *loop = rb_loop_new();
    struct rb_http *http = rb_http_new(loop);
    rb_http_send(http, &request, got, &waiting, NULL);
    rb_loop_run(loop);
    rb_http_free(http);
    rb_loop_free(loop);
    return waiting.status;
}
