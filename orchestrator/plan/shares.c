/* SPDX-License-Identifier: Apache-2.0 */
#include "shares.h"

#include <stdlib.h>
#include <string.h>

#include "rebake/base/memory.h"

static int compare_shares(const void *a, const void *b)
{
    const struct share *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static struct share *find(struct share *all, size_t count, const char *name)
{
    struct share key = {.name = name};
    return count == 0 ? NULL : bsearch(&key, all, count, sizeof(key), compare_shares);
}

static size_t sort_names(struct share *all, size_t count)
{
    size_t kept = 0;
    qsort(all, count, sizeof(*all), compare_shares);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || strcmp(all[kept - 1].name, all[i].name) != 0)
            all[kept++] = all[i];
    }
    return kept;
}

/* Neighbours mostly share the same: a name that was added just before is not added again. */
static size_t add_name(struct share *all, size_t count, const char *name)
{
    if (count == 0 || strcmp(all[count - 1].name, name) != 0)
        all[count++].name = name;
    return count;
}

/* Only what those that wait name is asked for. */
static void find_names(struct shares *shares)
{
    const struct rb_dispatch_queue *queue = shares->queue;
    size_t limits = 0, budgets = 0;
    for (size_t i = 0; i < queue->waiting_count; i++) {
        limits += queue->waiting[i].limit_count;
        budgets += queue->waiting[i].budget_count;
    }
    shares->limits = rb_calloc(limits, sizeof(struct share));
    shares->budgets = rb_calloc(budgets, sizeof(struct share));
    for (size_t i = 0; i < queue->waiting_count; i++) {
        const struct rb_dispatch_build *build = &queue->waiting[i];
        for (size_t j = 0; j < build->limit_count; j++)
            shares->limit_count =
                add_name(shares->limits, shares->limit_count, build->limits[j].name);
        for (size_t j = 0; j < build->budget_count; j++)
            shares->budget_count =
                add_name(shares->budgets, shares->budget_count, build->budgets[j].name);
    }
    shares->limit_count = sort_names(shares->limits, shares->limit_count);
    shares->budget_count = sort_names(shares->budgets, shares->budget_count);
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* What a running build takes from today: what it is expected to take in all, but for what it took
   yesterday, and no less than what it took already. */
static int64_t charge_of(const struct rb_dispatch_queue *queue,
                         const struct rb_dispatch_build *build)
{
    int64_t day_began_at = queue->budget_resets_at - RB_DISPATCH_DAY_MS;
    int64_t today_at = larger(build->started_at, day_began_at);
    int64_t until_at = larger(queue->now_at, build->started_at + build->expected_ms);
    return larger(0, until_at - today_at);
}

static void add(struct shares *shares, const struct rb_dispatch_build *build, int64_t charge_ms)
{
    for (size_t i = 0; i < build->limit_count; i++) {
        struct share *limit = find(shares->limits, shares->limit_count, build->limits[i].name);
        if (limit != NULL)
            limit->running++;
    }
    for (size_t i = 0; i < build->budget_count; i++) {
        struct share *budget = find(shares->budgets, shares->budget_count, build->budgets[i].name);
        if (budget != NULL)
            budget->used_ms += charge_ms;
    }
}

static enum rb_dispatch_cause judge_budget(const struct share *share,
                                           const struct rb_dispatch_build *build, int64_t ms_a_day)
{
    if (build->expected_ms > ms_a_day || ms_a_day <= 0)
        return RB_DISPATCH_OVER_BUDGET;
    if (share->used_ms >= ms_a_day || share->used_ms + build->expected_ms > ms_a_day)
        return RB_DISPATCH_BUDGET;
    bool is_tight =
        share->claims != NULL && share->claims != build &&
        share->used_ms + build->expected_ms + share->claims->expected_ms > share->claimed;
    return is_tight ? RB_DISPATCH_CLAIM : RB_DISPATCH_STARTS;
}

static enum rb_dispatch_cause judge_limit(const struct share *share,
                                          const struct rb_dispatch_build *build, int most)
{
    if (share->running >= most)
        return RB_DISPATCH_LIMIT;
    bool is_tight =
        share->claims != NULL && share->claims != build && share->running + 1 >= share->claimed;
    return is_tight ? RB_DISPATCH_CLAIM : RB_DISPATCH_STARTS;
}

static enum rb_dispatch_cause judge_budgets(const struct shares *shares,
                                            const struct rb_dispatch_build *build,
                                            const struct share **ret_share)
{
    enum rb_dispatch_cause worst = RB_DISPATCH_STARTS;
    for (size_t i = 0; i < build->budget_count; i++) {
        const struct share *share =
            find(shares->budgets, shares->budget_count, build->budgets[i].name);
        enum rb_dispatch_cause cause = judge_budget(share, build, build->budgets[i].ms_a_day);
        if (cause > worst) {
            worst = cause;
            *ret_share = share;
        }
    }
    return worst;
}

enum rb_dispatch_cause shares_judge(const struct shares *shares,
                                    const struct rb_dispatch_build *build,
                                    const struct share **ret_share)
{
    enum rb_dispatch_cause worst = judge_budgets(shares, build, ret_share);
    for (size_t i = 0; worst < RB_DISPATCH_BUDGET && i < build->limit_count; i++) {
        const struct share *share =
            find(shares->limits, shares->limit_count, build->limits[i].name);
        enum rb_dispatch_cause cause = judge_limit(share, build, build->limits[i].most);
        if (cause != RB_DISPATCH_STARTS && worst != RB_DISPATCH_LIMIT) {
            worst = cause;
            *ret_share = share;
        }
    }
    return worst;
}

static bool is_older(const struct rb_dispatch_build *a, const struct rb_dispatch_build *b)
{
    return a->queued_at != b->queued_at ? a->queued_at < b->queued_at : a->id < b->id;
}

static void claim(struct share *share, const struct rb_dispatch_build *build, int64_t claimed)
{
    if (share->claims != NULL && !is_older(build, share->claims))
        return;
    share->claims = build;
    share->claimed = claimed;
}

static bool may_ever_run(const struct rb_dispatch_build *build)
{
    bool may = true;
    for (size_t i = 0; i < build->limit_count; i++)
        may = may && build->limits[i].most > 0;
    return may;
}

/* What no budget leaves room for today claims nothing: others may go on with what is left. */
static void find_claims(struct shares *shares)
{
    const struct rb_dispatch_queue *queue = shares->queue;
    for (size_t i = 0; i < queue->waiting_count; i++) {
        const struct rb_dispatch_build *build = &queue->waiting[i];
        const struct share *tight;
        if (queue->now_at - build->queued_at < RB_DISPATCH_PATIENCE_MS || !may_ever_run(build) ||
            judge_budgets(shares, build, &tight) > RB_DISPATCH_CLAIM)
            continue;
        for (size_t j = 0; j < build->limit_count; j++)
            claim(find(shares->limits, shares->limit_count, build->limits[j].name), build,
                  build->limits[j].most);
        for (size_t j = 0; j < build->budget_count; j++)
            claim(find(shares->budgets, shares->budget_count, build->budgets[j].name), build,
                  build->budgets[j].ms_a_day);
    }
}

void shares_begin(struct shares *shares, const struct rb_dispatch_queue *queue)
{
    *shares = (struct shares){.queue = queue};
    find_names(shares);
    for (size_t i = 0; i < queue->spent_count; i++) {
        struct share *budget = find(shares->budgets, shares->budget_count, queue->spent[i].budget);
        if (budget != NULL)
            budget->used_ms += queue->spent[i].ms;
    }
    for (size_t i = 0; i < queue->running_count; i++)
        add(shares, &queue->running[i], charge_of(queue, &queue->running[i]));
    find_claims(shares);
}

static void end_claims(struct shares *shares, struct share *all, size_t count,
                       const struct rb_dispatch_build *build)
{
    for (size_t i = 0; i < count; i++) {
        if (all[i].claims != build)
            continue;
        all[i].claims = NULL;
        shares->claim_ended = true;
    }
}

void shares_take(struct shares *shares, const struct rb_dispatch_build *build)
{
    add(shares, build, build->expected_ms);
    end_claims(shares, shares->limits, shares->limit_count, build);
    end_claims(shares, shares->budgets, shares->budget_count, build);
}

void shares_deinit(struct shares *shares)
{
    rb_free(shares->limits);
    rb_free(shares->budgets);
}
