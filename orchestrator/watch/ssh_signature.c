/* SPDX-License-Identifier: Apache-2.0 */
#include "ssh_signature.h"

#include <string.h>
#include <time.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/process.h"

enum { OUTPUT_MAXIMUM = 64 << 10, TIMEOUT_MS = 20 * 1000, OPTION_SIZE = 48, NOT_SO = 255 };

struct verification {
    const struct rb_ssh_signature *signature;
    char *path; /* of the signature */
    char time_option[OPTION_SIZE];
};

/* "-Overify-time=YYYYMMDDHHMMSS", in the time zone of the child's environment: UTC. */
static void set_time(struct verification *verification)
{
    time_t at = (time_t)(verification->signature->made_at / 1000);
    struct tm parts;
    if (gmtime_r(&at, &parts) == NULL ||
        strftime(verification->time_option, OPTION_SIZE, "-Overify-time=%Y%m%d%H%M%S", &parts) == 0)
        verification->time_option[0] = '\0';
}

static int run(const struct verification *verification, const char *const *arguments,
               struct rb_process_result *ret_result, struct rb_err *err)
{
    static const char *const ENVIRONMENT[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C",
                                              "TZ=UTC", NULL};
    const struct rb_process_options options = {
        .arguments = arguments,
        .environment = ENVIRONMENT,
        .input = verification->signature->content,
        .input_size = verification->signature->content_size,
        .output_maximum = OUTPUT_MAXIMUM,
        .errors_maximum = OUTPUT_MAXIMUM,
        .timeout_ms = TIMEOUT_MS,
    };
    int status = rb_process_run(&options, ret_result, err);
    if (status != 0)
        return status;
    /* It ends with 255 for whatever is not so. */
    return ret_result->exit_code == NOT_SO ? 0 : rb_process_check(ret_result, "ssh-keygen", err);
}

/* Is the signature good, whoever made it? */
static int check_alone(const struct verification *verification, bool *ret_is_good,
                       struct rb_err *err)
{
    const char *const arguments[] = {
        "ssh-keygen", "-Y", "check-novalidate", "-n",
        "git",        "-s", verification->path, verification->time_option,
        NULL};
    RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
    int status = run(verification, arguments, &result, err);
    *ret_is_good = status == 0 && result.exit_code == 0;
    return status;
}

static int verify_for(const struct verification *verification, const char *principal,
                      bool *ret_is_good, struct rb_err *err)
{
    const char *const arguments[] = {"ssh-keygen",
                                     "-Y",
                                     "verify",
                                     "-n",
                                     "git",
                                     "-f",
                                     verification->signature->allowed_signers,
                                     "-I",
                                     principal,
                                     "-s",
                                     verification->path,
                                     verification->time_option,
                                     NULL};
    RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
    int status = run(verification, arguments, &result, err);
    *ret_is_good = status == 0 && result.exit_code == 0;
    return status;
}

/* Whose key it is, a name a line; none where nobody's. */
static int find_principals(const struct verification *verification, char **ret_lines,
                           struct rb_err *err)
{
    const char *const arguments[] = {"ssh-keygen",
                                     "-Y",
                                     "find-principals",
                                     "-f",
                                     verification->signature->allowed_signers,
                                     "-s",
                                     verification->path,
                                     verification->time_option,
                                     NULL};
    RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
    int status = run(verification, arguments, &result, err);
    if (status == 0)
        *ret_lines = rb_strdup(result.exit_code == 0 ? result.output : "");
    return status;
}

static int refuse(const struct verification *verification, bool is_known,
                  enum rb_trouble *ret_trouble, struct rb_err *err)
{
    const char *what = verification->signature->what;
    bool is_good = false;
    int status = check_alone(verification, &is_good, err);
    if (status != 0)
        return status;
    if (is_good && !is_known) {
        *ret_trouble = RB_TROUBLE_KEY_CHANGED;
        return rb_err_set(err, RB_EVERIFY,
                          "%s is signed by a key that %s does not hold, or not for that time", what,
                          verification->signature->allowed_signers);
    }
    *ret_trouble = RB_TROUBLE_UNTRUSTED;
    if (is_good)
        return rb_err_set(err, RB_EVERIFY, "%s is signed by a key that %s does not allow for it",
                          what, verification->signature->allowed_signers);
    return rb_err_set(err, RB_EVERIFY, "%s: bad signature", what);
}

static int verify(const struct verification *verification, enum rb_trouble *ret_trouble,
                  struct rb_err *err)
{
    RB_CLEANUP_FREE char *lines = NULL;
    bool is_known = false, is_good = false;
    int status = find_principals(verification, &lines, err);
    for (char *line = lines; status == 0 && !is_good && *line != '\0';) {
        size_t size = strcspn(line, "\n");
        char *next = line + size + (line[size] == '\n');
        line[size] = '\0';
        is_known = is_known || size > 0;
        if (size > 0)
            status = verify_for(verification, line, &is_good, err);
        line = next;
    }
    if (status != 0 || is_good)
        return status;
    return refuse(verification, is_known, ret_trouble, err);
}

int rb_ssh_signature_verify(const struct rb_ssh_signature *signature, enum rb_trouble *ret_trouble,
                            struct rb_err *err)
{
    struct verification verification = {.signature = signature,
                                        .path = rb_asprintf("%s/signature", signature->folder)};
    *ret_trouble = RB_TROUBLE_OURS;
    set_time(&verification);
    int status = 0;
    if (!rb_file_exists(signature->allowed_signers))
        status =
            rb_err_set(err, RB_EIO, "%s: the allowed signers cannot be read: %s does not exist",
                       signature->what, signature->allowed_signers);
    if (status == 0)
        status = rb_file_write_atomic(verification.path, signature->signature,
                                      signature->signature_size, 0600, err);
    if (status == 0)
        status = verify(&verification, ret_trouble, err);
    rb_free(verification.path);
    return status;
}
