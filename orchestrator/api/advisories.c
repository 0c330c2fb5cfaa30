/* SPDX-License-Identifier: Apache-2.0 */
/* All that is open, over all that is held: each vulnerability once, the worst first. It judges
   every package that there is, once, however many images hold it. */
#include <stdlib.h>
#include <string.h>

#include "exposure.h"
#include "names.h"
#include "rebake/base/text.h"
#include "vex.h"

enum { PAGE = 1000, PACKAGES_MAXIMUM = 500000, LIMIT = 100, LIMIT_MAXIMUM = 1000 };

enum fix { FIX_NONE, FIX_KNOWN, FIX_AVAILABLE };

/* One vulnerability with all its findings: what a row of the answer is made from. */
struct entry {
    const char *id;
    const struct api_finding **findings;
    size_t count;
    size_t capacity;
    enum fix fix; /* the best of any finding's */
    bool is_exploited;
    double epss;
};

struct listing {
    struct api_exposure exposure;
    const struct api_request *request;
    struct entry *entries;
    size_t count;
    size_t capacity;
};

static int judge_page(struct listing *listing, const struct rb_package_row *rows, size_t count,
                      struct rb_err *err)
{
    struct api_exposure *exposure = &listing->exposure;
    for (size_t i = 0; i < count; i++) {
        int status = api_exposure_judge_row(exposure, &rows[i], NULL, err);
        if (status != 0)
            return status;
    }
    return 0;
}

/* What nobody has, or has not, is not open. */
static void keep_open(struct api_exposure *exposure)
{
    size_t kept = 0;
    for (size_t i = 0; i < exposure->count; i++) {
        if (exposure->findings[i].verdict <= RB_VERDICT_UNDETERMINED)
            exposure->findings[kept++] = exposure->findings[i];
    }
    exposure->count = kept;
}

static int judge_all(struct listing *listing, struct rb_err *err)
{
    const struct api_request *request = listing->request;
    int64_t after = 0;
    for (size_t judged = 0;;) {
        struct rb_package_row *rows;
        size_t count;
        int status = rb_store_packages(request->options->store, after, PAGE, request->arena, &rows,
                                       &count, err);
        if (status == 0)
            status = judge_page(listing, rows, count, err);
        if (status != 0 || count == 0)
            return status;
        judged += count;
        after = rows[count - 1].id;
        if (judged > PACKAGES_MAXIMUM)
            return rb_err_set(err, RB_ELIMIT, "more than %d packages would have to be judged",
                              PACKAGES_MAXIMUM);
    }
}

static enum fix fix_of(const struct api_exposure *exposure, const struct api_finding *found)
{
    if (found->finding->matches[0].fixed_version == NULL)
        return FIX_NONE;
    RB_CLEANUP_JSON json_t *available = api_available_json(exposure, found);
    return json_array_size(available) > 0 ? FIX_AVAILABLE : FIX_KNOWN;
}

static struct entry *add_entry(struct listing *listing, const char *id)
{
    const struct api_feeds *feeds = &listing->exposure.feeds;
    struct rb_exploited exploited;
    struct rb_epss epss;
    listing->entries = rb_arena_grow(listing->request->arena, listing->entries, listing->count,
                                     &listing->capacity, sizeof(*listing->entries));
    struct entry *entry = &listing->entries[listing->count++];
    *entry = (struct entry){.id = id};
    entry->is_exploited = feeds->kev != NULL && rb_threats_exploited(feeds->kev, id, &exploited);
    if (feeds->epss != NULL && rb_threats_epss(feeds->epss, id, &epss))
        entry->epss = epss.score;
    return entry;
}

static int compare_ids(const void *left, const void *right)
{
    const struct api_finding *const *a = left, *const *b = right;
    return strcmp((*a)->finding->id, (*b)->finding->id);
}

static void group(struct listing *listing)
{
    struct rb_arena *arena = listing->request->arena;
    const struct api_exposure *exposure = &listing->exposure;
    const struct api_finding **sorted = rb_arena_array(arena, exposure->count + 1, sizeof(*sorted));
    struct entry *entry = NULL;
    for (size_t i = 0; i < exposure->count; i++)
        sorted[i] = &exposure->findings[i];
    qsort(sorted, exposure->count, sizeof(*sorted), compare_ids);
    for (size_t i = 0; i < exposure->count; i++) {
        if (entry == NULL || strcmp(entry->id, sorted[i]->finding->id) != 0)
            entry = add_entry(listing, sorted[i]->finding->id);
        enum fix fix = fix_of(exposure, sorted[i]);
        entry->fix = fix > entry->fix ? fix : entry->fix;
        entry->findings = rb_arena_grow(arena, entry->findings, entry->count, &entry->capacity,
                                        sizeof(*entry->findings));
        entry->findings[entry->count++] = sorted[i];
    }
}

/* What is exploited, then what is likely to be, then what most packages have. */
static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    if (a->is_exploited != b->is_exploited)
        return a->is_exploited ? -1 : 1;
    if (a->epss > b->epss || a->epss < b->epss)
        return a->epss > b->epss ? -1 : 1;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return strcmp(a->id, b->id);
}

static bool holds(const struct entry *entry, int64_t artifact_id)
{
    for (size_t i = 0; i < entry->count; i++) {
        for (size_t j = 0; j < entry->findings[i]->artifact_count; j++) {
            if (entry->findings[i]->artifacts[j] == artifact_id)
                return true;
        }
    }
    return false;
}

static json_t *packages_json(const struct entry *entry)
{
    json_t *array = rb_json_array();
    for (size_t i = 0; i < entry->count; i++) {
        const struct rb_package *package = &entry->findings[i]->package;
        json_t *json = rb_json_object();
        rb_json_set_string(json, "name", package->name);
        rb_json_set_string(json, "version", package->version);
        rb_json_set_string(json, "fixedVersion",
                           entry->findings[i]->finding->matches[0].fixed_version);
        rb_json_append(array, json);
    }
    return array;
}

static json_t *deployments_json(const struct listing *listing, const struct entry *entry,
                                const struct rb_deployment_row *rows, size_t count)
{
    json_t *array = rb_json_array();
    for (size_t i = 0; i < count; i++) {
        if (rows[i].artifact_id != 0 && holds(entry, rows[i].artifact_id))
            rb_json_append_string(array,
                                  api_full_name(listing->request, rows[i].pipeline, rows[i].name));
    }
    return array;
}

static int images_json(const struct listing *listing, const struct entry *entry, json_t **ret_json,
                       struct rb_err *err)
{
    const struct api_request *request = listing->request;
    struct rb_image_row *images;
    size_t count;
    int status = rb_store_images(request->options->store, request->arena, &images, &count, err);
    *ret_json = rb_json_array();
    for (size_t i = 0; status == 0 && i < count; i++) {
        if (images[i].artifact_id != 0 && holds(entry, images[i].artifact_id))
            rb_json_append_string(*ret_json,
                                  api_full_name(request, images[i].pipeline, images[i].name));
    }
    return status;
}

static int entry_json(const struct listing *listing, const struct entry *entry,
                      const struct rb_vulnerability *vulnerability, json_t *json,
                      struct rb_err *err)
{
    static const char *const FIXES[] = {"none", "known", "available"};
    const struct api_request *request = listing->request;
    const struct api_feeds *feeds = &listing->exposure.feeds;
    struct rb_deployment_row *deployments;
    size_t count;
    json_t *images;
    int status =
        rb_store_deployments(request->options->store, request->arena, &deployments, &count, err);
    if (status == 0)
        status = images_json(listing, entry, &images, err);
    if (status != 0)
        return status;
    bool is_affected = false;
    for (size_t i = 0; i < entry->count; i++)
        is_affected = is_affected || entry->findings[i]->verdict == RB_VERDICT_AFFECTED;
    rb_json_set_string(json, "id", entry->id);
    rb_json_set_string(json, "summary",
                       *vulnerability->summary == '\0' ? NULL : vulnerability->summary);
    rb_json_set_time(json, "publishedAt", vulnerability->published_at);
    rb_json_set_string(json, "verdict", is_affected ? "affected" : "undetermined");
    rb_json_set_string(json, "fix", FIXES[entry->fix]);
    rb_json_set(json, "severities",
                api_severities_json(vulnerability->severities, vulnerability->severity_count));
    rb_json_set(json, "exploited", api_exploited_json(feeds, entry->id));
    rb_json_set(json, "epss", api_epss_json(feeds, entry->id));
    rb_json_set(json, "packages", packages_json(entry));
    rb_json_set(json, "images", images);
    rb_json_set(json, "deployments", deployments_json(listing, entry, deployments, count));
    return 0;
}

/* What was asked to be left out. */
struct filter {
    bool unfixed;
    bool exploited;
    int64_t since_at; /* 0: from ever on */
    int64_t limit;
};

static bool is_set(const struct api_request *request, const char *name)
{
    return rb_text_equal(request->parameter(request, name), "true");
}

static int read_filter(const struct api_request *request, struct filter *filter, struct rb_err *err)
{
    *filter =
        (struct filter){.unfixed = is_set(request, "unfixed"), .exploited = is_set(request, "kev")};
    int status = api_number(request, "limit", LIMIT, LIMIT_MAXIMUM, &filter->limit, err);
    return status == 0 ? api_number(request, "since", 0, INT64_MAX, &filter->since_at, err)
                       : status;
}

static int list(struct listing *listing, const struct filter *filter, json_t *into,
                struct rb_err *err)
{
    const struct api_feeds *feeds = &listing->exposure.feeds;
    json_t *array = rb_json_array();
    int64_t total = 0;
    rb_json_set(into, "advisories", array);
    for (size_t i = 0; i < listing->count; i++) {
        const struct entry *entry = &listing->entries[i];
        struct rb_vulnerability vulnerability;
        if ((filter->unfixed && entry->fix != FIX_NONE) ||
            (filter->exploited && !entry->is_exploited) ||
            !rb_advisory_look_up(entry->id, feeds->advisories, feeds->advisory_count,
                                 listing->request->arena, &vulnerability) ||
            vulnerability.published_at < filter->since_at)
            continue;
        if (total++ >= filter->limit)
            continue;
        json_t *json = rb_json_object();
        rb_json_append(array, json);
        int status = entry_json(listing, entry, &vulnerability, json, err);
        if (status != 0)
            return status;
    }
    rb_json_set_integer(into, "count", total);
    return 0;
}

int api_get_advisories(const struct api_request *request, struct api_reply *reply,
                       struct rb_err *err)
{
    struct listing listing = {.request = request};
    struct filter filter;
    int status = read_filter(request, &filter, err);
    if (status == 0)
        status = api_exposure_begin(&listing.exposure, request, reply, err);
    if (status == 0)
        status = api_exposure_want_advisories(&listing.exposure, err);
    listing.exposure.only_findings = true;
    if (status == 0)
        status = judge_all(&listing, err);
    if (status == 0)
        status = api_vex_apply(&listing.exposure, err);
    if (status != 0)
        return status;
    keep_open(&listing.exposure);
    group(&listing);
    if (listing.count > 0)
        qsort(listing.entries, listing.count, sizeof(*listing.entries), compare_entries);
    return list(&listing, &filter, reply->json, err);
}
