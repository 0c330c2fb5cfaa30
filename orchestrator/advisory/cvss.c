/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/advisory/cvss.h"

#include <string.h>

#include "cvss_vector.h"
#include "rebake/base/text.h"

int rb_cvss_read(const char *vector, struct rb_cvss *ret_cvss, struct rb_err *err)
{
    static const struct {
        const char *prefix;
        int version;
        int (*read)(const char *vector, struct rb_cvss *ret_cvss, struct rb_err *err);
    } VERSIONS[] = {{"CVSS:3.0/", 30, cvss3_read},
                    {"CVSS:3.1/", 31, cvss3_read},
                    {"CVSS:4.0/", 40, cvss4_read},
                    {"CVSS:", 0, NULL},
                    {"", 20, cvss2_read}};
    size_t i = 0;
    while (!rb_text_starts_with(vector, VERSIONS[i].prefix))
        i++;
    char shown[64];
    *ret_cvss = (struct rb_cvss){VERSIONS[i].version, RB_CVSS_NOT_SCORED, RB_CVSS_NOT_SCORED,
                                 RB_CVSS_NOT_SCORED};
    int status = VERSIONS[i].read == NULL
                     ? rb_err_set(err, RB_EINVALID, "no version of CVSS that is known")
                     : VERSIONS[i].read(vector + strlen(VERSIONS[i].prefix), ret_cvss, err);
    return status == 0 ? 0
                       : rb_err_wrap(err, "the vector \"%s\"",
                                     rb_text_printable(vector, shown, sizeof(shown)));
}

int rb_cvss_score(const struct rb_cvss *cvss)
{
    if (cvss->environmental != RB_CVSS_NOT_SCORED)
        return cvss->environmental;
    return cvss->temporal != RB_CVSS_NOT_SCORED ? cvss->temporal : cvss->base;
}

const char *rb_cvss_band(int version, int tenths)
{
    if (tenths < 40)
        return tenths == 0 && version != 20 ? "none" : "low";
    if (tenths < 70)
        return "medium";
    return tenths < 90 || version == 20 ? "high" : "critical";
}
