/* SPDX-License-Identifier: Apache-2.0 */
#include "provider.h"

static const struct hook_provider PROVIDERS[RB_HOOK_PROVIDERS] = {
    [RB_HOOK_GITHUB] = {HOOK_HMAC, {"X-Hub-Signature-256"}, "X-GitHub-Delivery", hook_parse_github},
    [RB_HOOK_GHCR] = {HOOK_HMAC, {"X-Hub-Signature-256"}, "X-GitHub-Delivery", hook_parse_github},
    [RB_HOOK_GITLAB] = {HOOK_GITLAB, {0}, "Idempotency-Key", hook_parse_gitlab},
    [RB_HOOK_GITEA] = {HOOK_HMAC,
                       {"X-Gitea-Signature", "X-Hub-Signature-256"},
                       "X-Gitea-Delivery",
                       hook_parse_gitea},
    [RB_HOOK_FORGEJO] = {HOOK_HMAC,
                         {"X-Forgejo-Signature", "X-Gitea-Signature", "X-Hub-Signature-256"},
                         "X-Forgejo-Delivery",
                         hook_parse_gitea},
    [RB_HOOK_BITBUCKET] = {HOOK_HMAC, {"X-Hub-Signature"}, "X-Request-UUID", hook_parse_bitbucket},
    [RB_HOOK_BITBUCKET_DC] = {HOOK_HMAC,
                              {"X-Hub-Signature"},
                              "X-Request-Id",
                              hook_parse_bitbucket_dc},
    [RB_HOOK_DOCKERHUB] = {HOOK_STATIC, {0}, NULL, hook_parse_dockerhub},
    [RB_HOOK_QUAY] = {HOOK_STATIC, {0}, NULL, hook_parse_quay},
    [RB_HOOK_HARBOR] = {HOOK_STATIC, {0}, NULL, hook_parse_harbor},
    [RB_HOOK_DISTRIBUTION] = {HOOK_STATIC, {0}, NULL, hook_parse_distribution},
    [RB_HOOK_ACR] = {HOOK_STATIC, {0}, NULL, hook_parse_acr},
    [RB_HOOK_CLOUDEVENTS] = {HOOK_STATIC, {0}, NULL, hook_parse_cloudevents},
    [RB_HOOK_STANDARD] = {HOOK_STANDARD, {0}, "webhook-id", hook_parse_generic},
    [RB_HOOK_GENERIC] = {HOOK_HMAC, {0}, NULL, hook_parse_generic},
};

const struct hook_provider *hook_provider_of(enum rb_hook_provider provider)
{
    return &PROVIDERS[provider];
}
