/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebake/base/memory.h"
#include "rebake/base/strlist.h"
#include "rebake/base/text.h"
#include "rebake/loop/process.h"

enum { LARGEST_FILE = 1 << 20, LARGEST_ANSWER = 64 << 10, HELPER_TIMEOUT_MS = 30 * 1000 };

static void add_path(struct rb_strlist *paths, const char *folder, const char *file)
{
    if (!rb_text_is_empty(folder))
        rb_strlist_addf(paths, "%s/%s", folder, file);
}

static void list_paths(struct rb_strlist *paths)
{
    const char *explicit_path = getenv("REGISTRY_AUTH_FILE");
    const char *runtime = getenv("XDG_RUNTIME_DIR"), *config = getenv("XDG_CONFIG_HOME");
    const char *docker = getenv("DOCKER_CONFIG"), *home = getenv("HOME");
    if (!rb_text_is_empty(explicit_path)) {
        rb_strlist_add(paths, explicit_path);
        return;
    }
    if (!rb_text_is_empty(runtime))
        add_path(paths, runtime, "containers/auth.json");
    else
        rb_strlist_addf(paths, "/run/containers/%u/auth.json", (unsigned)getuid());
    if (!rb_text_is_empty(config))
        add_path(paths, config, "containers/auth.json");
    else
        add_path(paths, home, ".config/containers/auth.json");
    if (!rb_text_is_empty(docker))
        add_path(paths, docker, "config.json");
    else
        add_path(paths, home, ".docker/config.json");
    add_path(paths, home, ".dockercfg");
}

/* 0 with NULL where there is no such file. */
static int read_file(const char *path, json_t **ret_file, struct rb_err *err)
{
    struct rb_err why;
    int status = rb_json_read_file(path, LARGEST_FILE, ret_file, &why);
    if (status == RB_ENOTFOUND || (status != 0 && why.system == ENOTDIR))
        return 0;
    return status == 0 ? 0 : rb_err_copy(err, &why);
}

static int look_in_file(const char *path, const char *registry, const char *repository,
                        struct rb_credentials *ret_credentials, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *file = NULL;
    int status = read_file(path, &file, err);
    if (status != 0 || file == NULL)
        return status;
    if (!rb_text_ends_with(path, "/.dockercfg"))
        return rb_auth_file_find(file, path, registry, repository, ret_credentials, err);
    /* The oldest kind of file is "auths" alone. */
    RB_CLEANUP_JSON json_t *wrapped = rb_json_object();
    rb_json_set(wrapped, "auths", json_incref(file));
    return rb_auth_file_find(wrapped, path, registry, repository, ret_credentials, err);
}

int rb_credentials_find(const char *registry, const char *repository,
                        struct rb_credentials *ret_credentials, struct rb_err *err)
{
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist paths = {0};
    *ret_credentials = (struct rb_credentials){0};
    list_paths(&paths);
    for (size_t i = 0; i < paths.count; i++) {
        int status = look_in_file(paths.items[i], registry, repository, ret_credentials, err);
        if (status != 0 || !rb_credentials_are_empty(ret_credentials))
            return status;
    }
    return 0;
}

struct rb_helper_run {
    struct rb_process *process;
    char *program;
    int *running;
    rb_credentials_cb *done; /* NULL once cancelled */
    void *context;
};

/* What helpers say when they know none (docker-credential-helpers, credentials/error.go). */
static bool says_not_found(const struct rb_process_result *result)
{
    static const char NOT_FOUND[] = "credentials not found";
    return result->exit_code > 0 &&
           (strstr(result->output, NOT_FOUND) != NULL || strstr(result->errors, NOT_FOUND) != NULL);
}

static int read_answer(const struct rb_helper_run *run, const struct rb_process_result *result,
                       struct rb_credentials *ret_credentials, struct rb_err *err)
{
    if (says_not_found(result))
        return 0;
    int status = rb_process_check(result, run->program, err);
    if (status != 0)
        return status;
    return rb_auth_helper_answer(result->output, result->output_size, run->program, ret_credentials,
                                 err);
}

static void helper_ended(void *context, const struct rb_process_result *result)
{
    struct rb_helper_run *run = context;
    RB_CLEANUP(rb_credentials_deinit) struct rb_credentials credentials = {0};
    struct rb_err err;
    if (run->done != NULL) {
        int status = read_answer(run, result, &credentials, &err);
        run->done(run->context, &credentials, status == 0 ? NULL : &err);
    }
    (*run->running)--;
    rb_free(run->program);
    rb_free(run);
}

int rb_helper_start(struct rb_loop *loop, const char *helper, const char *registry, int *running,
                    rb_credentials_cb *done, void *context, struct rb_helper_run **ret_run,
                    struct rb_err *err)
{
    const char *server =
        strcmp(registry, "docker.io") == 0 ? "https://index.docker.io/v1/" : registry;
    RB_CLEANUP_FREE char *program = rb_asprintf("docker-credential-%s", helper);
    struct rb_helper_run *run = rb_zalloc(sizeof(*run));
    const struct rb_process_options options = {
        .arguments = (const char *const[]){program, "get", NULL},
        .input = server,
        .input_size = strlen(server),
        .output_maximum = LARGEST_ANSWER,
        .errors_maximum = LARGEST_ANSWER,
        .timeout_ms = HELPER_TIMEOUT_MS,
    };
    run->running = running;
    run->done = done;
    run->context = context;
    int status = rb_process_start(loop, &options, helper_ended, run, &run->process, err);
    if (status != 0) {
        rb_free(run);
        return status;
    }
    run->program = rb_steal(&program);
    (*running)++;
    *ret_run = run;
    return 0;
}

void rb_helper_cancel(struct rb_helper_run *run)
{
    run->done = NULL;
    rb_process_kill(run->process);
}
