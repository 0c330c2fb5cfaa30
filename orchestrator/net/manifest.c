/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/net/manifest.h"

#include <string.h>
#include <sys/utsname.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"

enum { MOST_ENTRIES = 10000 };

struct rb_platform rb_platform_here(void)
{
    static const struct {
        const char *machine; /* as uname(2) calls it */
        const char *architecture, *variant;
    } NAMES[] = {
        {"x86_64", "amd64", NULL},    {"aarch64", "arm64", NULL},
        {"armv7l", "arm", "v7"},      {"armv6l", "arm", "v6"},
        {"i686", "386", NULL},        {"i386", "386", NULL},
        {"ppc64le", "ppc64le", NULL}, {"s390x", "s390x", NULL},
        {"riscv64", "riscv64", NULL}, {"loongarch64", "loong64", NULL},
        {"mips64", "mips64le", NULL},
    };
    struct utsname host;
    RB_ASSERT(uname(&host) == 0);
    for (size_t i = 0; i < RB_COUNT_OF(NAMES); i++) {
        if (strcmp(host.machine, NAMES[i].machine) == 0)
            return (struct rb_platform){"linux", NAMES[i].architecture, NAMES[i].variant};
    }
    return (struct rb_platform){"linux", "unknown", NULL};
}

int rb_descriptor_read(const json_t *json, const char *what, struct rb_descriptor *ret_descriptor,
                       struct rb_err *err)
{
    const char *digest;
    int64_t size;
    int status = rb_json_want_string(json, what, "digest", &digest, err);
    if (status == 0)
        status = rb_json_want_integer(json, what, "size", &size, err);
    if (status != 0)
        return status;
    if (!rb_digest_is_valid(digest))
        return rb_err_set(err, RB_EINVALID, "%s: \"%.100s\" is not a sha256 digest", what, digest);
    if (size < 0)
        return rb_err_set(err, RB_EINVALID, "%s: \"size\" is negative", what);
    memcpy(ret_descriptor->digest, digest, RB_DIGEST_SIZE);
    ret_descriptor->size_bytes = size;
    ret_descriptor->media_type = rb_json_get_string(json, "mediaType", "");
    return 0;
}

static const char *const INDEX_TYPES[] = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json"};
static const char *const MANIFEST_TYPES[] = {
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json"};

/* A media type may have parameters behind a semicolon. */
static bool is_type(const char *type, const char *const types[2])
{
    size_t size = strcspn(type, "; ");
    for (size_t i = 0; i < 2; i++) {
        if (strlen(types[i]) == size && strncmp(types[i], type, size) == 0)
            return true;
    }
    return false;
}

int rb_manifest_is_index(const json_t *document, const char *content_type, const char *what,
                         bool *ret_is_index, struct rb_err *err)
{
    bool has_entries = json_is_array(json_object_get(document, "manifests"));
    bool has_layers = json_is_array(json_object_get(document, "layers")) &&
                      json_is_object(json_object_get(document, "config"));
    const char *type =
        rb_json_get_string(document, "mediaType", content_type != NULL ? content_type : "");
    if (rb_json_get_integer(document, "schemaVersion", 0) == 1)
        return rb_err_set(err, RB_EINVALID,
                          "%s is of the obsolete schema 1, which no digest covers: push it anew",
                          what);
    /* A document that can be read as either would mean one image here and another one there. */
    if (has_entries == has_layers || (has_entries && is_type(type, MANIFEST_TYPES)) ||
        (has_layers && is_type(type, INDEX_TYPES)))
        return rb_err_set(err, RB_EINVALID, "%s is not clearly a manifest or an index", what);
    *ret_is_index = has_entries;
    return 0;
}

static bool is_attestation(const json_t *entry)
{
    const json_t *annotations = json_object_get(entry, "annotations");
    const char *kind = rb_json_get_string(annotations, "vnd.docker.reference.type", "");
    return strcmp(kind, "attestation-manifest") == 0;
}

/* What stands for no variant, in Go's and containerd's reading. */
static const char *normal_variant(const char *architecture, const char *variant)
{
    if (strcmp(architecture, "arm64") == 0 && strcmp(variant, "v8") == 0)
        return "";
    if (strcmp(architecture, "arm") == 0 && *variant == '\0')
        return "v7";
    if (strcmp(architecture, "amd64") == 0 && strcmp(variant, "v1") == 0)
        return "";
    return variant;
}

/* 2: what was asked for; 1: another variant, where none was asked for; 0: something else. */
static int fitness(const json_t *entry, const struct rb_platform *wanted)
{
    const json_t *platform = json_object_get(entry, "platform");
    const char *os = rb_json_get_string(platform, "os", "");
    const char *architecture = rb_json_get_string(platform, "architecture", "");
    const char *variant = rb_json_get_string(platform, "variant", "");
    const char *wanted_variant = wanted->variant != NULL ? wanted->variant : "";
    if (is_attestation(entry) || strcmp(os, wanted->os) != 0 ||
        strcmp(architecture, wanted->architecture) != 0)
        return 0;
    if (strcmp(normal_variant(architecture, variant),
               normal_variant(architecture, wanted_variant)) == 0)
        return 2;
    return wanted->variant == NULL ? 1 : 0;
}

static int no_entry(const json_t *entries, const struct rb_platform *wanted, const char *what,
                    struct rb_err *err)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf list = RB_STRBUF_INIT(300);
    size_t i;
    json_t *entry;
    json_array_foreach(entries, i, entry)
    {
        const json_t *platform = json_object_get(entry, "platform");
        if (!is_attestation(entry))
            rb_strbuf_printf(&list, "%s%s/%s", list.size > 0 ? ", " : "",
                             rb_json_get_string(platform, "os", "?"),
                             rb_json_get_string(platform, "architecture", "?"));
    }
    char shown[301];
    return rb_err_set(err, RB_ENOTFOUND, "%s has nothing for %s/%s%s%s: it has %s%s", what,
                      wanted->os, wanted->architecture, wanted->variant != NULL ? "/" : "",
                      wanted->variant != NULL ? wanted->variant : "",
                      list.size > 0 ? rb_text_printable(rb_strbuf_text(&list), shown, sizeof(shown))
                                    : "no image at all",
                      list.overflowed ? " and more" : "");
}

int rb_index_choose(const json_t *index, const struct rb_platform *platform, const char *what,
                    struct rb_descriptor *ret_descriptor, struct rb_err *err)
{
    const json_t *entries = json_object_get(index, "manifests");
    const json_t *best = NULL;
    int best_fitness = 0;
    size_t i;
    json_t *entry;
    if (json_array_size(entries) > MOST_ENTRIES)
        return rb_err_set(err, RB_ELIMIT, "%s has more than %d entries", what, MOST_ENTRIES);
    json_array_foreach(entries, i, entry)
    {
        int fit = fitness(entry, platform);
        if (fit > best_fitness) {
            best = entry;
            best_fitness = fit;
        }
    }
    if (best == NULL)
        return no_entry(entries, platform, what, err);
    return rb_descriptor_read(best, what, ret_descriptor, err);
}
