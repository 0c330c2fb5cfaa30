/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The child's side of a git check. libgit2 waits for a silent server for ever, so the kernel's
 * alarm clock ends the process when no byte has come for a while; the parent knows the signal.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "git_remote.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/watch/watch.h"

enum { REQUEST_MAXIMUM = 4 << 20 };

#ifdef __SANITIZE_ADDRESS__
/* libgit2 1.5 leaks where it fails, libssh2 1.10 also where it does not. In a process that ends
   right after it that is no harm, but LeakSanitizer would make it end with an error. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libgit2.so\nleak:libssh2.so\n";
}
#endif

static int read_request(int fd, struct rb_git_request *ret_request, struct rb_err *err)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(REQUEST_MAXIMUM);
    char block[16384];
    for (;;) {
        ssize_t size = read(fd, block, sizeof(block));
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return rb_err_sys(err, errno, "read the git check's request");
        if (size == 0)
            break;
        if (!rb_strbuf_append(&text, block, (size_t)size))
            return rb_err_set(err, RB_ELIMIT, "the git check's request is larger than %d bytes",
                              REQUEST_MAXIMUM);
    }
    return rb_git_request_parse(rb_strbuf_text(&text), text.size, ret_request, err);
}

int rb_git_check_main(int input_fd, int output_fd, rb_policy_check *check_policy)
{
    RB_CLEANUP(rb_git_request_deinit) struct rb_git_request request = {0};
    RB_CLEANUP(rb_git_answer_deinit) struct rb_git_answer answer = {0};
    enum rb_trouble trouble = RB_TROUBLE_NONE;
    struct rb_err err;
    int status = read_request(input_fd, &request, &err);
    request.check_policy = check_policy;
    if (status == 0)
        status = rb_git_look(&request, &answer, &trouble, &err);
    (void)alarm(0);
    RB_CLEANUP_FREE char *text = rb_git_answer_format(&answer, status == 0 ? NULL : &err, trouble);
    return rb_write_all(output_fd, text, strlen(text), NULL) == 0 ? 0 : 1;
}
