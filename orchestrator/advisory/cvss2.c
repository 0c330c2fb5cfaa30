/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "cvss_vector.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

/* In the order of the tables below. */
enum metric { AV, AC, AU, C, I, A, E, RL, RC, CDP, TD, CR, IR, AR, METRIC_COUNT };

static const struct cvss_metric METRICS[METRIC_COUNT] = {
    [AV] = {"AV", "L A N", true},       [AC] = {"AC", "H M L", true},
    [AU] = {"Au", "M S N", true},       [C] = {"C", "N P C", true},
    [I] = {"I", "N P C", true},         [A] = {"A", "N P C", true},
    [E] = {"E", "ND U POC F H", false}, [RL] = {"RL", "ND OF TF W U", false},
    [RC] = {"RC", "ND UC UR C", false}, [CDP] = {"CDP", "ND N L LM MH H", false},
    [TD] = {"TD", "ND N L M H", false}, [CR] = {"CR", "ND L M H", false},
    [IR] = {"IR", "ND L M H", false},   [AR] = {"AR", "ND L M H", false},
};

static const double WEIGHTS[METRIC_COUNT][6] = {
    [AV] = {0.395, 0.646, 1.0},         [AC] = {0.35, 0.61, 0.71},
    [AU] = {0.45, 0.56, 0.704},         [C] = {0.0, 0.275, 0.660},
    [I] = {0.0, 0.275, 0.660},          [A] = {0.0, 0.275, 0.660},
    [E] = {1.0, 0.85, 0.9, 0.95, 1.0},  [RL] = {1.0, 0.87, 0.90, 0.95, 1.0},
    [RC] = {1.0, 0.90, 0.95, 1.0},      [CDP] = {0.0, 0.0, 0.1, 0.3, 0.4, 0.5},
    [TD] = {1.0, 0.0, 0.25, 0.75, 1.0}, [CR] = {1.0, 0.5, 1.0, 1.51},
    [IR] = {1.0, 0.5, 1.0, 1.51},       [AR] = {1.0, 0.5, 1.0, 1.51},
};

static double weight(const signed char *values, enum metric metric)
{
    return WEIGHTS[metric][values[metric] == CVSS_ABSENT ? 0 : values[metric]];
}

/* To tenths, a half upwards; the addend makes up for what binary fractions lose. */
static int round_tenths(double score)
{
    return score <= 0 ? 0 : (int)floor(score * 10 + 0.5 + 1e-7);
}

static int base_of(const signed char *values, bool is_adjusted)
{
    double confidentiality = weight(values, C), integrity = weight(values, I);
    double availability = weight(values, A);
    if (is_adjusted) {
        confidentiality *= weight(values, CR);
        integrity *= weight(values, IR);
        availability *= weight(values, AR);
    }
    double impact = 10.41 * (1 - (1 - confidentiality) * (1 - integrity) * (1 - availability));
    if (is_adjusted)
        impact = fmin(10, impact);
    double exploitability = 20 * weight(values, AV) * weight(values, AC) * weight(values, AU);
    double factor = impact > 0 ? 1.176 : 0;
    return round_tenths((0.6 * impact + 0.4 * exploitability - 1.5) * factor);
}

static int temporal_of(const signed char *values, int base)
{
    return round_tenths(base / 10.0 * weight(values, E) * weight(values, RL) * weight(values, RC));
}

static int environmental_of(const signed char *values)
{
    double temporal = temporal_of(values, base_of(values, true)) / 10.0;
    return round_tenths((temporal + (10 - temporal) * weight(values, CDP)) * weight(values, TD));
}

int cvss2_read(const char *vector, struct rb_cvss *ret_cvss, struct rb_err *err)
{
    signed char values[METRIC_COUNT];
    size_t size = strlen(vector);
    bool is_enclosed = size >= 2 && vector[0] == '(' && vector[size - 1] == ')';
    RB_CLEANUP_FREE char *inner =
        is_enclosed ? rb_strndup(vector + 1, size - 2) : rb_strdup(vector);
    int status = cvss_vector_read(inner, METRICS, METRIC_COUNT, values, err);
    if (status != 0)
        return status;
    ret_cvss->base = base_of(values, false);
    if (cvss_any(values, E, CDP, 0))
        ret_cvss->temporal = temporal_of(values, ret_cvss->base);
    if (cvss_any(values, CDP, METRIC_COUNT, 0))
        ret_cvss->environmental = environmental_of(values);
    return 0;
}
