/* SPDX-License-Identifier: Apache-2.0 */
#include "apt_archive.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rebake/base/digest.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "rebake/loop/process.h"

/* Smaller when it is packed, as real ones are. */
#define LINE " The classic greeting, and a good example of a package that does little.\n"
static const char PACKAGES[] =
    "Package: hello\nVersion: 2.10-3\nArchitecture: amd64\n"
    "Filename: pool/h/hello.deb\nSize: 1\nDescription: greets\n" LINE LINE LINE LINE LINE LINE LINE
        LINE LINE "\n";

void test_shell(const char *folder, const char *format, ...)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf command = RB_STRBUF_INIT(16384);
    va_list arguments;
    va_start(arguments, format);
    RB_ASSERT(rb_strbuf_vprintf(&command, format, arguments));
    va_end(arguments);
    const char *const words[] = {"sh", "-ec", command.data, NULL};
    struct rb_process_options options = {
        .arguments = words, .folder = folder, .errors_maximum = 65536};
    RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
    RB_ASSERT(rb_process_run(&options, &result, NULL) == 0);
    if (result.exit_code != 0)
        fprintf(stderr, "%s\n%s\n", command.data, result.errors);
    RB_ASSERT(result.exit_code == 0);
}

void test_keys_init(struct test_keys *keys)
{
    RB_ASSERT(rb_folder_make_temporary("/tmp/rebake-keys-", &keys->folder, NULL) == 0);
    (void)setenv("GNUPGHOME", keys->folder, 1);
    test_shell(keys->folder,
               "make() { gpg --batch --quiet --pinentry-mode loopback --passphrase '' "
               "\"$@\"; }\n"
               "make --quick-gen-key good@example.com ed25519 sign never\n"
               "make --quick-gen-key other@example.com ed25519 sign never\n"
               "make --faked-system-time 20200101T000000 "
               "--quick-gen-key expired@example.com ed25519 sign 1d\n"
               "make --quick-gen-key revoked@example.com ed25519 sign never\n"
               "printf 'Suite: stable\\n' > text\n"
               "gpg --batch -q --faked-system-time 20200101T000100 "
               "-u expired@example.com --detach-sign -o expired.sig text\n"
               "gpg --batch -q -u revoked@example.com --detach-sign "
               "-o revoked.sig text\n"
               "gpg --batch -q --digest-algo SHA1 -u good@example.com --detach-sign "
               "-o sha1.sig text\n"
               "sed -i 's/^:---/---/' openpgp-revocs.d/*\n"
               "key=$(gpg --with-colons --list-keys revoked@example.com | "
               "awk -F: '/^fpr/ { print $10; exit }')\n"
               "gpg --batch -q --import openpgp-revocs.d/$key.rev\n"
               "gpg --export good@example.com > good.gpg\n"
               "gpg --armor --export good@example.com > good.asc\n"
               "gpg --armor --export other@example.com > both.asc\n"
               "gpg --armor --export good@example.com >> both.asc\n"
               "gpg --export other@example.com > other.gpg\n"
               "gpg --export > all.gpg\n");
}

void test_keys_deinit(struct test_keys *keys)
{
    test_shell(keys->folder, "gpgconf --kill all");
    RB_ASSERT(rb_tree_remove(keys->folder, NULL) == 0);
    rb_free(keys->folder);
}

static void break_file(const struct test_fault *fault, char **data, size_t *size)
{
    if (fault->flip)
        (*data)[*size / 2] ^= 1;
    if (fault->grow_by > 0) {
        *data = rb_realloc(*data, *size + fault->grow_by);
        memset(*data + *size, '\n', fault->grow_by);
        *size += fault->grow_by;
    }
}

static void record(struct test_archive *archive, const char *path, int status)
{
    RB_ASSERT(archive->request_count < TEST_REQUESTS_MAXIMUM);
    archive->requests[archive->request_count++] = rb_asprintf("%s %d", path, status);
}

/* server thread */
static bool is_moved(const struct test_archive *archive, const char *path,
                     struct test_answer *answer)
{
    static const char old[] = "/old";
    if (archive->move_with == 0 || !rb_text_starts_with(path, old))
        return false;
    answer->status = archive->move_with;
    test_answer_header(answer, "Location", path + strlen(old));
    return true;
}

/* server thread; the test looks at what is recorded only while no request is under way */
static void serve(void *context, const struct test_request *request, struct test_answer *answer)
{
    struct test_archive *archive = context;
    const struct test_fault *fault = &archive->fault;
    const char *rest = rb_text_ends_with(request->path, "/") ? "index.json" : "";
    RB_CLEANUP_FREE char *path = rb_asprintf("%s%s%s", archive->folder, request->path, rest);
    if (is_moved(archive, request->path, answer))
        return;
    bool is_faulty = fault->suffix != NULL && rb_text_ends_with(path, fault->suffix);
    if (is_faulty && fault->header != NULL)
        test_answer_header(answer, fault->header, fault->value);
    answer->silent = is_faulty && fault->silent;
    if (is_faulty && fault->status != 0) {
        answer->status = fault->status;
    } else if (rb_file_read(path, 1 << 24, &answer->body, &answer->body_size, NULL) != 0) {
        answer->status = 404;
    } else {
        char etag[RB_SHA256_HEX_SIZE + 2] = "\"";
        rb_sha256_of(answer->body, answer->body_size, etag + 1);
        etag[17] = '"';
        etag[18] = '\0';
        test_answer_header(answer, "ETag", etag);
        if (rb_text_equal(request->if_none_match, etag)) {
            answer->status = 304;
            rb_free(rb_steal(&answer->body));
            answer->body_size = 0;
        } else if (is_faulty) {
            answer->cut_at = fault->cut_at;
            break_file(fault, &answer->body, &answer->body_size);
        }
    }
    record(archive, request->path, answer->status);
}

void test_archive_init(struct test_archive *archive, const struct test_keys *keys)
{
    *archive = (struct test_archive){.keys = keys};
    RB_ASSERT(rb_folder_make_temporary("/tmp/rebake-apt-", &archive->folder, NULL) == 0);
    archive->server = test_server_start(serve, archive);
}

static void free_requests(struct test_archive *archive)
{
    for (size_t i = 0; i < archive->request_count; i++)
        rb_free(archive->requests[i]);
    archive->request_count = 0;
}

void test_archive_forget_requests(struct test_archive *archive)
{
    test_server_sync(archive->server);
    free_requests(archive);
    test_server_sync(archive->server);
}

void test_archive_deinit(struct test_archive *archive)
{
    test_server_stop(archive->server);
    free_requests(archive);
    RB_ASSERT(rb_tree_remove(archive->folder, NULL) == 0);
    for (size_t i = 0; i < TEST_FORMS; i++)
        rb_free(archive->forms[i].data);
    rb_free(archive->packages);
    rb_free(archive->folder);
}

static const char *or_else(const char *text, const char *fallback)
{
    return text != NULL ? text : fallback;
}

static const struct {
    const char *name;
    const char *suffix;
} FORMS[TEST_FORMS] = {
    {"plain", ""}, {"xz", ".xz"}, {"gz", ".gz"}, {"zst", ".zst"}, {"bz2", ".bz2"}};

static void pack(struct test_archive *archive, const char *packages)
{
    if (rb_text_equal(archive->packages, packages))
        return;
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/Packages", archive->folder);
    RB_ASSERT(rb_file_write_atomic(path, packages, strlen(packages), 0644, NULL) == 0);
    test_shell(archive->folder,
               "xz -kf Packages; gzip -nkf Packages; zstd -qf Packages; bzip2 -kf Packages");
    for (size_t i = 0; i < TEST_FORMS; i++) {
        RB_CLEANUP_FREE char *form = rb_asprintf("%s%s", path, FORMS[i].suffix);
        rb_free(archive->forms[i].data);
        RB_ASSERT(rb_file_read(form, 1 << 20, &archive->forms[i].data, &archive->forms[i].size,
                               NULL) == 0);
    }
    rb_free(archive->packages);
    archive->packages = rb_strdup(packages);
}

static void write_file(const struct test_archive *archive, const char *name, const char *data,
                       size_t size)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/dists/stable/%s", archive->folder, name);
    RB_CLEANUP_FREE char *folder = rb_strndup(path, (size_t)(strrchr(path, '/') - path));
    RB_ASSERT(rb_folder_make(folder, 0755, NULL) == 0);
    RB_ASSERT(rb_file_write_atomic(path, data, size, 0644, NULL) == 0);
}

/* folder: "", or with a '/' at its end. */
static void write_indexes(const struct test_archive *archive, const struct test_state *state,
                          const char *folder, struct rb_strbuf *sums)
{
    const char *published = or_else(state->forms, "xz");
    char hex[RB_SHA256_HEX_SIZE];
    for (size_t i = 0; i < TEST_FORMS; i++) {
        const char *data = archive->forms[i].data;
        size_t size = archive->forms[i].size;
        RB_CLEANUP_FREE char *name = rb_asprintf("%sPackages%s", folder, FORMS[i].suffix);
        RB_CLEANUP_FREE char *by_hash =
            rb_asprintf("%sby-hash/SHA256/%s", folder, rb_sha256_of(data, size, hex));
        if (strstr(or_else(state->listed, "plain xz"), FORMS[i].name) != NULL)
            rb_strbuf_printf(sums, " %s %zu %s\n", hex, size, name);
        if (strstr(published, FORMS[i].name) != NULL)
            write_file(archive, name, data, size);
        if (state->by_hash && !state->by_hash_is_missing)
            write_file(archive, by_hash, data, size);
    }
}

static void write_folders(const struct test_archive *archive, const struct test_state *state,
                          struct rb_strbuf *sums)
{
    RB_CLEANUP_FREE char *more = rb_strdup(or_else(state->more, ""));
    char *rest = NULL;
    write_indexes(archive, state, state->is_flat ? "" : "main/binary-amd64/", sums);
    for (const char *name = strtok_r(more, " ", &rest); name != NULL;
         name = strtok_r(NULL, " ", &rest)) {
        RB_CLEANUP_FREE char *folder = rb_asprintf("%s/", name);
        write_indexes(archive, state, folder, sums);
    }
}

void test_archive_publish(struct test_archive *archive, const struct test_state *state)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf release = RB_STRBUF_INIT(65536);
    RB_CLEANUP_FREE char *dists = rb_asprintf("%s/dists", archive->folder);
    RB_ASSERT(rb_tree_remove(dists, NULL) == 0);
    pack(archive, or_else(state->packages, PACKAGES));
    rb_strbuf_printf(&release, "Origin: Test\nSuite: %s\nCodename: %s\nDate: %s\n",
                     or_else(state->suite, "stable"), or_else(state->codename, "bookworm"),
                     or_else(state->date, "Sat, 11 Jul 2026 09:42:10 UTC"));
    if (state->valid_until != NULL)
        rb_strbuf_printf(&release, "Valid-Until: %s\n", state->valid_until);
    rb_strbuf_printf(&release, "%sComponents: main\nArchitectures: amd64\nSHA256:\n",
                     state->by_hash ? "Acquire-By-Hash: yes\n" : "");
    write_folders(archive, state, &release);
    write_file(archive, "Release", release.data, release.size);
    if (state->unsigned_release)
        return;
    const char *sign_with = or_else(state->sign_with, "-u good@example.com");
    if (state->detached)
        test_shell(archive->folder,
                   "cd dists/stable; gpg --batch -q %s -a --detach-sign "
                   "-o Release.gpg Release",
                   sign_with);
    else
        test_shell(archive->folder,
                   "cd dists/stable; gpg --batch -q %s --clearsign "
                   "-o InRelease Release; rm Release",
                   sign_with);
}
