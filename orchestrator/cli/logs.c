/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake logs`: a build's log, and with -f as it grows. */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static bool is_final(const char *state)
{
    return strcmp(state, "queued") != 0 && strcmp(state, "running") != 0;
}

static bool is_well(const char *state)
{
    return strcmp(state, "succeeded") == 0 || strcmp(state, "unchanged") == 0;
}

/* "17", "build:17", or an image: its newest build. */
static int find_build(struct rb_client *client, const char *subject, int64_t *ret_id,
                      struct rb_err *err)
{
    const char *number = rb_text_starts_with(subject, "build:") ? subject + 6 : subject;
    if (rb_text_to_i64(number, ret_id))
        return 0;
    RB_CLEANUP_FREE char *encoded = rb_client_encode(subject);
    RB_CLEANUP_FREE char *path = rb_asprintf("/v1/why/%s", encoded);
    RB_CLEANUP_JSON json_t *answer = NULL;
    int status = rb_client_get(client, path, &answer, err);
    if (status != 0)
        return status;
    const json_t *newest = json_array_get(json_object_get(answer, "chain"), 0);
    *ret_id = rb_json_get_integer(json_object_get(newest, "build"), "id", 0);
    if (*ret_id == 0)
        return rb_err_set(err, RB_ENOTFOUND, "%s has not been built yet", subject);
    return 0;
}

/* Prints from offset to the end that the log has now. */
static int print_rest(struct rb_client *client, int64_t build_id, int64_t *offset, char *state,
                      size_t state_size, struct rb_err *err)
{
    for (;;) {
        struct rb_client_log piece;
        int status = rb_client_get_log(client, build_id, *offset, &piece, err);
        if (status != 0)
            return status;
        (void)fwrite(piece.text, 1, piece.size, stdout);
        (void)snprintf(state, state_size, "%s", piece.state);
        *offset += (int64_t)piece.size;
        bool whole = piece.size == 0 || *offset >= piece.log_size;
        rb_free(piece.text);
        if (whole)
            return fflush(stdout) == 0 ? 0 : rb_err_set(err, RB_EIO, "write standard output");
    }
}

static int print_log(struct rb_client *client, int64_t build_id, bool follow, char *state,
                     size_t state_size, struct rb_err *err)
{
    int64_t offset = 0;
    for (;;) {
        int status = print_rest(client, build_id, &offset, state, state_size, err);
        if (status != 0 || !follow || is_final(state))
            return status;
        rb_client_rest(client);
    }
}

static int run_logs(const struct rb_command *command, int argc, char **argv)
{
    static const char *const more[] = {"follow", NULL};
    struct rb_client_options asked;
    int count = rb_client_parse(command, argc, argv, more, &asked);
    if (count < 0)
        return RB_EXIT_USAGE;
    if (count != 1)
        return rb_command_usage(command, "name a build, or an image for its newest");
    RB_CLEANUP(rb_client_cleanup) struct rb_client *client = rb_client_new(asked.socket_path);
    int64_t build_id;
    char state[16] = "";
    struct rb_err err;
    if (find_build(client, argv[0], &build_id, &err) != 0 ||
        print_log(client, build_id, asked.follow, state, sizeof(state), &err) != 0)
        return rb_command_fail(command, &err);
    if (!asked.follow)
        return RB_EXIT_OK;
    fprintf(stderr, "build %lld %s\n", (long long)build_id, state);
    return is_well(state) ? RB_EXIT_OK : RB_EXIT_FAILED;
}

const struct rb_command rb_command_logs = {
    .name = "logs",
    .arguments = "[-f] BUILD|IMAGE",
    .summary = "Print a build's log",
    .help = "  -f, --follow   go on until the build has ended; exit 1 unless it did well\n"
            "  --socket PATH  the daemon's socket\n",
    .run = run_logs,
};
