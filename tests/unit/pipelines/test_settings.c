/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/pipelines/settings.h"

#define GOOD(name)     REBAKE_TEST_DIR "/unit/pipelines/settings/good/" name
#define MANUAL         REBAKE_TEST_DIR "/../docs/man/rebaked.conf.5.scd"
#define CLEAN_SETTINGS RB_CLEANUP(rb_settings_cleanup) struct rb_settings

static struct rb_settings *parse(const char *data, size_t size, const char *file)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(1 << 16);
    struct rb_settings *settings = NULL;
    struct rb_err err;
    int status = rb_settings_parse(data, size, file, &settings, &diagnostics, &err);
    rb_diagnostics_print(&diagnostics, &text);
    if (status != 0)
        fail_msg("%s\n%s", err.text, rb_strbuf_text(&text));
    return settings;
}

static struct rb_settings *read_good(const char *path)
{
    RB_CLEANUP_FREE char *data = NULL;
    size_t size;
    assert_int_equal(rb_file_read(path, 1 << 20, &data, &size, NULL), 0);
    return parse(data, size, path);
}

static void what_is_said_is_read(void **state)
{
    (void)state;
    CLEAN_SETTINGS *settings = read_good(GOOD("everything.yaml"));
    assert_string_equal(settings->name, "rebaked");
    assert_string_equal(settings->listen.address, "[::]:8443");
    assert_string_equal(settings->listen.certificate, "/etc/rebake/tls.crt");
    assert_string_equal(settings->listen.key, "/etc/rebake/tls.key");
    assert_null(settings->listen.proxies[0]);
    assert_int_equal(settings->hook_count, 2);
    const struct rb_hook_settings *shop = &settings->hooks[0], *ci = &settings->hooks[1];
    assert_string_equal(shop->name, "shop");
    assert_int_equal(shop->provider, RB_HOOK_GITHUB);
    assert_string_equal(shop->secret, "shop-hook");
    assert_string_equal(shop->previous_secret, "shop-hook-old");
    assert_int_equal(shop->rate_count, 10);
    assert_int_equal(shop->rate_ms, 1000);
    assert_string_equal(shop->sources[1], "base/*");
    assert_int_equal(ci->provider, RB_HOOK_GENERIC);
    assert_string_equal(ci->header, "X-Ci-Signature");
    assert_string_equal(settings->vex[0], "/etc/rebake/vex");
    assert_true(settings->cost_per_minute > 0.0499 && settings->cost_per_minute < 0.0501);
    assert_string_equal(settings->vex[1], "/srv/vex/vendor.json");
    assert_null(settings->vex[2]);
}

static void defaults_are_filled_in(void **state)
{
    (void)state;
    CLEAN_SETTINGS *proxied = read_good(GOOD("proxy.yaml"));
    CLEAN_SETTINGS *nothing = read_good(GOOD("nothing.yaml"));
    const struct rb_hook_settings *hub = &proxied->hooks[0];
    assert_null(proxied->listen.certificate);
    assert_string_equal(proxied->listen.proxies[2], "fd00::/8");
    assert_int_equal(hub->rate_count, 600);
    assert_int_equal(hub->rate_ms, 60 * 1000);
    assert_null(hub->previous_secret);
    assert_null(hub->sources);
    assert_null(nothing->listen.address);
    assert_int_equal(nothing->hook_count, 0);
}

static void the_example_of_the_manual_is_good(void **state)
{
    (void)state;
    RB_CLEANUP_FREE char *manual = NULL;
    assert_int_equal(rb_file_read(MANUAL, 1 << 20, &manual, NULL, NULL), 0);
    const char *begin = strstr(manual, "\n```\n") + strlen("\n```\n");
    CLEAN_SETTINGS *settings =
        parse(begin, (size_t)(strstr(begin, "\n```\n") - begin), "example.yaml");
    assert_int_equal(settings->hook_count, 2);
}

static void addresses_are_split(void **state)
{
    (void)state;
    char host[RB_HOST_SIZE];
    int port;
    assert_true(rb_listen_address_split("127.0.0.1:80", host, &port));
    assert_string_equal(host, "127.0.0.1");
    assert_int_equal(port, 80);
    assert_true(rb_listen_address_split("[::1]:65535", host, &port));
    assert_string_equal(host, "::1");
    assert_false(rb_listen_address_split("::1:80", host, &port));
    assert_false(rb_listen_address_split("[127.0.0.1]:80", host, &port));
    assert_false(rb_listen_address_split(":80", host, &port));
    assert_false(rb_listen_address_split("127.0.0.1:0", host, &port));
    assert_false(rb_listen_address_split("127.0.0.1", host, &port));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_is_read),
        cmocka_unit_test(defaults_are_filled_in),
        cmocka_unit_test(the_example_of_the_manual_is_good),
        cmocka_unit_test(addresses_are_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
