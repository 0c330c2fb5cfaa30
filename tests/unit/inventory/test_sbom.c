/* SPDX-License-Identifier: Apache-2.0 */
/* Documents as other tools write them; integration.sbom reads back what Rebake writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "sbom.h"

/* The distribution, then "name version of source version" of each, then who says so. */
static void expect(const char *text, const char *wanted)
{
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf found = RB_STRBUF_INIT(4096);
    struct sbom_origin origin;
    struct rb_err err;
    rb_inventory_init(&inventory);
    if (sbom_read(text, strlen(text), "sbom", &inventory, &origin, &err) != 0)
        fail_msg("%s", err.text);
    rb_inventory_sort(&inventory);
    rb_strbuf_printf(&found, "%s %s:", inventory.distribution, inventory.distribution_version);
    for (size_t i = 0; i < inventory.package_count; i++) {
        const struct rb_package *package = &inventory.packages[i];
        rb_strbuf_printf(&found, " %s %s of %s %s%s%s,", package->name, package->version,
                         package->source_name, package->source_version,
                         *package->path == '\0' ? "" : " in ", package->path);
    }
    rb_strbuf_printf(&found, " %s, %zu left out", origin.words, origin.left_out);
    rb_free(origin.words);
    assert_string_equal(rb_strbuf_text(&found), wanted);
}

static void cyclonedx_of_syft(void **state)
{
    (void)state;
    expect(
        "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"metadata\":{\"tools\":"
        "{\"components\":[{\"name\":\"syft\",\"version\":\"1.0.1\"}]}},\"components\":["
        "{\"type\":\"library\",\"name\":\"libssl3\",\"version\":\"3.0.9-1\",\"purl\":"
        "\"pkg:deb/debian/libssl3@3.0.9-1?arch=amd64&distro=debian-12&upstream=openssl\"},"
        "{\"type\":\"library\",\"name\":\"x\",\"purl\":"
        "\"pkg:deb/debian/libx@1?upstream=x%402&distro=debian-12\"},"
        "{\"type\":\"library\",\"name\":\"no purl\"},{\"type\":\"file\",\"name\":\"/etc/passwd\"},"
        "{\"type\":\"operating-system\",\"name\":\"debian\",\"version\":\"12\"}]}",
        "debian 12: libssl3 3.0.9-1 of openssl 3.0.9-1, libx 1 of x 2, CycloneDX 1.5 by syft "
        "1.0.1, 1 left out");
}

static void cyclonedx_of_trivy(void **state)
{
    (void)state;
    expect(
        "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.4\",\"metadata\":{\"tools\":"
        "[{\"vendor\":\"aquasecurity\",\"name\":\"trivy\",\"version\":\"0.40\"}]},\"components\":["
        "{\"type\":\"application\",\"name\":\"node\",\"components\":[{\"type\":\"library\","
        "\"name\":\"ms\",\"version\":\"2.0.0\",\"purl\":\"pkg:npm/ms@2.0.0\",\"properties\":"
        "[{\"name\":\"aquasecurity:trivy:FilePath\",\"value\":\"srv/ms/package.json\"}]}]},"
        "{\"type\":\"library\",\"name\":\"libssl3\",\"purl\":"
        "\"pkg:deb/debian/libssl3@3.0.9-1?distro=debian-12.4\",\"properties\":"
        "[{\"name\":\"aquasecurity:trivy:SrcName\",\"value\":\"openssl\"}]}]}",
        "debian 12.4: libssl3 3.0.9-1 of openssl 3.0.9-1, ms 2.0.0 of ms 2.0.0 in "
        "srv/ms/package.json, CycloneDX 1.4 by trivy 0.40, 0 left out");
}

static void spdx(void **state)
{
    (void)state;
    expect("{\"spdxVersion\":\"SPDX-2.2\",\"creationInfo\":{\"creators\":[\"Organization: x\","
           "\"Tool: trivy-0.40\"]},\"packages\":["
           "{\"name\":\"debian\",\"versionInfo\":\"12.4\",\"primaryPackagePurpose\":"
           "\"OPERATING-SYSTEM\"},{\"name\":\"image\",\"primaryPackagePurpose\":\"CONTAINER\"},"
           "{\"name\":\"libssl3\",\"sourceInfo\":\"built package from: openssl 3.0.9-1\","
           "\"externalRefs\":[{\"referenceType\":\"cpe23Type\",\"referenceLocator\":\"cpe\"},"
           "{\"referenceType\":\"purl\",\"referenceLocator\":\"pkg:deb/debian/libssl3@3.0.9-1\"}]},"
           "{\"name\":\"odd\",\"externalRefs\":[{\"referenceType\":\"purl\",\"referenceLocator\":"
           "\"pkg:swift/odd@1\"}]}]}",
           "debian 12.4: libssl3 3.0.9-1 of openssl 3.0.9-1, SPDX 2.2 by trivy-0.40, 1 left out");
}

static void what_is_neither_is_refused(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"",
                                        "{}",
                                        "[]",
                                        "{\"bomFormat\":\"SPDX\"}",
                                        "{\"spdxVersion\":\"SPDX-3.0\"}",
                                        "{\"bomFormat\":\"CycloneDX\",\"components\":{}}",
                                        "{\"spdxVersion\":\"SPDX-2.3\",\"packages\":1}"};
    for (size_t i = 0; i < RB_COUNT_OF(TEXTS); i++) {
        RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
        struct sbom_origin origin;
        rb_inventory_init(&inventory);
        assert_int_equal(sbom_read(TEXTS[i], strlen(TEXTS[i]), "sbom", &inventory, &origin, NULL),
                         RB_EINVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cyclonedx_of_syft),
        cmocka_unit_test(cyclonedx_of_trivy),
        cmocka_unit_test(spdx),
        cmocka_unit_test(what_is_neither_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
