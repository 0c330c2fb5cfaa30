/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/net/reference.h"

#include <stdbool.h>
#include <string.h>

#include "rebake/base/digest.h"
#include "rebake/base/image_name.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "url.h"

/* Splits "[host/]path", naming what docker leaves unsaid. */
static void split_name(const char *name, struct rb_reference *reference)
{
    size_t registry_size = rb_image_name_registry_size(name);
    const char *path = name;
    if (registry_size > 0) {
        reference->registry = rb_strndup(name, registry_size);
        path = name + registry_size + 1;
    } else {
        reference->registry = rb_strdup("docker.io");
    }
    if (rb_text_equal(reference->registry, "index.docker.io")) {
        rb_free(reference->registry);
        reference->registry = rb_strdup("docker.io");
    }
    bool official = rb_text_equal(reference->registry, "docker.io") && strchr(path, '/') == NULL;
    reference->repository = rb_asprintf("%s%s", official ? "library/" : "", path);
}

static int check(const struct rb_reference *reference, const char *text, struct rb_err *err)
{
    const char *wrong = NULL;
    if (!rb_image_name_is_registry(reference->registry, strlen(reference->registry)))
        wrong = "its registry is not host[:port]";
    else if (!rb_image_name_is_repository(reference->repository))
        wrong = "its repository must be lower-case letters, digits and single separators (._-/)";
    else if (reference->tag != NULL && !rb_image_name_is_tag(reference->tag))
        wrong = "its tag must be at most 128 of letters, digits, \"_\", \".\" and \"-\"";
    else if (reference->digest != NULL && !rb_digest_is_valid(reference->digest))
        wrong = "its digest must be \"sha256:\" and 64 lower-case hexadecimal digits";
    if (wrong == NULL)
        return 0;
    char shown[200];
    return rb_err_set(err, RB_EINVALID, "\"%s\" is not an image reference: %s",
                      rb_text_printable(text, shown, sizeof(shown)), wrong);
}

int rb_reference_parse(const char *text, struct rb_reference *ret_reference, struct rb_err *err)
{
    RB_CLEANUP(rb_reference_deinit) struct rb_reference reference = {0};
    RB_CLEANUP_FREE char *name = rb_strdup(text);
    char *at = strchr(name, '@');
    if (at != NULL) {
        *at = '\0';
        reference.digest = rb_strdup(at + 1);
    }
    char *slash = strrchr(name, '/');
    char *colon = strchr(slash != NULL ? slash : name, ':');
    if (colon != NULL) {
        *colon = '\0';
        reference.tag = rb_strdup(colon + 1);
    } else if (at == NULL) {
        reference.tag = rb_strdup("latest");
    }
    split_name(name, &reference);
    int status = check(&reference, text, err);
    if (status != 0)
        return status;
    *ret_reference = reference;
    reference = (struct rb_reference){0};
    return 0;
}

void rb_reference_deinit(struct rb_reference *reference)
{
    rb_free(reference->registry);
    rb_free(reference->repository);
    rb_free(reference->tag);
    rb_free(reference->digest);
    *reference = (struct rb_reference){0};
}

char *rb_reference_format(const struct rb_reference *reference)
{
    bool tag = reference->tag != NULL, digest = reference->digest != NULL;
    return rb_asprintf("%s/%s%s%s%s%s", reference->registry, reference->repository, tag ? ":" : "",
                       tag ? reference->tag : "", digest ? "@" : "",
                       digest ? reference->digest : "");
}

int rb_reference_is_loopback(const struct rb_reference *reference)
{
    RB_CLEANUP_FREE char *host = rb_strdup(reference->registry);
    char *bracket = strrchr(host, ']');
    char *colon = strrchr(bracket != NULL ? bracket : host, ':');
    if (colon != NULL)
        *colon = '\0';
    return rb_host_is_loopback(host);
}
