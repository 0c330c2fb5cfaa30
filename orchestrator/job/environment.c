/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The environment of the programs that a job runs: what they need to find their own configuration,
 * and nothing of what the daemon was given (docs/reference/job.md lists it).
 */
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "rebake/base/memory.h"
#include "running.h"

static const char *const PASSED_ON[] = {
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CONTAINERS_CONF",
    "CONTAINERS_STORAGE_CONF",
    "CONTAINERS_REGISTRIES_CONF",
    "REGISTRY_AUTH_FILE",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSH_AUTH_SOCK",
};

static const char *or_else(const char *name, const char *fallback)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : fallback;
}

static const char *home(void)
{
    const struct passwd *user = getpwuid(geteuid());
    return or_else("HOME", user != NULL ? user->pw_dir : "/");
}

void job_environment(const struct rb_job *job, bool contained, struct rb_strlist *environment)
{
    rb_strlist_addf(
        environment, "PATH=%s",
        or_else("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
    rb_strlist_addf(environment, "HOME=%s", home());
    rb_strlist_add(environment, "LANG=C.UTF-8");
    rb_strlist_addf(environment, "TMPDIR=%s", job->scratch);
    if (contained)
        rb_strlist_addf(environment, "REBAKE_JOB=%s", job->folder);
    for (size_t i = 0; i < RB_COUNT_OF(PASSED_ON); i++) {
        const char *value = getenv(PASSED_ON[i]);
        if (value != NULL)
            rb_strlist_addf(environment, "%s=%s", PASSED_ON[i], value);
    }
}
