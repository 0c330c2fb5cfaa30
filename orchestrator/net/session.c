/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/net/session.h"

void rb_net_session_init(struct rb_net_session *session)
{
    session->loop = rb_loop_new();
    session->http = rb_http_new(session->loop);
    session->registry = rb_registry_new(session->http);
}

void rb_net_session_deinit(struct rb_net_session *session)
{
    rb_registry_free(session->registry);
    rb_http_free(session->http);
    rb_loop_free(session->loop);
    *session = (struct rb_net_session){0};
}
