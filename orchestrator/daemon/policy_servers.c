/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One client for all pipelines whose policies the embedded server has, and one for each pipeline
 * that names servers of its own. The embedded server outlives a reload: it is told to read its
 * files again, or started with others.
 */
#include <string.h>

#include "engine_parts.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/base/secret.h"
#include "rebake/base/text.h"
#include "rebake/policy/policy.h"
#include "rebake/policy/server.h"

static void server_ready(void *context)
{
    struct rb_engine *engine = context;
    engine->policy_was_heard = true;
    rb_log(RB_LOG_INFO, "policy server ready", NULL);
    rb_policy_client_retry(engine->embedded_client);
    engine_ask_again(engine);
}

static void server_failed(void *context, const struct rb_err *error, int64_t wait_ms)
{
    struct rb_engine *engine = context;
    char span[RB_TIME_TEXT_SIZE];
    engine->policy_was_heard = true; /* who asks now is told that there is no answer */
    rb_log(RB_LOG_WARNING, "policy server failed; it is started again", "error", error->text, "in",
           rb_span_format(wait_ms, span), NULL);
    rb_engine_plan_soon(engine);
}

static void endpoint_changed(void *context, const char *endpoint, const struct rb_err *error)
{
    struct rb_engine *engine = context;
    if (error == NULL)
        rb_log(RB_LOG_INFO, "policy server answers again", "server", endpoint, NULL);
    else
        rb_log(RB_LOG_WARNING, "policy server is left alone for a while", "server", endpoint,
               "error", error->text, NULL);
    if (error == NULL)
        engine_ask_again(engine);
}

static char *file_of(const struct engine_pipeline *pipeline)
{
    return rb_asprintf("%s/%s", pipeline->folder, pipeline->model->policy->file);
}

static int refuse(const struct rb_diagnostics *found, struct rb_err *err)
{
    if (found->count == 0)
        return err->code;
    const struct rb_diagnostic *first = &found->items[0];
    return rb_err_set(err, RB_EINVALID, "%.300s:%d:%d: %.500s", first->place.file,
                      first->place.line, first->place.column, first->message);
}

static int check_file(const struct engine_pipeline *pipeline, struct rb_strbuf *diagnostics,
                      struct rb_err *err)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics found = {0};
    RB_CLEANUP(rb_policy_cleanup) struct rb_policy *policy = NULL;
    RB_CLEANUP_FREE char *path = file_of(pipeline);
    struct rb_err own;
    int status = rb_policy_read(path, &policy, &found, &own);
    if (status == 0)
        return 0;
    if (diagnostics != NULL)
        rb_diagnostics_print(&found, diagnostics);
    (void)refuse(&found, &own);
    (void)rb_err_copy(err, &own);
    return rb_err_wrap(err, "policy of pipeline %s", pipeline->model->name);
}

static int check_secret(const struct engine_pipeline *pipeline, struct rb_err *err)
{
    RB_CLEANUP(rb_secret_deinit) struct rb_secret secret = {0};
    int status = rb_secret_read(pipeline->model->policy->bearer, &secret, err);
    return status == 0 ? 0 : rb_err_wrap(err, "policy of pipeline %s", pipeline->model->name);
}

int engine_check_policy(const struct engine_pipeline *pipeline, struct rb_strbuf *diagnostics,
                        struct rb_err *err)
{
    const struct rb_policy_choice *choice = pipeline->model->policy;
    int status = 0;
    if (choice == NULL)
        return 0;
    for (size_t i = 0; status == 0 && choice->urls != NULL && choice->urls[i] != NULL; i++)
        status = rb_policy_endpoint_check(choice->urls[i], err);
    if (status == 0 && choice->bearer != NULL)
        status = check_secret(pipeline, err);
    return status == 0 && choice->file != NULL ? check_file(pipeline, diagnostics, err) : status;
}

static void list_policies(const struct rb_engine *engine, struct rb_strlist *policies)
{
    for (size_t i = 0; i < engine->pipeline_count; i++) {
        const struct engine_pipeline *pipeline = &engine->pipelines[i];
        const struct rb_policy_choice *choice = pipeline->model->policy;
        if (choice == NULL || choice->urls != NULL)
            continue;
        RB_CLEANUP_FREE char *file =
            choice->file != NULL ? file_of(pipeline) : rb_asprintf("builtin:%s", choice->builtin);
        rb_strlist_addf(policies, "%s=%s", pipeline->model->name, file);
    }
}

static void start_embedded(struct rb_engine *engine, const char *const *policies)
{
    RB_CLEANUP_FREE char *socket = rb_asprintf("%s/policy.sock", engine->state_folder);
    const char *const endpoints[] = {socket, NULL};
    const struct rb_policy_client_options asking = {
        .endpoints = endpoints, .changed = endpoint_changed, .context = engine};
    const struct rb_policy_server_options serving = {.loop = engine->loop,
                                                     .http = engine->http,
                                                     .program = engine->program,
                                                     .socket_path = socket,
                                                     .policies = policies,
                                                     .ready = server_ready,
                                                     .failed = server_failed,
                                                     .context = engine};
    engine->embedded_client = rb_policy_client_new(engine->loop, engine->http, &asking);
    engine->policy_server = rb_policy_server_start(&serving);
}

void engine_stop_policy(struct rb_engine *engine)
{
    rb_policy_server_stop(engine->policy_server);
    rb_policy_client_free(engine->embedded_client);
    engine->policy_server = NULL;
    engine->embedded_client = NULL;
}

static void serve_embedded(struct rb_engine *engine)
{
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist policies = {0};
    list_policies(engine, &policies);
    if (policies.count == 0) {
        engine_stop_policy(engine);
        return;
    }
    const char *const *items = (const char *const *)policies.items;
    if (engine->policy_server == NULL)
        start_embedded(engine, items);
    else
        rb_policy_server_use(engine->policy_server, items);
    engine->policy_was_heard = false;
}

/* That the secret can be read was checked. If it is gone by now nobody is asked, and nothing
   allowed: not even by servers that want no token. */
static void ask_elsewhere(struct rb_engine *engine, struct engine_pipeline *pipeline)
{
    const struct rb_policy_choice *choice = pipeline->model->policy;
    RB_CLEANUP(rb_secret_deinit) struct rb_secret secret = {0};
    struct rb_err err;
    if (choice->bearer != NULL && rb_secret_read(choice->bearer, &secret, &err) != 0) {
        rb_log(RB_LOG_ERROR, "policy cannot be asked until the pipelines are loaded again",
               "pipeline", pipeline->model->name, "error", err.text, NULL);
        return;
    }
    const struct rb_policy_client_options options = {.endpoints = choice->urls,
                                                     .bearer = secret.bytes,
                                                     .timeout_ms = choice->timeout_ms,
                                                     .changed = endpoint_changed,
                                                     .context = engine};
    pipeline->policy = rb_policy_client_new(engine->loop, engine->http, &options);
}

void engine_start_policy(struct rb_engine *engine)
{
    serve_embedded(engine);
    for (size_t i = 0; i < engine->pipeline_count; i++) {
        struct engine_pipeline *pipeline = &engine->pipelines[i];
        if (pipeline->model->policy == NULL)
            continue;
        pipeline->is_embedded = pipeline->model->policy->urls == NULL;
        if (pipeline->is_embedded)
            pipeline->policy = engine->embedded_client;
        else
            ask_elsewhere(engine, pipeline);
    }
}

void engine_let_go_of_policy(struct rb_engine *engine)
{
    for (size_t i = 0; i < engine->pipeline_count; i++) {
        struct engine_pipeline *pipeline = &engine->pipelines[i];
        if (!pipeline->is_embedded)
            rb_policy_client_free(pipeline->policy);
        pipeline->policy = NULL;
    }
}

/* {"pipelines","embedded","endpoints"}; the list of pipelines is to be filled. */
static json_t *server_json(const struct rb_engine *engine, const struct rb_policy_client *client,
                           bool is_embedded, json_t *pipelines)
{
    json_t *json = rb_json_object();
    rb_json_set(json, "pipelines", pipelines);
    rb_json_set_bool(json, "embedded", is_embedded);
    rb_json_set(json, "endpoints", rb_policy_client_json(client, rb_clock_now(engine->clock)));
    return json;
}

json_t *rb_engine_policy_json(const struct rb_engine *engine)
{
    json_t *servers = rb_json_array(), *embedded = NULL;
    for (size_t i = 0; i < engine->pipeline_count; i++) {
        const struct engine_pipeline *pipeline = &engine->pipelines[i];
        if (pipeline->policy == NULL)
            continue;
        json_t *pipelines = pipeline->is_embedded ? embedded : NULL;
        if (pipelines == NULL) {
            pipelines = rb_json_array();
            rb_json_append(servers,
                           server_json(engine, pipeline->policy, pipeline->is_embedded, pipelines));
        }
        if (pipeline->is_embedded)
            embedded = pipelines;
        rb_json_append_string(pipelines, pipeline->model->name);
    }
    return servers;
}
