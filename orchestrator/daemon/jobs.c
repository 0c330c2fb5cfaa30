/* SPDX-License-Identifier: Apache-2.0 */
/* The list of running jobs, and what builds and rollouts have in common. */
#include <string.h>

#include "engine_parts.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

int rb_jobs_parse(const char *text, int *ret_max_jobs, struct rb_err *err)
{
    uint64_t jobs;
    if (!rb_text_to_u64(text, &jobs) || jobs < 1 || jobs > RB_MOST_JOBS)
        return rb_err_set(err, RB_EINVALID, "--jobs takes a number from 1 to %d", RB_MOST_JOBS);
    *ret_max_jobs = (int)jobs;
    return 0;
}

struct engine_job *engine_add_job(struct rb_engine *engine, enum engine_job_kind kind, int64_t id,
                                  int64_t deployment_id)
{
    struct engine_job *job = rb_zalloc(sizeof(*job));
    job->engine = engine;
    job->kind = kind;
    job->id = id;
    job->deployment_id = deployment_id;
    job->next = engine->jobs;
    engine->jobs = job;
    return job;
}

void engine_remove_job(struct engine_job *job)
{
    struct engine_job **at = &job->engine->jobs;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    rb_free(job);
}

struct engine_job *engine_find_job(struct rb_engine *engine, enum engine_job_kind kind, int64_t id)
{
    for (struct engine_job *job = engine->jobs; job != NULL; job = job->next) {
        if (job->kind == kind && job->id == id)
            return job;
    }
    return NULL;
}

char *engine_job_folder(const struct rb_engine *engine, const char *kind, int64_t id)
{
    return rb_asprintf("%s/jobs/%s-%lld", engine->state_folder, kind, (long long)id);
}
