/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target once over each file of the folders (or files) named: for compilers without
   libFuzzer, and as a test of all that was once found. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
    RB_CLEANUP_FREE char *data = NULL;
    size_t size = 0;
    struct rb_err err;
    if (rb_file_read(path, 16 << 20, &data, &size, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    /* A copy of the exact size, so that a read behind the end is seen. */
    RB_CLEANUP_FREE uint8_t *exact = rb_alloc(size);
    for (size_t i = 0; i < size; i++)
        exact[i] = (uint8_t)data[i];
    return LLVMFuzzerTestOneInput(exact, size) == 0 ? 0 : 1;
}

static int run_path(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode))
        return run_file(path);
    DIR *folder = opendir(path);
    if (folder == NULL) {
        perror(path);
        return 1;
    }
    int failures = 0, files = 0;
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        RB_CLEANUP_FREE char *file = rb_asprintf("%s/%s", path, entry->d_name);
        failures += run_file(file);
        files++;
    }
    (void)closedir(folder);
    printf("%s: %d files\n", path, files);
    return failures + (files == 0);
}

int main(int argc, char **argv)
{
    int failures = 0;
    for (int i = 1; i < argc; i++)
        failures += run_path(argv[i]);
    return failures == 0 ? 0 : 1;
}
