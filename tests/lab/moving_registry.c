/* SPDX-License-Identifier: Apache-2.0 */
/*
 * moving_registry PORT COUNT MOVE_MS FAULTS: a registry on 127.0.0.0/8 with COUNT repositories
 * soak/r0, soak/r1, … of one tag each. Every MOVE_MS (0: never) a tag moves to a manifest that was
 * never there before. Of a thousand requests FAULTS (0 to 1000) are answered with each of 429, 500
 * and a cut, and a tenth as many with silence.
 *
 *     GET /truth      a line a repository: its name and all digests that its tag had, in order
 *     GET /requests   how many manifests were asked for
 *     PUT /quiet      no faults and no moves from now on
 */
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebake/base/clock.h"
#include "rebake/base/digest.h"
#include "rebake/base/memory.h"
#include "rebake/base/random.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"

#define MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"

enum { MANIFEST_MAXIMUM = 512, TRUTH_MAXIMUM = 256 << 20 };

struct registry {
    uint64_t count;
    int64_t move_ms;
    uint64_t faults;
    uint64_t *generations; /* of each tag: how often it has moved */
    uint64_t requests;
    struct rb_random random;
    struct MHD_Daemon *daemon;
};

static size_t make_manifest(uint64_t repository, uint64_t generation, char *out, char *digest)
{
    char hex[RB_SHA256_HEX_SIZE];
    int size = snprintf(
        out, MANIFEST_MAXIMUM,
        "{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST_TYPE "\",\"config\":{\"mediaType\":"
        "\"application/vnd.oci.image.config.v1+json\",\"size\":2,\"digest\":\"sha256:"
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\"},\"layers\":[],"
        "\"annotations\":{\"repository\":\"%llu\",\"generation\":\"%llu\"}}",
        (unsigned long long)repository, (unsigned long long)generation);
    (void)snprintf(digest, RB_DIGEST_SIZE, "sha256:%s", rb_sha256_of(out, (size_t)size, hex));
    return (size_t)size;
}

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status,
                             struct MHD_Response *response)
{
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static struct MHD_Response *text(const char *body, size_t size)
{
    return MHD_create_response_from_buffer(size, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
}

static ssize_t half_of_it(void *context, uint64_t at, char *out, size_t maximum)
{
    (void)context;
    if (at > 0)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t size = maximum < MANIFEST_MAXIMUM / 4 ? maximum : MANIFEST_MAXIMUM / 4;
    memset(out, ' ', size);
    return (ssize_t)size;
}

/* False: this request is answered as it should be. */
static bool fail(struct registry *registry, struct MHD_Connection *connection,
                 enum MHD_Result *ret_result)
{
    uint64_t drawn = rb_random_below(&registry->random, 10000), each = registry->faults * 10;
    struct MHD_Response *response;
    *ret_result = MHD_YES;
    if (drawn < each) {
        response = text("", 0);
        RB_ASSERT(MHD_add_response_header(response, "Retry-After", "1") == MHD_YES);
        *ret_result = reply(connection, 429, response);
    } else if (drawn < each * 2) {
        *ret_result = reply(connection, 500, text("", 0));
    } else if (drawn < each * 3) {
        response = MHD_create_response_from_callback(MANIFEST_MAXIMUM / 2, MANIFEST_MAXIMUM,
                                                     half_of_it, NULL, NULL);
        *ret_result = reply(connection, 200, response);
    } else if (drawn < each * 3 + each / 10) {
        MHD_suspend_connection(connection);
    } else {
        return false;
    }
    return true;
}

static enum MHD_Result send_manifest(struct registry *registry, struct MHD_Connection *connection,
                                     const char *url)
{
    char manifest[MANIFEST_MAXIMUM], digest[RB_DIGEST_SIZE];
    unsigned long long repository;
    enum MHD_Result result;
    registry->requests++;
    if (sscanf(url, "/v2/soak/r%llu/manifests/", &repository) != 1 || repository >= registry->count)
        return reply(connection, 404, text("", 0));
    if (fail(registry, connection, &result))
        return result;
    size_t size = make_manifest(repository, registry->generations[repository], manifest, digest);
    struct MHD_Response *response = text(manifest, size);
    RB_ASSERT(MHD_add_response_header(response, "Content-Type", MANIFEST_TYPE) == MHD_YES);
    RB_ASSERT(MHD_add_response_header(response, "Docker-Content-Digest", digest) == MHD_YES);
    return reply(connection, 200, response);
}

static enum MHD_Result send_truth(const struct registry *registry,
                                  struct MHD_Connection *connection)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf truth = RB_STRBUF_INIT(TRUTH_MAXIMUM);
    for (uint64_t i = 0; i < registry->count; i++) {
        rb_strbuf_printf(&truth, "soak/r%llu", (unsigned long long)i);
        for (uint64_t generation = 0; generation <= registry->generations[i]; generation++) {
            char manifest[MANIFEST_MAXIMUM], digest[RB_DIGEST_SIZE];
            make_manifest(i, generation, manifest, digest);
            rb_strbuf_printf(&truth, " %s", digest);
        }
        rb_strbuf_putc(&truth, '\n');
    }
    return reply(connection, 200, text(truth.data, truth.size));
}

/* It listens for all of 127.0.0.0/8, and thereby for more than that. */
static enum MHD_Result accept_loopback(void *context, const struct sockaddr *from, socklen_t size)
{
    const struct sockaddr_in *address = (const struct sockaddr_in *)(const void *)from;
    (void)context;
    (void)size;
    return ntohl(address->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET ? MHD_YES : MHD_NO;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **request_context)
{
    struct registry *registry = context;
    char number[32];
    (void)version;
    (void)data;
    *size = 0;
    if (*request_context == NULL) { /* the headers alone are here */
        *request_context = registry;
        return MHD_YES;
    }
    if (strcmp(url, "/v2/") == 0)
        return reply(connection, 200, text("{}", 2));
    if (strcmp(url, "/truth") == 0)
        return send_truth(registry, connection);
    if (strcmp(url, "/quiet") == 0 && strcmp(method, "PUT") == 0) {
        registry->faults = 0;
        registry->move_ms = 0;
        return reply(connection, 200, text("", 0));
    }
    if (strcmp(url, "/requests") == 0) {
        int length =
            snprintf(number, sizeof(number), "%llu\n", (unsigned long long)registry->requests);
        return reply(connection, 200, text(number, (size_t)length));
    }
    return send_manifest(registry, connection, url);
}

static void run(struct registry *registry)
{
    int64_t moved_at = rb_clock_monotonic_ms();
    for (;;) {
        RB_ASSERT(MHD_run_wait(registry->daemon, 20) == MHD_YES);
        int64_t now = rb_clock_monotonic_ms();
        for (; registry->move_ms > 0 && moved_at + registry->move_ms <= now;
             moved_at += registry->move_ms)
            registry->generations[rb_random_below(&registry->random, registry->count)]++;
    }
}

int main(int argc, char **argv)
{
    uint64_t port, move_ms;
    struct registry registry = {0};
    if (argc != 5 || !rb_text_to_u64(argv[1], &port) || port > UINT16_MAX ||
        !rb_text_to_u64(argv[2], &registry.count) || registry.count == 0 ||
        !rb_text_to_u64(argv[3], &move_ms) || !rb_text_to_u64(argv[4], &registry.faults)) {
        fputs("usage: moving_registry PORT COUNT MOVE_MS FAULTS\n", stderr);
        return 2;
    }
    registry.move_ms = (int64_t)move_ms;
    registry.generations = rb_calloc(registry.count, sizeof(*registry.generations));
    rb_random_seed(&registry.random, 1);
    (void)signal(SIGPIPE, SIG_IGN);
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_ANY)};
    registry.daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, (uint16_t)port, accept_loopback, NULL, on_request,
        &registry, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_CONNECTION_TIMEOUT, 60U,
        MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_END);
    if (registry.daemon == NULL) {
        fprintf(stderr, "moving_registry: cannot listen on port %s\n", argv[1]);
        return 1;
    }
    run(&registry);
}
