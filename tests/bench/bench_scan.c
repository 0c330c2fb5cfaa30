/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_scan [FOLDER]: looks into the image of an OCI layout (its first, one layer, gzip), beside
 * what people do by hand in the same run: `tar -xzOf LAYER var/lib/dpkg/status`, and unpacking
 * alone, `gzip -dc`. Without an argument it makes such an image of this machine's own /etc,
 * /usr/sbin, /usr/share/doc and /var/lib/dpkg. Times are processor time, so that what else the
 * machine does is not measured; tar's holds that of its gzip.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "rebake/base/digest.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/inventory/scan.h"
#include "rebake/loop/process.h"

enum { ROUNDS = 5 };

static void must(int status, const struct rb_err *err)
{
    if (status == 0)
        return;
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static double cpu_ms(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

/* Runs a child with its output thrown away. */
static void run(const char *const *arguments)
{
    const struct rb_process_options options = {.arguments = arguments, .errors_maximum = 4096};
    struct rb_process_result result;
    struct rb_err err;
    must(rb_process_run(&options, &result, &err), &err);
    must(rb_process_check(&result, arguments[0], &err), &err);
    rb_process_result_deinit(&result);
}

/* Moves a file to where its digest wants it and describes it. */
static json_t *adopt(const char *folder, const char *path)
{
    char hex[RB_SHA256_HEX_SIZE];
    int64_t size;
    struct rb_err err;
    must(rb_sha256_of_file(path, hex, &err), &err);
    must(rb_file_size(path, &size, &err), &err);
    RB_CLEANUP_FREE char *blob = rb_asprintf("%s/blobs/sha256/%s", folder, hex);
    RB_CLEANUP_FREE char *digest = rb_asprintf("sha256:%s", hex);
    if (rename(path, blob) != 0)
        must(rb_err_set(&err, RB_EIO, "rename %s to %s", path, blob), &err);
    json_t *descriptor = rb_json_object();
    rb_json_set_string(descriptor, "digest", digest);
    rb_json_set_integer(descriptor, "size", size);
    return descriptor;
}

static json_t *adopt_json(const char *folder, const json_t *json)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/document", folder);
    struct rb_err err;
    must(rb_json_write_file(path, json, 0600, &err), &err);
    return adopt(folder, path);
}

/* The layer's tar file, its digest, and then its gzip. */
static json_t *make_layer(const char *folder, json_t *diff_ids)
{
    RB_CLEANUP_FREE char *tar = rb_asprintf("%s/layer", folder);
    RB_CLEANUP_FREE char *packed = rb_asprintf("%s/layer.gz", folder);
    const char *const pack[] = {
        "tar",           "-C",       "/", "-cf", tar, "etc/os-release", "var/lib/dpkg", "etc",
        "usr/share/doc", "usr/sbin", NULL};
    const char *const compress[] = {"gzip", "-n", tar, NULL};
    char hex[RB_SHA256_HEX_SIZE];
    struct rb_err err;
    run(pack);
    must(rb_sha256_of_file(tar, hex, &err), &err);
    RB_CLEANUP_FREE char *diff_id = rb_asprintf("sha256:%s", hex);
    rb_json_append_string(diff_ids, diff_id);
    run(compress);
    return adopt(folder, packed);
}

static void make_layout(const char *folder)
{
    RB_CLEANUP_FREE char *blobs = rb_asprintf("%s/blobs/sha256", folder);
    RB_CLEANUP_FREE char *index_path = rb_asprintf("%s/index.json", folder);
    RB_CLEANUP_JSON json_t *config = rb_json_object();
    RB_CLEANUP_JSON json_t *manifest = rb_json_object();
    RB_CLEANUP_JSON json_t *index = rb_json_object();
    json_t *rootfs = rb_json_object(), *diff_ids = rb_json_array();
    struct rb_err err;
    must(rb_folder_make(blobs, 0700, &err), &err);
    rb_json_set(manifest, "layers", json_pack("[o]", make_layer(folder, diff_ids)));
    rb_json_set(rootfs, "diff_ids", diff_ids);
    rb_json_set(config, "rootfs", rootfs);
    rb_json_set(manifest, "config", adopt_json(folder, config));
    rb_json_set(index, "manifests", json_pack("[o]", adopt_json(folder, manifest)));
    must(rb_json_write_file(index_path, index, 0600, &err), &err);
}

/* The path of the first layer of the layout's first image. */
static char *layer_path(const char *folder)
{
    RB_CLEANUP_FREE char *index_path = rb_asprintf("%s/index.json", folder);
    RB_CLEANUP_JSON json_t *index = NULL;
    RB_CLEANUP_JSON json_t *manifest = NULL;
    struct rb_err err;
    must(rb_json_read_file(index_path, 1 << 20, &index, &err), &err);
    const json_t *first = json_array_get(json_object_get(index, "manifests"), 0);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/blobs/sha256/%s", folder,
                                             rb_json_get_string(first, "digest", "sha256:") + 7);
    must(rb_json_read_file(path, 1 << 20, &manifest, &err), &err);
    const json_t *layer = json_array_get(json_object_get(manifest, "layers"), 0);
    return rb_asprintf("%s/blobs/sha256/%s", folder,
                       rb_json_get_string(layer, "digest", "sha256:") + 7);
}

static void scan(const char *folder, size_t *ret_packages)
{
    const struct rb_scan_options options = {0};
    RB_CLEANUP_FREE char *reference = rb_asprintf("oci:%s", folder);
    struct rb_scan scan;
    struct rb_err err;
    must(rb_scan_reference(NULL, reference, &options, &scan, &err), &err);
    *ret_packages = scan.inventory.package_count;
    rb_scan_deinit(&scan);
}

static double run_ms(const char *const *arguments)
{
    double start = cpu_ms(RUSAGE_CHILDREN);
    run(arguments);
    return cpu_ms(RUSAGE_CHILDREN) - start;
}

static double resident_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss;
}

static void measure(const char *folder)
{
    RB_CLEANUP_FREE char *layer = layer_path(folder);
    const char *const by_hand[] = {"tar", "-xzOf", layer, "--wildcards", "*var/lib/dpkg/status",
                                   NULL};
    const char *const unpack[] = {"gzip", "-dc", layer, NULL};
    double best_scan = 1e12, best_tar = 1e12, best_gzip = 1e12;
    size_t packages = 0;
    int64_t size;
    struct rb_err err;
    must(rb_file_size(layer, &size, &err), &err);
    for (int i = 0; i < ROUNDS; i++) {
        double start = cpu_ms(RUSAGE_SELF);
        scan(folder, &packages);
        best_scan = fmin(best_scan, cpu_ms(RUSAGE_SELF) - start);
        best_tar = fmin(best_tar, run_ms(by_hand));
        best_gzip = fmin(best_gzip, run_ms(unpack));
    }
    printf("layer of %.1f MB, %zu packages, best of %d, processor time: scan %.0f ms, tar -xzOf "
           "%.0f ms (%.2f), gzip -dc alone %.0f ms (%.2f); resident at most %.0f KiB\n",
           (double)size / 1e6, packages, ROUNDS, best_scan, best_tar, best_scan / best_tar,
           best_gzip, best_scan / best_gzip, resident_kib());
}

int main(int argc, char **argv)
{
    struct rb_err err;
    if (argc > 1) {
        measure(argv[1]);
        return 0;
    }
    RB_CLEANUP_FREE char *folder = NULL;
    must(rb_folder_make_temporary("/tmp/rebake-bench-scan-", &folder, &err), &err);
    make_layout(folder);
    measure(folder);
    must(rb_tree_remove(folder, &err), &err);
    return 0;
}
