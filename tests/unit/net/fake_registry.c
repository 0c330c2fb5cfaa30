/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static const char BASIC[] = "Basic bGFiOnBhc3M="; /* lab:pass */
static const char BEARER[] = "Bearer t0ken";

static void say(struct server_reply *reply, unsigned status, const char *text)
{
    reply->status = status;
    reply->body = text;
    reply->body_size = strlen(text);
}

static void answer_token(const struct fake *fake, const struct server_request *request,
                         struct server_reply *reply)
{
    bool known = rb_text_equal(request->authorization, BASIC) ||
                 strstr(request->body, "refresh_token=id%20token") != NULL;
    if (fake->refuse_tokens && !known)
        say(reply, 401, "{\"details\":\"incorrect username or password\"}");
    else
        say(reply, 200,
            fake->token_answer != NULL ? fake->token_answer
                                       : "{\"token\":\"t0ken\",\"expires_in\":300}");
}

static bool is_authorized(const struct fake *fake, const struct server_request *request)
{
    if (fake->auth == AUTH_NONE)
        return true;
    return !fake->accept_no_token &&
           rb_text_equal(request->authorization, fake->auth == AUTH_BASIC ? BASIC : BEARER);
}

static void challenge(struct fake *fake, struct server_reply *reply)
{
    say(reply, 401,
        "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"authentication required\"}]}");
    if (fake->auth == AUTH_BASIC) {
        (void)snprintf(fake->challenge, sizeof(fake->challenge),
                       "WWW-Authenticate: Basic realm=\"lab\"");
    } else if (fake->realm_override != NULL) {
        (void)snprintf(fake->challenge, sizeof(fake->challenge),
                       "WWW-Authenticate: Bearer realm=\"%s\"", fake->realm_override);
    } else {
        (void)snprintf(fake->challenge, sizeof(fake->challenge),
                       "WWW-Authenticate: Bearer realm=\"http://127.0.0.1:%d/token?x=1\","
                       "service=\"lab registry\",scope=\"repository:app:pull\"",
                       server_port(fake->server));
    }
    reply->headers[0] = fake->challenge;
}

static void answer_document(const struct fake *fake, const struct server_request *request,
                            struct server_reply *reply)
{
    for (size_t i = 0; i < fake->document_count; i++) {
        const struct document *document = &fake->documents[i];
        if (strcmp(document->path, request->path) != 0)
            continue;
        reply->body = document->body;
        reply->body_size = document->size;
        reply->headers[0] = document->type;
        reply->headers[1] = document->digest;
        return;
    }
    say(reply, 404, "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"not here\"}]}");
}

static void answer(void *context, const struct server_request *request, struct server_reply *reply)
{
    struct fake *fake = context;
    bool authorized = is_authorized(fake, request);
    rb_strbuf_printf(&fake->log, "%s %s%s%s%s%s\n", request->method, request->path,
                     *request->query != '\0' ? "?" : "", request->query,
                     *request->body != '\0' ? " " : "", request->body);
    if (fake->failure != 0) {
        say(reply, fake->failure,
            "{\"errors\":[{\"code\":\"TOOMANYREQUESTS\",\"message\":\"slow down\"}]}");
        reply->headers[0] = fake->failure_header;
    } else if (strcmp(request->path, "/token") == 0) {
        answer_token(fake, request, reply);
    } else if (!authorized) {
        challenge(fake, reply);
    } else if (fake->redirect != NULL && strstr(request->path, "/blobs/") != NULL) {
        reply->status = 307;
        reply->headers[0] = fake->redirect;
    } else if (fake->head_status != 0 && strcmp(request->method, "HEAD") == 0) {
        reply->status = fake->head_status;
    } else {
        answer_document(fake, request, reply);
    }
}

int fake_setup(void **state)
{
    struct fake *fake = rb_zalloc(sizeof(*fake));
    fake->log = RB_STRBUF_INIT(1 << 16);
    assert_int_equal(rb_folder_make_temporary("/tmp/rebake-test-net-", &fake->folder, NULL), 0);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/auth.json", fake->folder);
    setenv("REGISTRY_AUTH_FILE", path, 1);
    /* TLS is tried first; to read all of the system's authorities for it would take long. */
    setenv("SSL_CERT_FILE", REBAKE_TEST_DIR "/unit/net/authority.pem", 1);
    unsetenv("SSL_CERT_DIR");
    fake->server = server_start(answer, fake);
    rb_net_session_init(&fake->session);
    *state = fake;
    return 0;
}

int fake_teardown(void **state)
{
    struct fake *fake = *state;
    rb_net_session_deinit(&fake->session);
    server_stop(fake->server);
    for (size_t i = 0; i < fake->document_count; i++) {
        rb_free((void *)(uintptr_t)fake->documents[i].path);
        rb_free((void *)(uintptr_t)fake->documents[i].digest);
    }
    rb_strbuf_deinit(&fake->log);
    assert_int_equal(rb_tree_remove(fake->folder, NULL), 0);
    rb_free(fake->folder);
    rb_free(fake);
    return 0;
}

int fake_port(const struct fake *fake)
{
    return server_port(fake->server);
}

void fake_serve(struct fake *fake, const char *kind, const char *name, const void *body,
                size_t size, const char *type, char ret_digest[RB_DIGEST_SIZE])
{
    char hex[RB_SHA256_HEX_SIZE];
    assert_true(fake->document_count < RB_COUNT_OF(fake->documents));
    (void)snprintf(ret_digest, RB_DIGEST_SIZE, "sha256:%s", rb_sha256_of(body, size, hex));
    fake->documents[fake->document_count++] = (struct document){
        .path = rb_asprintf("/v2/app/%s/%s", kind, name != NULL ? name : ret_digest),
        .body = body,
        .size = size,
        .type = type,
        .digest = rb_asprintf("Docker-Content-Digest: %s", ret_digest),
    };
}

void fake_reference(const struct fake *fake, const char *rest, struct rb_reference *ret_reference)
{
    RB_CLEANUP_FREE char *text = rb_asprintf("127.0.0.1:%d/app%s", fake_port(fake), rest);
    assert_int_equal(rb_reference_parse(text, ret_reference, NULL), 0);
}

void fake_log_in(struct fake *fake, const char *entry)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/auth.json", fake->folder);
    RB_CLEANUP_FREE char *text =
        rb_asprintf("{\"auths\":{\"127.0.0.1:%d\":%s}}", fake_port(fake), entry);
    assert_int_equal(rb_file_write_atomic(path, text, strlen(text), 0600, NULL), 0);
}
