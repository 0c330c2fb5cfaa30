/* SPDX-License-Identifier: Apache-2.0 */
/* The socket: who may connect, what is replaced, what is refused, what is left behind. */
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "api_fixture.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"

static int check_now(void *context, int64_t source_id, struct rb_err *err)
{
    (void)context;
    (void)source_id;
    (void)err;
    return 0;
}

static int start_at(struct api_fixture *fixture, const char *path, struct rb_api **ret_api,
                    struct rb_err *err)
{
    const struct rb_api_options options = {.loop = fixture->loop,
                                           .store = fixture->base->store,
                                           .clock = &fixture->base->clock,
                                           .socket_path = path,
                                           .version = "1",
                                           .check_now = check_now};
    return rb_api_start(&options, ret_api, err);
}

/* A socket whose owner is gone, as kill -9 leaves it. */
static void leave_stale_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(close(fd), 0);
}

static void only_the_owner_may_connect(void **state)
{
    struct api_fixture *fixture = *state;
    const char *path = fixture_path(fixture->base, "open");
    struct rb_err err;
    struct rb_api *api;
    struct stat file;
    mode_t mask = umask(0);
    assert_ok(start_at(fixture, path, &api, &err), &err);
    (void)umask(mask);
    assert_int_equal(stat(path, &file), 0);
    assert_true(S_ISSOCK(file.st_mode));
    assert_int_equal(file.st_mode & 0777, 0600);
    rb_api_stop(api);
    assert_false(rb_file_exists(path));
}

static void stale_socket_is_replaced(void **state)
{
    struct api_fixture *fixture = *state;
    const char *path = fixture_path(fixture->base, "stale");
    struct rb_err err;
    struct rb_api *api;
    leave_stale_socket(path);
    assert_ok(start_at(fixture, path, &api, &err), &err);
    fixture->socket_path = path;
    assert_int_equal(api_ask(fixture, "GET", "/v1/healthz", NULL).status, 200);
    rb_api_stop(api);
}

static void live_socket_is_refused(void **state)
{
    struct api_fixture *fixture = *state;
    struct rb_err err;
    struct rb_api *api = NULL;
    assert_int_equal(start_at(fixture, fixture->socket_path, &api, &err), RB_EEXIST);
    assert_non_null(strstr(err.text, "another program answers on"));
    assert_null(api);
    assert_int_equal(api_ask(fixture, "GET", "/v1/healthz", NULL).status, 200);
}

static void bad_paths_are_refused(void **state)
{
    struct api_fixture *fixture = *state;
    const char *file = fixture_path(fixture->base, "file");
    char longer[200];
    struct rb_err err;
    struct rb_api *api;
    assert_ok(rb_file_write_atomic(file, "x", 1, 0600, &err), &err);
    assert_int_equal(start_at(fixture, file, &api, &err), RB_EEXIST);
    assert_true(rb_file_exists(file));
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(start_at(fixture, longer, &api, &err), RB_EINVALID);
    assert_int_equal(start_at(fixture, fixture_path(fixture->base, "no/folder"), &api, &err),
                     RB_ENOTFOUND);
}

static void path_taken_by_another_is_left(void **state)
{
    struct api_fixture *fixture = *state;
    const char *path = fixture_path(fixture->base, "taken");
    struct rb_err err;
    struct rb_api *api;
    assert_ok(start_at(fixture, path, &api, &err), &err);
    assert_int_equal(unlink(path), 0);
    leave_stale_socket(path);
    rb_api_stop(api);
    assert_true(rb_file_exists(path));
}

static void stop_with_an_open_connection(void **state)
{
    struct api_fixture *fixture = *state;
    assert_int_equal(api_ask(fixture, "GET", "/v1/healthz", NULL).status, 200);
    rb_api_stop(rb_steal(&fixture->api)); /* the client keeps its connection for the next request */
    assert_false(rb_file_exists(fixture->socket_path));
    rb_api_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_the_owner_may_connect, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(stale_socket_is_replaced, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(live_socket_is_refused, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(bad_paths_are_refused, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(path_taken_by_another_is_left, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(stop_with_an_open_connection, api_setup, api_teardown),
    };
    return cmocka_run_group_tests_name("api socket", tests, NULL, NULL);
}
