/* SPDX-License-Identifier: Apache-2.0 */
/* Files that tell of languages' packages, made here as their tools make them;
   integration.language_packages has files of the tools themselves. */
#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "finds.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

/* ── reading ────────────────────────────────────────────────────────────────────────────────── */

struct content {
    const unsigned char *data;
    size_t size;
    size_t at;
    size_t piece; /* as much comes at once */
};

static int read_content(void *context, void *buffer, size_t room, size_t *ret_size,
                        struct rb_err *err)
{
    struct content *content = context;
    size_t left = content->size - content->at;
    size_t size = room < content->piece ? room : content->piece;
    (void)err;
    *ret_size = size < left ? size : left;
    memcpy(buffer, content->data + content->at, *ret_size);
    content->at += *ret_size;
    return 0;
}

/* "type name version path" of each, in one line each. */
static char *list_of(struct rb_inventory *inventory)
{
    struct rb_strbuf text = RB_STRBUF_INIT(65536);
    rb_inventory_sort(inventory);
    for (size_t i = 0; i < inventory->package_count; i++) {
        const struct rb_package *package = &inventory->packages[i];
        rb_strbuf_printf(&text, "%s %s %s %s\n", rb_package_type_name(package->type), package->name,
                         package->version, package->path);
    }
    rb_strbuf_puts(&text, "");
    return rb_strbuf_steal(&text);
}

static void expect_bytes(const char *path, bool is_executable, const void *data, size_t size,
                         const char *wanted)
{
    static const size_t PIECES[] = {1, 7, 1000, 1 << 20};
    for (size_t i = 0; i < RB_COUNT_OF(PIECES); i++) {
        RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
        struct content content = {data, size, 0, PIECES[i]};
        struct language_budget budget = {0};
        const struct file_bytes bytes = {
            .context = &content, .read = read_content, .budget = &budget};
        struct rb_err err;
        if (PIECES[i] < 1000 && size > 100000)
            continue;
        rb_inventory_init(&inventory);
        assert_int_equal(
            language_read(language_file_of(path, is_executable), path, &bytes, &inventory, &err),
            0);
        RB_CLEANUP_FREE char *list = list_of(&inventory);
        assert_string_equal(list, wanted);
    }
}

static void expect(const char *path, const char *text, const char *wanted)
{
    expect_bytes(path, false, text, strlen(text), wanted);
}

/* ── which files ────────────────────────────────────────────────────────────────────────────── */

static void files_are_known_by_their_names(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum language_file kind;
    } CASES[] = {
        {"usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA", LANGUAGE_PYTHON},
        {"a.egg-info/PKG-INFO", LANGUAGE_PYTHON},
        {"x/six-1.16.0.egg-info", LANGUAGE_PYTHON},
        {"x/six.egg/EGG-INFO/PKG-INFO", LANGUAGE_PYTHON},
        {"x/METADATA", LANGUAGE_NONE},
        {"METADATA", LANGUAGE_NONE},
        {"srv/node_modules/left-pad/package.json", LANGUAGE_NPM},
        {"node_modules/left-pad/package.json", LANGUAGE_NPM},
        {"srv/node_modules/@types/node/package.json", LANGUAGE_NPM},
        {"srv/node_modules/left-pad/test/package.json", LANGUAGE_NONE},
        {"srv/node_modules/@types/node/x/package.json", LANGUAGE_NONE},
        {"srv/my_node_modules/left-pad/package.json", LANGUAGE_NONE},
        {"srv/package.json", LANGUAGE_NONE},
        {"package.json", LANGUAGE_NONE},
        {"node_modules/package.json", LANGUAGE_NONE},
        {"usr/lib/ruby/gems/3.1.0/specifications/rake-13.0.6.gemspec", LANGUAGE_GEM},
        {"usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec", LANGUAGE_GEM},
        {"usr/lib/ruby/gems/3.1.0/gems/rake-13.0.6/rake.gemspec", LANGUAGE_NONE},
        {"app/lib/log4j.jar", LANGUAGE_JAVA},
        {"app.war", LANGUAGE_JAVA},
        {"usr/share/jenkins/ref/plugins/git.jpi", LANGUAGE_JAVA},
        {"usr/bin/true", LANGUAGE_NONE},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        if (language_file_of(CASES[i].path, false) != CASES[i].kind)
            fail_msg("%s", CASES[i].path);
    }
    assert_int_equal(language_file_of("usr/bin/true", true), LANGUAGE_PROGRAM);
}

/* ── texts ──────────────────────────────────────────────────────────────────────────────────── */

#define PYTHON "x.dist-info/METADATA"

static void python(void **state)
{
    (void)state;
    expect(PYTHON,
           "Metadata-Version: 2.1\nName: Zope.Interface\nVersion: 5.5.2\nRequires: six\n\n"
           "Name: of the description\n",
           "pypi zope-interface 5.5.2 " PYTHON "\n");
    expect(PYTHON, "name:six\r\nversion: 1.16.0 \r\n\r\n", "pypi six 1.16.0 " PYTHON "\n");
    expect(PYTHON, "Name: six\n\nVersion: 1\n", "");
    expect(PYTHON, "Name: six\nVersion:\n", "");
    expect(PYTHON, "Name: a b\nVersion: 1\n", "");
    expect(PYTHON, "", "");
}

#define NPM "node_modules/x/package.json"

static void npm(void **state)
{
    (void)state;
    expect(NPM, "{\"name\":\"@types/node\",\"version\":\"20.1.0\",\"dependencies\":{\"a\":\"1\"}}",
           "npm @types/node 20.1.0 " NPM "\n");
    expect(NPM, "{\"name\":\"x\"}", "");
    expect(NPM, "{\"name\":\"x\",\"version\":1}", "");
    expect(NPM, "{\"name\":\"x\",\"version\":", "");
    expect(NPM, "[]", "");
}

#define GEM "specifications/x.gemspec"

static void gem(void **state)
{
    (void)state;
    expect(GEM,
           "# -*- encoding: utf-8 -*-\n# stub: rake 13.0.6 ruby lib\n\n"
           "Gem::Specification.new do |s|\n  s.name = \"other\".freeze\n",
           "gem rake 13.0.6 " GEM "\n");
    expect(GEM,
           "Gem::Specification.new do |spec|\n  spec.name = %q{x}\n  spec.name = 'json'\n"
           "  spec.version = Gem::Version.new(\"2.6.1\")\nend\n",
           "gem json 2.6.1 " GEM "\n");
    expect(GEM, "s.name = \"json\"\ns.version = VERSION\n", "");
}

/* ── archives ───────────────────────────────────────────────────────────────────────────────── */

enum { ROOM = 1 << 20 };

struct zip {
    unsigned char *data;
    size_t size;
    struct archive *archive;
};

static void zip_begin(struct zip *zip, bool is_packed)
{
    zip->data = rb_alloc(ROOM);
    zip->archive = archive_write_new();
    assert_int_equal(archive_write_set_format_zip(zip->archive), ARCHIVE_OK);
    if (!is_packed)
        assert_int_equal(archive_write_set_options(zip->archive, "compression=store"), ARCHIVE_OK);
    assert_int_equal(archive_write_open_memory(zip->archive, zip->data, ROOM, &zip->size),
                     ARCHIVE_OK);
}

static void zip_add(struct zip *zip, const char *name, const void *data, size_t size)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, (la_int64_t)size);
    assert_int_equal(archive_write_header(zip->archive, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(zip->archive, data, size), size);
    archive_entry_free(entry);
}

static void zip_end(struct zip *zip)
{
    assert_int_equal(archive_write_close(zip->archive), ARCHIVE_OK);
    assert_int_equal(archive_write_free(zip->archive), ARCHIVE_OK);
}

static void add_properties(struct zip *zip, const char *folder, const char *artifact,
                           const char *version)
{
    RB_CLEANUP_FREE char *name =
        rb_asprintf("%sMETA-INF/maven/org.lab/%s/pom.properties", folder, artifact);
    RB_CLEANUP_FREE char *text = rb_asprintf(
        "#Created by Maven\ngroupId = org.lab\r\nartifactId=%s\nversion=%s\n", artifact, version);
    zip_add(zip, name, text, strlen(text));
}

static void java(void **state)
{
    (void)state;
    for (int is_packed = 0; is_packed < 2; is_packed++) {
        struct zip inner, middle, outer;
        zip_begin(&inner, is_packed);
        add_properties(&inner, "", "inner", "1.0");
        zip_end(&inner);
        zip_begin(&middle, is_packed);
        zip_add(&middle, "lib/inner.jar", inner.data, inner.size);
        add_properties(&middle, "WEB-INF/classes/", "middle", "2.0-SNAPSHOT");
        zip_end(&middle);
        zip_begin(&outer, is_packed);
        zip_add(&outer, "META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n", 22);
        zip_add(&outer, "BOOT-INF/lib/middle.war", middle.data, middle.size);
        add_properties(&outer, "", "outer", "3");
        add_properties(&outer, "", "none", "");
        zip_end(&outer);
        static const char WANTED[] =
            "maven org.lab:inner 1.0 app.jar!/BOOT-INF/lib/middle.war!/lib/inner.jar\n"
            "maven org.lab:middle 2.0-SNAPSHOT app.jar!/BOOT-INF/lib/middle.war\n"
            "maven org.lab:outer 3 app.jar\n";
        expect_bytes("app.jar", false, outer.data, outer.size, WANTED);
        for (size_t cut = 0; cut < outer.size; cut += 97) { /* whatever is left of it is read */
            RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
            struct content content = {outer.data, cut, 0, ROOM};
            struct language_budget budget = {0};
            const struct file_bytes bytes = {
                .context = &content, .read = read_content, .budget = &budget};
            rb_inventory_init(&inventory);
            assert_int_equal(java_read("app.jar", &bytes, &inventory, NULL), 0);
            assert_true(inventory.package_count <= 3);
        }
        rb_free(inner.data);
        rb_free(middle.data);
        rb_free(outer.data);
    }
    expect("app.jar", "no archive at all", "");
    expect("app.jar", "#!/bin/sh\nexit 0\n", "");
}

static void java_that_runs_as_a_program(void **state)
{
    (void)state;
    static const char SCRIPT[] = "#!/bin/bash\nexec java -jar \"$0\" \"$@\"\n";
    struct zip zip;
    zip_begin(&zip, true);
    add_properties(&zip, "", "app", "1.0");
    zip_end(&zip);
    memmove(zip.data + strlen(SCRIPT), zip.data, zip.size);
    memcpy(zip.data, SCRIPT, strlen(SCRIPT));
    expect_bytes("app.jar", true, zip.data, zip.size + strlen(SCRIPT),
                 "maven org.lab:app 1.0 app.jar\n");
    rb_free(zip.data);
}

static void archives_are_work_that_is_counted(void **state)
{
    (void)state;
    enum { FILL = 700000 };
    char *fill = rb_zalloc(FILL);
    struct zip zip;
    zip_begin(&zip, true);
    zip_add(&zip, "x.class", fill, FILL);
    add_properties(&zip, "", "app", "1.0");
    zip_end(&zip);
    for (uint64_t used = 0; used <= UINT64_C(1) << 40; used += UINT64_C(1) << 40) {
        RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
        struct language_budget budget = {.unpacked_bytes = used};
        struct content content = {zip.data, zip.size, 0, ROOM};
        const struct file_bytes bytes = {
            .context = &content, .read = read_content, .budget = &budget};
        struct rb_err err;
        rb_inventory_init(&inventory);
        int status = language_read(LANGUAGE_JAVA, "app.jar", &bytes, &inventory, &err);
        assert_int_equal(status, used == 0 ? 0 : RB_ELIMIT);
        assert_int_equal(budget.packages, used == 0 ? 1 : 0);
        assert_true(budget.unpacked_bytes > used && (used > 0 || budget.unpacked_bytes > FILL));
    }
    rb_free(zip.data);
    rb_free(fill);
}

static void packages_are_counted(void **state)
{
    (void)state;
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    struct language_budget budget = {.packages = SIZE_MAX / 2};
    struct content content = {(const unsigned char *)"Name: a\nVersion: 1\n", 19, 0, 100};
    const struct file_bytes bytes = {.context = &content, .read = read_content, .budget = &budget};
    struct rb_err err;
    rb_inventory_init(&inventory);
    assert_int_equal(language_read(LANGUAGE_PYTHON, "a", &bytes, &inventory, &err), RB_ELIMIT);
}

/* ── programs ───────────────────────────────────────────────────────────────────────────────── */

enum {
    RELRO_AT = 10000,
    DATA_AT = 12000,
    BEHIND_AT = 40000,
    TABLE_AT = 60000,
    PROGRAM_BYTES = 61000
};

/* An ELF file as lld makes them, with two writable segments: the second begins with the bytes
   given, and a section stands behind all that is loaded. */
static unsigned char *make_program(const void *data, size_t data_size, const char *section,
                                   const void *content, size_t content_size)
{
    unsigned char *program = rb_zalloc(PROGRAM_BYTES);
    Elf64_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                         .e_type = ET_EXEC,
                         .e_phoff = sizeof(header),
                         .e_phentsize = sizeof(Elf64_Phdr),
                         .e_phnum = 3,
                         .e_shoff = TABLE_AT,
                         .e_shentsize = sizeof(Elf64_Shdr),
                         .e_shnum = 3,
                         .e_shstrndx = 1};
    const Elf64_Phdr segments[] = {
        {.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = 0, .p_filesz = RELRO_AT},
        {.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_offset = RELRO_AT, .p_filesz = 1000},
        {.p_type = PT_LOAD,
         .p_flags = PF_R | PF_W,
         .p_offset = DATA_AT,
         .p_filesz = BEHIND_AT - DATA_AT}};
    char names[64] = "";
    size_t names_size = 1 + sizeof(".shstrtab") + strlen(section) + 1;
    memcpy(names + 1, ".shstrtab", sizeof(".shstrtab"));
    memcpy(names + 1 + sizeof(".shstrtab"), section, strlen(section));
    const Elf64_Shdr sections[] = {{.sh_type = SHT_NULL},
                                   {.sh_name = 1,
                                    .sh_type = SHT_STRTAB,
                                    .sh_offset = TABLE_AT - names_size,
                                    .sh_size = names_size},
                                   {.sh_name = 1 + sizeof(".shstrtab"),
                                    .sh_type = SHT_PROGBITS,
                                    .sh_offset = BEHIND_AT + 100,
                                    .sh_size = content_size}};
    memcpy(program, &header, sizeof(header));
    memcpy(program + sizeof(header), segments, sizeof(segments));
    memcpy(program + DATA_AT, data, data_size);
    memcpy(program + BEHIND_AT + 100, content, content_size);
    memcpy(program + TABLE_AT - names_size, names, names_size);
    memcpy(program + TABLE_AT, sections, sizeof(sections));
    return program;
}

static size_t put_text(unsigned char *at, const char *text, size_t size)
{
    size_t used = 0;
    size_t left = size;
    for (; left >= 0x80; left >>= 7)
        at[used++] = (unsigned char)(left | 0x80);
    at[used++] = (unsigned char)left;
    memcpy(at + used, text, size);
    return used + size;
}

/* What Go's linker writes since 1.18; modules NULL: none. */
static size_t make_go_information(unsigned char out[4096], const char *version, const char *modules)
{
    static const unsigned char SENTINEL[16] = {1, 2, 3};
    memset(out, 0, 4096);
    size_t at = 64; /* something may stand before it */
    memcpy(out + at, "\xff Go buildinf:", 14);
    out[at + 14] = 8;
    out[at + 15] = 2;
    at += 32;
    at += put_text(out + at, version, strlen(version));
    char text[3000];
    size_t size = modules == NULL ? 0 : strlen(modules) + 32;
    if (modules != NULL) {
        memcpy(text, SENTINEL, 16);
        memcpy(text + 16, modules, strlen(modules));
        memcpy(text + 16 + strlen(modules), SENTINEL, 16);
    }
    return at + put_text(out + at, text, size);
}

static void expect_go(const char *version, const char *modules, const char *wanted)
{
    unsigned char data[4096];
    size_t size = make_go_information(data, version, modules);
    unsigned char *program = make_program(data, size, ".x", "", 0);
    expect_bytes("usr/bin/x", true, program, PROGRAM_BYTES, wanted);
    rb_free(program);
}

static void go(void **state)
{
    (void)state;
    expect_go("go1.19.8",
              "path\tgithub.com/opencontainers/runc\n"
              "mod\tgithub.com/opencontainers/runc\tv1.1.4\th1:x=\n"
              "dep\tgithub.com/a/b\tv0.1.0\th1:y=\n"
              "dep\tgithub.com/old/c\tv1.0.0\n=>\tgithub.com/new/c\tv1.0.1\th1:z=\n"
              "build\t-compiler=gc\n",
              "golang github.com/a/b v0.1.0 usr/bin/x\n"
              "golang github.com/new/c v1.0.1 usr/bin/x\n"
              "golang github.com/opencontainers/runc v1.1.4 usr/bin/x\n"
              "golang stdlib 1.19.8 usr/bin/x\n");
    expect_go("go1.21rc2 X:noregabi", "mod\texample.com/x\t(devel)\t\n",
              "golang stdlib 1.21.0-rc.2 usr/bin/x\n");
    expect_go("go1.20", NULL, "golang stdlib 1.20.0 usr/bin/x\n");
    expect_go("devel +abc", NULL, "");
}

static void expect_rust(const char *list, const char *wanted)
{
    unsigned char packed[4096];
    uLongf size = sizeof(packed);
    assert_int_equal(compress(packed, &size, (const unsigned char *)list, strlen(list)), Z_OK);
    unsigned char *program = make_program("", 0, ".dep-v0", packed, size);
    expect_bytes("usr/bin/x", true, program, PROGRAM_BYTES, wanted);
    rb_free(program);
    program = make_program("", 0, ".dep-v1", packed, size);
    expect_bytes("usr/bin/x", true, program, PROGRAM_BYTES, "");
    rb_free(program);
}

static void rust(void **state)
{
    (void)state;
    expect_rust(
        "{\"packages\":[{\"name\":\"serde\",\"version\":\"1.0.188\",\"source\":\"crates.io\"},"
        "{\"name\":\"cc\",\"version\":\"1.0.83\",\"kind\":\"build\"},"
        "{\"name\":\"tool\",\"version\":\"0.1.0\",\"root\":true}]}",
        "cargo serde 1.0.188 usr/bin/x\ncargo tool 0.1.0 usr/bin/x\n");
    expect_rust("{\"packages\":{}}", "");
    expect_rust("no JSON", "");
}

static void programs_that_are_spoilt_tell_nothing(void **state)
{
    (void)state;
    unsigned char data[4096];
    size_t size = make_go_information(data, "go1.19.8", "dep\ta\tv1\n");
    unsigned char *program = make_program(data, size, ".dep-v0", "nothing packed", 14);
    for (size_t cut = 0; cut < PROGRAM_BYTES; cut += 501) {
        RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
        struct content content = {program, cut, 0, 5000};
        struct language_budget budget = {0};
        const struct file_bytes bytes = {
            .context = &content, .read = read_content, .budget = &budget};
        rb_inventory_init(&inventory);
        assert_int_equal(program_read("x", &bytes, &inventory, NULL), 0);
        assert_true(inventory.package_count == 0 || cut > DATA_AT);
    }
    static const size_t NUMBERS[] = {EI_CLASS, EI_DATA, 32, 40, 54, 56, 58, 60, 62, 72, 96, 128};
    for (size_t i = 0; i < RB_COUNT_OF(NUMBERS); i++) { /* whatever a number of its says */
        for (unsigned value = 0; value < 256; value += 51) {
            unsigned char kept = program[NUMBERS[i]];
            RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
            struct content content = {program, PROGRAM_BYTES, 0, 5000};
            struct language_budget budget = {0};
            const struct file_bytes bytes = {
                .context = &content, .read = read_content, .budget = &budget};
            program[NUMBERS[i]] = (unsigned char)value;
            rb_inventory_init(&inventory);
            assert_int_equal(program_read("x", &bytes, &inventory, NULL), 0);
            program[NUMBERS[i]] = kept;
        }
    }
    rb_free(program);
    expect_bytes("usr/bin/x", true, "#!/bin/sh\n", 10, "");
}

/* ── layers ─────────────────────────────────────────────────────────────────────────────────── */

static void put(struct finds *finds, const char *path, const char *text)
{
    struct content content = {(const unsigned char *)text, strlen(text), 0, 100};
    const struct file_bytes bytes = {.context = &content, .read = read_content};
    finds_hide(finds, path);
    assert_true(finds_wants(path, false));
    assert_int_equal(finds_read(finds, path, false, &bytes, NULL), 0);
}

#define SIX       "usr/lib/python3/six-1.dist-info/METADATA"
#define SIX_TEXT  "Name: six\nVersion: 1\n\n"
#define SIX_FOUND "pypi six 1 " SIX "\n"

/* What is seen of the lower layer's two packages and one of its own. */
static void expect_merged(struct finds *upper, const char *owned_path, const char *wanted)
{
    struct finds layers[2] = {*upper};
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    RB_CLEANUP(path_set_deinit) struct path_set owned = {0};
    finds_init(&layers[1], upper->budget);
    put(&layers[1], SIX, SIX_TEXT);
    finds_end(&layers[0]);
    finds_end(&layers[1]);
    if (owned_path != NULL)
        finds_own(&owned, owned_path);
    rb_inventory_init(&inventory);
    assert_int_equal(finds_merge(layers, 2, &owned, &inventory, NULL), 0);
    RB_CLEANUP_FREE char *list = list_of(&inventory);
    assert_string_equal(list, wanted);
    finds_deinit(&layers[0]);
    finds_deinit(&layers[1]);
}

static void layers_above_hide_those_below(void **state)
{
    (void)state;
    static const struct {
        const char *hidden, *emptied, *owned, *wanted;
    } CASES[] = {
        {NULL, NULL, NULL, SIX_FOUND},
        {SIX, NULL, NULL, ""},
        {"usr/lib/python3/six-1.dist-info", NULL, NULL, ""}, /* a whiteout, or a file there now */
        {"usr", NULL, NULL, ""},
        {"usr/lib/python", NULL, NULL, SIX_FOUND},
        {SIX "/x", NULL, NULL, SIX_FOUND},
        {NULL, "usr/lib/python3", NULL, ""},
        {NULL, "", NULL, ""},
        {NULL, "usr/lib/ruby", NULL, SIX_FOUND},
        {NULL, NULL, "/" SIX, ""},
        {NULL, NULL, "lib/python3/six-1.dist-info/METADATA", ""}, /* of before usr was merged */
        {NULL, NULL, "usr/lib/python3", SIX_FOUND},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct language_budget budget = {0};
        struct finds upper;
        finds_init(&upper, &budget);
        if (CASES[i].hidden != NULL)
            finds_hide(&upper, CASES[i].hidden);
        if (CASES[i].emptied != NULL)
            finds_hide_below(&upper, CASES[i].emptied);
        expect_merged(&upper, CASES[i].owned, CASES[i].wanted);
    }
}

static void a_list_of_dpkgs_owns_files_as_long_as_it_is_there(void **state)
{
    (void)state;
    struct language_budget budget = {0};
    struct finds upper;
    finds_init(&upper, &budget);
    put(&upper, "var/lib/dpkg/info/python3-six.list", "/.\n/usr\n/" SIX "\n");
    expect_merged(&upper, NULL, "");
    finds_init(&upper, &budget);
    put(&upper, "var/lib/dpkg/info/python3-six.list", "/" SIX); /* without an end of the line */
    expect_merged(&upper, NULL, "");
    finds_init(&upper, &budget);
    put(&upper, "var/lib/dpkg/info/other.list", "/usr/bin/other\n");
    expect_merged(&upper, NULL, SIX_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_known_by_their_names),
        cmocka_unit_test(python),
        cmocka_unit_test(npm),
        cmocka_unit_test(gem),
        cmocka_unit_test(java),
        cmocka_unit_test(java_that_runs_as_a_program),
        cmocka_unit_test(archives_are_work_that_is_counted),
        cmocka_unit_test(packages_are_counted),
        cmocka_unit_test(go),
        cmocka_unit_test(rust),
        cmocka_unit_test(programs_that_are_spoilt_tell_nothing),
        cmocka_unit_test(layers_above_hide_those_below),
        cmocka_unit_test(a_list_of_dpkgs_owns_files_as_long_as_it_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
