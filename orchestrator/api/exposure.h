/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer about exposure is made of: packages that were judged, the artifacts that hold
   them, and the objects that tell of both (docs/reference/exposure.md). */
#ifndef ORCHESTRATOR_API_EXPOSURE_H
#define ORCHESTRATOR_API_EXPOSURE_H

#include "causes.h"
#include "rebake/advisory/lookup.h"
#include "rebake/store/packages.h"
#include "shelf.h"

/* What somebody has said of a finding; nothing where statement is NULL. */
struct api_said {
    const struct api_vex *document;
    const struct rb_vex_statement *statement;
};

/* What one vulnerability is to one package. */
struct api_finding {
    struct rb_inventory inventory; /* whose package: its distribution alone */
    struct rb_package package;
    const struct rb_finding *finding;
    enum rb_verdict verdict; /* the finding's, unless something else was said */
    struct api_said said;
    const int64_t *artifacts; /* ids, rising; borrowed */
    size_t artifact_count;
    int64_t published_at; /* 0: not known */
    json_t *json;         /* what is said of it; borrowed from the answer */
};

struct api_exposure {
    const struct api_request *request;
    struct api_feeds feeds;
    struct api_finding *findings;
    size_t count;
    size_t capacity;
    struct api_causes causes;
    size_t cleared;     /* packages of the vulnerability's that no feed says have it */
    bool only_findings; /* these are not asked for */
};

/* Opens what is known and begins the answer: {"now","feeds","vulnerability":null}. */
RB_NODISCARD int api_exposure_begin(struct api_exposure *exposure,
                                    const struct api_request *request, struct api_reply *reply,
                                    struct rb_err *err);
/* RB_ENOTFOUND where no feed was read yet. */
RB_NODISCARD int api_exposure_want_advisories(const struct api_exposure *exposure,
                                              struct rb_err *err);

/* Adds what the package has of the vulnerability (NULL: of any). True if that is anything. */
bool api_exposure_judge(struct api_exposure *exposure, const struct rb_inventory *inventory,
                        const struct rb_package *package,
                        const struct rb_vulnerability *vulnerability, const int64_t *artifacts,
                        size_t artifact_count);

/* The same of a package that inventories hold, with the artifacts that do now. */
RB_NODISCARD int api_exposure_judge_row(struct api_exposure *exposure,
                                        const struct rb_package_row *row,
                                        const struct rb_vulnerability *vulnerability,
                                        struct rb_err *err);

/* {"findings":[…],"artifacts":[…]}: the worst first, by what is said of them too. */
RB_NODISCARD int api_exposure_add(struct api_exposure *exposure, json_t *into, struct rb_err *err);

/* {"name","addedAt","dueAt","ransomware"} or null; {"score","percentile"} or null. */
json_t *api_exploited_json(const struct api_feeds *feeds, const char *id);
json_t *api_epss_json(const struct api_feeds *feeds, const char *id);
/* [{"source","version"}]: the watched repositories that have the fix. */
json_t *api_available_json(const struct api_exposure *exposure, const struct api_finding *found);
/* Adds to the findings that affect the artifact {"artifact","since","fixUpstreamAt","fixSeenAt",
   "soFarMs","deadline","breached"}: since when it is open, how long patching it takes so far, and
   by when policy wants it gone from the image's newest artifact. */
RB_NODISCARD int api_exposure_add_open(struct api_exposure *exposure,
                                       const struct rb_artifact_row *artifact,
                                       const struct rb_image_row *image, struct rb_err *err);
json_t *api_severities_json(const struct rb_severity *severities, size_t count);

#endif
