/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's settings file (rebaked.conf(5)): YAML to a checked model, as a pipeline is read
 * (pipeline.h). Immutable; all of it lives in one arena, freed with it.
 */
#ifndef REBAKE_PIPELINES_SETTINGS_H
#define REBAKE_PIPELINES_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rebake/base/err.h"
#include "rebake/pipelines/diagnostic.h"

/* Where webhooks are listened for. */
struct rb_listen_settings {
    const char *address;        /* "0.0.0.0:8443", "[::]:8443"; NULL: nowhere */
    const char *certificate;    /* path of a PEM chain; NULL: without TLS */
    const char *key;            /* path of its PEM key */
    const char *const *proxies; /* without TLS: who may connect, "10.0.0.7", "10.0.0.0/8";
                                   NULL-terminated */
};

/* Who sends a webhook: the word in the file and in the URL is rb_hook_provider_name. */
enum rb_hook_provider {
    RB_HOOK_GITHUB,
    RB_HOOK_GHCR,
    RB_HOOK_GITLAB,
    RB_HOOK_GITEA,
    RB_HOOK_FORGEJO,
    RB_HOOK_BITBUCKET,
    RB_HOOK_BITBUCKET_DC,
    RB_HOOK_DOCKERHUB,
    RB_HOOK_QUAY,
    RB_HOOK_HARBOR,
    RB_HOOK_DISTRIBUTION,
    RB_HOOK_ACR,
    RB_HOOK_CLOUDEVENTS,
    RB_HOOK_STANDARD,
    RB_HOOK_GENERIC
};
enum { RB_HOOK_PROVIDERS = RB_HOOK_GENERIC + 1 };

struct rb_hook_settings {
    const char *name;
    enum rb_hook_provider provider;
    const char *secret;          /* names of secrets (base/secret.h) */
    const char *previous_secret; /* good as well while a rotation lasts; NULL: none */
    const char *header;          /* generic: that holds the HMAC */
    int64_t rate_count;          /* so many in a burst, and again each rate_ms */
    int64_t rate_ms;
    const char *const *sources; /* globs of "PIPELINE/SOURCE": what it may have checked;
                                   NULL-terminated; NULL: any */
};

struct rb_settings {
    const char *name; /* of the daemon */
    const char *file;
    struct rb_listen_settings listen;
    const struct rb_hook_settings *hooks; /* in the order of the file */
    size_t hook_count;
    const char *const *vex; /* absolute paths of VEX documents and of folders with them;
                               NULL-terminated; NULL: none */
    double cost_per_minute; /* of building, in whatever money policies count in; 0: not said */
};

/* As rb_pipeline_read and rb_pipeline_parse: on success *ret_settings is the caller's; RB_EINVALID
   with all that is wrong in diagnostics; the same limits. */
RB_NODISCARD int rb_settings_read(const char *path, struct rb_settings **ret_settings,
                                  struct rb_diagnostics *diagnostics, struct rb_err *err);
RB_NODISCARD int rb_settings_parse(const char *data, size_t size, const char *file,
                                   struct rb_settings **ret_settings,
                                   struct rb_diagnostics *diagnostics, struct rb_err *err);
/* Does the file say `settings` where a pipeline has its name? False also where it cannot be read:
   whoever reads it then as a pipeline is told why. */
bool rb_settings_are_in(const char *path);
void rb_settings_free(struct rb_settings *settings); /* NULL is allowed */
void rb_settings_cleanup(struct rb_settings **settings);

const char *rb_hook_provider_name(enum rb_hook_provider provider);

/* The halves of a listen address; false where it is none. host holds RB_HOST_SIZE bytes: the
   numeric address, without brackets. */
enum { RB_HOST_SIZE = 64 };
bool rb_listen_address_split(const char *address, char *host, int *ret_port);

#endif
