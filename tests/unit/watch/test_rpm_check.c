/* SPDX-License-Identifier: Apache-2.0 */
/* An rpm source's check: real keys, real HTTP, repositories as createrepo_c makes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "source_look.h"

static const char *const X86[] = {"x86_64", NULL};

static const char PRIMARY[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<metadata xmlns=\"http://linux.duke.edu/metadata/common\" "
    "xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\" packages=\"4\">\n"
    "<package type=\"rpm\"><name>openssl</name><arch>x86_64</arch>"
    "<version epoch=\"1\" ver=\"3.0.7\" rel=\"%s\"/><format>"
    "<rpm:sourcerpm>openssl-3.0.7-%s.src.rpm</rpm:sourcerpm>"
    "<rpm:provides><rpm:entry name=\"openssl\" flags=\"EQ\" epoch=\"1\"/></rpm:provides>"
    "</format></package>\n"
    "<package type=\"rpm\"><name>openssl</name><arch>i686</arch>"
    "<version epoch=\"1\" ver=\"3.0.7\" rel=\"9\"/><format/></package>\n"
    "<package type=\"rpm\"><name>tzdata</name><arch>noarch</arch>"
    "<version epoch=\"0\" ver=\"2026a\" rel=\"1.el9\"/><format>"
    "<rpm:sourcerpm>tz-data-2026a-1.el9.src.rpm</rpm:sourcerpm></format></package>\n"
    "<package type=\"rpm\"><name>tzdata</name><arch>noarch</arch>"
    "<version epoch=\"0\" ver=\"2026a~rc1\" rel=\"1.el9\"/><format/></package>\n"
    "</metadata>\n";

static const char UPDATEINFO[] =
    "<?xml version=\"1.0\"?>\n<updates>"
    "<update type=\"security\"><id>EXSA-1</id><severity>Important</severity>"
    "<references><reference type=\"cve\" id=\"CVE-2026-1\" href=\"https://example.com/\"/>"
    "</references><pkglist><collection><package name=\"openssl\" epoch=\"1\" version=\"3.0.7\" "
    "release=\"2\" arch=\"x86_64\"/></collection></pkglist></update>"
    "<update type=\"bugfix\"><id>EXBA-2</id></update></updates>\n";

/* How a state is published. Zero is: at the root, revision 1783760000 (2026-07-11), signed by
   good@, packed with gzip, with updateinfo. */
struct state {
    const char *folder;
    const char *release; /* of openssl */
    const char *revision;
    int64_t timestamp; /* seconds */
    const char *sign_with;
    const char *pack; /* a command, and the suffix of what it makes */
    const char *suffix;
    const char
        *algorithm; /* sha256 unless said: what sha256sum and others are called without "sum" */
    const char *primary;
    bool no_updateinfo;
};

static const char *or_else(const char *text, const char *fallback)
{
    return text != NULL ? text : fallback;
}

static void publish(struct source_look *look, const struct state *state)
{
    const char *folder = or_else(state->folder, "."), *release = or_else(state->release, "2");
    RB_CLEANUP_FREE char *primary = rb_asprintf(PRIMARY, release, release);
    RB_CLEANUP_FREE char *primary_path = rb_asprintf("%s/repodata/primary.xml", folder);
    RB_CLEANUP_FREE char *updateinfo_path = rb_asprintf("%s/repodata/updateinfo.xml", folder);
    look_write(look, primary_path, or_else(state->primary, primary));
    look_write(look, updateinfo_path, UPDATEINFO);
    test_shell(
        look->archive.folder,
        "cd %s/repodata; rm -f *.xml.*; sum=%s; algorithm=${sum%%sum}\n"
        "hash() { $sum <$1 | cut -d' ' -f1; }\n"
        "data() { %s <$1.xml >$1.xml%s; f=$1.xml%s\n"
        "  echo \"<data type='$1'><checksum type='$algorithm'>$(hash $f)</checksum>"
        "<open-checksum type='$algorithm'>$(hash $1.xml)</open-checksum>"
        "<location href='repodata/$f'/><timestamp>%lld</timestamp><size>$(stat -c %%s $f)</size>"
        "<open-size>$(stat -c %%s $1.xml)</open-size></data>\"; }\n"
        "{ echo \"<?xml version='1.0'?><repomd xmlns='http://linux.duke.edu/metadata/repo'>"
        "<revision>%s</revision>\"; data primary; %s; "
        "echo \"<data type='filelists_db'><checksum type='sha'>x</checksum></data></repomd>\"; "
        "} >repomd.xml\n"
        "gpg --batch -q %s -a --detach-sign -o repomd.xml.asc repomd.xml",
        folder, or_else(state->algorithm, "sha256sum"), or_else(state->pack, "gzip -n"),
        or_else(state->suffix, ".gz"), or_else(state->suffix, ".gz"),
        (long long)(state->timestamp != 0 ? state->timestamp : 1783760000),
        or_else(state->revision, "1783760000"), state->no_updateinfo ? ":" : "data updateinfo",
        or_else(state->sign_with, "-u good@example.com"));
}

static char keyring[256];

static int set_up(void **state)
{
    int status = source_look_set_up(state);
    struct source_look *look = *state;
    (void)snprintf(keyring, sizeof(keyring), "%s/good.asc", look->archive.keys->folder);
    look->source.kind = RB_SOURCE_RPM;
    look->source.rpm =
        (struct rb_rpm_source){.url = look->url, .architectures = X86, .signed_by = keyring};
    return status;
}

static void a_repository_that_moved_is_followed_and_told(void **state)
{
    struct source_look *look = *state;
    publish(look, &(struct state){0});
    look->source.rpm.url = look->old_url;
    look_moves(look);
}

static void a_state_is_told_in_full(void **state)
{
    struct source_look *look = *state;
    publish(look, &(struct state){0});
    look_good(look);
    assert_false(look->unchanged);
    assert_int_equal(look->requests, 4);
    assert_true(look->upstream_at == INT64_C(1783760000000));
    RB_CLEANUP_FREE char *hash = rb_asprintf("%s", look->version);
    assert_string_equal(rb_json_get_string(look->detail, "repomd", ""), hash);
    assert_string_equal(rb_json_get_string(look->detail, "revision", ""), "1783760000");
    assert_string_equal(rb_json_get_string(look->detail, "date", ""), "2026-07-11T08:53:20Z");
    assert_int_equal(rb_json_get_integer(look->detail, "offers", 0), 3);
    assert_int_equal(rb_json_get_integer(look->detail, "advisories", 0), 2);
    RB_CLEANUP_FREE char *openssl = look_offers(look, "openssl");
    RB_CLEANUP_FREE char *tzdata = look_offers(look, "tzdata");
    assert_string_equal(openssl, "x86_64 1:3.0.7-2 openssl 3.0.7-2\n");
    assert_string_equal(tzdata, "noarch 2026a-1.el9 tz-data 2026a-1.el9\n"
                                "noarch 2026a~rc1-1.el9 tzdata 2026a~rc1-1.el9\n");
    RB_CLEANUP_FREE char *updateinfo = NULL;
    assert_int_equal(rb_file_read(rb_json_get_string(look->detail, "updateinfo", ""), 1 << 20,
                                  &updateinfo, NULL, NULL),
                     0);
    assert_string_equal(updateinfo, UPDATEINFO);
    RB_CLEANUP_FREE char *kept = look_kept(look, "rpm", "*.index *.updateinfo.xml");
    RB_CLEANUP_FREE char *expected = rb_asprintf("%s.index %s.updateinfo.xml ", hash, hash);
    assert_string_equal(kept, expected);
}

static void every_packing_and_checksum_is_read(void **state)
{
    static const struct state STATES[] = {
        {.pack = "xz", .suffix = ".xz"},
        {.pack = "zstd -qc", .suffix = ".zst", .algorithm = "sha512sum"},
        {.pack = "bzip2", .suffix = ".bz2", .algorithm = "sha384sum"},
        {.pack = "cat", .suffix = ".txt"},
    };
    struct source_look *look = *state;
    for (size_t i = 0; i < RB_COUNT_OF(STATES); i++) {
        publish(look, &STATES[i]);
        look_forget(look);
        look_good(look);
        RB_CLEANUP_FREE char *openssl = look_offers(look, "openssl");
        assert_string_equal(openssl, "x86_64 1:3.0.7-2 openssl 3.0.7-2\n");
    }
    publish(look, &(struct state){.algorithm = "sha1sum"});
    look_bad(look, RB_TROUBLE_UNTRUSTED, "proves nothing");
}

static void the_memo_makes_the_next_check_cheap(void **state)
{
    struct source_look *look = *state;
    publish(look, &(struct state){0});
    look_good(look);
    for (int i = 0; i < 2; i++) {
        look_good(look);
        assert_true(look->unchanged);
        assert_int_equal(look->archive.request_count, 1);
        assert_string_equal(look->archive.requests[0], "/repodata/repomd.xml 304");
    }
}

static void what_is_lost_is_made_again(void **state)
{
    static const char *const MEMBERS[] = {"index", "updateinfo"};
    struct source_look *look = *state;
    publish(look, &(struct state){0});
    look_good(look);
    for (size_t i = 0; i < RB_COUNT_OF(MEMBERS); i++) {
        RB_CLEANUP_FREE char *path = rb_strdup(rb_json_get_string(look->detail, MEMBERS[i], ""));
        test_shell("/", "rm '%s'", path);
        look_good(look);
        assert_true(look->unchanged);
        assert_true(rb_file_exists(path));
    }
}

static void a_new_state_takes_the_place_of_the_old(void **state)
{
    struct source_look *look = *state;
    publish(look, &(struct state){0});
    look_good(look);
    publish(look, &(struct state){.release = "3", .revision = "1783760001", .no_updateinfo = true});
    look_good(look);
    assert_false(look->unchanged);
    RB_CLEANUP_FREE char *openssl = look_offers(look, "openssl");
    assert_string_equal(openssl, "x86_64 1:3.0.7-3 openssl 3.0.7-3\n");
    RB_CLEANUP_FREE char *kept = look_kept(look, "rpm", "*.index *.updateinfo.xml");
    RB_CLEANUP_FREE char *expected = rb_asprintf("%s.index ", look->version);
    assert_string_equal(kept, expected);
    assert_null(rb_json_get_string(look->detail, "updateinfo", NULL));
}

static void time_does_not_run_backwards(void **state)
{
    struct source_look *look = *state;
    publish(look, &(struct state){0});
    look_good(look);
    publish(look, &(struct state){.revision = "1783759999", .timestamp = 1783760005});
    look_bad(look, RB_TROUBLE_BACKWARDS, "has gone back in time (1783759999, but 1783760000");
    publish(look, &(struct state){.timestamp = 1783759000});
    look_bad(look, RB_TROUBLE_BACKWARDS, "has gone back in time (2026-07-11T08:36:40Z");
    publish(look, &(struct state){.revision = "spring", .timestamp = 1783759000});
    look_bad(look, RB_TROUBLE_BACKWARDS, "has gone back in time");
    rb_free(rb_steal(&look->version));
    look_bad(look, RB_TROUBLE_BACKWARDS, "has gone back in time");
    publish(look, &(struct state){.revision = "1783760009", .timestamp = 1783759000});
    look_good(look); /* the revision decides */
    publish(look, &(struct state){.revision = "1783760010", .timestamp = 1783818001});
    look_bad(look, RB_TROUBLE_UNTRUSTED, "is dated in the future");
}

static void only_what_is_proven_is_believed(void **state)
{
    static const struct {
        struct test_fault fault;
        enum rb_trouble trouble;
        const char *text;
    } CASES[] = {
        {{.suffix = "repomd.xml", .flip = true}, RB_TROUBLE_UNTRUSTED, "bad signature"},
        {{.suffix = "repomd.xml.asc", .status = 404}, RB_TROUBLE_UNTRUSTED, "is not signed"},
        {{.suffix = "primary.xml.gz", .flip = true}, RB_TROUBLE_UNTRUSTED, "another checksum"},
        {{.suffix = "updateinfo.xml.gz", .flip = true}, RB_TROUBLE_UNTRUSTED, "another checksum"},
        {{.suffix = "primary.xml.gz", .grow_by = 1}, RB_TROUBLE_MALFORMED, "larger"},
        {{.suffix = "primary.xml.gz", .cut_at = 9}, RB_TROUBLE_UNREACHABLE, "primary.xml.gz"},
        {{.suffix = "primary.xml.gz", .status = 404}, RB_TROUBLE_VANISHED, "primary.xml.gz"},
        {{.suffix = "repomd.xml", .status = 404}, RB_TROUBLE_VANISHED, "repomd.xml"},
        {{.suffix = "repomd.xml", .status = 401}, RB_TROUBLE_DENIED, "repomd.xml"},
        {{.suffix = "repomd.xml", .status = 429, .header = "Retry-After", .value = "60"},
         RB_TROUBLE_LIMITED,
         "repomd.xml"},
        {{.suffix = "repomd.xml", .status = 400}, RB_TROUBLE_UNREACHABLE, "repomd.xml"},
    };
    struct source_look *look = *state;
    publish(look, &(struct state){0});
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        look->archive.fault = CASES[i].fault;
        look_bad(look, CASES[i].trouble, CASES[i].text);
    }
    look->archive.fault = (struct test_fault){0};
    look_good(look);
    publish(look, &(struct state){.sign_with = "-u other@example.com", .revision = "1783760001"});
    look_bad(look, RB_TROUBLE_KEY_CHANGED, "which is not in the keyring");
    publish(look, &(struct state){.revision = "1783760001",
                                  .primary = "<!DOCTYPE x [<!ENTITY a 'b'>]><metadata/>"});
    look_bad(look, RB_TROUBLE_MALFORMED, "document type");
}

/* A list of mirrors, at /list, of folders of the same server. */
static void list_mirrors(struct source_look *look, const char *first, const char *second)
{
    RB_CLEANUP_FREE char *list = rb_asprintf("# mirrors\nrsync://127.0.0.1/x\n%s/%s/\n%s/%s\n",
                                             look->url, first, look->url, second);
    look_write(look, "list", list);
}

static void a_mirror_that_fails_is_passed_over(void **state)
{
    struct source_look *look = *state;
    RB_CLEANUP_FREE char *url = rb_asprintf("%s/list", look->url);
    look->source.rpm.url = NULL;
    look->source.rpm.mirrorlist = url;
    list_mirrors(look, "gone", "two");
    publish(look, &(struct state){.folder = "two"});
    look_good(look);
    RB_CLEANUP_FREE char *second = rb_asprintf("%s/two", look->url);
    assert_string_equal(rb_json_get_string(look->detail, "mirror", ""), second);
    /* the one that was good is asked first */
    look_good(look);
    assert_true(look->unchanged);
    assert_int_equal(look->archive.request_count, 2);
    assert_string_equal(look->archive.requests[1], "/two/repodata/repomd.xml 304");
    /* a stale one is no reason to stand still, nor one with a broken file */
    list_mirrors(look, "two", "three");
    publish(look, &(struct state){.folder = "two", .revision = "1783750000"});
    publish(look, &(struct state){.folder = "three", .revision = "1783760001"});
    look_good(look);
    assert_false(look->unchanged);
    list_mirrors(look, "three", "two");
    publish(look, &(struct state){.folder = "two", .revision = "1783760002"});
    publish(look, &(struct state){.folder = "three", .revision = "1783760002"});
    look->archive.fault =
        (struct test_fault){.suffix = "/three/repodata/primary.xml.gz", .flip = true};
    look_good(look);
    look->archive.fault = (struct test_fault){0};
    assert_string_equal(rb_json_get_string(look->detail, "mirror", ""), second);
    /* of all that is wrong the gravest is told */
    publish(look, &(struct state){.folder = "two", .revision = "1783750000"});
    list_mirrors(look, "gone", "two");
    look_bad(look, RB_TROUBLE_BACKWARDS, "none of 2 mirrors helps");
    list_mirrors(look, "gone", "away");
    look_bad(look, RB_TROUBLE_VANISHED, "none of 2 mirrors helps");
    look_write(look, "list", "<html>no list</html>");
    look_bad(look, RB_TROUBLE_MALFORMED, "not a metalink");
}

static void write_metalink(struct source_look *look, const char *repomd)
{
    test_shell(look->archive.folder,
               "cat >list <<E\n<?xml version='1.0'?>\n<metalink version='3.0' "
               "xmlns='http://www.metalinker.org/'><files><file name='repomd.xml'>"
               "<verification><hash type='md5'>00</hash>"
               "<hash type='sha256'>$(sha256sum <%s | cut -d' ' -f1)</hash></verification>"
               "<resources><url protocol='rsync'>rsync://127.0.0.1/repodata/repomd.xml</url>"
               "<url protocol='http'>%s/one/repodata/repomd.xml</url></resources>"
               "</file></files></metalink>\nE",
               repomd, look->url);
}

static void a_metalink_says_what_repomd_must_be(void **state)
{
    struct source_look *look = *state;
    RB_CLEANUP_FREE char *url = rb_asprintf("%s/list", look->url);
    look->source.rpm =
        (struct rb_rpm_source){.mirrorlist = url, .architectures = X86, .is_unsigned = true};
    publish(look, &(struct state){.folder = "one"});
    write_metalink(look, "one/repodata/repomd.xml");
    look_good(look); /* unsigned: no repomd.xml.asc is asked for */
    assert_int_equal(look->requests, 4);
    look_good(look);
    assert_true(look->unchanged);
    assert_int_equal(look->requests, 1);
    /* a mirror that stands still where the list has gone on is behind */
    write_metalink(look, "one/repodata/primary.xml");
    look_bad(look, RB_TROUBLE_UNTRUSTED, "none of the states that the list of mirrors allows");
    assert_string_equal(look->archive.requests[1], "/one/repodata/repomd.xml 304");
    look_forget(look);
    look_bad(look, RB_TROUBLE_UNTRUSTED, "none of the states that the list of mirrors allows");
    list_mirrors(look, "one", "one");
    look_bad(look, RB_TROUBLE_UNTRUSTED, "nor a mirror over https");
}

static void a_folder_of_this_machine_is_read(void **state)
{
    struct source_look *look = *state;
    RB_CLEANUP_FREE char *url = rb_asprintf("file://%s", look->archive.folder);
    publish(look, &(struct state){0});
    look->source.rpm.url = url;
    look_good(look);
    assert_int_equal(rb_json_get_integer(look->detail, "offers", 0), 3);
}

static void a_check_can_be_cancelled_at_any_time(void **state)
{
    struct source_look *look = *state;
    publish(look, &(struct state){0});
    int turns = 0;
    while (look_cancelled(look, turns))
        turns++;
    assert_true(turns > 5);
    RB_CLEANUP_FREE char *kept = look_kept(look, "rpm", "*");
    assert_null(strstr(kept, "verify-"));
}

int main(void)
{
#define CHECK(name) cmocka_unit_test_setup_teardown(name, set_up, source_look_tear_down)
    const struct CMUnitTest tests[] = {
        CHECK(a_repository_that_moved_is_followed_and_told),
        CHECK(a_state_is_told_in_full),
        CHECK(every_packing_and_checksum_is_read),
        CHECK(the_memo_makes_the_next_check_cheap),
        CHECK(what_is_lost_is_made_again),
        CHECK(a_new_state_takes_the_place_of_the_old),
        CHECK(time_does_not_run_backwards),
        CHECK(only_what_is_proven_is_believed),
        CHECK(a_mirror_that_fails_is_passed_over),
        CHECK(a_metalink_says_what_repomd_must_be),
        CHECK(a_folder_of_this_machine_is_read),
        CHECK(a_check_can_be_cancelled_at_any_time),
    };
    return cmocka_run_group_tests(tests, source_look_make_keys, source_look_remove_keys);
}
