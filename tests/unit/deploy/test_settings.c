/* SPDX-License-Identifier: Apache-2.0 */
/* Real answers of podman for containers that are as they were deployed, and for one that somebody
   made by hand in their place; then each setting that matters, changed alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "rebake/base/memory.h"

static const char PLAIN[] =
    "{\"container\": \"shop-production\", \"network\": \"host\", \"environment\": [\"A=1\"],"
    " \"volumes\": [\"named:/var/lib/x\", \"/srv/settings:/opt/deep/file:ro\"],"
    " \"drop\": [\"all\"], \"add\": []}";

static const char READ_ONLY[] =
    "{\"container\": \"shop-production\", \"network\": \"host\", \"readOnly\": true,"
    " \"environment\": [\"A=1\", \"B=two words\", \"C=\"],"
    " \"volumes\": [\"/srv/data/:/data/:ro\", \"named:/var/lib/x\", \"/srv2\"],"
    " \"command\": [\"/bin/sh\", \"-c\", \"trap exit TERM; while :; do sleep 0.2; done\"],"
    " \"drop\": [\"net_raw\", \"CAP_MKNOD\"], \"add\": [\"sys_time\"]}";

static char *compare_recorded(const char *digest, const char *podman, const char *name)
{
    RB_CLEANUP_JSON json_t *spec = make_spec(digest, podman, "[]");
    RB_CLEANUP_JSON json_t *answer = read_recorded(name);
    RB_CLEANUP_JSON json_t *drift = rb_json_array();
    struct deploy_target target = read_target(spec);
    take_label(&target, first_of(answer));
    deploy_compare_settings(&target, first_of(answer), drift);
    return drift_text(drift);
}

static void test_as_deployed(void **state)
{
    (void)state;
    RB_CLEANUP_FREE char *plain = compare_recorded(DIGEST_1, PLAIN, "inspect-plain.json");
    RB_CLEANUP_FREE char *read_only =
        compare_recorded(DIGEST_2, READ_ONLY, "inspect-readonly.json");
    assert_string_equal(plain, "");
    assert_string_equal(read_only, "");
}

static void test_made_by_hand(void **state)
{
    (void)state;
    RB_CLEANUP_FREE char *text = compare_recorded(DIGEST_1, READ_ONLY, "inspect-byhand.json");
    assert_string_equal(
        text, "digest registry.example.com/shop/app: " DIGEST_1 " -> " DIGEST_2 "\n"
              "configuration command: /bin/sh -c trap exit TERM; while :; do sleep 0.2; done -> "
              "/bin/sh -c sleep 1000\n"
              "configuration environment A: as given -> not as given\n"
              "configuration environment B: as given -> not as given\n"
              "configuration environment C: as given -> not as given\n"
              "configuration read-only root: true -> false\n"
              "configuration privileged: false -> true\n"
              "configuration no-new-privileges: true -> false\n"
              "configuration security option seccomp=unconfined: not set -> set\n"
              "configuration pid namespace: its own -> host\n"
              "configuration capability CAP_MKNOD: dropped -> held\n"
              "configuration capability CAP_NET_RAW: dropped -> held\n"
              "configuration mount /data: /srv/data/:/data/:ro -> /srv\n"
              "configuration mount /var/lib/x: named:/var/lib/x -> none\n"
              "configuration mount /srv2: /srv2 -> none\n"
              "configuration mount /hostetc: none -> /etc\n");
}

/* Puts value (JSON) at the path "Member/Member" of the container. */
static void change(json_t *container, const char *path, const char *value)
{
    RB_CLEANUP_FREE char *names = rb_strdup(path);
    RB_CLEANUP_FREE char *text = rb_asprintf("[%s]", value);
    RB_CLEANUP_JSON json_t *values = parse_text(text);
    char *name = names, *slash;
    for (; (slash = strchr(name, '/')) != NULL; name = slash + 1) {
        *slash = '\0';
        container = json_object_get(container, name);
        assert_non_null(container);
    }
    rb_json_set(container, name, json_incref(json_array_get(values, 0)));
}

static const struct {
    const char *path;
    const char *value;
    const char *drift; /* "": none */
} CHANGES[] = {
    {"State/Status", "\"running\"", ""},
    {"State/Status", "\"paused\"", "stopped shop-production: running -> paused\n"},
    {"State", "{\"Status\": \"exited\", \"ExitCode\": 137}",
     "stopped shop-production: running -> exited (137)\n"},
    {"State", "null", "stopped shop-production: running -> unknown\n"},
    {"ImageDigest", "\"" DIGEST_2 "\"",
     "digest registry.example.com/shop/app: " DIGEST_1 " -> " DIGEST_2 "\n"},
    {"ImageDigest", "null", "digest registry.example.com/shop/app: " DIGEST_1 " -> unknown\n"},
    {"Config/Labels/io.rebake.deployment", "\"other\"",
     "configuration label io.rebake.deployment: shop/production -> other\n"},
    {"Config/Labels/io.rebake.deployment", "null",
     "configuration label io.rebake.deployment: shop/production -> \n"},
    {"Config/Cmd", "[\"/bin/other\"]", ""}, /* the image's own is not ours to judge */
    {"Config/Env", "[\"A=1\", \"PATH=/other\"]", ""},
    {"Config/Env", "[\"A=2\"]", "configuration environment A: as given -> not as given\n"},
    {"Config/Env", "[\"A=12\"]", "configuration environment A: as given -> not as given\n"},
    {"HostConfig/ReadonlyRootfs", "true", "configuration read-only root: false -> true\n"},
    {"HostConfig/Privileged", "true", "configuration privileged: false -> true\n"},
    {"HostConfig/SecurityOpt", "[]", "configuration no-new-privileges: true -> false\n"},
    {"HostConfig/SecurityOpt", "[\"no-new-privileges\", \"label=disable\"]",
     "configuration security option label=disable: not set -> set\n"},
    {"HostConfig/SecurityOpt", "[\"no-new-privileges\", \"apparmor=containers-default\"]", ""},
    {"HostConfig/PidMode", "\"host\"", "configuration pid namespace: its own -> host\n"},
    {"HostConfig/IpcMode", "\"host\"", "configuration ipc namespace: its own -> host\n"},
    {"HostConfig/UTSMode", "\"host\"", "configuration uts namespace: its own -> host\n"},
    {"HostConfig/Memory", "1000000", ""},
    {"OCIRuntime", "\"crun\"", ""},
    {"BoundingCaps", "[\"CAP_CHOWN\"]", "configuration capability CAP_CHOWN: dropped -> held\n"},
    {"BoundingCaps", "null", ""},
    {"HostConfig/NetworkMode", "\"bridge\"", "configuration network: host -> bridge\n"},
    {"Mounts", "[]",
     "configuration mount /var/lib/x: named:/var/lib/x -> none\n"
     "configuration mount /opt/deep/file: /srv/settings:/opt/deep/file:ro -> none\n"},
    {"Mounts",
     "[{\"Type\": \"volume\", \"Name\": \"other\", \"Source\": \"/v/other\","
     "  \"Destination\": \"/var/lib/x\", \"RW\": true},"
     " {\"Type\": \"bind\", \"Source\": \"/srv/settings\", \"Destination\": \"/opt/deep/file\","
     "  \"RW\": true}]",
     "configuration mount /var/lib/x: named:/var/lib/x -> /v/other\n"
     "configuration mount /opt/deep/file: /srv/settings:/opt/deep/file:ro -> /srv/settings\n"},
};

static void test_each_setting(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(CHANGES); i++) {
        RB_CLEANUP_JSON json_t *spec = make_spec(DIGEST_1, PLAIN, "[]");
        RB_CLEANUP_JSON json_t *answer = read_recorded("inspect-plain.json");
        RB_CLEANUP_JSON json_t *drift = rb_json_array();
        struct deploy_target target = read_target(spec);
        take_label(&target, first_of(answer));
        change(first_of(answer), CHANGES[i].path, CHANGES[i].value);
        deploy_compare_settings(&target, first_of(answer), drift);
        RB_CLEANUP_FREE char *text = drift_text(drift);
        if (strcmp(text, CHANGES[i].drift) != 0)
            fail_msg("%s = %s: %s", CHANGES[i].path, CHANGES[i].value, text);
    }
}

/* What was built on the machine that it runs on has two digests in podman's storage. */
static void test_an_image_of_several_digests(void **state)
{
    static const struct {
        const char *digests; /* JSON */
        bool differs;
    } ROWS[] = {
        {"[\"localhost/built@" DIGEST_2 "\", \"registry.example.com/shop/app@" DIGEST_1 "\"]",
         false},
        {"[\"localhost/built@" DIGEST_2 "\"]", true},
        {"[null, \"" DIGEST_1 "\"]", true},
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        RB_CLEANUP_JSON json_t *spec = make_spec(DIGEST_1, PLAIN, "[]");
        RB_CLEANUP_JSON json_t *answer = read_recorded("inspect-plain.json");
        RB_CLEANUP_JSON json_t *drift = rb_json_array();
        struct deploy_target target = read_target(spec);
        take_label(&target, first_of(answer));
        change(first_of(answer), "ImageDigest", "\"" DIGEST_2 "\"");
        change(first_of(answer), "RepoDigests", ROWS[i].digests);
        deploy_compare_settings(&target, first_of(answer), drift);
        assert_int_equal(json_array_size(drift), ROWS[i].differs);
    }
}

static void test_another_spec(void **state)
{
    (void)state;
    RB_CLEANUP_JSON json_t *spec = make_spec(DIGEST_1, PLAIN, "[]");
    RB_CLEANUP_JSON json_t *answer = read_recorded("inspect-plain.json");
    RB_CLEANUP_JSON json_t *drift = rb_json_array();
    struct deploy_target target = read_target(spec);
    deploy_compare_settings(&target, first_of(answer), drift);
    RB_CLEANUP_FREE char *text = drift_text(drift);
    assert_int_equal(strncmp(text, "configuration label io.rebake.spec: ", 36), 0);
    assert_int_equal(json_array_size(drift), 1);
}

/* What podman has none of is told once for all of it. */
static void test_an_answer_without_anything(void **state)
{
    (void)state;
    RB_CLEANUP_JSON json_t *spec = make_spec(DIGEST_2, READ_ONLY, "[]");
    RB_CLEANUP_JSON json_t *nothing = rb_json_object();
    RB_CLEANUP_JSON json_t *drift = rb_json_array();
    struct deploy_target target = read_target(spec);
    deploy_compare_settings(&target, nothing, drift);
    assert_true(json_array_size(drift) > 10);
}

static void test_networks(void **state)
{
    (void)state;
    static const struct {
        const char *wanted; /* JSON */
        const char *mode;
        const char *networks; /* JSON */
        bool differs;
    } ROWS[] = {
        {"null", "bridge", "{}", false},
        {"null", "slirp4netns", "null", false},
        {"null", "host", "null", true},
        {"\"none\"", "none", "null", false},
        {"\"none\"", "host", "null", true},
        {"\"web\"", "bridge", "{\"web\": {}}", false},
        {"\"web\"", "bridge", "{\"podman\": {}}", true},
        {"\"slirp4netns:port_handler=slirp4netns\"", "slirp4netns", "null", false},
        {"\"web,db\"", "bridge", "{\"web\": {}, \"db\": {}}", false},
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        RB_CLEANUP_FREE char *podman = rb_asprintf(
            "{\"container\": \"shop-production\", \"network\": %s, \"drop\": [\"all\"],"
            " \"volumes\": [\"named:/var/lib/x\", \"/srv/settings:/opt/deep/file:ro\"]}",
            ROWS[i].wanted);
        RB_CLEANUP_FREE char *mode = rb_asprintf("\"%s\"", ROWS[i].mode);
        RB_CLEANUP_JSON json_t *spec = make_spec(DIGEST_1, podman, "[]");
        RB_CLEANUP_JSON json_t *answer = read_recorded("inspect-plain.json");
        RB_CLEANUP_JSON json_t *drift = rb_json_array();
        struct deploy_target target = read_target(spec);
        take_label(&target, first_of(answer));
        change(first_of(answer), "HostConfig/NetworkMode", mode);
        change(first_of(answer), "NetworkSettings/Networks", ROWS[i].networks);
        deploy_compare_settings(&target, first_of(answer), drift);
        if (json_array_size(drift) != ROWS[i].differs)
            fail_msg("%s on %s", ROWS[i].wanted, ROWS[i].mode);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_deployed),  cmocka_unit_test(test_made_by_hand),
        cmocka_unit_test(test_each_setting), cmocka_unit_test(test_an_image_of_several_digests),
        cmocka_unit_test(test_another_spec), cmocka_unit_test(test_an_answer_without_anything),
        cmocka_unit_test(test_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
