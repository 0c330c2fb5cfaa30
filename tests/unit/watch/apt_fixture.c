/* SPDX-License-Identifier: Apache-2.0 */
#include "apt_fixture.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/inventory/index.h"

/* 2026-07-12T00:00:00Z: the day after the default Date */
static const int64_t NOW = INT64_C(1783814400000);

static struct test_keys keys;

static int64_t fixture_now(void *context)
{
    return ((struct apt_fixture *)context)->now;
}

static const char *const MAIN[] = {"main", NULL}, *const AMD64[] = {"amd64", NULL};

int apt_fixture_set_up(void **state)
{
    struct apt_fixture *fixture = rb_zalloc(sizeof(*fixture));
    test_archive_init(&fixture->archive, &keys);
    fixture->loop = rb_loop_new();
    fixture->http = rb_http_new(fixture->loop);
    fixture->clock = (struct rb_clock){.now = fixture_now, .context = fixture};
    fixture->now = NOW;
    fixture->folder = rb_asprintf("%s/indexes", fixture->archive.folder);
    fixture->url = rb_asprintf("http://127.0.0.1:%d", test_server_port(fixture->archive.server));
    fixture->keyring = rb_asprintf("%s/good.gpg", keys.folder);
    fixture->request = (struct rb_apt_request){.url = fixture->url,
                                               .suite = "stable",
                                               .components = MAIN,
                                               .architectures = AMD64,
                                               .signed_by = fixture->keyring,
                                               .index_folder = fixture->folder};
    *state = fixture;
    return 0;
}

int apt_fixture_tear_down(void **state)
{
    struct apt_fixture *fixture = *state;
    rb_http_free(fixture->http);
    rb_loop_free(fixture->loop);
    test_archive_deinit(&fixture->archive);
    rb_free(fixture->folder);
    rb_free(fixture->url);
    rb_free(fixture->keyring);
    rb_free(fixture->index_path);
    rb_free(fixture);
    return 0;
}

void apt_fixture_fetched(void *context, const struct rb_apt_result *result,
                         const struct rb_err *error)
{
    struct apt_fixture *fixture = context;
    assert_false(fixture->answered);
    fixture->answered = true;
    fixture->requests = result->cost.requests;
    fixture->bytes = result->cost.bytes;
    fixture->retry_after_ms = result->cost.retry_after_ms;
    fixture->err = error != NULL ? *error : (struct rb_err){0};
    fixture->trouble = result->trouble;
    if (error != NULL)
        return;
    assert_int_equal(fixture->trouble, RB_TROUBLE_NONE);
    fixture->unchanged = result->unchanged;
    (void)snprintf(fixture->etag, sizeof(fixture->etag), "%s",
                   result->etag != NULL ? result->etag : "");
    if (result->unchanged)
        return;
    memcpy(fixture->hash, result->release_hash, sizeof(fixture->hash));
    rb_free(fixture->index_path);
    fixture->index_path = rb_strdup(result->index_path);
    fixture->offer_count = result->offer_count;
    const char *codename = rb_apt_release_field(result->release, "Codename");
    (void)snprintf(fixture->codename, sizeof(fixture->codename), "%s",
                   codename == NULL ? "" : codename);
    fixture->date_at = rb_apt_release_date(result->release);
    fixture->valid_until_at = rb_apt_release_valid_until(result->release);
}

void fetch(struct apt_fixture *fixture)
{
    test_archive_forget_requests(&fixture->archive);
    fixture->answered = false;
    rb_apt_fetch_start(fixture->loop, fixture->http, &fixture->clock, &fixture->request,
                       apt_fixture_fetched, fixture, NULL);
    assert_false(fixture->answered);
    rb_loop_run(fixture->loop);
    test_server_sync(fixture->archive.server);
    assert_true(fixture->answered);
    assert_int_equal(fixture->requests, fixture->archive.request_count);
}

void fetch_good(struct apt_fixture *fixture)
{
    fetch(fixture);
    if (fixture->err.code != RB_OK)
        fprintf(stderr, "%s\n", fixture->err.text);
    assert_int_equal(fixture->err.code, RB_OK);
}

void fetch_bad(struct apt_fixture *fixture, enum rb_errc code, const char *text)
{
    fetch(fixture);
    if (fixture->err.code != code || strstr(fixture->err.text, text) == NULL)
        fprintf(stderr, "not the expected error: %s\n", fixture->err.text);
    assert_int_equal(fixture->err.code, code);
    assert_non_null(strstr(fixture->err.text, text));
}

void fetch_troubled(struct apt_fixture *fixture, enum rb_trouble trouble, const char *text)
{
    fetch(fixture);
    assert_int_not_equal(fixture->err.code, RB_OK);
    if (strstr(fixture->err.text, text) == NULL)
        fprintf(stderr, "not the expected error: %s\n", fixture->err.text);
    assert_non_null(strstr(fixture->err.text, text));
    enum rb_trouble found =
        fixture->trouble == RB_TROUBLE_NONE ? rb_trouble_of(&fixture->err) : fixture->trouble;
    assert_string_equal(rb_trouble_name(found), rb_trouble_name(trouble));
}

void remember(struct apt_fixture *fixture)
{
    fixture->request.known_hash = fixture->hash;
    fixture->request.known_codename = fixture->codename;
    fixture->request.known_date_at = fixture->date_at;
    fixture->request.known_valid_until_at = fixture->valid_until_at;
    memcpy(fixture->known_etag, fixture->etag, sizeof(fixture->etag));
    fixture->request.etag = fixture->known_etag;
}

void assert_requests(const struct apt_fixture *fixture, const char *const *expected)
{
    size_t count = 0;
    for (; expected[count] != NULL; count++) {
        assert_true(count < fixture->archive.request_count);
        assert_string_equal(fixture->archive.requests[count], expected[count]);
    }
    assert_int_equal(fixture->archive.request_count, count);
}

void assert_offers(const struct apt_fixture *fixture, const char *name, const char *version)
{
    struct rb_index *index = NULL;
    struct rb_offer offer;
    size_t first = 0;
    assert_int_equal(rb_index_open(fixture->index_path, &index, NULL), 0);
    assert_int_equal(rb_index_find(index, name, &first), 1);
    rb_index_get(index, first, &offer);
    assert_string_equal(offer.version, version);
    rb_index_close(index);
}

void assert_only_indexes(const struct apt_fixture *fixture, int expected)
{
    DIR *folder = opendir(fixture->folder);
    const struct dirent *entry;
    int count = 0;
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        assert_true(rb_text_ends_with(entry->d_name, ".index"));
        count++;
    }
    (void)closedir(folder);
    assert_int_equal(count, expected);
}

int apt_fixture_make_keys(void **state)
{
    (void)state;
    test_keys_init(&keys);
    return 0;
}

int apt_fixture_remove_keys(void **state)
{
    (void)state;
    test_keys_deinit(&keys);
    return 0;
}
