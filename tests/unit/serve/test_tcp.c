/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "rebake/base/memory.h"
#include "rebake/serve/tcp.h"

static bool is_in(const char *address, const char *network)
{
    const char *const networks[] = {"192.0.2.1", network, NULL};
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
        return rb_tcp_is_in((struct sockaddr *)&four, networks);
    assert_int_equal(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
    return rb_tcp_is_in((struct sockaddr *)&six, networks);
}

static void networks_hold_their_addresses(void **state)
{
    static const struct {
        const char *address;
        const char *network;
        bool inside;
    } cases[] = {
        {"10.0.0.7", "10.0.0.7", true},
        {"10.0.0.8", "10.0.0.7", false},
        {"10.255.0.1", "10.0.0.0/8", true},
        {"11.0.0.1", "10.0.0.0/8", false},
        {"172.31.255.255", "172.16.0.0/12", true},
        {"172.32.0.0", "172.16.0.0/12", false},
        {"203.0.113.9", "0.0.0.0/0", true},
        {"10.0.0.7", "10.0.0.7/32", true},
        {"10.0.0.6", "10.0.0.7/32", false},
        {"::ffff:10.0.0.7", "10.0.0.0/8", true},
        {"::1", "::1", true},
        {"fd12::1", "fd00::/8", true},
        {"fe80::1", "fd00::/8", false},
        {"10.0.0.7", "fd00::/8", false},
        {"::1", "0.0.0.0/0", false},
        {"2001:db8:8000::", "2001:db8::/33", false},
        {"2001:db8:7fff::", "2001:db8::/33", true},
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        if (is_in(cases[i].address, cases[i].network) != cases[i].inside)
            fail_msg("%s in %s", cases[i].address, cases[i].network);
    }
}

/* Nobody in a unix socket's clothes is let in. */
static void other_families_are_in_no_network(void **state)
{
    static const char *const networks[] = {"0.0.0.0/0", "::/0", NULL};
    const struct sockaddr address = {.sa_family = AF_UNIX};
    (void)state;
    assert_false(rb_tcp_is_in(&address, networks));
}

static void an_address_that_is_taken_is_told(void **state)
{
    struct sockaddr_in bound;
    socklen_t size = sizeof(bound);
    struct rb_err err;
    int fd, other;
    (void)state;
    assert_int_equal(rb_tcp_listen("127.0.0.1:0", &fd, &err), RB_EINVALID);
    int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bound = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(probe, (struct sockaddr *)&bound, size), 0);
    assert_int_equal(getsockname(probe, (struct sockaddr *)&bound, &size), 0);
    (void)close(probe);
    RB_CLEANUP_FREE char *address = rb_asprintf("127.0.0.1:%d", ntohs(bound.sin_port));
    assert_int_equal(rb_tcp_listen(address, &fd, &err), 0);
    assert_int_equal(rb_tcp_listen(address, &other, &err), RB_EEXIST);
    assert_non_null(strstr(err.text, address));
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_hold_their_addresses),
        cmocka_unit_test(other_families_are_in_no_network),
        cmocka_unit_test(an_address_that_is_taken_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
