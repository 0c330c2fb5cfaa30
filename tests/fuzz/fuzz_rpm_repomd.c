/* SPDX-License-Identifier: Apache-2.0 */
/* A repomd.xml that is accepted names files of the repository alone, with checksums that count. */
#include <stdint.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "watch/rpm_repomd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_file(const struct rb_rpm_file *file)
{
    if (file->href[0] == '\0')
        return;
    RB_CLEANUP_FREE char *inside = rb_asprintf("/%s/", file->href);
    RB_ASSERT(file->href[0] != '/' && strstr(inside, "/../") == NULL &&
              strpbrk(file->href, ":?#%\\") == NULL);
    RB_ASSERT(file->size_bytes >= -1 && file->open_size_bytes >= -1);
    RB_ASSERT(strlen(file->checksum.hex) >= 64);
    (void)rb_checksum_matches(&file->checksum, "", 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rb_rpm_repomd repomd;
    struct rb_err err;
    enum rb_trouble trouble = RB_TROUBLE_NONE;
    if (rb_rpm_repomd_parse((const char *)data, size, "repomd.xml", &repomd, &err) != 0)
        return 0;
    RB_ASSERT(repomd.primary.href[0] != '\0');
    check_file(&repomd.primary);
    check_file(&repomd.updateinfo);
    int status = rb_rpm_repomd_judge(&repomd, "1700000000", INT64_C(1700000000000),
                                     INT64_C(1783814400000), "repomd.xml", &trouble, &err);
    RB_ASSERT(status == 0 || status == RB_EVERIFY);
    RB_ASSERT(status != 0 || trouble == RB_TROUBLE_NONE);
    return 0;
}
