/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/policy/service.h"

#include <unistd.h>

#include "front.h"
#include "policies.h"
#include "rebake/base/memory.h"
#include "rebake/serve/tcp.h"
#include "rebake/serve/unix_socket.h"

struct rb_policy_service {
    struct rb_policy_service_options options;
    struct policies *policies;
    unsigned reads; /* of the policies, those too that failed */
    struct worker *worker;
    struct rb_unix_socket socket;
    struct front *on_socket, *on_address; /* or NULL */
};

static struct worker_policies policies_for_worker(struct policies *policies)
{
    return (struct worker_policies){
        .decide = policies_decide, .note_rules = policies_note_rules, .context = policies};
}

static int start_front(struct rb_policy_service *service, int fd, const char *name,
                       struct front **ret_front, struct rb_err *err)
{
    const struct front_options options = {.loop = service->options.loop,
                                          .fd = fd,
                                          .name = name,
                                          .worker = service->worker,
                                          .reads = &service->reads};
    int status = front_start(&options, ret_front, err);
    if (status != 0)
        (void)close(fd);
    return status;
}

static int listen_on_socket(struct rb_policy_service *service, struct rb_err *err)
{
    const char *path = service->options.socket_path;
    int status = rb_unix_socket_listen(path, &service->socket, err);
    if (status != 0)
        return status;
    status = start_front(service, service->socket.fd, path, &service->on_socket, err);
    if (status != 0)
        rb_unix_socket_remove(&service->socket, path);
    return status;
}

static int listen_on_address(struct rb_policy_service *service, struct rb_err *err)
{
    int fd;
    int status = rb_tcp_listen(service->options.address, &fd, err);
    if (status != 0)
        return status;
    return start_front(service, fd, service->options.address, &service->on_address, err);
}

static int start_all(struct rb_policy_service *service, struct rb_strbuf *diagnostics,
                     struct rb_err *err)
{
    const struct rb_policy_service_options *options = &service->options;
    service->reads++;
    int status = policies_read(options->policies, &service->policies, diagnostics, err);
    if (status != 0)
        return status;
    const struct worker_options worker = {.loop = options->loop,
                                          .timeout_ms = options->timeout_ms,
                                          .memory_bytes = options->memory_bytes,
                                          .policies = policies_for_worker(service->policies),
                                          .died = options->died,
                                          .context = options->context};
    status = worker_new(&worker, &service->worker, err);
    if (status == 0 && options->socket_path != NULL)
        status = listen_on_socket(service, err);
    if (status == 0 && options->address != NULL)
        status = listen_on_address(service, err);
    return status;
}

int rb_policy_service_start(const struct rb_policy_service_options *options,
                            struct rb_policy_service **ret_service, struct rb_strbuf *diagnostics,
                            struct rb_err *err)
{
    struct rb_policy_service *service = rb_zalloc(sizeof(*service));
    RB_ASSERT(options->socket_path != NULL || options->address != NULL);
    service->options = *options;
    if (options->timeout_ms == 0)
        service->options.timeout_ms = RB_POLICY_TIMEOUT_MS;
    if (options->memory_bytes == 0)
        service->options.memory_bytes = RB_POLICY_MEMORY_BYTES;
    int status = start_all(service, diagnostics, err);
    if (status != 0)
        rb_policy_service_stop(service);
    else
        *ret_service = service;
    return status;
}

int rb_policy_service_reload(struct rb_policy_service *service, struct rb_strbuf *diagnostics,
                             struct rb_err *err)
{
    struct policies *policies;
    service->reads++;
    int status = policies_read(service->options.policies, &policies, diagnostics, err);
    if (status != 0)
        return status;
    const struct worker_policies used = policies_for_worker(policies);
    worker_use(service->worker, &used);
    policies_free(service->policies);
    service->policies = policies;
    return 0;
}

void rb_policy_service_stop(struct rb_policy_service *service)
{
    if (service == NULL)
        return;
    if (service->on_socket != NULL)
        rb_unix_socket_remove(&service->socket, service->options.socket_path);
    worker_free(service->worker);
    front_stop(service->on_socket);
    front_stop(service->on_address);
    policies_free(service->policies);
    rb_free(service);
}
