/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vector falls into one of 270 macro vectors, each with a score that experts gave it. Its own
 * score lies below that, by how far it is from the highest vector of its macro vector, on the way
 * to the next lower ones.
 */
#include <math.h>
#include <string.h>

#include "cvss_vector.h"
#include "rebake/base/memory.h"

enum metric {
    AV,
    AC,
    AT,
    PR,
    UI,
    VC,
    VI,
    VA,
    SC,
    SI,
    SA,
    E,
    CR,
    IR,
    AR,
    MAV,
    MAC,
    MAT,
    MPR,
    MUI,
    MVC,
    MVI,
    MVA,
    MSC,
    MSI,
    MSA,
    S,
    AU,
    R,
    V,
    RE,
    U,
    METRIC_COUNT
};

/* Values stand with the worst first, so that their number is how far they are from it. */
static const struct cvss_metric METRICS[METRIC_COUNT] = {
    [AV] = {"AV", "N A L P", true},      [AC] = {"AC", "L H", true},
    [AT] = {"AT", "N P", true},          [PR] = {"PR", "N L H", true},
    [UI] = {"UI", "N P A", true},        [VC] = {"VC", "H L N", true},
    [VI] = {"VI", "H L N", true},        [VA] = {"VA", "H L N", true},
    [SC] = {"SC", "H L N", true},        [SI] = {"SI", "H L N", true},
    [SA] = {"SA", "H L N", true},        [E] = {"E", "X A P U", false},
    [CR] = {"CR", "X H M L", false},     [IR] = {"IR", "X H M L", false},
    [AR] = {"AR", "X H M L", false},     [MAV] = {"MAV", "X N A L P", false},
    [MAC] = {"MAC", "X L H", false},     [MAT] = {"MAT", "X N P", false},
    [MPR] = {"MPR", "X N L H", false},   [MUI] = {"MUI", "X N P A", false},
    [MVC] = {"MVC", "X H L N", false},   [MVI] = {"MVI", "X H L N", false},
    [MVA] = {"MVA", "X H L N", false},   [MSC] = {"MSC", "X H L N", false},
    [MSI] = {"MSI", "X S H L N", false}, [MSA] = {"MSA", "X S H L N", false},
    [S] = {"S", "X N P", false},         [AU] = {"AU", "X N Y", false},
    [R] = {"R", "X A U I", false},       [V] = {"V", "X D C", false},
    [RE] = {"RE", "X L M H", false},     [U] = {"U", "X Clear Green Amber Red", false},
};

enum { NO = -1 /* no such macro vector */ };

/* The scores of the macro vectors, in tenths, by their six digits EQ1 … EQ6 (cvss_lookup of FIRST's
   calculator, which the specification refers to). */
static const signed char SCORES[3][2][3][3][3][2] = {
    {
        {
            {{{100, 99}, {98, 95}, {95, 92}},
             {{100, 96}, {93, 87}, {91, 81}},
             {{93, 90}, {89, 80}, {81, 68}}},
            {{{98, 95}, {95, 92}, {90, 84}},
             {{93, 92}, {89, 81}, {81, 65}},
             {{88, 80}, {78, 70}, {69, 48}}},
            {{{NO, 92}, {NO, 82}, {NO, 72}},
             {{NO, 79}, {NO, 69}, {NO, 50}},
             {{NO, 69}, {NO, 55}, {NO, 27}}},
        },
        {
            {{{99, 97}, {95, 92}, {92, 85}},
             {{95, 91}, {90, 83}, {84, 71}},
             {{92, 81}, {82, 71}, {72, 53}}},
            {{{95, 93}, {92, 85}, {85, 73}},
             {{92, 82}, {80, 72}, {70, 59}},
             {{84, 70}, {71, 52}, {50, 30}}},
            {{{NO, 86}, {NO, 75}, {NO, 52}},
             {{NO, 71}, {NO, 52}, {NO, 29}},
             {{NO, 63}, {NO, 29}, {NO, 17}}},
        },
    },
    {
        {
            {{{98, 95}, {94, 87}, {91, 81}},
             {{94, 89}, {86, 74}, {77, 64}},
             {{87, 75}, {74, 63}, {63, 49}}},
            {{{94, 89}, {88, 77}, {76, 67}},
             {{86, 76}, {74, 58}, {59, 50}},
             {{72, 57}, {57, 52}, {52, 25}}},
            {{{NO, 83}, {NO, 70}, {NO, 54}},
             {{NO, 65}, {NO, 58}, {NO, 26}},
             {{NO, 53}, {NO, 21}, {NO, 13}}},
        },
        {
            {{{95, 90}, {88, 76}, {76, 70}},
             {{90, 77}, {75, 62}, {61, 53}},
             {{77, 66}, {68, 59}, {52, 30}}},
            {{{89, 78}, {76, 67}, {62, 58}},
             {{74, 59}, {57, 57}, {47, 23}},
             {{61, 52}, {57, 29}, {24, 16}}},
            {{{NO, 71}, {NO, 59}, {NO, 30}},
             {{NO, 58}, {NO, 26}, {NO, 15}},
             {{NO, 23}, {NO, 13}, {NO, 6}}},
        },
    },
    {
        {
            {{{93, 87}, {86, 72}, {75, 58}},
             {{86, 74}, {74, 61}, {56, 34}},
             {{70, 54}, {52, 40}, {40, 22}}},
            {{{85, 75}, {74, 55}, {62, 51}},
             {{72, 57}, {55, 41}, {46, 19}},
             {{53, 36}, {34, 19}, {19, 8}}},
            {{{NO, 64}, {NO, 51}, {NO, 20}},
             {{NO, 47}, {NO, 21}, {NO, 11}},
             {{NO, 24}, {NO, 9}, {NO, 4}}},
        },
        {
            {{{88, 75}, {73, 53}, {60, 50}},
             {{73, 55}, {59, 40}, {41, 20}},
             {{54, 43}, {45, 22}, {20, 11}}},
            {{{75, 55}, {58, 45}, {40, 21}},
             {{61, 51}, {48, 18}, {20, 9}},
             {{46, 18}, {17, 7}, {8, 2}}},
            {{{NO, 53}, {NO, 24}, {NO, 14}},
             {{NO, 24}, {NO, 12}, {NO, 5}},
             {{NO, 10}, {NO, 3}, {NO, 1}}},
        },
    },
};

/* How far each of the metrics that are scored is from its worst value. */
struct levels {
    signed char of[MAV];
};

/* The highest vectors of a digit's levels, and how far its lowest lies below. */
struct highest {
    signed char levels[6];
};

struct digits {
    int eq[6];
};

/* S, which only a modified metric can be, is worse than H. */
static int base_offset(int metric)
{
    return metric == SC || metric == SI || metric == SA;
}

static struct levels levels_of(const signed char *values)
{
    struct levels levels;
    for (int metric = AV; metric <= SA; metric++) {
        signed char modified = values[MAV + metric];
        bool is_modified = modified != CVSS_ABSENT && modified != 0;
        if (!is_modified)
            levels.of[metric] = (signed char)(values[metric] + base_offset(metric));
        else
            levels.of[metric] = (signed char)(modified - 1 + (metric == SC));
    }
    for (int metric = E; metric <= AR; metric++) /* not defined is the worst */
        levels.of[metric] = values[metric] <= 0 ? 0 : (signed char)(values[metric] - 1);
    return levels;
}

static struct digits digits_of(const struct levels *levels)
{
    const signed char *of = levels->of;
    enum { SUBSEQUENT_HIGH = 1 };
    int network = (of[AV] == 0) + (of[PR] == 0) + (of[UI] == 0);
    int high = (of[VC] == 0) + (of[VI] == 0) + (of[VA] == 0);
    bool is_safety = of[SI] == 0 || of[SA] == 0;
    bool is_high =
        of[SC] == SUBSEQUENT_HIGH || of[SI] == SUBSEQUENT_HIGH || of[SA] == SUBSEQUENT_HIGH;
    bool is_required = (of[CR] == 0 && of[VC] == 0) || (of[IR] == 0 && of[VI] == 0) ||
                       (of[AR] == 0 && of[VA] == 0);
    enum { PHYSICAL = 3 };
    return (struct digits){{
        network == 3                        ? 0
        : network > 0 && of[AV] != PHYSICAL ? 1
                                            : 2,
        of[AC] == 0 && of[AT] == 0 ? 0 : 1,
        of[VC] == 0 && of[VI] == 0 ? 0
        : high > 0                 ? 1
                                   : 2,
        is_safety ? 0
        : is_high ? 1
                  : 2,
        of[E],
        is_required ? 0 : 1,
    }};
}

/* NO where there is none. */
static int score_of(const struct digits *digits)
{
    const int *eq = digits->eq;
    if (eq[0] > 2 || eq[1] > 1 || eq[2] > 2 || eq[3] > 2 || eq[4] > 2 || eq[5] > 1)
        return NO;
    return SCORES[eq[0]][eq[1]][eq[2]][eq[3]][eq[4]][eq[5]];
}

static int score_below(struct digits digits, int number)
{
    digits.eq[number]++;
    return score_of(&digits);
}

/* EQ3 and EQ6 go together: the next lower is that of either, the higher of both where both can. */
static int score_below_impact(const struct digits *digits)
{
    if (digits->eq[2] == 0 && digits->eq[5] == 0) {
        int by_impact = score_below(*digits, 2), by_need = score_below(*digits, 5);
        return by_impact > by_need ? by_impact : by_need;
    }
    return score_below(*digits, digits->eq[5] == 0 ? 5 : 2);
}

/* How far the vector is from the first of the highest that is nowhere below it. */
static int distance_from(const struct levels *levels, const enum metric *metrics, size_t count,
                         const struct highest *highest, size_t highest_count)
{
    for (size_t i = 0; i < highest_count; i++) {
        int distance = 0;
        bool is_above = true;
        for (size_t j = 0; j < count; j++) {
            int below = levels->of[metrics[j]] - highest[i].levels[j];
            is_above = is_above && below >= 0;
            distance += below;
        }
        if (is_above)
            return distance;
    }
    return 0;
}

static int distance_eq1(const struct levels *levels, int digit)
{
    static const enum metric METRICS_OF[] = {AV, PR, UI};
    static const struct highest HIGHEST[3][3] = {
        {{{0, 0, 0}}}, {{{1, 0, 0}}, {{0, 1, 0}}, {{0, 0, 1}}}, {{{3, 0, 0}}, {{1, 1, 1}}}};
    static const size_t COUNTS[] = {1, 3, 2};
    return distance_from(levels, METRICS_OF, RB_COUNT_OF(METRICS_OF), HIGHEST[digit],
                         COUNTS[digit]);
}

static int distance_eq2(const struct levels *levels, int digit)
{
    static const enum metric METRICS_OF[] = {AC, AT};
    static const struct highest HIGHEST[2][2] = {{{{0, 0}}}, {{{1, 0}}, {{0, 1}}}};
    static const size_t COUNTS[] = {1, 2};
    return distance_from(levels, METRICS_OF, RB_COUNT_OF(METRICS_OF), HIGHEST[digit],
                         COUNTS[digit]);
}

static int distance_eq3_eq6(const struct levels *levels, int impact, int need)
{
    static const enum metric METRICS_OF[] = {VC, VI, VA, CR, IR, AR};
    static const struct highest HIGHEST[3][2][5] = {
        {{{{0, 0, 0, 0, 0, 0}}}, {{{0, 0, 1, 1, 1, 0}}, {{0, 0, 0, 1, 1, 1}}}},
        {{{{1, 0, 0, 0, 0, 0}}, {{0, 1, 0, 0, 0, 0}}},
         {{{1, 0, 1, 0, 1, 0}},
          {{1, 0, 0, 0, 1, 1}},
          {{0, 1, 0, 1, 0, 1}},
          {{0, 1, 1, 1, 0, 0}},
          {{1, 1, 0, 0, 0, 1}}}},
        {{{{0}}}, {{{1, 1, 1, 0, 0, 0}}}}};
    static const size_t COUNTS[3][2] = {{1, 2}, {2, 5}, {0, 1}};
    return distance_from(levels, METRICS_OF, RB_COUNT_OF(METRICS_OF), HIGHEST[impact][need],
                         COUNTS[impact][need]);
}

static int distance_eq4(const struct levels *levels, int digit)
{
    static const enum metric METRICS_OF[] = {SC, SI, SA};
    static const struct highest HIGHEST[3] = {{{1, 0, 0}}, {{1, 1, 1}}, {{2, 2, 2}}};
    return distance_from(levels, METRICS_OF, RB_COUNT_OF(METRICS_OF), &HIGHEST[digit], 1);
}

/* The share of the way to the next lower macro vector, of the mean of all that there are. */
struct mean {
    double sum;
    int count;
};

/* depth: how many steps the lowest vector of the macro vector is below the highest. */
static void go_down(struct mean *mean, int score, int below, int distance, int depth)
{
    if (below == NO)
        return;
    mean->sum += (score - below) * (double)distance / depth;
    mean->count++;
}

static int score_vector(const struct levels *levels)
{
    static const int DEPTH_EQ1[] = {1, 4, 5}, DEPTH_EQ2[] = {1, 2}, DEPTH_EQ4[] = {6, 5, 4};
    static const int DEPTH_EQ3_EQ6[3][2] = {{7, 6}, {8, 8}, {10, 10}};
    const struct digits digits = digits_of(levels);
    const int *eq = digits.eq;
    struct mean mean = {0};
    int score = score_of(&digits);
    go_down(&mean, score, score_below(digits, 0), distance_eq1(levels, eq[0]), DEPTH_EQ1[eq[0]]);
    go_down(&mean, score, score_below(digits, 1), distance_eq2(levels, eq[1]), DEPTH_EQ2[eq[1]]);
    go_down(&mean, score, score_below_impact(&digits), distance_eq3_eq6(levels, eq[2], eq[5]),
            DEPTH_EQ3_EQ6[eq[2]][eq[5]]);
    go_down(&mean, score, score_below(digits, 3), distance_eq4(levels, eq[3]), DEPTH_EQ4[eq[3]]);
    go_down(&mean, score, score_below(digits, 4), 0, 1);
    double exact = mean.count == 0 ? score : score - mean.sum / mean.count;
    return (int)floor(fmin(fmax(exact, 0), 100) + 0.5 + 1e-5);
}

/* The systems behind it count too. */
static bool has_no_impact(const struct levels *levels)
{
    enum { VULNERABLE_NONE = 2, SUBSEQUENT_NONE = 3 };
    return levels->of[VC] == VULNERABLE_NONE && levels->of[VI] == VULNERABLE_NONE &&
           levels->of[VA] == VULNERABLE_NONE && levels->of[SC] == SUBSEQUENT_NONE &&
           levels->of[SI] == SUBSEQUENT_NONE && levels->of[SA] == SUBSEQUENT_NONE;
}

int cvss4_read(const char *vector, struct rb_cvss *ret_cvss, struct rb_err *err)
{
    signed char values[METRIC_COUNT];
    int status = cvss_vector_read(vector, METRICS, METRIC_COUNT, values, err);
    if (status != 0)
        return status;
    const struct levels levels = levels_of(values);
    ret_cvss->base = has_no_impact(&levels) ? 0 : score_vector(&levels);
    return 0;
}
