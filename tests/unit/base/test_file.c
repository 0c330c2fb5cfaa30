/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"

static int make_folder(void **state)
{
    char *folder = NULL;
    int status = rb_folder_make_temporary("/tmp/rebake-test-file-", &folder, NULL);
    *state = folder;
    return status;
}

static int remove_folder(void **state)
{
    char *folder = *state;
    int status = rb_tree_remove(folder, NULL);
    rb_free(folder);
    return status;
}

static char *in(void **state, const char *name)
{
    return rb_asprintf("%s/%s", (const char *)*state, name);
}

static void put(const char *path, const char *content)
{
    assert_int_equal(rb_file_write_atomic(path, content, strlen(content), 0644, NULL), 0);
}

static size_t count_entries(const char *path)
{
    DIR *folder = opendir(path);
    size_t count = 0;
    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count - 2; /* "." and ".." */
}

static void test_read(void **state)
{
    RB_CLEANUP_FREE char *path = in(state, "file");
    static const size_t SIZES[] = {0, 1, 4095, 4096, 4097, 100000};
    RB_CLEANUP_FREE char *content = rb_alloc(100000);
    memset(content, 'x', 100000);
    for (size_t i = 0; i < RB_COUNT_OF(SIZES); i++) {
        size_t size = 7;
        char *data = NULL;
        struct rb_err err;
        assert_int_equal(rb_file_write_atomic(path, content, SIZES[i], 0600, &err), 0);
        assert_int_equal(rb_file_read(path, SIZES[i], &data, &size, &err), 0);
        assert_int_equal(size, SIZES[i]);
        assert_memory_equal(data, content, size);
        assert_int_equal(data[size], '\0');
        rb_free(data);
        data = NULL;
        if (SIZES[i] > 0) {
            assert_int_equal(rb_file_read(path, SIZES[i] - 1, &data, NULL, &err), RB_ELIMIT);
            assert_null(data);
        }
    }
}

static void test_read_refuses(void **state)
{
    RB_CLEANUP_FREE char *absent = in(state, "absent");
    RB_CLEANUP_FREE char *fifo = in(state, "fifo");
    char *data = NULL;
    struct rb_err err;
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(rb_file_read(absent, 10, &data, NULL, &err), RB_ENOTFOUND);
    assert_non_null(strstr(err.text, absent));
    assert_int_equal(rb_file_read(*state, 10, &data, NULL, &err), RB_EINVALID);
    assert_int_equal(rb_file_read(fifo, 10, &data, NULL, &err),
                     RB_EINVALID); /* and does not hang */
    assert_int_equal(rb_file_read("/dev/zero", 10, &data, NULL, &err), RB_EINVALID);
    assert_null(data);
}

static void test_write_replaces_whole(void **state)
{
    RB_CLEANUP_FREE char *path = in(state, "spec.json");
    RB_CLEANUP_FREE char *data = NULL;
    struct rb_err err;
    struct stat status;
    put(path, "a long first content");
    assert_int_equal(rb_file_write_atomic(path, "new", 3, 0640, &err), 0);
    assert_int_equal(rb_file_read(path, 100, &data, NULL, &err), 0);
    assert_string_equal(data, "new");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    assert_int_equal(count_entries(*state), 1);
}

/* Who has the old file open keeps reading the old content. */
static void test_write_leaves_the_old_file_to_its_readers(void **state)
{
    RB_CLEANUP_FREE char *path = in(state, "file");
    char content[8] = "";
    put(path, "old");
    RB_CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    put(path, "newer");
    assert_int_equal(read(fd, content, sizeof(content)), 3);
    assert_memory_equal(content, "old", 3);
}

static void test_write_refused_leaves_nothing(void **state)
{
    RB_CLEANUP_FREE char *folder = in(state, "folder");
    RB_CLEANUP_FREE char *inside = in(state, "folder/kept");
    RB_CLEANUP_FREE char *nowhere = in(state, "no/such/file");
    struct rb_err err;
    assert_int_equal(rb_folder_make(folder, 0755, &err), 0);
    put(inside, "kept");
    assert_true(rb_file_write_atomic(folder, "x", 1, 0600, &err) < 0);
    assert_non_null(strstr(err.text, folder));
    assert_int_equal(rb_file_write_atomic(nowhere, "x", 1, 0600, &err), RB_ENOTFOUND);
    assert_int_equal(count_entries(*state), 1);
    assert_true(rb_file_exists(inside));
}

static void test_write_all_tells_a_full_disk(void **state)
{
    (void)state;
    struct rb_err err;
    RB_CLEANUP_CLOSE int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(rb_write_all(fd, "x", 1, &err), RB_EIO);
    assert_int_equal(rb_write_all(fd, "", 0, &err), 0);
}

static void test_put_in_place(void **state)
{
    RB_CLEANUP_FREE char *from = in(state, "incoming");
    RB_CLEANUP_FREE char *path = in(state, "file");
    RB_CLEANUP_FREE char *data = NULL;
    put(path, "old");
    put(from, "new");
    assert_int_equal(rb_file_put_in_place(from, path, NULL), 0);
    assert_int_equal(rb_file_read(path, 10, &data, NULL, NULL), 0);
    assert_string_equal(data, "new");
    assert_int_equal(count_entries(*state), 1);
    struct rb_err err;
    assert_int_equal(rb_file_put_in_place(from, path, &err), RB_ENOTFOUND);
    assert_non_null(strstr(err.text, from));
}

static void test_size_and_existence(void **state)
{
    RB_CLEANUP_FREE char *path = in(state, "file");
    int64_t size = -1;
    struct rb_err err;
    assert_false(rb_file_exists(path));
    assert_int_equal(rb_file_size(path, &size, &err), RB_ENOTFOUND);
    put(path, "12345");
    assert_true(rb_file_exists(path));
    assert_int_equal(rb_file_size(path, &size, &err), 0);
    assert_int_equal(size, 5);
}

static void test_make_folders(void **state)
{
    static const char *const NAMES[] = {"a", "a/b/c", "a/b/c", "a/b/d/", "e//f", "."};
    for (size_t i = 0; i < RB_COUNT_OF(NAMES); i++) {
        RB_CLEANUP_FREE char *path = in(state, NAMES[i]);
        struct rb_err err;
        struct stat status;
        if (rb_folder_make(path, 0755, &err) != 0)
            fail_msg("%s", err.text);
        assert_int_equal(stat(path, &status), 0);
        assert_true(S_ISDIR(status.st_mode));
    }
    RB_CLEANUP_FREE char *file = in(state, "file");
    RB_CLEANUP_FREE char *below = in(state, "file/x");
    struct rb_err err;
    put(file, "");
    assert_int_equal(rb_folder_make(file, 0755, &err), RB_EEXIST);
    assert_true(rb_folder_make(below, 0755, &err) < 0);
    assert_true(rb_folder_make("", 0755, &err) < 0);
    assert_int_equal(rb_folder_make("/", 0755, &err), 0);
}

static void test_temporary_folder_is_private(void **state)
{
    RB_CLEANUP_FREE char *prefix = in(state, "job-");
    RB_CLEANUP_FREE char *first = NULL;
    RB_CLEANUP_FREE char *second = NULL;
    struct stat status;
    assert_int_equal(rb_folder_make_temporary(prefix, &first, NULL), 0);
    assert_int_equal(rb_folder_make_temporary(prefix, &second, NULL), 0);
    assert_string_not_equal(first, second);
    assert_int_equal(stat(first, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    RB_CLEANUP_FREE char *nowhere = in(state, "no/such-");
    char *none = NULL;
    assert_int_equal(rb_folder_make_temporary(nowhere, &none, NULL), RB_ENOTFOUND);
    assert_null(none);
}

static void test_remove_tree(void **state)
{
    RB_CLEANUP_FREE char *tree = in(state, "tree");
    RB_CLEANUP_FREE char *deep = in(state, "tree/a/b/c");
    RB_CLEANUP_FREE char *file = in(state, "tree/a/file");
    RB_CLEANUP_FREE char *link = in(state, "tree/a/link");
    RB_CLEANUP_FREE char *dangling = in(state, "tree/dangling");
    RB_CLEANUP_FREE char *other = in(state, "other");
    RB_CLEANUP_FREE char *kept = in(state, "other/kept");
    struct rb_err err;
    assert_int_equal(rb_folder_make(deep, 0755, &err), 0);
    assert_int_equal(rb_folder_make(other, 0755, &err), 0);
    put(file, "x");
    put(kept, "x");
    assert_int_equal(chmod(deep, 0), 0);
    assert_int_equal(symlink(other, link), 0);
    assert_int_equal(symlink("/no/such/place", dangling), 0);
    assert_int_equal(rb_tree_remove(tree, &err), 0);
    assert_false(rb_file_exists(tree));
    assert_true(rb_file_exists(kept)); /* the link was removed, not followed */
    assert_int_equal(rb_tree_remove(tree, &err), 0);
}

static void test_remove_a_file_or_a_link(void **state)
{
    RB_CLEANUP_FREE char *file = in(state, "file");
    RB_CLEANUP_FREE char *link = in(state, "link");
    RB_CLEANUP_FREE char *folder = in(state, "folder");
    struct rb_err err;
    struct stat status;
    put(file, "x");
    assert_int_equal(rb_tree_remove(file, &err), 0);
    assert_false(rb_file_exists(file));
    assert_int_equal(rb_folder_make(folder, 0755, &err), 0);
    assert_int_equal(symlink(folder, link), 0);
    assert_int_equal(rb_tree_remove(link, &err), 0);
    assert_int_not_equal(lstat(link, &status), 0);
    assert_true(rb_file_exists(folder));
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

/* Renames a file in a ring until it is killed, or its parent ends. */
static pid_t start_renaming(const char *a, const char *b)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        (void)rename(a, b);
        (void)rename(b, a);
    }
}

static void test_open_inside_while_others_rename(void **state)
{
    RB_CLEANUP_FREE char *root = in(state, "root");
    RB_CLEANUP_FREE char *inner = in(state, "root/inner");
    RB_CLEANUP_FREE char *a = in(state, "a");
    RB_CLEANUP_FREE char *b = in(state, "b");
    assert_int_equal(rb_folder_make(inner, 0755, NULL), 0);
    put(a, "");
    RB_CLEANUP_CLOSE int folder = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    pid_t child = start_renaming(a, b);
    assert_true(child > 0);
    int failed = 0;
    for (int i = 0; i < 20000 && failed == 0; i++) {
        int fd = rb_open_inside(folder, "inner/../inner/..", O_RDONLY, RESOLVE_IN_ROOT);
        failed = fd < 0 ? errno : 0;
        if (fd >= 0)
            (void)close(fd);
    }
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(failed, 0);
}

static void test_open_inside_stays_inside(void **state)
{
    RB_CLEANUP_FREE char *root = in(state, "root");
    RB_CLEANUP_FREE char *outside = in(state, "outside");
    assert_int_equal(rb_folder_make(root, 0755, NULL), 0);
    put(outside, "");
    RB_CLEANUP_CLOSE int folder = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(rb_open_inside(folder, "../outside", O_RDONLY, RESOLVE_IN_ROOT), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(rb_open_inside(folder, "../outside", O_RDONLY, RESOLVE_BENEATH), -1);
    assert_int_equal(errno, EXDEV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(test_read),
        IN_A_FOLDER(test_read_refuses),
        IN_A_FOLDER(test_write_replaces_whole),
        IN_A_FOLDER(test_write_leaves_the_old_file_to_its_readers),
        IN_A_FOLDER(test_write_refused_leaves_nothing),
        cmocka_unit_test(test_write_all_tells_a_full_disk),
        IN_A_FOLDER(test_put_in_place),
        IN_A_FOLDER(test_size_and_existence),
        IN_A_FOLDER(test_open_inside_while_others_rename),
        IN_A_FOLDER(test_open_inside_stays_inside),
        IN_A_FOLDER(test_make_folders),
        IN_A_FOLDER(test_temporary_folder_is_private),
        IN_A_FOLDER(test_remove_tree),
        IN_A_FOLDER(test_remove_a_file_or_a_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
