/* SPDX-License-Identifier: Apache-2.0 */
#include "tags.h"

#include "rebake/base/text.h"
#include "report.h"

const struct rb_field rb_tags_fields[] = {{.key = "glob",
                                           .kind = RB_FIELD_TEXT,
                                           .offset = offsetof(struct rb_tag_policy, glob),
                                           .member = "glob",
                                           .read = rb_value_tag_glob,
                                           .example = "glob: \"v*\""},
                                          {.key = "match",
                                           .kind = RB_FIELD_TEXT,
                                           .offset = offsetof(struct rb_tag_policy, match),
                                           .member = "match",
                                           .read = rb_value_tag_match,
                                           .example = "match: \"bookworm-([0-9]+)\""},
                                          {.key = "semver",
                                           .kind = RB_FIELD_TEXT,
                                           .offset = offsetof(struct rb_tag_policy, semver),
                                           .member = "semver",
                                           .read = rb_value_tag_range,
                                           .example = "semver: \"^1.2\""},
                                          {.key = "order",
                                           .kind = RB_FIELD_TEXT,
                                           .offset = offsetof(struct rb_tag_policy, order),
                                           .member = "order",
                                           .read = rb_value_tag_order,
                                           .example = "order: numeric"},
                                          {.key = "prereleases",
                                           .kind = RB_FIELD_BOOL,
                                           .offset = offsetof(struct rb_tag_policy, prereleases),
                                           .member = "prereleases",
                                           .example = "prereleases: true"},
                                          {.key = NULL}};

bool rb_tags_are_said(const struct rb_tag_policy *policy)
{
    return policy->glob != NULL || policy->match != NULL || policy->semver != NULL ||
           policy->order != NULL || policy->prereleases;
}

void rb_tags_complete(const struct rb_decode *decode, struct rb_mark mark, const char *subject,
                      struct rb_tag_policy *policy)
{
    bool by_semver = rb_text_equal(policy->order, "semver");
    if (policy->semver == NULL && policy->order == NULL)
        rb_report_add(decode->report, mark, "write semver: \"^1.2\" or order: numeric",
                      "%s: tags: neither \"semver\" nor \"order\" says which tag is the newest",
                      subject);
    else if (policy->semver != NULL && policy->order != NULL && !by_semver)
        rb_report_add(decode->report, mark, "remove one of the two",
                      "%s: tags: \"semver\" has an order of its own, and \"order\" another",
                      subject);
    else if (policy->prereleases && policy->semver == NULL && !by_semver)
        rb_report_add(decode->report, mark, "remove it",
                      "%s: tags: \"prereleases\" is of semantic versions, and these are none",
                      subject);
    if (policy->semver != NULL && policy->order == NULL)
        policy->order = "semver";
}

const char *rb_tags_word(const struct rb_tag_policy *policy)
{
    return policy->semver != NULL  ? policy->semver
           : policy->match != NULL ? policy->match
           : policy->glob != NULL  ? policy->glob
                                   : "*";
}
