/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/inventory/package.h"

static const char status_text[] = "Package: zlib1g\n"
                                  "Status: install ok installed\n"
                                  "Architecture: amd64\n"
                                  "Multi-Arch: same\n"
                                  "Source: zlib\n"
                                  "Version: 1:1.2.13.dfsg-1\n"
                                  "Description: compression library\n"
                                  " .\n"
                                  " Package: not a field\n"
                                  "\n"
                                  "Package: libc6\n"
                                  "Status: hold ok installed\n"
                                  "Architecture: amd64\n"
                                  "Source: glibc (2.36-9)\n"
                                  "Version: 2.36-9+b1\n"
                                  "\n"
                                  "Package: libc6\n"
                                  "Status: install ok unpacked\n"
                                  "Architecture: i386\n"
                                  "Source: glibc (2.36-9)\n"
                                  "Version: 2.36-9+b1\n"
                                  "\n"
                                  "Package: gone\n"
                                  "Status: deinstall ok config-files\n"
                                  "Architecture: amd64\n"
                                  "Version: 3\n"
                                  "\n"
                                  "Package: never\n"
                                  "Status: unknown ok not-installed\n"
                                  "\n"
                                  "Package: adduser\n"
                                  "Status: install ok triggers-pending\n"
                                  "Architecture: all\n"
                                  "Version: 3.134\n";

static const char os_release_text[] = "# a comment\n"
                                      "PRETTY_NAME=\"Debian \\\"GNU\\\"/Linux 12 (bookworm)\"\n"
                                      "VERSION_ID='12'\n"
                                      "NOT_VERSION_ID=13\r\n"
                                      "VERSION_CODENAME=bookworm\r\n"
                                      "ID=debian";

static void fill(struct rb_inventory *inventory)
{
    rb_inventory_init(inventory);
    assert_int_equal(
        rb_inventory_add_dpkg(inventory, status_text, strlen(status_text), false, "status", NULL),
        0);
    rb_inventory_add_os_release(inventory, os_release_text, strlen(os_release_text));
    rb_inventory_sort(inventory);
}

static void dpkg_status_is_read(void **state)
{
    (void)state;
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    fill(&inventory);
    assert_int_equal(inventory.package_count, 4);
    assert_string_equal(inventory.packages[0].name, "adduser");
    assert_string_equal(inventory.packages[0].source_name, "adduser");
    assert_string_equal(inventory.packages[0].source_version, "3.134");
    assert_string_equal(inventory.packages[1].name, "libc6");
    assert_string_equal(inventory.packages[1].architecture, "amd64");
    assert_true(inventory.packages[1].held);
    assert_string_equal(inventory.packages[2].architecture, "i386");
    assert_false(inventory.packages[2].held);
    assert_string_equal(inventory.packages[2].source_name, "glibc");
    assert_string_equal(inventory.packages[2].source_version, "2.36-9");
    assert_string_equal(inventory.packages[3].version, "1:1.2.13.dfsg-1");
    assert_string_equal(inventory.packages[3].source_name, "zlib");
    assert_string_equal(inventory.packages[3].source_version, "1:1.2.13.dfsg-1");
    assert_string_equal(inventory.architecture, "amd64");
}

static void packages_are_found(void **state)
{
    (void)state;
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    fill(&inventory);
    assert_ptr_equal(rb_inventory_find(&inventory, RB_PACKAGE_DEB, "libc6", "i386"),
                     &inventory.packages[2]);
    assert_ptr_equal(rb_inventory_find(&inventory, RB_PACKAGE_DEB, "libc6", NULL),
                     &inventory.packages[1]);
    assert_ptr_equal(rb_inventory_find(&inventory, RB_PACKAGE_DEB, "zlib1g", "amd64"),
                     &inventory.packages[3]);
    assert_null(rb_inventory_find(&inventory, RB_PACKAGE_DEB, "zlib1g", "arm64"));
    assert_null(rb_inventory_find(&inventory, RB_PACKAGE_DEB, "libc", NULL));
    assert_null(rb_inventory_find(&inventory, RB_PACKAGE_DEB, "zzz", NULL));
}

static void status_d_stanzas_count_as_installed(void **state)
{
    (void)state;
    static const char first[] = "Package: tzdata\nVersion: 2024a-0\nArchitecture: all\n";
    static const char second[] = "Package: base-files\nVersion: 12.4\nArchitecture: arm64\n";
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    rb_inventory_init(&inventory);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            rb_inventory_add_dpkg(&inventory, first, strlen(first), true, "tzdata", NULL), 0);
        assert_int_equal(
            rb_inventory_add_dpkg(&inventory, second, strlen(second), true, "base", NULL), 0);
    }
    rb_inventory_sort(&inventory);
    assert_int_equal(inventory.package_count, 2);
    assert_string_equal(inventory.packages[1].name, "tzdata");
    assert_string_equal(inventory.architecture, "arm64");
}

static void bad_stanzas_are_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *wanted;
    } bad[] = {
        {"\nStatus: install ok installed\n",
         "s: line 2: package without a name has no Package field"},
        {"Package: a\nStatus: install ok installed\nArchitecture: all\n",
         "s: line 1: package a has no Version field"},
        {"Package: a\nStatus: install ok installed\nVersion: 1\n",
         "s: line 1: package a has no Architecture field"},
        {"Package: a\nStatus: install ok installed\nVersion: 1:\nArchitecture: all\n",
         "s: line 1: package a: \"1:\" is not a version"},
        {"Package\n", "s: line 1: not a \"Name: value\" field"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(bad); i++) {
        RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
        rb_inventory_init(&inventory);
        struct rb_err err;
        assert_int_equal(
            rb_inventory_add_dpkg(&inventory, bad[i].text, strlen(bad[i].text), false, "s", &err),
            RB_EINVALID);
        assert_string_equal(err.text, bad[i].wanted);
    }
}

static void os_release_is_read_as_a_shell_would(void **state)
{
    (void)state;
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    fill(&inventory);
    assert_string_equal(inventory.distribution, "debian");
    assert_string_equal(inventory.distribution_version, "12");
    assert_string_equal(inventory.codename, "bookworm");
    assert_string_equal(inventory.pretty_name, "Debian \"GNU\"/Linux 12 (bookworm)");
}

static void purls_name_package_and_release(void **state)
{
    (void)state;
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    fill(&inventory);
    RB_CLEANUP_FREE char *purl = rb_package_purl(&inventory, &inventory.packages[3]);
    assert_string_equal(purl,
                        "pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1?arch=amd64&distro=debian-12");
    RB_CLEANUP_FREE char *second = rb_package_purl(&inventory, &inventory.packages[2]);
    assert_string_equal(second, "pkg:deb/debian/libc6@2.36-9%2Bb1?arch=i386&distro=debian-12");
    inventory.distribution_version = "";
    RB_CLEANUP_FREE char *sid = rb_package_purl(&inventory, &inventory.packages[0]);
    assert_string_equal(sid, "pkg:deb/debian/adduser@3.134?arch=all&distro=debian-bookworm");
    inventory.distribution = "";
    RB_CLEANUP_FREE char *bare = rb_package_purl(&inventory, &inventory.packages[0]);
    assert_string_equal(bare, "pkg:deb/adduser@3.134?arch=all");
}

static void purls_are_written_as_each_ecosystem_has_them(void **state)
{
    (void)state;
    static const struct {
        struct rb_package package;
        const char *purl;
    } cases[] = {
        {{.type = RB_PACKAGE_RPM,
          .name = "runc",
          .version = "4:1.1.4-1.fc39",
          .architecture = "x86_64"},
         "pkg:rpm/fedora/runc@1.1.4-1.fc39?arch=x86_64&distro=fedora-39&epoch=4"},
        {{.type = RB_PACKAGE_APK, .name = "musl", .version = "1.2.4-r2", .architecture = "x86_64"},
         "pkg:apk/fedora/musl@1.2.4-r2?arch=x86_64&distro=fedora-39"},
        {{.type = RB_PACKAGE_PYPI, .name = "Django_Filter", .version = "2.0"},
         "pkg:pypi/django-filter@2.0"},
        {{.type = RB_PACKAGE_NPM, .name = "@types/node", .version = "20.1.0"},
         "pkg:npm/%40types/node@20.1.0"},
        {{.type = RB_PACKAGE_GOLANG,
          .name = "github.com/Masterminds/semver/v3",
          .version = "v3.2.0"},
         "pkg:golang/github.com/masterminds/semver/v3@v3.2.0"},
        {{.type = RB_PACKAGE_MAVEN, .name = "org.slf4j:slf4j-api", .version = "2.0.7"},
         "pkg:maven/org.slf4j/slf4j-api@2.0.7"},
        {{.type = RB_PACKAGE_GEM, .name = "rack", .version = "3.0.8"}, "pkg:gem/rack@3.0.8"},
        {{.type = RB_PACKAGE_CARGO, .name = "serde", .version = "1.0.0+b"},
         "pkg:cargo/serde@1.0.0%2Bb"},
    };
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    rb_inventory_init(&inventory);
    inventory.distribution = "fedora";
    inventory.distribution_version = "39";
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        struct rb_inventory one = {0};
        rb_inventory_init(&one);
        rb_inventory_add(&one, &cases[i].package);
        RB_CLEANUP_FREE char *purl = rb_package_purl(&inventory, &one.packages[0]);
        assert_string_equal(purl, cases[i].purl);
        rb_inventory_deinit(&one);
    }
}

static void json_keeps_types_and_places(void **state)
{
    (void)state;
    static const struct rb_package wheel = {.type = RB_PACKAGE_PYPI,
                                            .name = "six",
                                            .version = "1.16",
                                            .path = "opt/six.dist-info/METADATA"};
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory, again;
    fill(&inventory);
    rb_inventory_add(&inventory, &wheel);
    rb_inventory_sort(&inventory);
    RB_CLEANUP_JSON json_t *json = rb_inventory_to_json(&inventory);
    assert_int_equal(rb_inventory_from_json(json, &again, NULL), 0);
    const struct rb_package *six = rb_inventory_find(&again, RB_PACKAGE_PYPI, "six", NULL);
    assert_non_null(six);
    assert_string_equal(six->path, wheel.path);
    assert_string_equal(six->source_name, "six");
    assert_null(rb_inventory_find(&again, RB_PACKAGE_DEB, "six", NULL));
    json_object_set_new(json_array_get(json_object_get(json, "packages"), 0), "type",
                        json_string("floppy"));
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory bad = {0};
    struct rb_err err;
    assert_int_equal(rb_inventory_from_json(json, &bad, &err), RB_EINVALID);
    assert_string_equal(err.text,
                        "inventory: item 0: package adduser: \"floppy\" is no type of package");
}

static void json_holds_all_of_it(void **state)
{
    (void)state;
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    fill(&inventory);
    RB_CLEANUP_JSON json_t *json = rb_inventory_to_json(&inventory);
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory again;
    assert_int_equal(rb_inventory_from_json(json, &again, NULL), 0);
    RB_CLEANUP_JSON json_t *json_again = rb_inventory_to_json(&again);
    assert_true(json_equal(json, json_again));
    const json_t *package = json_array_get(json_object_get(json, "packages"), 1);
    assert_string_equal(rb_json_get_string(package, "name", ""), "libc6");
    assert_string_equal(rb_json_get_string(package, "source", ""), "glibc");
    assert_string_equal(rb_json_get_string(package, "sourceVersion", ""), "2.36-9");
    assert_true(rb_json_get_bool(package, "held", false));
    assert_string_equal(rb_json_get_string(json, "architecture", ""), "amd64");
}

static void json_of_another_shape_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{}",
        "{\"distribution\":{},\"packages\":{}}",
        "{\"distribution\":{},\"packages\":[7]}",
        "{\"distribution\":{},\"packages\":[{\"name\":\"a\",\"version\":\"1\"}]}",
        ("{\"distribution\":{},\"packages\":[{\"name\":\"a\",\"version\":\"1:\","
         "\"architecture\":\"all\"}]}"),
    };
    for (size_t i = 0; i < RB_COUNT_OF(bad); i++) {
        RB_CLEANUP_JSON json_t *json = NULL;
        assert_int_equal(rb_json_parse(bad[i], strlen(bad[i]), "test", &json, NULL), 0);
        struct rb_inventory inventory;
        assert_int_equal(rb_inventory_from_json(json, &inventory, NULL), RB_EINVALID);
    }
}

static void cyclonedx_has_a_component_a_package(void **state)
{
    (void)state;
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    fill(&inventory);
    RB_CLEANUP_JSON json_t *json = rb_inventory_to_cyclonedx(&inventory, "shop/app", "sha256:12");
    assert_string_equal(rb_json_get_string(json, "bomFormat", ""), "CycloneDX");
    assert_string_equal(rb_json_get_string(json, "specVersion", ""), "1.6");
    const json_t *components = json_object_get(json, "components");
    assert_int_equal(json_array_size(components), 1 + inventory.package_count);
    const json_t *system = json_array_get(components, 0);
    assert_string_equal(rb_json_get_string(system, "type", ""), "operating-system");
    const json_t *zlib = json_array_get(components, 4);
    assert_string_equal(rb_json_get_string(zlib, "purl", ""),
                        "pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1?arch=amd64&distro=debian-12");
    const json_t *subject = json_object_get(json_object_get(json, "metadata"), "component");
    assert_string_equal(rb_json_get_string(subject, "name", ""), "shop/app");
    assert_string_equal(rb_json_get_string(subject, "version", ""), "sha256:12");
}

static void spdx_has_a_package_a_package(void **state)
{
    (void)state;
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    fill(&inventory);
    RB_CLEANUP_JSON json_t *json =
        rb_inventory_to_spdx(&inventory, "shop/app", "sha256:12", 1700000000000);
    RB_CLEANUP_JSON json_t *again =
        rb_inventory_to_spdx(&inventory, "shop/app", "sha256:12", 1700000000000);
    assert_true(json_equal(json, again));
    assert_string_equal(rb_json_get_string(json, "spdxVersion", ""), "SPDX-2.3");
    const json_t *packages = json_object_get(json, "packages");
    assert_int_equal(json_array_size(packages), 2 + inventory.package_count);
    assert_int_equal(json_array_size(json_object_get(json, "relationships")),
                     2 + inventory.package_count);
    const json_t *zlib = json_array_get(packages, 5);
    const json_t *reference = json_array_get(json_object_get(zlib, "externalRefs"), 0);
    assert_string_equal(rb_json_get_string(reference, "referenceLocator", ""),
                        "pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1?arch=amd64&distro=debian-12");
    RB_CLEANUP_JSON json_t *later =
        rb_inventory_to_spdx(&inventory, "shop/app", "sha256:12", 1700000001000);
    assert_string_not_equal(rb_json_get_string(json, "documentNamespace", ""),
                            rb_json_get_string(later, "documentNamespace", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dpkg_status_is_read),
        cmocka_unit_test(packages_are_found),
        cmocka_unit_test(status_d_stanzas_count_as_installed),
        cmocka_unit_test(bad_stanzas_are_errors),
        cmocka_unit_test(os_release_is_read_as_a_shell_would),
        cmocka_unit_test(purls_name_package_and_release),
        cmocka_unit_test(purls_are_written_as_each_ecosystem_has_them),
        cmocka_unit_test(json_keeps_types_and_places),
        cmocka_unit_test(json_holds_all_of_it),
        cmocka_unit_test(json_of_another_shape_is_refused),
        cmocka_unit_test(cyclonedx_has_a_component_a_package),
        cmocka_unit_test(spdx_has_a_package_a_package),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
