/* SPDX-License-Identifier: Apache-2.0 */
/* Specs, and answers of a real podman 4.3.1, with paths and host names changed. */
#ifndef TEST_DEPLOY_FIXTURE_H
#define TEST_DEPLOY_FIXTURE_H

#include "../../../orchestrator/deploy/deploy_parts.h"

#define DIGEST_1 "sha256:6c5f4d7b29a1b8aefaf68b6c0a322a105d4c9ae4fa3c8e5bf3b3c130d7dc74a9"
#define DIGEST_2 "sha256:316971b014fb46e6d242f04159da1c4a381da341ccaba87a1636ed68e354a3b4"

/* All of these are dropped by the caller, and fail the test where they cannot be read. */
json_t *parse_text(const char *text);
json_t *read_recorded(const char *name); /* of podman-4.3.1/ */
/* A spec for shop/production with the digest, and with podman and ignore as given in JSON. */
json_t *make_spec(const char *digest, const char *podman, const char *ignore);

struct deploy_target read_target(const json_t *spec);
/* The container of an answer of `podman inspect`; borrowed. */
json_t *first_of(const json_t *answer);
/* Takes the label that podman gave back for what the target is known by: the recorded paths were
   changed after it was made. */
void take_label(struct deploy_target *target, const json_t *container);

/* "kind subject: expected -> found", each in a line; the caller frees it. */
char *drift_text(const json_t *drift);

#endif
