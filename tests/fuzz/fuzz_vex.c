/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>

#include "rebake/advisory/vex.h"
#include "rebake/base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"CVE-2026-1"};
    static const struct rb_finding finding = {.id = "CVE-2026-1", .names = names, .name_count = 1};
    const struct rb_inventory inventory = {
        .distribution = "debian", .distribution_version = "12", .codename = ""};
    const struct rb_package package = {.type = RB_PACKAGE_DEB,
                                       .name = "bash",
                                       .version = "5",
                                       .architecture = "amd64",
                                       .path = "",
                                       .module = ""};
    const struct rb_vex_place place = {.image = "shop/app",
                                       .reference = "registry.example.com/shop/app",
                                       .digest = "sha256:aa",
                                       .inventory = &inventory,
                                       .package = &package};
    struct rb_vex *vex = NULL;
    struct rb_err err;
    if (rb_vex_read((const char *)data, size, "fuzz", &vex, &err) != 0)
        return 0;
    for (size_t i = 0; i < vex->count; i++) {
        RB_ASSERT(*vex->statements[i].vulnerabilities != NULL);
        (void)rb_vex_is_about(&vex->statements[i], &finding, &place);
    }
    rb_vex_free(vex);
    return 0;
}
