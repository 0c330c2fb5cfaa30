/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rebake/advisory/read.h"
#include "rebake/base/clock.h"
#include "rebake/base/json.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

/* "2021-12-10": 0 for what is no date. */
static int64_t day_of(const json_t *item, const char *member)
{
    int64_t at = 0;
    RB_CLEANUP_FREE char *time =
        rb_asprintf("%s%s", rb_json_get_string(item, member, ""), "T00:00:00Z");
    return rb_time_parse(time, &at, NULL) == 0 ? at : 0;
}

static int take_date(const char *date, size_t size, const char *what, char *ret_date,
                     struct rb_err *err)
{
    if (size < strlen("2024-05-01") || size >= RB_FEED_DATE_SIZE)
        return rb_err_set(err, RB_EINVALID, "%s: \"%.40s\" is no date", what, date);
    memcpy(ret_date, date, size);
    ret_date[size] = '\0';
    return 0;
}

int rb_kev_read(const char *data, size_t size, const char *what, struct rb_threats_builder *builder,
                char date[RB_FEED_DATE_SIZE], struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *feed = NULL;
    const char *released = NULL;
    int status = rb_json_parse(data, size, what, &feed, err);
    if (status == 0)
        status = rb_json_want_string(feed, what, "dateReleased", &released, err);
    if (status == 0)
        status = take_date(released, strlen(released), what, date, err);
    if (status != 0)
        return status;
    const json_t *list = json_object_get(feed, "vulnerabilities"), *item;
    size_t i;
    if (!json_is_array(list))
        return rb_err_set(err, RB_EINVALID, "%s: \"vulnerabilities\" is no list", what);
    json_array_foreach(list, i, item)
    {
        const char *cve = rb_json_get_string(item, "cveID", "");
        struct rb_exploited exploited = {
            .name = rb_json_get_string(item, "vulnerabilityName", ""),
            .added_at = day_of(item, "dateAdded"),
            .due_at = day_of(item, "dueDate"),
            .ransomware =
                rb_text_equal(rb_json_get_string(item, "knownRansomwareCampaignUse", ""), "Known"),
        };
        status = rb_threats_builder_add_exploited(builder, cve, &exploited, err);
        if (status != 0)
            return rb_err_wrap(err, "%s: vulnerability %zu has no cveID", what, i);
    }
    return 0;
}

/* "#model_version:v2023.03.01,score_date:2024-05-01T00:00:00+0000" */
static int read_comment(const char *line, const char *what, char *ret_date, struct rb_err *err)
{
    static const char MEMBER[] = "score_date:";
    const char *date = strstr(line, MEMBER);
    if (*line != '#' || date == NULL)
        return rb_err_set(err, RB_EINVALID, "%s: the first line tells no score_date", what);
    date += strlen(MEMBER);
    return take_date(date, strcspn(date, ",\r"), what, ret_date, err);
}

static bool read_share(const char *text, char end, double *ret_share)
{
    char *behind = NULL;
    *ret_share = strtod(text, &behind);
    return behind != text && (*behind == end || *behind == '\0' || *behind == '\r') &&
           isfinite(*ret_share) && *ret_share >= 0 && *ret_share <= 1;
}

static int no_score(const char *what, int64_t number, struct rb_err *err)
{
    return rb_err_set(err, RB_EINVALID, "%s: line %lld is no score", what, (long long)number);
}

/* "CVE-2016-9962,0.00043,0.08513" */
static int read_score(const char *line, int64_t number, const char *what,
                      struct rb_threats_builder *builder, struct rb_err *err)
{
    char cve[64];
    struct rb_epss epss;
    size_t size = strcspn(line, ",");
    const char *score = line[size] == '\0' ? NULL : line + size + 1;
    const char *percentile = score == NULL ? NULL : strchr(score, ',');
    if (percentile == NULL || size >= sizeof(cve) || !read_share(score, ',', &epss.score) ||
        !read_share(percentile + 1, '\0', &epss.percentile))
        return no_score(what, number, err);
    memcpy(cve, line, size);
    cve[size] = '\0';
    int status = rb_threats_builder_add_epss(builder, cve, &epss, err);
    return status == RB_EINVALID ? no_score(what, number, err) : status;
}

int rb_epss_read_line(const char *line, int64_t number, const char *what,
                      struct rb_threats_builder *builder, char date[RB_FEED_DATE_SIZE],
                      struct rb_err *err)
{
    if (number == 1)
        return read_comment(line, what, date, err);
    if (number > 2)
        return read_score(line, number, what, builder, err);
    return rb_text_starts_with(line, "cve,epss,percentile")
               ? 0
               : rb_err_set(err, RB_EINVALID, "%s: the columns are not cve,epss,percentile", what);
}
