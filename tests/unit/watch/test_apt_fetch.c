/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at a signed repository over real HTTP: what they find, cost, and survive. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "apt_fixture.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/timer.h"

static void a_good_repository_is_read(void **state)
{
    struct apt_fixture *fixture = *state;
    static const char *const REQUESTS[] = {"/dists/stable/InRelease 200",
                                           "/dists/stable/main/binary-amd64/Packages.xz 200", NULL};
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    fetch_good(fixture);
    assert_false(fixture->unchanged);
    assert_int_equal(fixture->offer_count, 1);
    assert_offers(fixture, "hello", "2.10-3");
    assert_requests(fixture, REQUESTS);
    assert_true(fixture->bytes > 1000);
    assert_true(fixture->date_at > 0 && fixture->date_at < fixture->now);
    assert_only_indexes(fixture, 1);
}

/* The hash is of what was signed: the same for both ways to sign, and sha256sum's of a Release. */
static void both_ways_to_sign_have_one_hash(void **state)
{
    struct apt_fixture *fixture = *state;
    static const char *const REQUESTS[] = {"/dists/stable/InRelease 404",
                                           "/dists/stable/Release 200",
                                           "/dists/stable/Release.gpg 200", NULL};
    char hash[RB_SHA256_HEX_SIZE];
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    fetch_good(fixture);
    memcpy(hash, fixture->hash, sizeof(hash));
    test_archive_publish(&fixture->archive, &(struct test_state){.detached = true});
    fetch_good(fixture);
    assert_string_equal(fixture->hash, hash);
    assert_requests(fixture, REQUESTS); /* the index is there already */
    RB_CLEANUP_FREE char *release = rb_asprintf("%s/dists/stable/Release", fixture->archive.folder);
    assert_int_equal(rb_sha256_of_file(release, hash, NULL), 0);
    assert_string_equal(fixture->hash, hash);
}

static void what_has_not_changed_costs_one_request(void **state)
{
    struct apt_fixture *fixture = *state;
    static const char *const NOT_MODIFIED[] = {"/dists/stable/InRelease 304", NULL};
    static const char *const SAME[] = {"/dists/stable/InRelease 200", NULL};
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    fetch_good(fixture);
    remember(fixture);
    fetch_good(fixture);
    assert_true(fixture->unchanged);
    assert_requests(fixture, NOT_MODIFIED);
    assert_true(fixture->bytes < 1000);
    /* signed anew, the content is what it was */
    test_archive_publish(&fixture->archive, &(struct test_state){.sign_with = "--comment again -u "
                                                                              "good@example.com"});
    remember(fixture);
    fetch_good(fixture);
    assert_true(fixture->unchanged);
    assert_requests(fixture, SAME);
}

static void a_lost_index_is_made_again(void **state)
{
    struct apt_fixture *fixture = *state;
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    fetch_good(fixture);
    remember(fixture);
    RB_CLEANUP_FREE char *path = rb_strdup(fixture->index_path);
    test_shell("/", "echo rubbish > '%s'", path);
    fetch_good(fixture);
    assert_false(fixture->unchanged);
    assert_int_equal(fixture->requests, 2);
    assert_string_equal(fixture->index_path, path);
    assert_offers(fixture, "hello", "2.10-3");
}

static void a_new_state_is_found(void **state)
{
    struct apt_fixture *fixture = *state;
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    fetch_good(fixture);
    remember(fixture);
    RB_CLEANUP_FREE char *old = rb_strdup(fixture->hash);
    fixture->request.known_hash = old;
    test_archive_publish(
        &fixture->archive,
        &(struct test_state){.date = "Sat, 11 Jul 2026 10:00:00 UTC",
                             .packages = "Package: hello\nVersion: 2.10-4\nArchitecture: amd64\n\n"
                                         "Package: world\nVersion: 1\nArchitecture: all\n"});
    fetch_good(fixture);
    assert_false(fixture->unchanged);
    assert_string_not_equal(fixture->hash, old);
    assert_int_equal(fixture->offer_count, 2);
    assert_offers(fixture, "hello", "2.10-4");
    assert_only_indexes(fixture, 2);
}

static void by_hash_comes_first_and_falls_back(void **state)
{
    struct apt_fixture *fixture = *state;
    test_archive_publish(&fixture->archive, &(struct test_state){.by_hash = true});
    fetch_good(fixture);
    assert_int_equal(fixture->requests, 2);
    assert_non_null(
        strstr(fixture->archive.requests[1], "/dists/stable/main/binary-amd64/by-hash/SHA256/"));
    test_shell("/", "rm -r '%s'", fixture->folder);
    test_archive_publish(&fixture->archive,
                         &(struct test_state){.by_hash = true,
                                              .by_hash_is_missing = true,
                                              .date = "Sat, 11 Jul 2026 10:00:00 UTC"});
    fetch_good(fixture);
    assert_int_equal(fixture->requests, 3);
    assert_string_equal(fixture->archive.requests[2],
                        "/dists/stable/main/binary-amd64/Packages.xz 200");
}

static void every_compression_is_read(void **state)
{
    struct apt_fixture *fixture = *state;
    static const struct {
        const char *forms;
        const char *listed;
        const char *last;
        int requests;
    } CASES[] = {
        {"xz", "xz plain", "/dists/stable/main/binary-amd64/Packages.xz 200", 2},
        {"zst", "zst plain", "/dists/stable/main/binary-amd64/Packages.zst 200", 2},
        {"gz", "gz", "/dists/stable/main/binary-amd64/Packages.gz 200", 2},
        {"bz2", "bz2 plain", "/dists/stable/main/binary-amd64/Packages.bz2 200", 2},
        {"plain", "plain", "/dists/stable/main/binary-amd64/Packages 200", 2},
        /* what is listed need not be there */
        {"plain", "xz plain", "/dists/stable/main/binary-amd64/Packages 200", 3},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        char date[64];
        (void)snprintf(date, sizeof(date), "Sat, 11 Jul 2026 10:00:%02zu UTC", i);
        test_shell("/", "rm -rf '%s'", fixture->folder);
        test_archive_publish(
            &fixture->archive,
            &(struct test_state){.forms = CASES[i].forms, .listed = CASES[i].listed, .date = date});
        fetch_good(fixture);
        assert_int_equal(fixture->requests, CASES[i].requests);
        assert_string_equal(fixture->archive.requests[fixture->requests - 1], CASES[i].last);
        assert_offers(fixture, "hello", "2.10-3");
    }
    test_shell("/", "rm -rf '%s'", fixture->folder);
    test_archive_publish(
        &fixture->archive,
        &(struct test_state){.forms = "", .date = "Sat, 11 Jul 2026 11:00:00 UTC"});
    fetch_bad(fixture, RB_ENOTFOUND, "Packages: ");
}

static void components_and_architectures_are_read_together(void **state)
{
    struct apt_fixture *fixture = *state;
    static const char *const BOTH[] = {"main", "contrib", NULL};
    static const char *const TWO[] = {"amd64", "arm64", NULL};
    static const char *const REQUESTS[] = {"/dists/stable/InRelease 200",
                                           "/dists/stable/main/binary-amd64/Packages.xz 200",
                                           "/dists/stable/main/binary-arm64/Packages.xz 200",
                                           "/dists/stable/contrib/binary-amd64/Packages.xz 200",
                                           "/dists/stable/contrib/binary-arm64/Packages.xz 200",
                                           NULL};
    test_archive_publish(
        &fixture->archive,
        &(struct test_state){.more =
                                 "main/binary-arm64 contrib/binary-amd64 contrib/binary-arm64"});
    fixture->request.components = BOTH;
    fixture->request.architectures = TWO;
    fetch_good(fixture);
    assert_requests(fixture, REQUESTS);
    assert_int_equal(fixture->offer_count, 1); /* the same everywhere, and so but once */
    assert_offers(fixture, "hello", "2.10-3");
}

#define STANZA(name, version) "Package: " name "\nVersion: " version "\nArchitecture: amd64\n\n"

/* Publishes a state of which only contrib is another than before. */
static void publish_next(struct apt_fixture *fixture, const char *contrib, const char *date)
{
    test_archive_publish(&fixture->archive, &(struct test_state){.more = "contrib/binary-amd64",
                                                                 .forms = "plain",
                                                                 .listed = "plain",
                                                                 .packages = STANZA("a", "1"),
                                                                 .date = date,
                                                                 .unsigned_release = true});
    test_shell(fixture->archive.folder,
               "cd dists/stable; printf '%%s' '%s' > contrib/binary-amd64/Packages\n"
               "sum=$(sha256sum contrib/binary-amd64/Packages | cut -d' ' -f1)\n"
               "size=$(stat -c %%s contrib/binary-amd64/Packages)\n"
               "sed -i \"s|^ .* contrib/.*| $sum $size contrib/binary-amd64/Packages|\" Release\n"
               "gpg --batch -q -u good@example.com --clearsign -o InRelease Release; rm Release",
               contrib);
}

static void what_has_not_changed_is_not_fetched(void **state)
{
    struct apt_fixture *fixture = *state;
    static const char *const BOTH[] = {"main", "contrib", NULL};
    static const char *const FIRST[] = {"/dists/stable/InRelease 200",
                                        "/dists/stable/main/binary-amd64/Packages 200",
                                        "/dists/stable/contrib/binary-amd64/Packages 200", NULL};
    static const char *const NEXT[] = {"/dists/stable/InRelease 200",
                                       "/dists/stable/contrib/binary-amd64/Packages 200", NULL};
    static const char *const SAME[] = {"/dists/stable/InRelease 200", NULL};
    fixture->request.components = BOTH;
    publish_next(fixture, STANZA("b", "1") STANZA("c", "1"), "Sat, 11 Jul 2026 10:00:00 UTC");
    fetch_good(fixture);
    assert_requests(fixture, FIRST);
    publish_next(fixture, STANZA("b", "1") STANZA("c", "2"), "Sat, 11 Jul 2026 10:00:01 UTC");
    fetch_good(fixture);
    assert_requests(fixture, NEXT);
    assert_int_equal(fixture->offer_count, 3);
    assert_offers(fixture, "a", "1");
    assert_offers(fixture, "b", "1");
    assert_offers(fixture, "c", "2");
    /* a new Release of the same packages */
    publish_next(fixture, STANZA("b", "1") STANZA("c", "2"), "Sat, 11 Jul 2026 10:00:02 UTC");
    fetch_good(fixture);
    assert_requests(fixture, SAME);
    assert_int_equal(fixture->offer_count, 3);
    assert_offers(fixture, "c", "2");
    /* what the next would start from is damaged: then from nothing */
    test_shell(fixture->folder, "for i in *.index; do echo x > $i; done");
    publish_next(fixture, STANZA("b", "1") STANZA("c", "3"), "Sat, 11 Jul 2026 10:00:03 UTC");
    fetch_good(fixture);
    assert_requests(fixture, FIRST);
    assert_offers(fixture, "c", "3");
}

static void a_flat_repository_is_read(void **state)
{
    struct apt_fixture *fixture = *state;
    static const char *const NONE[] = {NULL};
    static const struct {
        const char *below; /* of the URL */
        const char *suite;
    } CASES[] = {{"/dists/stable", "./"}, {"/dists/stable", "/"}, {"/dists", "stable/"},
                 {"/dists", "./stable/"}, {"", "dists/stable/"},  {"", "./dists/stable//"}};
    static const char *const REQUESTS[] = {"/dists/stable/InRelease 200",
                                           "/dists/stable/Packages.xz 200", NULL};
    fixture->request.components = NONE;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP_FREE char *url = rb_asprintf("%s%s", fixture->url, CASES[i].below);
        fixture->request.url = url;
        fixture->request.suite = CASES[i].suite;
        test_shell("/", "rm -rf '%s'", fixture->folder);
        test_archive_publish(&fixture->archive,
                             &(struct test_state){.is_flat = true, .suite = "any"});
        fetch_good(fixture);
        assert_requests(fixture, REQUESTS);
        assert_offers(fixture, "hello", "2.10-3");
    }
    /* with a detached signature, and by hash */
    test_shell("/", "rm -rf '%s'", fixture->folder);
    test_archive_publish(&fixture->archive,
                         &(struct test_state){.is_flat = true, .by_hash = true, .detached = true});
    fixture->request.url = fixture->url;
    fetch_good(fixture);
    assert_int_equal(fixture->requests, 4);
    assert_non_null(strstr(fixture->archive.requests[3], "/dists/stable/by-hash/SHA256/"));
}

static void an_empty_index_is_no_error(void **state)
{
    struct apt_fixture *fixture = *state;
    test_archive_publish(&fixture->archive,
                         &(struct test_state){.packages = "", .forms = "xz plain"});
    fetch_good(fixture);
    assert_int_equal(fixture->offer_count, 0);
    test_archive_publish(&fixture->archive,
                         &(struct test_state){.packages = "",
                                              .forms = "plain",
                                              .date = "Sat, 11 Jul 2026 11:00:00 UTC"});
    fetch_good(fixture);
    assert_int_equal(fixture->offer_count, 0);
}

static void what_the_repository_lacks_is_told(void **state)
{
    struct apt_fixture *fixture = *state;
    static const char *const CONTRIB[] = {"main", "contrib", NULL}, *const ARM[] = {"arm64", NULL};
    const char *const *main_only = fixture->request.components;
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    fixture->request.components = CONTRIB;
    fetch_bad(fixture, RB_ENOTFOUND, "no packages of component \"contrib\" for \"amd64\"");
    fixture->request.components = main_only;
    fixture->request.architectures = ARM;
    fetch_bad(fixture, RB_ENOTFOUND, "no packages of component \"main\" for \"arm64\"");
}

static void a_folder_of_this_machine_is_read(void **state)
{
    struct apt_fixture *fixture = *state;
    static const char *const PREFIXES[] = {"file:", "file://"};
    test_archive_publish(&fixture->archive, &(struct test_state){.by_hash = true});
    for (size_t i = 0; i < RB_COUNT_OF(PREFIXES); i++) {
        RB_CLEANUP_FREE char *url = rb_asprintf("%s%s", PREFIXES[i], fixture->archive.folder);
        RB_CLEANUP_FREE char *nowhere = rb_asprintf("%s/nowhere", url);
        fixture->request.url = nowhere;
        fetch_bad(fixture, RB_ENOTFOUND, "/nowhere/dists/stable/Release: No such file");
        fixture->request.url = url;
        fetch_good(fixture);
        assert_int_equal(fixture->requests, 0);
        assert_offers(fixture, "hello", "2.10-3");
        remember(fixture);
        fetch_good(fixture);
        assert_true(fixture->unchanged);
        fixture->request.known_hash = NULL;
        test_shell("/", "rm -r '%s'", fixture->folder);
    }
    RB_CLEANUP_FREE char *elsewhere = rb_asprintf("file://example.com%s", fixture->archive.folder);
    fixture->request.url = elsewhere;
    fetch_bad(fixture, RB_ENOTFOUND, "No such file");
}

static void servers_fail_in_many_ways(void **state)
{
    struct apt_fixture *fixture = *state;
    static const struct {
        struct test_fault fault;
        enum rb_errc code;
        const char *error;
    } CASES[] = {
        {{.suffix = "Release", .status = 404}, RB_ENOTFOUND, "dists/stable/Release"},
        {{.suffix = "InRelease", .status = 500}, RB_EBUSY, "dists/stable/InRelease"},
        {{.suffix = "InRelease", .status = 401}, RB_EAUTH, "dists/stable/InRelease"},
        {{.suffix = "InRelease", .status = 304}, RB_EHTTP, "dists/stable/InRelease"},
        {{.suffix = "InRelease", .status = 503}, RB_EBUSY, "dists/stable/InRelease"},
        {{.suffix = "InRelease", .cut_at = 100}, RB_ENETWORK, "dists/stable/InRelease"},
        {{.suffix = "InRelease", .grow_by = 9 << 20}, RB_ELIMIT, "larger than 8388608 bytes"},
        {{.suffix = "Packages.xz", .status = 500}, RB_EBUSY, "Packages.xz"},
        {{.suffix = "Packages.xz", .flip = true}, RB_EVERIFY, "is not what the Release file lists"},
        {{.suffix = "Packages.xz", .grow_by = 1}, RB_ELIMIT, "Packages.xz"},
        {{.suffix = "Packages.xz", .cut_at = 50}, RB_ENETWORK, "Packages.xz"},
    };
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        fixture->archive.fault = CASES[i].fault;
        fetch_bad(fixture, CASES[i].code, CASES[i].error);
        assert_only_indexes(fixture, 0);
    }
}

static void a_wait_that_is_asked_for_is_passed_on(void **state)
{
    struct apt_fixture *fixture = *state;
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    fixture->archive.fault = (struct test_fault){
        .suffix = "InRelease", .status = 429, .header = "Retry-After", .value = "120"};
    fetch_bad(fixture, RB_EBUSY, "dists/stable/InRelease");
    assert_true(fixture->retry_after_ms == 120000);
    fixture->archive.fault = (struct test_fault){0};
    fetch_good(fixture);
    assert_true(fixture->retry_after_ms == 0);
}

static void stop_when_asked(void *context)
{
    struct apt_fixture *fixture = context;
    if (test_server_requests(fixture->archive.server) > 0)
        rb_loop_stop(fixture->loop);
}

static void a_fetch_can_be_cancelled_while_the_server_is_silent(void **state)
{
    struct apt_fixture *fixture = *state;
    static const char *const SUFFIXES[] = {"InRelease", "Packages.xz"};
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    for (size_t i = 0; i < RB_COUNT_OF(SUFFIXES); i++) {
        struct rb_apt_fetch *running = NULL;
        fixture->archive.fault = (struct test_fault){.suffix = SUFFIXES[i], .silent = true};
        test_archive_forget_requests(&fixture->archive);
        rb_apt_fetch_start(fixture->loop, fixture->http, &fixture->clock, &fixture->request,
                           apt_fixture_fetched, fixture, &running);
        struct rb_timer *timer = rb_timer_new(fixture->loop, stop_when_asked, fixture);
        rb_timer_start(timer, 5, 5);
        rb_loop_run(fixture->loop);
        rb_timer_free(timer);
        rb_apt_fetch_cancel(running);
        rb_loop_run(fixture->loop);
        assert_false(fixture->answered);
        assert_only_indexes(fixture, 0);
    }
}

/* Cancelled after each of its first events: in the pool, while gpgv runs, anywhere. */
static void a_fetch_can_be_cancelled_at_any_time(void **state)
{
    struct apt_fixture *fixture = *state;
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    bool ended = false;
    for (int events = 0; !ended; events++) {
        struct rb_apt_fetch *running = NULL;
        assert_true(events < 1000);
        test_shell("/", "rm -rf '%s'", fixture->folder);
        test_archive_forget_requests(&fixture->archive);
        fixture->answered = false;
        rb_apt_fetch_start(fixture->loop, fixture->http, &fixture->clock, &fixture->request,
                           apt_fixture_fetched, fixture, &running);
        for (int i = 0; i < events && !fixture->answered; i++)
            rb_loop_run_once(fixture->loop);
        ended = fixture->answered;
        if (!ended)
            rb_apt_fetch_cancel(running);
        rb_loop_run(fixture->loop);
        assert_int_equal(fixture->answered, ended);
        if (rb_file_exists(fixture->folder) && !ended) {
            DIR *folder = opendir(fixture->folder);
            const struct dirent *entry;
            while ((entry = readdir(folder)) != NULL)
                assert_true(entry->d_name[0] == '.' || rb_text_ends_with(entry->d_name, ".index"));
            (void)closedir(folder);
        }
    }
    assert_int_equal(fixture->err.code, RB_OK);
}

int main(void)
{
#define CHECK(name) cmocka_unit_test_setup_teardown(name, apt_fixture_set_up, apt_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        CHECK(a_good_repository_is_read),
        CHECK(both_ways_to_sign_have_one_hash),
        CHECK(what_has_not_changed_costs_one_request),
        CHECK(a_lost_index_is_made_again),
        CHECK(a_new_state_is_found),
        CHECK(by_hash_comes_first_and_falls_back),
        CHECK(every_compression_is_read),
        CHECK(components_and_architectures_are_read_together),
        CHECK(what_has_not_changed_is_not_fetched),
        CHECK(a_flat_repository_is_read),
        CHECK(an_empty_index_is_no_error),
        CHECK(what_the_repository_lacks_is_told),
        CHECK(a_folder_of_this_machine_is_read),
        CHECK(servers_fail_in_many_ways),
        CHECK(a_wait_that_is_asked_for_is_passed_on),
        CHECK(a_fetch_can_be_cancelled_while_the_server_is_silent),
        CHECK(a_fetch_can_be_cancelled_at_any_time),
    };
    return cmocka_run_group_tests(tests, apt_fixture_make_keys, apt_fixture_remove_keys);
}
