/* SPDX-License-Identifier: Apache-2.0 */
#include "git_tags.h"

#include "rebake/base/text.h"
#include "rebake/watch/tag_choice.h"

json_t *rb_git_tags_policy_write(const struct rb_tag_policy *policy)
{
    json_t *json = rb_json_object();
    if (policy->glob != NULL)
        rb_json_set_string(json, "glob", policy->glob);
    if (policy->match != NULL)
        rb_json_set_string(json, "match", policy->match);
    if (policy->semver != NULL)
        rb_json_set_string(json, "semver", policy->semver);
    if (policy->order != NULL)
        rb_json_set_string(json, "order", policy->order);
    rb_json_set_bool(json, "prereleases", policy->prereleases);
    return json;
}

void rb_git_tags_policy_read(const json_t *json, struct rb_tag_policy *ret_policy)
{
    *ret_policy = (struct rb_tag_policy){
        .glob = rb_json_get_string(json, "glob", NULL),
        .match = rb_json_get_string(json, "match", NULL),
        .semver = rb_json_get_string(json, "semver", NULL),
        .order = rb_json_get_string(json, "order", NULL),
        .prereleases = rb_json_get_bool(json, "prereleases", false),
    };
}

static int judge(const struct rb_tag_choice *choice, const char *best, const char *known,
                 const char *what, enum rb_trouble *ret_trouble, struct rb_err *err)
{
    char shown[64], shown_known[64];
    if (best == NULL) {
        *ret_trouble = RB_TROUBLE_VANISHED;
        return rb_err_set(err, RB_ENOTFOUND, "%s has no tag that counts by what its source says",
                          what);
    }
    if (known == NULL || !rb_tag_choice_counts(choice, known) ||
        rb_tag_choice_compare(choice, best, known) >= 0)
        return 0;
    *ret_trouble = RB_TROUBLE_BACKWARDS;
    return rb_err_set(err, RB_EVERIFY,
                      "%s has gone backwards: its newest tag is %s, and %s was seen: tags were "
                      "removed, or an old copy is served; it is not followed",
                      what, rb_text_printable(best, shown, sizeof(shown)),
                      rb_text_printable(known, shown_known, sizeof(shown_known)));
}

int rb_git_tags_choose(const struct rb_tag_policy *policy, const char *const *names, size_t count,
                       const char *known, const char *what, const char **ret_name,
                       enum rb_trouble *ret_trouble, struct rb_err *err)
{
    struct rb_tag_choice *choice = NULL;
    *ret_trouble = RB_TROUBLE_OURS;
    int status = rb_tag_choice_new(policy, &choice, err);
    if (status != 0)
        return status;
    const char *best = rb_tag_choice_best(choice, names, count);
    status = judge(choice, best, known, what, ret_trouble, err);
    rb_tag_choice_free(choice);
    if (status == 0)
        *ret_name = best;
    return status;
}
