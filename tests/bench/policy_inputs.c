/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_inputs.h"

#include <stdio.h>
#include <stdlib.h>

#include "rebake/base/memory.h"

enum { ADVISORIES = 4, TEXT_SIZE = 64 };

static const char *const SEVERITIES[] = {"critical", "high", "medium", "low"};

static json_t *made(json_t *json)
{
    if (json == NULL)
        abort(); /* the formats below are constants */
    return json;
}

static json_t *advisory(int number)
{
    char id[TEXT_SIZE], cve[TEXT_SIZE];
    (void)snprintf(id, sizeof(id), "DSA-%d-1", 5000 + number);
    (void)snprintf(cve, sizeof(cve), "CVE-2026-%d", 10000 + number);
    return made(json_pack("{s:s, s:[s], s:s, s:f, s:s, s:s, s:b, s:f}", "id", id, "aliases", cve,
                          "severity", SEVERITIES[number % 4], "score", 9.8 - 2.5 * (number % 4),
                          "package", "openssl", "fixed", "3.0.17-1~deb12u2", "kev",
                          number % 16 == 0, "epss", 0.01 * (number % 100)));
}

static json_t *advisories(int number)
{
    json_t *list = rb_json_array();
    for (int i = 0; i < number % (ADVISORIES + 1); i++)
        rb_json_append(list, advisory(number + i));
    return list;
}

static json_t *vulnerability(int number)
{
    return made(json_pack("{s:o, s:[], s:o, s:s, s:f}", "closes", advisories(number), "opens",
                          "open", advisories(number + 1), "worst", SEVERITIES[number % 4],
                          "worstScore", 9.8 - 2.5 * (number % 4)));
}

static json_t *approvals(int number)
{
    json_t *list = rb_json_array();
    for (int i = 0; i < number % 3; i++)
        rb_json_append(list, made(json_pack("{s:s, s:s, s:s, s:s}", "who", i == 0 ? "alice" : "bob",
                                            "why", "reviewed", "at", "2026-11-27T11:00:00Z",
                                            "until", "2026-11-28T11:00:00Z")));
    return list;
}

json_t *policy_input(int number)
{
    char name[TEXT_SIZE], key[TEXT_SIZE + 1], now[TEXT_SIZE];
    (void)snprintf(name, sizeof(name), "app-%d", number);
    (void)snprintf(key, sizeof(key), "%064x", 0x9f86d081U + (unsigned)number);
    (void)snprintf(now, sizeof(now), "2026-11-%02dT%02d:00:00Z", 1 + number % 28, number % 24);
    RB_CLEANUP_FREE char *full = rb_asprintf("shop/%s", name);
    return made(json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s, s:{s:s}}, s:[{s:s, s:s, s:s, s:s}], s:i, s:i,"
        " s:{s:f, s:{s:i, s:i}, s:{s:i, s:i}, s:{s:i, s:i}}, s:o, s:{s:b, s:f, s:b, s:[s]},"
        " s:{s:s, s:b, s:[s], s:b, s:b}, s:{s:s, s:[]}, s:{s:s, s:s, s:i, s:i}, s:o}",
        "subject", "rebuild", "now", now, "pipeline", "shop", "name", full, "key", key, "image",
        "name", name, "kind", "container", "labels", "tier", "web", "reasons", "kind", "package",
        "subject", "openssl", "from", "3.0.15-1~deb12u1", "to", "3.0.17-1~deb12u2", "settledFor",
        300 + number, "waitingFor", 900 + number, "cost", "expectedMinutes", 4.5, "today",
        "minutes", 120, "builds", 33, "pipelineToday", "minutes", 40, "builds", 9, "month",
        "minutes", 3000, "money", 0, "vulnerability", vulnerability(number), "threat", "kev",
        number % 16 == 0, "epss", 0.01 * (number % 100), "exposed", number % 2, "runsOn",
        "shop/production", "configuration", "user", "1000", "readOnlyRoot", 1, "capabilities",
        "CAP_NET_BIND_SERVICE", "pinned", 1, "signed", 1, "tests", "last", "passed", "results",
        "history", "lastBuildAt", "2026-11-20T12:00:00Z", "lastGoodAt", "2026-11-20T12:00:00Z",
        "failures", number % 3, "builds", 31, "approvals", approvals(number)));
}
