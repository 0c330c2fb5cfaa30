/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker may do: compute, with bounded memory, and talk over one socket. */
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "worker_child.h"

enum { STATM_MAXIMUM = 4096 };

static const int ALLOWED[] = {SCMP_SYS(read),
                              SCMP_SYS(write),
                              SCMP_SYS(writev),
                              SCMP_SYS(brk),
                              SCMP_SYS(mmap),
                              SCMP_SYS(munmap),
                              SCMP_SYS(mremap),
                              SCMP_SYS(mprotect),
                              SCMP_SYS(madvise),
                              SCMP_SYS(futex),
                              SCMP_SYS(clock_gettime),
                              SCMP_SYS(gettimeofday),
                              SCMP_SYS(getrandom),
                              SCMP_SYS(getpid),
                              SCMP_SYS(gettid),
                              SCMP_SYS(tgkill),
                              SCMP_SYS(rt_sigaction),
                              SCMP_SYS(rt_sigprocmask),
                              SCMP_SYS(rt_sigreturn),
                              SCMP_SYS(sigaltstack),
                              SCMP_SYS(prlimit64),
                              SCMP_SYS(setrlimit),
                              SCMP_SYS(getrusage),
                              SCMP_SYS(sched_yield),
                              SCMP_SYS(restart_syscall),
                              SCMP_SYS(close),
                              SCMP_SYS(exit),
                              SCMP_SYS(exit_group)};

static int limit(int resource, rlim_t value, struct rb_err *err)
{
    const struct rlimit limit = {value, value};
    if (setrlimit((__rlimit_resource_t)resource, &limit) == 0)
        return 0;
    return rb_err_sys(err, errno, "set a limit of the policy worker");
}

/* The address space that is there already: code, and what came from the server by fork(2). */
static size_t address_space(void)
{
    RB_CLEANUP_FREE char *text = NULL;
    if (rb_file_read("/proc/self/statm", STATM_MAXIMUM, &text, NULL, NULL) != 0)
        return 0;
    return (size_t)strtoull(text, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

static int limit_memory(size_t memory_bytes, struct rb_err *err)
{
#ifdef __SANITIZE_ADDRESS__ /* which maps the whole address space */
    (void)memory_bytes;
    (void)address_space;
    (void)err;
    return 0;
#else
    return limit(RLIMIT_AS, address_space() + memory_bytes, err);
#endif
}

static int limit_all(size_t memory_bytes, struct rb_err *err)
{
    int status = limit_memory(memory_bytes, err);
    if (status == 0)
        status = limit(RLIMIT_CORE, 0, err);
    if (status == 0)
        status = limit(RLIMIT_NOFILE, 0, err);
    return status;
}

/* What is not allowed fails, rather than end the process: a library asks for this and that. */
static int filter_calls(struct rb_err *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (filter == NULL)
        return rb_err_set(err, RB_EIO, "the policy worker cannot be confined: seccomp_init fails");
    int status = 0;
    for (size_t i = 0; status == 0 && i < RB_COUNT_OF(ALLOWED); i++)
        status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, ALLOWED[i], 0);
    if (status == 0)
        status = seccomp_load(filter);
    seccomp_release(filter);
    return status == 0 ? 0 : rb_err_sys(err, -status, "confine the policy worker");
}

/* No other descriptor than these is left: not the server's sockets, nor its clients'. */
static int keep_only(int fd, struct rb_err *err)
{
    enum { KEPT_FD = 3 };
    if (fd != KEPT_FD && dup2(fd, KEPT_FD) < 0)
        return rb_err_sys(err, errno, "keep the policy worker's socket");
    (void)close(STDIN_FILENO);
    (void)close(STDOUT_FILENO);
    if (close_range(KEPT_FD + 1, ~0U, 0) != 0)
        return rb_err_sys(err, errno, "close what is the policy server's");
    return KEPT_FD;
}

/* The server's handlers write into pipes that both hold. What is sent to the whole group is for the
   server; when that ends, so do we. */
static void forget_signals(void)
{
    static const int GROUPS[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGPIPE};
    for (int number = 1; number < SIGRTMIN; number++)
        (void)signal(number, SIG_DFL);
    for (size_t i = 0; i < RB_COUNT_OF(GROUPS); i++)
        (void)signal(GROUPS[i], SIG_IGN);
}

int worker_child_confine(int fd, size_t memory_bytes, struct rb_err *err)
{
    static char *nothing[] = {NULL}; /* libjq goes along it, even where it is not there */
    forget_signals();
    tzset(); /* the files of the time zone, while they can be read */
    environ = nothing;
    int kept = keep_only(fd, err);
    if (kept < 0)
        return kept;
    int status = limit_all(memory_bytes, err);
    if (status == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        status = rb_err_sys(err, errno, "confine the policy worker");
    if (status == 0)
        status = filter_calls(err);
    return status == 0 ? kept : status;
}
