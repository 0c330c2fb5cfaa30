/* SPDX-License-Identifier: Apache-2.0 */
#include "apt_trust.h"

#include <string.h>

#include "age.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

int rb_apt_validity_judge(int64_t valid_until_at, int64_t now, const char *what, struct rb_err *err)
{
    char text[RB_TIME_TEXT_SIZE];
    if (valid_until_at == 0 || now <= valid_until_at)
        return 0;
    return rb_err_set(err, RB_EVERIFY,
                      "%s has expired (Valid-Until: %s): the mirror is stale or cut off", what,
                      rb_time_format(valid_until_at, text));
}

static int judge_date(const struct rb_apt_release *release, int64_t known_date_at, int64_t now,
                      const char *what, enum rb_trouble *ret_trouble, struct rb_err *err)
{
    int64_t date_at = rb_apt_release_date(release);
    *ret_trouble = RB_TROUBLE_UNTRUSTED;
    if (date_at == 0)
        return rb_err_set(err, RB_EVERIFY, "%s has no Date", what);
    return rb_age_judge(date_at, known_date_at, now, what, ret_trouble, err);
}

/* As apt's metaIndex::CheckDist compares: "bookworm/updates" asks for "bookworm". */
static bool names_suite(const char *value, const char *suite)
{
    const char *slash = strrchr(suite, '/');
    if (value == NULL)
        return false;
    if (strcmp(value, suite) == 0)
        return true;
    return slash != NULL && strlen(value) == (size_t)(slash - suite) &&
           strncmp(value, suite, strlen(value)) == 0;
}

/* apt only warns here. But the archive's key signs all its suites: without this an attacker could
   serve another one, signed and current. A Release that names neither leaves nothing to compare. */
static int judge_suite(const struct rb_apt_release *release, const char *suite, const char *what,
                       struct rb_err *err)
{
    const char *of_suite = rb_apt_release_field(release, "Suite");
    const char *codename = rb_apt_release_field(release, "Codename");
    if (rb_text_is_empty(of_suite) && rb_text_is_empty(codename))
        return 0;
    if (names_suite(of_suite, suite) || names_suite(codename, suite))
        return 0;
    return rb_err_set(err, RB_EVERIFY,
                      "%s is of another suite: asked for \"%s\", got Suite \"%.60s\", Codename "
                      "\"%.60s\"",
                      what, suite, of_suite == NULL ? "" : of_suite,
                      codename == NULL ? "" : codename);
}

/* A suite's name may come to stand for another release ("stable"), with other packages for each
   name. As apt does (Acquire::AllowReleaseInfoChange::Codename), this is not followed before a
   person says so. A change of Suite alone ("stable" becomes "oldstable" while somebody follows
   "bookworm") is, as apt does too; so are Origin and Label, which the same key has signed. */
static int judge_codename(const struct rb_apt_release *release,
                          const struct rb_apt_request *request, const char *what,
                          struct rb_err *err)
{
    const char *codename = rb_apt_release_field(release, "Codename");
    const char *wanted = request->codename != NULL ? request->codename : request->known_codename;
    if (codename == NULL)
        codename = "";
    if (rb_text_is_empty(wanted) || strcmp(codename, wanted) == 0)
        return 0;
    if (request->codename != NULL)
        return rb_err_set(
            err, RB_EVERIFY,
            "%s: the suite \"%s\" stands for \"%.60s\", not for the codename \"%.60s\" "
            "that the source names",
            what, request->suite, codename, wanted);
    return rb_err_set(err, RB_EVERIFY,
                      "%s: the suite \"%s\" stands for another release now: \"%.60s\" instead of "
                      "\"%.60s\"; to follow it, say so in the source: \"codename: %.60s\"",
                      what, request->suite, codename, wanted, codename);
}

int rb_apt_release_judge(const struct rb_apt_release *release, const struct rb_apt_request *request,
                         int64_t now, const char *what, enum rb_trouble *ret_trouble,
                         struct rb_err *err)
{
    bool is_flat = rb_text_ends_with(request->suite, "/");
    *ret_trouble = RB_TROUBLE_UNTRUSTED;
    int status = is_flat ? 0 : judge_suite(release, request->suite, what, err);
    if (status == 0)
        status = judge_date(release, request->known_date_at, now, what, ret_trouble, err);
    if (status != 0)
        return status;
    *ret_trouble = RB_TROUBLE_MOVED;
    status = judge_codename(release, request, what, err);
    if (status == 0)
        *ret_trouble = RB_TROUBLE_NONE;
    return status;
}
