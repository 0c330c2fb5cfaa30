/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_registry.h"
#include "rebake/base/memory.h"

enum { BIG = 9 << 20 };

static char *big_data(void)
{
    static char data[BIG];
    for (size_t i = 0; i < BIG; i++)
        data[i] = (char)(i * 7 + i / 4096);
    return data;
}

/* Reads a blob to its end, comparing it with data (NULL: whatever it is). */
static int read_all(struct fake *fake, const char *digest, int64_t size, const char *data,
                    size_t *ret_size, struct rb_err *err)
{
    RB_CLEANUP(rb_reference_deinit) struct rb_reference reference = {0};
    struct rb_blob *blob = NULL;
    fake_reference(fake, ":1", &reference);
    *ret_size = 0;
    int status = rb_registry_blob(fake->session.registry, &reference, digest, size, &blob, err);
    while (status == 0) {
        const void *piece;
        size_t piece_size;
        status = rb_blob_read(blob, &piece, &piece_size, err);
        if (status != 0 || piece_size == 0)
            break;
        if (data != NULL)
            assert_memory_equal(piece, data + *ret_size, piece_size);
        *ret_size += piece_size;
    }
    rb_blob_free(blob);
    return status;
}

static void test_a_large_blob(void **state)
{
    struct fake *fake = *state;
    char digest[RB_DIGEST_SIZE];
    struct rb_err err = {0};
    size_t size;
    const char *data = big_data();
    fake_serve(fake, "blobs", NULL, data, BIG, NULL, digest);
    if (read_all(fake, digest, BIG, data, &size, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(size, BIG);
    assert_int_equal(read_all(fake, digest, BIG, data, &size, &err), 0);
    assert_int_equal(size, BIG);
}

static void test_an_empty_blob(void **state)
{
    struct fake *fake = *state;
    char digest[RB_DIGEST_SIZE];
    struct rb_err err = {0};
    size_t size;
    fake_serve(fake, "blobs", NULL, "", 0, NULL, digest);
    assert_int_equal(read_all(fake, digest, 0, "", &size, &err), 0);
    assert_int_equal(size, 0);
}

static void test_a_wrong_digest(void **state)
{
    static const char WRONG[] = "sha256:" HEX64("0123");
    struct fake *fake = *state;
    char digest[RB_DIGEST_SIZE];
    struct rb_err err = {0};
    size_t size;
    fake_serve(fake, "blobs", WRONG, big_data(), BIG, NULL, digest);
    assert_int_equal(read_all(fake, WRONG, BIG, NULL, &size, &err), RB_EVERIFY);
    assert_int_equal(size, BIG); /* every byte was lent before the verdict */
    assert_non_null(strstr(err.text, digest));
}

static void test_a_wrong_size(void **state)
{
    struct fake *fake = *state;
    char digest[RB_DIGEST_SIZE];
    struct rb_err err = {0};
    size_t size;
    fake_serve(fake, "blobs", NULL, big_data(), BIG, NULL, digest);
    assert_int_equal(read_all(fake, digest, BIG - 1, NULL, &size, &err), RB_EVERIFY);
    assert_int_equal(read_all(fake, digest, BIG + 1, NULL, &size, &err), RB_ENETWORK);
    assert_int_equal(read_all(fake, digest, -1, NULL, &size, &err), RB_EINVALID);
    assert_int_equal(read_all(fake, digest, INT64_MAX, NULL, &size, &err), RB_ELIMIT);
    assert_int_equal(read_all(fake, "sha256:x", 1, NULL, &size, &err), RB_EINVALID);
}

static void test_an_early_end(void **state)
{
    static const char BYTES[] = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort";
    struct fake *fake = *state;
    struct canned *canned = canned_start(BYTES, sizeof(BYTES) - 1, 0);
    char location[100];
    struct rb_err err = {0};
    size_t size;
    (void)snprintf(location, sizeof(location), "Location: http://127.0.0.1:%d/cdn",
                   canned_port(canned));
    fake->redirect = location;
    assert_int_equal(read_all(fake, "sha256:" HEX64("0123"), 1000, NULL, &size, &err), RB_ENETWORK);
    canned_stop(canned);
}

static void test_an_absent_blob(void **state)
{
    struct fake *fake = *state;
    struct rb_err err = {0};
    size_t size;
    assert_int_equal(read_all(fake, "sha256:" HEX64("0123"), 10, NULL, &size, &err), RB_ENOTFOUND);
    fake->failure = 429;
    assert_int_equal(read_all(fake, "sha256:" HEX64("0123"), 10, NULL, &size, &err), RB_EBUSY);
}

static void test_leaving_early(void **state)
{
    struct fake *fake = *state;
    RB_CLEANUP(rb_reference_deinit) struct rb_reference reference = {0};
    char digest[RB_DIGEST_SIZE];
    struct rb_err err = {0};
    fake_serve(fake, "blobs", NULL, big_data(), BIG, NULL, digest);
    fake_reference(fake, ":1", &reference);
    for (int reads = 0; reads < 5; reads++) {
        struct rb_blob *blob = NULL;
        assert_int_equal(
            rb_registry_blob(fake->session.registry, &reference, digest, BIG, &blob, &err), 0);
        for (int i = 0; i < reads; i++) {
            const void *piece;
            size_t size;
            assert_int_equal(rb_blob_read(blob, &piece, &size, &err), 0);
            assert_true(size > 0);
        }
        rb_blob_free(blob);
    }
}

static void test_two_at_once(void **state)
{
    struct fake *fake = *state;
    RB_CLEANUP(rb_reference_deinit) struct rb_reference reference = {0};
    char digest[RB_DIGEST_SIZE];
    struct rb_err err = {0};
    struct rb_blob *blobs[2];
    size_t sizes[2] = {0};
    fake_serve(fake, "blobs", NULL, big_data(), BIG, NULL, digest);
    fake_reference(fake, ":1", &reference);
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            rb_registry_blob(fake->session.registry, &reference, digest, BIG, &blobs[i], &err), 0);
    for (bool more = true; more;) {
        more = false;
        for (int i = 0; i < 2; i++) {
            const void *piece;
            size_t size;
            assert_int_equal(rb_blob_read(blobs[i], &piece, &size, &err), 0);
            sizes[i] += size;
            more = more || size > 0;
        }
    }
    assert_int_equal(sizes[0], BIG);
    assert_int_equal(sizes[1], BIG);
    rb_blob_free(blobs[0]);
    rb_blob_free(blobs[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_large_blob),  TEST(test_an_empty_blob), TEST(test_a_wrong_digest),
        TEST(test_a_wrong_size),  TEST(test_an_early_end),  TEST(test_an_absent_blob),
        TEST(test_leaving_early), TEST(test_two_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
