/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/hooks/directory.h"

static const struct {
    const char *name;
    struct rb_source source;
} SOURCES[] = {
    {"shop/code",
     {.kind = RB_SOURCE_GIT,
      .git = {.url = "https://git.example.com/shop/code.git", .branch = "main"}}},
    {"shop/next",
     {.kind = RB_SOURCE_GIT,
      .git = {.url = "https://git.example.com/shop/code.git", .branch = "next"}}},
    {"base/code",
     {.kind = RB_SOURCE_GIT,
      .git = {.url = "ssh://git@git.example.com/shop/code", .branch = "main"}}},
    {"dc/repo",
     {.kind = RB_SOURCE_GIT,
      .git = {.url = "https://bb.example.com/scm/PROJ/repo.git", .branch = "main"}}},
    {"local/repo",
     {.kind = RB_SOURCE_GIT, .git = {.url = "file:///srv/git/team/repo.git", .branch = "main"}}},
    {"control/fleet",
     {.kind = RB_SOURCE_PIPELINE,
      .git = {.url = "https://git.example.com/fleet.git", .branch = "main", .path = "."}}},
    {"base/debian",
     {.kind = RB_SOURCE_IMAGE,
      .image = {.repository = "docker.io/library/debian", .tag = "bookworm"}}},
    {"shop/app",
     {.kind = RB_SOURCE_IMAGE,
      .image = {.repository = "registry.example.com:5000/shop/app", .tag = "1"}}},
    {"base/security",
     {.kind = RB_SOURCE_APT,
      .apt = {.url = "https://mirror.example.com/debian", .suite = "bookworm-security"}}},
    {"base/stable",
     {.kind = RB_SOURCE_APT,
      .apt = {.url = "https://mirror.example.com/debian",
              .suite = "stable",
              .codename = "bookworm"}}},
    {"base/flat",
     {.kind = RB_SOURCE_APT, .apt = {.url = "https://mirror.example.com/flat", .suite = "./"}}},
    {"el/baseos",
     {.kind = RB_SOURCE_RPM, .rpm = {.url = "https://mirror.example.com/EL/9/BaseOS/"}}},
    {"el/listed",
     {.kind = RB_SOURCE_RPM, .rpm = {.mirrorlist = "https://mirrors.example.com/list?repo=9"}}},
    {"alpine/main", {.kind = RB_SOURCE_APK, .apk = {.url = "http://apk.example.com:8080"}}},
    {"shop/python",
     {.kind = RB_SOURCE_PYPI, .language = {.url = "https://pypi.example.com/simple"}}},
    {"tools/kubectl",
     {.kind = RB_SOURCE_HTTP,
      .file = {.url = "https://files.example.com/get?name=kubectl",
               .checksums = "https://files.example.com/SHA256SUMS"}}},
    {"tags/releases",
     {.kind = RB_SOURCE_GIT,
      .git = {.url = "https://git.example.com/tools/jq", .tags = {.semver = "^1.7"}}}},
    {"tags/nightly",
     {.kind = RB_SOURCE_GIT,
      .git = {.url = "https://git.example.com/tools/jq",
              .tags = {.match = "nightly-([0-9]+)", .order = "numeric"}}}},
    {"images/semver",
     {.kind = RB_SOURCE_IMAGE,
      .image = {.repository = "quay.io/tools/jq",
                .tags = {.glob = "1.*", .semver = "*"},
                .signed_by = "/etc/key.pub"}}},
    {"images/pinned",
     {.kind = RB_SOURCE_IMAGE, .image = {.repository = "quay.io/tools/jq", .digest = "sha256:00"}}},
};

/* Names of what a thing finds, "a b"; numbers stand for the source, 0 and 2 being one upstream. */
static char *find(const struct rb_hook_thing *thing, const char *const *globs)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_hook_directory *directory = rb_hook_directory_new();
    struct rb_strbuf text = RB_STRBUF_INIT(4096);
    struct rb_hook_thing copy = *thing;
    const struct rb_hook_news news = {.things = &copy, .count = 1};
    struct rb_hook_match *matches;
    for (size_t i = 0; i < RB_COUNT_OF(SOURCES); i++)
        rb_hook_directory_add(directory, SOURCES[i].name, &SOURCES[i].source, i);
    size_t count = rb_hook_directory_find(directory, &news, globs, arena, &matches);
    rb_strbuf_puts(&text, "");
    for (size_t i = 0; i < count; i++)
        rb_strbuf_printf(&text, "%s%s", i == 0 ? "" : " ", matches[i].name);
    rb_hook_directory_free(directory);
    return rb_strbuf_steal(&text);
}

static bool same_words(const char *found, const char *expected)
{
    size_t count = 0, words = *expected != '\0';
    for (const char *at = expected; *at != '\0'; at++)
        words += *at == ' ';
    RB_CLEANUP_FREE char *copy = rb_strdup(found);
    char *rest = NULL;
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        count++;
        if (strstr(expected, word) == NULL)
            return false;
    }
    return count == words;
}

struct find_case {
    struct rb_hook_thing thing;
    const char *names;
};

static void check_cases(const struct find_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        RB_CLEANUP_FREE char *found = find(&cases[i].thing, NULL);
        if (!same_words(found, cases[i].names))
            fail_msg("%s %s: found \"%s\", not \"%s\"", cases[i].thing.where,
                     cases[i].thing.what == NULL ? "-" : cases[i].thing.what, found,
                     cases[i].names);
    }
}

static void a_push_finds_what_follows_its_ref(void **state)
{
    static const struct find_case cases[] = {
        {{RB_HOOK_GIT, "https://git.example.com/shop/code.git", "refs/heads/main"},
         "shop/code base/code"},
        {{RB_HOOK_GIT, "https://git.example.com/shop/code.git", "refs/heads/next"}, "shop/next"},
        {{RB_HOOK_GIT, "https://git.example.com/shop/code.git", "refs/heads/other"}, ""},
        {{RB_HOOK_GIT, "https://git.example.com/shop/code.git", "refs/tags/main"}, ""},
        {{RB_HOOK_GIT, "git@git.example.com:shop/code.git", NULL}, "shop/code shop/next base/code"},
        {{RB_HOOK_GIT, "ssh://git@GIT.example.com:2222/Shop/Code", "main"}, "shop/code base/code"},
        {{RB_HOOK_GIT, "https://git.internal/shop/code.git/", "refs/heads/next"}, "shop/next"},
        {{RB_HOOK_GIT, "https://git.example.com/code.git", NULL}, ""},
        {{RB_HOOK_GIT, "https://git.example.com/shop/codes.git", NULL}, ""},
        {{RB_HOOK_GIT, "/PROJ/repo", "refs/heads/main"}, "dc/repo"},
        {{RB_HOOK_GIT, "http://localhost:3000/team/repo.git", "refs/heads/main"}, "local/repo"},
        {{RB_HOOK_GIT, "git@git.example.com:fleet.git", "refs/heads/main"}, "control/fleet"},
        {{RB_HOOK_GIT, "https://git.example.com/tools/jq", "refs/tags/v1.7.1"}, "tags/releases"},
        {{RB_HOOK_GIT, "https://git.example.com/tools/jq", "v1.8.0"}, "tags/releases"},
        {{RB_HOOK_GIT, "https://git.example.com/tools/jq", "refs/tags/v2.0.0"}, ""},
        {{RB_HOOK_GIT, "https://git.example.com/tools/jq", "refs/tags/nightly-12"}, "tags/nightly"},
        {{RB_HOOK_GIT, "https://git.example.com/tools/jq", "refs/heads/nightly-12"}, ""},
        {{RB_HOOK_GIT, "https://git.example.com/tools/jq", NULL}, "tags/releases tags/nightly"},
        {{RB_HOOK_GIT, "", NULL}, ""},
        {{RB_HOOK_GIT, "/", NULL}, ""},
        {{RB_HOOK_GIT, "://@:/", NULL}, ""},
    };
    (void)state;
    check_cases(cases, RB_COUNT_OF(cases));
}

static void a_pushed_image_finds_what_follows_its_tag(void **state)
{
    static const struct find_case cases[] = {
        {{RB_HOOK_IMAGE, "docker.io/library/debian", "bookworm"}, "base/debian"},
        {{RB_HOOK_IMAGE, "docker.io/library/debian", "sid"}, ""},
        {{RB_HOOK_IMAGE, "registry.example.com:5000/shop/app", NULL}, "shop/app"},
        {{RB_HOOK_IMAGE, "registry:5000/shop/app", "1"}, "shop/app"},
        {{RB_HOOK_IMAGE, "registry.example.com:5000/app", "1"}, ""},
        {{RB_HOOK_IMAGE, "quay.io/tools/jq", "1.7"}, ""}, /* no semantic version */
        {{RB_HOOK_IMAGE, "quay.io/tools/jq", "1.7.1"}, "images/semver"},
        {{RB_HOOK_IMAGE, "quay.io/tools/jq", "2.0.0"}, ""},
        {{RB_HOOK_IMAGE, "quay.io/tools/jq", "sha256-ab.sig"}, "images/semver"},
        {{RB_HOOK_IMAGE, "quay.io/tools/jq", NULL}, "images/semver images/pinned"},
    };
    (void)state;
    check_cases(cases, RB_COUNT_OF(cases));
}

static void a_url_finds_what_is_read_below_it(void **state)
{
    static const struct find_case cases[] = {
        {{RB_HOOK_URL, "https://mirror.example.com/debian/", NULL}, "base/security base/stable"},
        {{RB_HOOK_URL, "http://Mirror.example.com/debian/dists/bookworm-security/InRelease", NULL},
         "base/security"},
        {{RB_HOOK_URL, "https://mirror.example.com/debian/dists/bookworm", NULL}, "base/stable"},
        {{RB_HOOK_URL, "https://mirror.example.com/debian/dists/sid/InRelease", NULL}, ""},
        {{RB_HOOK_URL, "https://mirror.example.com/debian/pool/main/c/curl.deb", NULL},
         "base/security base/stable"},
        {{RB_HOOK_URL, "https://mirror.example.com/debian-other/dists/stable", NULL}, ""},
        {{RB_HOOK_URL, "https://mirror.example.com/", NULL}, ""},
        {{RB_HOOK_URL, "https://mirror.example.com/flat/Packages", NULL}, "base/flat"},
        {{RB_HOOK_URL, "https://mirror.example.com/EL/9/BaseOS/repodata/repomd.xml", NULL},
         "el/baseos"},
        {{RB_HOOK_URL, "https://mirrors.example.com/list?repo=9", NULL}, "el/listed"},
        {{RB_HOOK_URL, "https://mirrors.example.com/list?repo=8", NULL}, ""},
        {{RB_HOOK_URL, "http://apk.example.com:8080/x86_64/APKINDEX.tar.gz", NULL}, "alpine/main"},
        {{RB_HOOK_URL, "http://apk.example.com/x86_64/APKINDEX.tar.gz", NULL}, ""},
        {{RB_HOOK_URL, "https://pypi.example.com/simple/flask/", NULL}, "shop/python"},
        {{RB_HOOK_URL, "https://files.example.com/get?name=kubectl", NULL}, "tools/kubectl"},
        {{RB_HOOK_URL, "https://files.example.com/SHA256SUMS", NULL}, "tools/kubectl"},
        {{RB_HOOK_URL, "https://files.example.com/SHA256SUMS/other", NULL}, ""},
        {{RB_HOOK_URL, "", NULL}, ""},
        {{RB_HOOK_URL, "//", NULL}, ""},
    };
    (void)state;
    check_cases(cases, RB_COUNT_OF(cases));
}

static void a_name_finds_its_sources(void **state)
{
    static const struct find_case cases[] = {
        {{RB_HOOK_SOURCE, "base/*", NULL},
         "base/code base/debian base/security base/stable base/flat"},
        {{RB_HOOK_SOURCE, "base/security", NULL}, "base/security"},
        {{RB_HOOK_SOURCE, "security", NULL}, ""},
    };
    (void)state;
    check_cases(cases, RB_COUNT_OF(cases));
}

static void a_hook_checks_only_what_it_may(void **state)
{
    static const char *const globs[] = {"base/*", NULL}, *const nothing[] = {NULL};
    const struct rb_hook_thing thing = {RB_HOOK_GIT, "https://git.example.com/shop/code", NULL};
    (void)state;
    RB_CLEANUP_FREE char *some = find(&thing, globs);
    RB_CLEANUP_FREE char *none = find(&thing, nothing);
    assert_string_equal(some, "base/code");
    assert_string_equal(none, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_push_finds_what_follows_its_ref),
        cmocka_unit_test(a_pushed_image_finds_what_follows_its_tag),
        cmocka_unit_test(a_url_finds_what_is_read_below_it),
        cmocka_unit_test(a_name_finds_its_sources),
        cmocka_unit_test(a_hook_checks_only_what_it_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
