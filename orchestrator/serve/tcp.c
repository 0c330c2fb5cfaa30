/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/serve/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebake/base/memory.h"
#include "rebake/pipelines/settings.h"

enum { BACKLOG = 511, ADDRESS_SIZE = 16, MAPPED_SIZE = 12 };

static socklen_t make_address(const char *host, int port, struct sockaddr_storage *out)
{
    struct sockaddr_in *four = (struct sockaddr_in *)out;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
    *out = (struct sockaddr_storage){0};
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)port);
        return sizeof(*four);
    }
    RB_ASSERT(inet_pton(AF_INET6, host, &six->sin6_addr) == 1);
    six->sin6_family = AF_INET6;
    six->sin6_port = htons((uint16_t)port);
    return sizeof(*six);
}

int rb_tcp_listen(const char *address, int *ret_fd, struct rb_err *err)
{
    struct sockaddr_storage bound;
    char host[RB_HOST_SIZE];
    int port, on = 1;
    if (!rb_listen_address_split(address, host, &port))
        return rb_err_set(err, RB_EINVALID, "%s is not an address with a port", address);
    socklen_t size = make_address(host, port, &bound);
    int fd = socket(bound.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return rb_err_sys(err, errno, "make a socket for %s", address);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&bound, size) == 0 && listen(fd, BACKLOG) == 0) {
        *ret_fd = fd;
        return 0;
    }
    int number = errno;
    (void)close(fd);
    if (number == EADDRINUSE)
        return rb_err_set(err, RB_EEXIST,
                          "another program listens on %s: stop it, or choose another address",
                          address);
    return rb_err_sys(err, number, "listen on %s", address);
}

/* The bytes of an address; one of IPv4 in IPv6's clothes (RFC 4291 section 2.5.5.2) is IPv4. */
static size_t bytes_of(const struct sockaddr *address, unsigned char *out)
{
    static const unsigned char mapped[MAPPED_SIZE] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (address->sa_family == AF_INET) {
        memcpy(out, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
        return 4;
    }
    if (address->sa_family != AF_INET6)
        return 0;
    memcpy(out, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, ADDRESS_SIZE);
    if (memcmp(out, mapped, MAPPED_SIZE) != 0)
        return ADDRESS_SIZE;
    memmove(out, out + MAPPED_SIZE, 4);
    return 4;
}

static bool is_in(const unsigned char *bytes, size_t size, const char *network)
{
    unsigned char wanted[ADDRESS_SIZE];
    char host[RB_HOST_SIZE];
    size_t host_size = strcspn(network, "/"), bits = size * 8;
    if (host_size >= sizeof(host))
        return false;
    memcpy(host, network, host_size);
    host[host_size] = '\0';
    if (inet_pton(size == 4 ? AF_INET : AF_INET6, host, wanted) != 1)
        return false;
    if (network[host_size] == '/')
        bits = (size_t)strtoul(network + host_size + 1, NULL, 10);
    unsigned rest = bits % 8;
    unsigned char mask = (unsigned char)(0xff00U >> rest);
    return memcmp(bytes, wanted, bits / 8) == 0 &&
           (rest == 0 || ((bytes[bits / 8] ^ wanted[bits / 8]) & mask) == 0);
}

bool rb_tcp_is_in(const struct sockaddr *address, const char *const *networks)
{
    unsigned char bytes[ADDRESS_SIZE];
    size_t size = bytes_of(address, bytes);
    for (; size > 0 && *networks != NULL; networks++) {
        if (is_in(bytes, size, *networks))
            return true;
    }
    return false;
}
