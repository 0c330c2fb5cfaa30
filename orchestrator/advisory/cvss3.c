/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "cvss_vector.h"

/* In the order of the tables below; the modified ones in that of the base's. */
enum metric {
    AV,
    AC,
    PR,
    UI,
    S,
    C,
    I,
    A,
    E,
    RL,
    RC,
    CR,
    IR,
    AR,
    MAV,
    MAC,
    MPR,
    MUI,
    MS,
    MC,
    MI,
    MA,
    METRIC_COUNT
};

enum scope { UNCHANGED, CHANGED };

static const struct cvss_metric METRICS[METRIC_COUNT] = {
    [AV] = {"AV", "N A L P", true},
    [AC] = {"AC", "L H", true},
    [PR] = {"PR", "N L H", true},
    [UI] = {"UI", "N R", true},
    [S] = {"S", "U C", true},
    [C] = {"C", "H L N", true},
    [I] = {"I", "H L N", true},
    [A] = {"A", "H L N", true},
    [E] = {"E", "X H F P U", false},
    [RL] = {"RL", "X U W T O", false},
    [RC] = {"RC", "X C R U", false},
    [CR] = {"CR", "X H M L", false},
    [IR] = {"IR", "X H M L", false},
    [AR] = {"AR", "X H M L", false},
    [MAV] = {"MAV", "X N A L P", false},
    [MAC] = {"MAC", "X L H", false},
    [MPR] = {"MPR", "X N L H", false},
    [MUI] = {"MUI", "X N R", false},
    [MS] = {"MS", "X U C", false},
    [MC] = {"MC", "X H L N", false},
    [MI] = {"MI", "X H L N", false},
    [MA] = {"MA", "X H L N", false},
};

static const double WEIGHTS[MAV][5] = {
    [AV] = {0.85, 0.62, 0.55, 0.2},
    [AC] = {0.77, 0.44},
    [PR] = {0.85, 0.62, 0.27},
    [UI] = {0.85, 0.62},
    [C] = {0.56, 0.22, 0.0},
    [I] = {0.56, 0.22, 0.0},
    [A] = {0.56, 0.22, 0.0},
    [E] = {1.0, 1.0, 0.97, 0.94, 0.91},
    [RL] = {1.0, 1.0, 0.97, 0.96, 0.95},
    [RC] = {1.0, 1.0, 0.96, 0.92},
    [CR] = {1.0, 1.5, 1.0, 0.5},
    [IR] = {1.0, 1.5, 1.0, 0.5},
    [AR] = {1.0, 1.5, 1.0, 0.5},
};
/* Of PR where the scope changes. */
static const double PRIVILEGES_CHANGED[] = {0.85, 0.68, 0.5};

/* Up to tenths, by the specification's own way around binary fractions (appendix A). */
static int round_up(double score)
{
    long whole = lround(score * 100000);
    return (int)(whole % 10000 == 0 ? whole / 10000 : whole / 10000 + 1);
}

static double weight(const signed char *values, enum metric metric)
{
    return WEIGHTS[metric][values[metric] == CVSS_ABSENT ? 0 : values[metric]];
}

/* The base's metrics as the modified ones have them. */
static void modify(const signed char *values, signed char *modified)
{
    for (int metric = AV; metric <= A; metric++) {
        signed char value = values[MAV + metric];
        modified[metric] =
            value == CVSS_ABSENT || value == 0 ? values[metric] : (signed char)(value - 1);
    }
}

static double exploitability_of(const signed char *values)
{
    double privileges =
        values[S] == CHANGED ? PRIVILEGES_CHANGED[(int)values[PR]] : weight(values, PR);
    return 8.22 * weight(values, AV) * weight(values, AC) * privileges * weight(values, UI);
}

static int combine(double impact, double exploitability, int scope)
{
    if (impact <= 0)
        return 0;
    double factor = scope == CHANGED ? 1.08 : 1.0;
    return round_up(fmin(factor * (impact + exploitability), 10));
}

static int base_of(const signed char *values)
{
    double share = 1 - (1 - weight(values, C)) * (1 - weight(values, I)) * (1 - weight(values, A));
    double impact =
        values[S] == CHANGED ? 7.52 * (share - 0.029) - 3.25 * pow(share - 0.02, 15) : 6.42 * share;
    return combine(impact, exploitability_of(values), values[S]);
}

static int temporal_of(const signed char *values, int base)
{
    return round_up(base / 10.0 * weight(values, E) * weight(values, RL) * weight(values, RC));
}

static int environmental_of(const signed char *values, int version)
{
    signed char modified[A + 1];
    modify(values, modified);
    double share = fmin(0.915, 1 - (1 - weight(modified, C) * weight(values, CR)) *
                                       (1 - weight(modified, I) * weight(values, IR)) *
                                       (1 - weight(modified, A) * weight(values, AR)));
    double impact = 6.42 * share;
    if (modified[S] == CHANGED)
        impact = 7.52 * (share - 0.029) -
                 3.25 * (version == 30 ? pow(share - 0.02, 15) : pow(share * 0.9731 - 0.02, 13));
    return temporal_of(values, combine(impact, exploitability_of(modified), modified[S]));
}

int cvss3_read(const char *vector, struct rb_cvss *ret_cvss, struct rb_err *err)
{
    signed char values[METRIC_COUNT];
    int status = cvss_vector_read(vector, METRICS, METRIC_COUNT, values, err);
    if (status != 0)
        return status;
    ret_cvss->base = base_of(values);
    if (cvss_any(values, E, CR, 0))
        ret_cvss->temporal = temporal_of(values, ret_cvss->base);
    if (cvss_any(values, CR, METRIC_COUNT, 0))
        ret_cvss->environmental = environmental_of(values, ret_cvss->version);
    return 0;
}
