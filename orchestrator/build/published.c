/* SPDX-License-Identifier: Apache-2.0 */
#include "published.h"

#include <stdio.h>
#include <string.h>

#include "rebake/base/json.h"
#include "rebake/base/memory.h"
#include "rebake/net/manifest.h"

/* image-spec manifest.md: config and layers are descriptors. */
static int read_manifest(const struct rb_manifest *manifest, const char *what,
                         struct published *published, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *json = NULL;
    struct rb_descriptor descriptor;
    const json_t *layer;
    size_t i;
    int status = rb_json_parse(manifest->data, manifest->size, what, &json, err);
    if (status == 0)
        status = rb_descriptor_read(json_object_get(json, "config"), what, &descriptor, err);
    if (status != 0)
        return status;
    (void)snprintf(published->digest, sizeof(published->digest), "%s", manifest->digest);
    (void)snprintf(published->id, sizeof(published->id), "%s", descriptor.digest);
    published->size_bytes = descriptor.size_bytes;
    json_array_foreach(json_object_get(json, "layers"), i, layer)
    {
        if (status == 0)
            status = rb_descriptor_read(layer, what, &descriptor, err);
        if (status == 0 && __builtin_add_overflow(published->size_bytes, descriptor.size_bytes,
                                                  &published->size_bytes))
            status = rb_err_set(err, RB_ELIMIT, "%s: it tells sizes that cannot be", what);
    }
    return status;
}

int published_look(struct rb_net_session *session, const char *reference_text,
                   struct published *ret_published, bool *ret_found, struct rb_err *err)
{
    RB_CLEANUP(rb_reference_deinit) struct rb_reference reference = {0};
    RB_CLEANUP(rb_manifest_deinit) struct rb_manifest manifest = {0};
    struct rb_platform platform = rb_platform_here();
    struct rb_err cause = {0};
    *ret_found = false;
    int status = rb_reference_parse(reference_text, &reference, err);
    if (status != 0)
        return status;
    status = rb_registry_manifest(session->registry, &reference, &platform, &manifest, &cause);
    if (status == RB_ENOTFOUND)
        return 0;
    if (status != 0)
        return rb_err_copy(err, &cause);
    *ret_found = true;
    return read_manifest(&manifest, reference_text, ret_published, err);
}
