/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/digest.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"

/* FIPS 180-4 examples, and the empty message. */
static const struct {
    const char *data;
    const char *hex;
} KNOWN[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void test_known_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(KNOWN); i++) {
        char hex[RB_SHA256_HEX_SIZE];
        assert_ptr_equal(rb_sha256_of(KNOWN[i].data, strlen(KNOWN[i].data), hex), hex);
        assert_string_equal(hex, KNOWN[i].hex);
        RB_CLEANUP(rb_sha256_cleanup) struct rb_sha256 *hash = rb_sha256_new();
        for (const char *at = KNOWN[i].data; *at != '\0'; at++)
            rb_sha256_update(hash, at, 1);
        assert_string_equal(rb_sha256_hex(hash, hex), KNOWN[i].hex);
        rb_sha256_restart(hash);
        rb_sha256_update(hash, "half", 4);
        rb_sha256_restart(hash);
        rb_sha256_update(hash, KNOWN[i].data, strlen(KNOWN[i].data));
        assert_string_equal(rb_sha256_hex(hash, hex), KNOWN[i].hex);
    }
    rb_sha256_free(NULL);
}

static void test_file(void **state)
{
    (void)state;
    RB_CLEANUP_FREE char *folder = NULL;
    char hex[RB_SHA256_HEX_SIZE], wanted[RB_SHA256_HEX_SIZE];
    struct rb_err err;
    assert_int_equal(rb_folder_make_temporary("/tmp/rebake-test-digest-", &folder, &err), 0);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/data", folder);
    enum { SIZE = 200001 }; /* more than one block of reading, and not a multiple of it */
    RB_CLEANUP_FREE char *data = rb_alloc(SIZE);
    memset(data, 'a', SIZE);
    assert_int_equal(rb_file_write_atomic(path, data, SIZE, 0600, &err), 0);
    assert_int_equal(rb_sha256_of_file(path, hex, &err), 0);
    assert_string_equal(hex, rb_sha256_of(data, SIZE, wanted));
    assert_int_equal(rb_tree_remove(folder, &err), 0);
    assert_int_equal(rb_sha256_of_file(path, hex, &err), RB_ENOTFOUND);
    assert_int_equal(rb_sha256_of_file("/", hex, &err), RB_EIO);
}

#define HEX_63 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85"

static void test_digests(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
    } ROWS[] = {
        {"sha256:" HEX_63 "5", true},
        {"sha256:" HEX_63, false},
        {"sha256:" HEX_63 "55", false},
        {"sha256:" HEX_63 "A", false},
        {"sha256:" HEX_63 "g", false},
        {"SHA256:" HEX_63 "5", false},
        {"sha512:" HEX_63 "5", false},
        {HEX_63 "5", false},
        {"sha256:", false},
        {"", false},
        {NULL, false},
        {" sha256:" HEX_63 "5", false},
        {"sha256:" HEX_63 "\n", false},
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        if (rb_digest_is_valid(ROWS[i].text) != ROWS[i].valid)
            fail_msg("%s", ROWS[i].text);
    }
    assert_int_equal(sizeof("sha256:" HEX_63 "5"), RB_DIGEST_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_digests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
