/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_apt_change [Packages.xz]: a Packages file of which ten stanzas have changed is taken in by
 * a builder that knows the last state, beside one that knows nothing, and beside what neither can
 * be faster than: hashing the file, and unpacking it. Without an argument it takes the largest
 * Packages file that this machine's apt has. All in one run, processor time, best of some.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packages_file.h"
#include "rebake/base/digest.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/inventory/index.h"

enum { ROUNDS = 7, CHANGES = 10 };

struct state {
    struct bench_file plain;
    struct bench_file packed;
    const char *known_path; /* of the index of the last state; NULL: nothing is known */
    const char *index_path;
    size_t count;
    size_t index_size;
};

/* The version of every so many-th stanza gets a suffix, as a rebuild gives it. */
static struct bench_file change(const struct bench_file *old)
{
    struct bench_file changed = {.data = rb_alloc(old->size + 64)};
    size_t stride = old->size / CHANGES, left = CHANGES;
    const char *at = old->data, *end = old->data + old->size;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t size = (size_t)((newline == NULL ? end : newline) - at);
        memcpy(changed.data + changed.size, at, size);
        changed.size += size;
        bool is_due = left > 0 && (size_t)(at - old->data) > stride * (CHANGES - left);
        if (is_due && size > 9 && memcmp(at, "Version: ", 9) == 0) {
            memcpy(changed.data + changed.size, "+b9", 3);
            changed.size += 3;
            left--;
        }
        changed.data[changed.size++] = '\n';
        at += size + 1;
    }
    return changed;
}

static void run_hash_packed(struct state *state)
{
    char hex[RB_SHA256_HEX_SIZE];
    rb_sha256_of(state->packed.data, state->packed.size, hex);
}

static void run_hash_plain(struct state *state)
{
    char hex[RB_SHA256_HEX_SIZE];
    rb_sha256_of(state->plain.data, state->plain.size, hex);
}

static void take_in(struct state *state, const struct bench_file *file, char *hex)
{
    struct rb_err err;
    struct rb_index *known = NULL;
    if (state->known_path != NULL)
        bench_must(rb_index_open(state->known_path, &known, &err), &err);
    struct rb_index_builder *builder = rb_index_builder_new_from(known);
    bench_must(rb_index_builder_feed_compressed(builder, file->data, file->size, BENCH_FILE_MAX,
                                                hex, "Packages", &err),
               &err);
    bench_must(rb_index_builder_end_file(builder, "Packages", &err), &err);
    bench_must(rb_index_builder_write(builder, state->index_path, &err), &err);
    state->count = rb_index_builder_count(builder);
    rb_index_builder_free(builder);
    rb_index_close(known);
}

static void run_take_in(struct state *state)
{
    take_in(state, &state->plain, NULL);
}

static void run_whole(struct state *state)
{
    char hex[RB_SHA256_HEX_SIZE];
    run_hash_packed(state);
    take_in(state, &state->packed, hex);
}

static double best_of(void (*run)(struct state *state), struct state *state)
{
    double best = 1e9;
    for (int i = 0; i < ROUNDS; i++) {
        double start = bench_cpu_ms();
        run(state);
        double took = bench_cpu_ms() - start;
        best = took < best ? took : best;
    }
    return best;
}

static void must_be_the_same(const char *a, const char *b)
{
    struct rb_err err;
    struct rb_index *first = NULL, *second = NULL;
    bench_must(rb_index_open(a, &first, &err), &err);
    bench_must(rb_index_open(b, &second, &err), &err);
    bool same = rb_index_count(first) == rb_index_count(second);
    for (size_t i = 0; same && i < rb_index_count(first); i++) {
        struct rb_offer x, y;
        rb_index_get(first, i, &x);
        rb_index_get(second, i, &y);
        same = strcmp(x.name, y.name) == 0 && strcmp(x.version, y.version) == 0 &&
               strcmp(x.architecture, y.architecture) == 0 &&
               strcmp(x.source_version, y.source_version) == 0;
    }
    if (!same)
        bench_must(rb_err_set(&err, RB_EINTERNAL, "the two ways do not find the same"), &err);
    rb_index_close(first);
    rb_index_close(second);
}

int main(int argc, char **argv)
{
    struct rb_err err;
    RB_CLEANUP_FREE char *folder = NULL;
    bench_must(rb_folder_make_temporary("/tmp/rebake-bench-", &folder, &err), &err);
    RB_CLEANUP_FREE char *old_path = rb_asprintf("%s/old.index", folder);
    RB_CLEANUP_FREE char *full_path = rb_asprintf("%s/full.index", folder);
    RB_CLEANUP_FREE char *quick_path = rb_asprintf("%s/quick.index", folder);
    struct bench_file old = argc > 1 ? bench_unpacked(argv[1]) : bench_largest_packages();
    struct state state = {.plain = old, .index_path = old_path};
    run_take_in(&state);
    state.plain = change(&old);
    state.packed = bench_packed(&state.plain);
    double hash_packed = best_of(run_hash_packed, &state);
    double hash_plain = best_of(run_hash_plain, &state);
    double unpack = bench_unpack_ms(&state.packed, ROUNDS);
    state.index_path = full_path;
    double full = best_of(run_take_in, &state);
    double full_whole = best_of(run_whole, &state);
    state.index_path = quick_path;
    state.known_path = old_path;
    double quick = best_of(run_take_in, &state);
    double quick_whole = best_of(run_whole, &state);
    must_be_the_same(full_path, quick_path);
    double limit = hash_packed + unpack + hash_plain;
    printf("%zu packages, %d changed; %.1f MB, %.1f MB packed; best of %d, processor time\n",
           state.count, CHANGES, (double)state.plain.size / 1e6, (double)state.packed.size / 1e6,
           ROUNDS);
    printf("sha256 of the packed file               %8.1f ms\n", hash_packed);
    printf("sha256 of the plain file                %8.1f ms  the limit once it is unpacked\n",
           hash_plain);
    printf("cut, parse, write index, all parsed      %8.1f ms\n", full);
    printf("the same, the last state known          %8.1f ms  %.2f of sha256, %.2f of all parsed\n",
           quick, quick / hash_plain, quick / full);
    printf("xz -dc                                  %8.1f ms\n", unpack);
    printf("hash, unpack, hash: the limit           %8.1f ms\n", limit);
    printf("from the packed file, all parsed        %8.1f ms  %.2f of the limit\n", full_whole,
           full_whole / limit);
    printf("the same, the last state known          %8.1f ms  %.2f of the limit\n", quick_whole,
           quick_whole / limit);
    rb_free(old.data);
    rb_free(state.plain.data);
    rb_free(state.packed.data);
    bench_must(rb_tree_remove(folder, &err), &err);
    return 0;
}
