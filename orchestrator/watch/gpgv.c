/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One verification:
 *
 *     write files (pool) ──▶ gpgv runs (child) ──▶ judged, files removed (pool) ──▶ done
 *             └──────────── failed ─────────────────────────▲
 *
 * A cancelled one goes the same way, so that its files are removed; only done is left out.
 */
#include "gpgv.h"

#include <string.h>
#include <sys/stat.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/loop/process.h"
#include "rebake/loop/state.h"
#include "rebake/loop/work.h"
#include "rebake/watch/keyring.h"

enum {
    KEYRING_MAXIMUM = 8 << 20,
    STATUS_MAXIMUM = 256 << 10,
    ERRORS_MAXIMUM = 16 << 10,
    TIMEOUT_MS = 30 * 1000
};

enum state { STATE_WRITE, STATE_RUN, STATE_REMOVE };

static const struct rb_state_table STATES = {
    .name = "gpgv",
    .count = 3,
    .states = {
        [STATE_WRITE] = {"write", RB_STATE_BIT(STATE_RUN) | RB_STATE_BIT(STATE_REMOVE)},
        [STATE_RUN] = {"run", RB_STATE_BIT(STATE_REMOVE)},
        [STATE_REMOVE] = {"remove", 0},
    }};

struct rb_gpgv {
    struct rb_loop *loop;
    unsigned state;
    char *what;
    char *keyring;
    char *parent; /* folder of the folder */
    char *folder; /* private; NULL until made */
    char *content;
    size_t content_size;
    char *signature;
    size_t signature_size;
    struct rb_process *process;
    int status; /* of the first failure, with err */
    struct rb_err err;
    struct rb_gpgv_verdict verdict;
    rb_gpgv_cb *done; /* NULL once cancelled */
    void *context;
};

static char *copy_of(const char *data, size_t size)
{
    char *copy = rb_alloc(size);
    memcpy(copy, data, size);
    return copy;
}

static void free_gpgv(struct rb_gpgv *gpgv)
{
    rb_free(gpgv->what);
    rb_free(gpgv->keyring);
    rb_free(gpgv->parent);
    rb_free(gpgv->folder);
    rb_free(gpgv->content);
    rb_free(gpgv->signature);
    rb_free(gpgv);
}

/* worker thread */
static int write_file(const struct rb_gpgv *gpgv, const char *name, const char *data, size_t size,
                      struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", gpgv->folder, name);
    return rb_file_write_atomic(path, data, size, 0600, err);
}

/* worker thread */
static int write_keyring(const struct rb_gpgv *gpgv, struct rb_err *err)
{
    RB_CLEANUP_FREE char *data = NULL;
    RB_CLEANUP_FREE char *binary = NULL;
    size_t size = 0, binary_size = 0;
    if (rb_file_read(gpgv->keyring, KEYRING_MAXIMUM, &data, &size, err) != 0)
        return rb_err_wrap(err, "the keyring of %s", gpgv->what);
    int status = rb_keyring_to_binary(data, size, gpgv->keyring, &binary, &binary_size, err);
    return status != 0 ? status : write_file(gpgv, "keyring.gpg", binary, binary_size, err);
}

/* worker thread */
static int write_files(struct rb_gpgv *gpgv, struct rb_err *err)
{
    RB_CLEANUP_FREE char *prefix = rb_asprintf("%s/verify-", gpgv->parent);
    int status = rb_folder_make(gpgv->parent, 0755, err);
    if (status == 0)
        status = rb_folder_make_temporary(prefix, &gpgv->folder, err);
    if (status == 0)
        status = write_keyring(gpgv, err);
    if (status == 0)
        status = write_file(gpgv, "content", gpgv->content, gpgv->content_size, err);
    if (status == 0)
        status = write_file(gpgv, "signature", gpgv->signature, gpgv->signature_size, err);
    return status;
}

/* worker thread */
static void run_write(void *context)
{
    struct rb_gpgv *gpgv = context;
    gpgv->status = write_files(gpgv, &gpgv->err);
}

/* worker thread */
static void run_remove(void *context)
{
    struct rb_gpgv *gpgv = context;
    struct rb_err err;
    if (gpgv->folder == NULL || rb_tree_remove(gpgv->folder, &err) == 0 || gpgv->status != 0)
        return;
    gpgv->err = err;
    gpgv->status = rb_err_wrap(&gpgv->err, "clean up after gpgv");
}

static void removed(void *context)
{
    struct rb_gpgv *gpgv = context;
    if (gpgv->done != NULL)
        gpgv->done(gpgv->context, &gpgv->verdict, gpgv->status == 0 ? NULL : &gpgv->err);
    free_gpgv(gpgv);
}

static void remove_files(struct rb_gpgv *gpgv)
{
    rb_state_move(&STATES, &gpgv->state, STATE_REMOVE);
    rb_work_queue(gpgv->loop, run_remove, removed, gpgv);
}

/* An exit code of 1 or 2 is no failure of gpgv's own: the verdict lies in what it told. */
static int judge(const struct rb_gpgv *gpgv, const struct rb_process_result *result,
                 struct rb_gpgv_verdict *ret_verdict, struct rb_err *err)
{
    if (result->timed_out || result->overflowed || result->signal != 0 || result->exit_code > 2)
        return rb_process_check(result, "gpgv", err);
    return rb_gpgv_judge(result->output, result->output_size, gpgv->what, ret_verdict, err);
}

static void gpgv_ended(void *context, const struct rb_process_result *result)
{
    struct rb_gpgv *gpgv = context;
    gpgv->process = NULL;
    gpgv->status = judge(gpgv, result, &gpgv->verdict, &gpgv->err);
    remove_files(gpgv);
}

/* GnuPG finds no home and no configuration of the user's: the keyring alone says whom we trust. */
static void run_gpgv(struct rb_gpgv *gpgv)
{
    static const char *const ENVIRONMENT[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C",
                                              NULL};
    RB_CLEANUP_FREE char *keyring = rb_asprintf("%s/keyring.gpg", gpgv->folder);
    const char *const arguments[] = {"gpgv",      "--homedir",   gpgv->folder, "--keyring",
                                     keyring,     "--status-fd", "1",          "--",
                                     "signature", "content",     NULL};
    struct rb_process_options options = {
        .arguments = arguments,
        .environment = ENVIRONMENT,
        .folder = gpgv->folder,
        .output_maximum = STATUS_MAXIMUM,
        .errors_maximum = ERRORS_MAXIMUM,
        .timeout_ms = TIMEOUT_MS,
    };
    rb_state_move(&STATES, &gpgv->state, STATE_RUN);
    gpgv->status =
        rb_process_start(gpgv->loop, &options, gpgv_ended, gpgv, &gpgv->process, &gpgv->err);
    if (gpgv->status != 0)
        remove_files(gpgv);
}

static void written(void *context)
{
    struct rb_gpgv *gpgv = context;
    if (gpgv->status != 0 || gpgv->done == NULL)
        remove_files(gpgv);
    else
        run_gpgv(gpgv);
}

struct rb_gpgv *rb_gpgv_start(struct rb_loop *loop, const struct rb_gpgv_request *request,
                              rb_gpgv_cb *done, void *context)
{
    struct rb_gpgv *gpgv = rb_zalloc(sizeof(*gpgv));
    gpgv->loop = loop;
    gpgv->state = STATE_WRITE;
    gpgv->what = rb_strdup(request->what);
    gpgv->keyring = rb_strdup(request->keyring);
    gpgv->parent = rb_strdup(request->folder);
    gpgv->content = copy_of(request->content, request->content_size);
    gpgv->content_size = request->content_size;
    gpgv->signature = copy_of(request->signature, request->signature_size);
    gpgv->signature_size = request->signature_size;
    gpgv->done = done;
    gpgv->context = context;
    rb_work_queue(loop, run_write, written, gpgv);
    return gpgv;
}

void rb_gpgv_cancel(struct rb_gpgv *gpgv)
{
    gpgv->done = NULL;
    if (gpgv->process != NULL)
        rb_process_kill(gpgv->process);
}
