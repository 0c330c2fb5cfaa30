/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer about exposure is made of: packages that were judged, the artifacts that hold
   them, and the objects that tell of both (docs/reference/exposure.md). */
#ifndef ORCHESTRATOR_API_EXPOSURE_H
#define ORCHESTRATOR_API_EXPOSURE_H

#include "rebake/advisory/lookup.h"
#include "rebake/store/packages.h"
#include "shelf.h"

/* What one vulnerability is to one package. */
struct api_finding {
    struct rb_inventory inventory; /* whose package: its distribution alone */
    struct rb_package package;
    const struct rb_finding *finding;
    int64_t *artifacts; /* ids, rising */
    size_t artifact_count;
};

struct api_exposure {
    const struct api_request *request;
    struct api_feeds feeds;
    struct api_finding *findings;
    size_t count;
    size_t capacity;
    size_t cleared; /* packages of the vulnerability's that no feed says have it */
};

/* Adds what the package has of the vulnerability (NULL: of any). True if that is anything. */
bool api_exposure_judge(struct api_exposure *exposure, const struct rb_inventory *inventory,
                        const struct rb_package *package,
                        const struct rb_vulnerability *vulnerability, const int64_t *artifacts,
                        size_t artifact_count);

/* {"findings":[…],"artifacts":[…]}: the worst first. */
RB_NODISCARD int api_exposure_add(const struct api_exposure *exposure, json_t *into,
                                  struct rb_err *err);

/* {"name","addedAt","dueAt","ransomware"} or null; {"score","percentile"} or null. */
json_t *api_exploited_json(const struct api_feeds *feeds, const char *id);
json_t *api_epss_json(const struct api_feeds *feeds, const char *id);
json_t *api_severities_json(const struct rb_severity *severities, size_t count);

#endif
