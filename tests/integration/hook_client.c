/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hook_client PORT SECRET SECONDS: sends signed pushes to /hooks/github/load over 64 connections
 * until the time is over or the server is gone, and prints the sender's id of each that was
 * answered 202.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../bench/hook_load.h"

enum { CONNECTIONS = 64 };

static void answered(void *context, int64_t number, int status, int64_t took_us)
{
    (void)context;
    (void)took_us;
    if (status == 202)
        printf("load-%lld\n", (long long)number);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: hook_client PORT SECRET SECONDS\n", stderr);
        return 2;
    }
    const struct hook_load load = {.port = (int)strtol(argv[1], NULL, 10),
                                   .connections = CONNECTIONS,
                                   .path = "/hooks/github/load",
                                   .secret = argv[2],
                                   .repository = "https://git.example.com/load/code.git",
                                   .duration_ms = strtol(argv[3], NULL, 10) * 1000,
                                   .first_number = 1,
                                   .answered = answered};
    (void)hook_load_run(&load);
    return fflush(stdout) == 0 ? 0 : 1;
}
