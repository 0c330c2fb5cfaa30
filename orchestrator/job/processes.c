/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding what a job left running, by /proc (proc_pid_stat(5)). The runner is the subreaper of all
 * that its job starts (prctl(2), PR_SET_CHILD_SUBREAPER): whatever loses its parent becomes the
 * runner's own child, so that the walk from child to parent always ends at it.
 */
#include <dirent.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "running.h"

enum {
    STAT_MAXIMUM = 65536,
    ENVIRON_MAXIMUM = 4 << 20,
    ROUNDS_MAXIMUM = 1000,
    DEATH_WITHIN_MS = 5000
};

struct process_line {
    pid_t pid;
    pid_t parent;
};

struct process_list {
    struct process_line *items;
    size_t count;
    size_t capacity;
};

static void deinit_list(struct process_list *list)
{
    rb_free(list->items);
}

static bool read_process(const char *name, struct process_line *line)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("/proc/%s/stat", name);
    RB_CLEANUP_FREE char *stat = NULL;
    if (rb_file_read(path, STAT_MAXIMUM, &stat, NULL, NULL) != 0)
        return false; /* it ended while we looked */
    const char *behind_name = strrchr(stat, ')');
    char state;
    int parent;
    if (behind_name == NULL || sscanf(behind_name, ") %c %d", &state, &parent) != 2)
        return false;
    *line = (struct process_line){(pid_t)strtol(name, NULL, 10), parent};
    return state != 'Z' && state != 'X';
}

static void list_processes(struct process_list *list)
{
    list->count = 0;
    DIR *folder = opendir("/proc");
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        struct process_line line;
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !read_process(entry->d_name, &line))
            continue;
        if (list->count == list->capacity) {
            list->capacity = list->capacity == 0 ? 256 : 2 * list->capacity;
            list->items = rb_reallocarray(list->items, list->capacity, sizeof(*list->items));
        }
        list->items[list->count++] = line;
    }
    if (folder != NULL)
        (void)closedir(folder);
}

static const struct process_line *find(const struct process_list *list, pid_t pid)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].pid == pid)
            return &list->items[i];
    }
    return NULL;
}

/* The list is no snapshot: a chain of parents may be broken or, by reused numbers, a ring. */
static bool descends_from(const struct process_list *list, const struct process_line *line,
                          pid_t ancestor)
{
    for (size_t depth = 0; line != NULL && depth < list->count; depth++) {
        if (line->parent == ancestor)
            return true;
        line = find(list, line->parent);
    }
    return false;
}

void job_kill_descendants(void)
{
    RB_CLEANUP(deinit_list) struct process_list list = {0};
    pid_t ended = 0;
    /* Done is when no child is left: one that has died but was not taken yet is in no list. */
    for (int round = 0; round < ROUNDS_MAXIMUM && ended >= 0; round++) {
        size_t killed = 0;
        list_processes(&list);
        for (size_t i = 0; i < list.count; i++) {
            if (descends_from(&list, &list.items[i], getpid()) &&
                kill(list.items[i].pid, SIGKILL) == 0)
                killed++;
        }
        /* Each that dies leaves its children to us: wait for one, take the others that are ready.
         */
        if (killed > 0)
            (void)waitpid(-1, NULL, 0);
        while ((ended = waitpid(-1, NULL, WNOHANG)) > 0)
            ;
    }
}

static bool carries_mark(pid_t pid, const char *folder)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("/proc/%d/environ", (int)pid);
    RB_CLEANUP_FREE char *mark = rb_asprintf("REBAKE_JOB=%s", folder);
    RB_CLEANUP_FREE char *environment = NULL;
    size_t size = 0;
    if (rb_file_read(path, ENVIRON_MAXIMUM, &environment, &size, NULL) != 0)
        return false;
    for (const char *at = environment; at < environment + size; at += strlen(at) + 1) {
        if (strcmp(at, mark) == 0)
            return true;
    }
    return false;
}

/* A command inside a build has an environment of the recipe's, but its root is a mount that the
   builder made in its TMPDIR, the job's scratch folder. */
static bool lives_in(pid_t pid, const char *folder)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("/proc/%d/root", (int)pid);
    RB_CLEANUP_FREE char *scratch = rb_asprintf("%s/scratch/", folder);
    char root[PATH_MAX + 1];
    ssize_t size = readlink(path, root, PATH_MAX);
    root[size > 0 ? size : 0] = '\0';
    return rb_text_starts_with(root, scratch);
}

/* Kills and waits for the end, so that the next look finds what it left. */
static bool kill_and_wait(pid_t pid)
{
    RB_CLEANUP_CLOSE int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd end = {.fd = fd, .events = POLLIN};
    if (fd < 0 || syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) != 0)
        return false;
    return poll(&end, 1, DEATH_WITHIN_MS) > 0;
}

void job_kill_marked(const char *folder)
{
    RB_CLEANUP(deinit_list) struct process_list list = {0};
    size_t killed = 1;
    for (int round = 0; round < ROUNDS_MAXIMUM && killed > 0; round++) {
        killed = 0;
        list_processes(&list);
        for (size_t i = 0; i < list.count; i++) {
            if (carries_mark(list.items[i].pid, folder) || lives_in(list.items[i].pid, folder))
                killed += kill_and_wait(list.items[i].pid);
        }
    }
}
