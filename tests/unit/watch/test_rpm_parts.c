/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of an rpm repository's files, and what is refused of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "rebake/watch/rpm_updateinfo.h"
#include "watch/mirrorlist.h"
#include "watch/rpm_primary.h"
#include "watch/rpm_repomd.h"
#include "watch/xml.h"

#define SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA512                                                                                     \
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"                             \
    "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"

#define CHECKSUM "<checksum type='sha256'>" SHA256 "</checksum>"
#define PRIMARY  "<data type='primary'>" CHECKSUM "<location href='repodata/p.xml.gz'/></data>"

static void a_repomd_is_read(void **state)
{
    (void)state;
    static const char TEXT[] =
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        "<repomd xmlns='http://linux.duke.edu/metadata/repo' "
        "xmlns:rpm='http://linux.duke.edu/metadata/rpm'>\n  <revision> 1700000000 </revision>\n"
        "<tags><content>x</content></tags>"
        "<data type='primary'><checksum type='sha512'>" SHA512 "</checksum>"
        "<open-checksum type='sha256'>" SHA256 "</open-checksum>"
        "<location href='repodata/x-primary.xml.zst'/><timestamp>1700000001.25</timestamp>"
        "<size>12</size><open-size>34</open-size></data>"
        "<data type='updateinfo'>" CHECKSUM "<location href='repodata/u.xml.gz'/></data>"
        "<data type='primary_db'><checksum type='md5'>0</checksum>"
        "<location href='../../x' xml:base='http://example.com/'/><size>-5</size>"
        "<timestamp>1700000009</timestamp></data></repomd>\n";
    struct rb_rpm_repomd repomd;
    struct rb_err err;
    if (rb_rpm_repomd_parse(TEXT, strlen(TEXT), "repomd.xml", &repomd, &err) != 0)
        fail_msg("%s", err.text);
    assert_string_equal(repomd.revision, "1700000000");
    assert_true(repomd.newest_at == INT64_C(1700000009000));
    assert_string_equal(repomd.primary.href, "repodata/x-primary.xml.zst");
    assert_int_equal(repomd.primary.size_bytes, 12);
    assert_int_equal(repomd.primary.open_size_bytes, 34);
    assert_true(rb_checksum_matches(&repomd.primary.checksum, "", 0));
    assert_true(rb_checksum_matches(&repomd.primary.open_checksum, "", 0));
    assert_false(rb_checksum_matches(&repomd.primary.checksum, "x", 1));
    assert_int_equal(repomd.updateinfo.size_bytes, -1);
    assert_null(repomd.updateinfo.open_checksum.algorithm);
}

static void a_repomd_that_is_none_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code;
        const char *why;
    } CASES[] = {
        {"", RB_EINVALID, "no element found"},
        {"<html></html>", RB_EINVALID, "not a repomd.xml"},
        {"<repomd></repomd>", RB_EINVALID, "names no primary"},
        {"<repomd>" PRIMARY, RB_EINVALID, "no element found"},
        {"<repomd>" PRIMARY PRIMARY "</repomd>", RB_EINVALID, "two files"},
        {"<!DOCTYPE repomd SYSTEM 'x'><repomd>" PRIMARY "</repomd>", RB_EINVALID, "document type"},
        {"<!DOCTYPE r [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><repomd>&b;</repomd>", RB_EINVALID,
         "document type"},
        {"<repomd><data type='primary'><location href='p'/></data></repomd>", RB_EINVALID,
         "without location or checksum"},
        {"<repomd><data type='primary'>" CHECKSUM "</data></repomd>", RB_EINVALID,
         "without location or checksum"},
        {"<repomd><data type='primary'><checksum type='sha'>" SHA256 "</checksum></data></repomd>",
         RB_EVERIFY, "proves nothing"},
        {"<repomd><data type='primary'><checksum type='sha512'>" SHA256
         "</checksum></data></repomd>",
         RB_EINVALID, "is no sha512 checksum"},
        {"<repomd><data type='primary'><location href='/etc/passwd'/></data></repomd>", RB_EINVALID,
         "no file of the repository"},
        {"<repomd><data type='primary'><location href='a/../../b'/></data></repomd>", RB_EINVALID,
         "no file of the repository"},
        {"<repomd><data type='primary'><location href='a/%2e%2e/b'/></data></repomd>", RB_EINVALID,
         "no file of the repository"},
        {"<repomd><data type='primary'><location href='http://example.com/x'/></data></repomd>",
         RB_EINVALID, "no file of the repository"},
        {"<repomd><data type='primary'><location xml:base='http://x/' href='x'/></data></repomd>",
         RB_EINVALID, "xml:base"},
        {"<repomd><data type='primary'><size>99999999999</size></data></repomd>", RB_ELIMIT,
         "larger than"},
        {"<repomd><data type='primary'><size>much</size></data></repomd>", RB_EINVALID,
         "is not a size"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct rb_rpm_repomd repomd;
        struct rb_err err = {0};
        int status =
            rb_rpm_repomd_parse(CASES[i].text, strlen(CASES[i].text), "repomd.xml", &repomd, &err);
        if (status != CASES[i].code || strstr(err.text, CASES[i].why) == NULL)
            fail_msg("case %zu: %d: %s", i, status, err.text);
    }
}

static void xml_is_bounded(void **state)
{
    (void)state;
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf deep = RB_STRBUF_INIT(65536);
    struct rb_rpm_repomd repomd;
    struct rb_err err;
    rb_strbuf_puts(&deep, "<repomd>");
    for (int i = 0; i < 64; i++)
        rb_strbuf_puts(&deep, "<a>");
    assert_int_equal(rb_rpm_repomd_parse(deep.data, deep.size, "repomd.xml", &repomd, &err),
                     RB_ELIMIT);
    assert_non_null(strstr(err.text, "within each other"));
}

static void assert_primary(const char *text, int code, const char *why)
{
    struct rb_index_builder *builder = rb_index_builder_new_ordered(&rb_version_rpm);
    struct rb_rpm_primary *primary =
        rb_rpm_primary_new(builder, (const char *const[]){"x86_64", NULL});
    struct rb_err err = {0};
    int status = 0;
    for (size_t i = 0; i < strlen(text) && status == 0; i++)
        status = rb_rpm_primary_feed(primary, text + i, 1, &err);
    if (status == 0)
        status = rb_rpm_primary_end(primary, &err);
    if (status != code || strstr(err.text, why) == NULL)
        fail_msg("%s: %d: %s", text, status, err.text);
    rb_rpm_primary_free(primary);
    rb_index_builder_free(builder);
}

static void packages_that_say_too_little_are_refused(void **state)
{
    (void)state;
#define VERSION "<version epoch='0' ver='1' rel='1'/>"
    assert_primary("<metadata><package><name>a</name><arch>x86_64</arch>" VERSION
                   "</package></metadata>",
                   0, "");
    assert_primary("<html/>", RB_EINVALID, "not a primary.xml");
    assert_primary("<metadata><package><arch>x86_64</arch>" VERSION "</package></metadata>",
                   RB_EINVALID, "without name");
    assert_primary("<metadata><package><name>a</name>" VERSION "</package></metadata>", RB_EINVALID,
                   "architecture");
    assert_primary("<metadata><package><name>a</name><version ver='1'/></package></metadata>",
                   RB_EINVALID, "has no version");
    assert_primary("<metadata><package><name>a</name><arch>noarch</arch>"
                   "<version epoch='x' ver='1' rel='1'/></package></metadata>",
                   RB_EINVALID, "is not a version");
    /* of an architecture that nobody asked for, nothing is wrong */
    assert_primary("<metadata><package><name>a</name><arch>src</arch>"
                   "<version epoch='x' ver='1' rel='1'/></package></metadata>",
                   0, "");
}

static int tell_advisory(void *context, const struct rb_rpm_advisory *advisory, struct rb_err *err)
{
    struct rb_strbuf *text = context;
    (void)err;
    rb_strbuf_printf(text, "%s %s %s %s\n", advisory->id, advisory->type, advisory->severity,
                     advisory->issued);
    for (size_t i = 0; i < advisory->reference_count; i++)
        rb_strbuf_printf(text, "  %s %s\n", advisory->references[i].type,
                         advisory->references[i].id);
    for (size_t i = 0; i < advisory->fix_count; i++)
        rb_strbuf_printf(text, "  %s %s %s %s\n", advisory->fixes[i].name,
                         advisory->fixes[i].version, advisory->fixes[i].architecture,
                         advisory->fixes[i].module);
    return 0;
}

static void advisories_are_read(void **state)
{
    (void)state;
    static const char TEXT[] =
        "<updates><update from='x' status='final' type='security' version='2.0'>"
        "<id>RLSA-2026:1</id><title>t</title><issued date='2026-07-01 00:00:00'/>"
        "<severity>Critical</severity><description>a &amp; b</description><references>"
        "<reference href='https://example.com' id='CVE-2026-1' type='cve'/>"
        "<reference href='https://example.com' id='7' type='bugzilla'/></references>"
        "<pkglist><collection short='x'><name>x</name>"
        "<module name='nodejs' stream='20' version='8' context='c' arch='x86_64'/>"
        "<package name='nodejs' version='20.1' release='1.el8' epoch='1' arch='x86_64' src='s'>"
        "<filename>f</filename></package></collection>"
        "<collection><package name='npm' version='9' release='2' epoch='0' arch='noarch'/>"
        "</collection></pkglist></update>"
        "<update><id>RLBA-2026:2</id></update></updates>";
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(65536);
    struct rb_rpm_updateinfo *updateinfo = rb_rpm_updateinfo_new(tell_advisory, &text);
    assert_int_equal(rb_rpm_updateinfo_feed(updateinfo, TEXT, strlen(TEXT), NULL), 0);
    assert_int_equal(rb_rpm_updateinfo_end(updateinfo, NULL), 0);
    rb_rpm_updateinfo_free(updateinfo);
    assert_string_equal(text.data, "RLSA-2026:1 security Critical 2026-07-01 00:00:00\n"
                                   "  cve CVE-2026-1\n  bugzilla 7\n"
                                   "  nodejs 1:20.1-1.el8 x86_64 nodejs:20\n"
                                   "  npm 9-2 noarch \n"
                                   "RLBA-2026:2   \n");
    updateinfo = rb_rpm_updateinfo_new(tell_advisory, &text);
    static const char BAD[] = "<updates><update><title/></update></updates>";
    assert_int_equal(rb_rpm_updateinfo_feed(updateinfo, BAD, strlen(BAD), NULL), RB_EINVALID);
    rb_rpm_updateinfo_free(updateinfo);
}

static void lists_of_mirrors_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code;
        const char *urls; /* a blank between them */
        size_t states;
    } CASES[] = {
        {"https://a.example.com/x/\r\n# c\n\n  http://b.example.com/y\nrsync://c/z", 0,
         "https://a.example.com/x http://b.example.com/y", 0},
        {"<metalink version='3.0' xmlns:mm0='m'><files><file name='other'><hash "
         "type='sha256'>" SHA256
         "</hash></file><file name='repomd.xml'><mm0:timestamp>1</mm0:timestamp><verification>"
         "<hash type='sha1'>00</hash><hash type='sha256'>" SHA256 "</hash>"
         "<hash type='sha512'>" SHA512 "</hash></verification><mm0:alternates><mm0:alternate>"
         "<verification><hash type='sha256'>" SHA256 "</hash></verification></mm0:alternate>"
         "</mm0:alternates><resources><url protocol='https'>"
         "https://a.example.com/os/repodata/repomd.xml</url><url>https://b.example.com/x</url>"
         "</resources></file></files></metalink>",
         0, "https://a.example.com/os", 3},
        {" \n<metalink xmlns='urn:ietf:params:xml:ns:metalink'><file name='repomd.xml'>"
         "<hash type='sha-256'>" SHA256 "</hash><url priority='1'>"
         "http://a.example.com/repodata/repomd.xml</url></file></metalink>",
         0, "http://a.example.com", 1},
        {"", RB_ENOTFOUND, "", 0},
        {"# nothing\nftp://a.example.com/", RB_ENOTFOUND, "", 0},
        {"no list", RB_EINVALID, "", 0},
        {"<html/>", RB_EINVALID, "", 0},
        {"<metalink><file name='repomd.xml'>", RB_EINVALID, "", 0},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP(rb_mirrorlist_deinit) struct rb_mirrorlist list = {0};
        RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf urls = RB_STRBUF_INIT(65536);
        int status = rb_mirrorlist_parse(CASES[i].text, strlen(CASES[i].text), "list", &list, NULL);
        for (size_t url = 0; url < list.urls.count; url++)
            rb_strbuf_printf(&urls, "%s%s", url == 0 ? "" : " ", list.urls.items[url]);
        if (status != CASES[i].code || list.state_count != CASES[i].states ||
            !rb_text_equal(rb_strbuf_text(&urls), CASES[i].urls))
            fail_msg("case %zu: %d, %zu states: %s", i, status, list.state_count,
                     rb_strbuf_text(&urls));
        if (status == 0) {
            assert_true(rb_mirrorlist_allows(&list, "", 0));
            assert_true(rb_mirrorlist_allows(&list, "x", 1) == (list.state_count == 0));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_repomd_is_read),
        cmocka_unit_test(a_repomd_that_is_none_is_refused),
        cmocka_unit_test(xml_is_bounded),
        cmocka_unit_test(packages_that_say_too_little_are_refused),
        cmocka_unit_test(advisories_are_read),
        cmocka_unit_test(lists_of_mirrors_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
