/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/secret.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static const char FOLDER[] = "/etc/rebake/secrets";

static int take(char *bytes, size_t size, const char *name, struct rb_secret *ret_secret,
                struct rb_err *err)
{
    struct rb_secret secret = {.bytes = bytes, .size = size};
    if (secret.size > 0 && bytes[secret.size - 1] == '\n')
        bytes[--secret.size] = '\0';
    if (secret.size > 0 && bytes[secret.size - 1] == '\r')
        bytes[--secret.size] = '\0';
    if (secret.size > 0) {
        *ret_secret = secret;
        return 0;
    }
    rb_secret_deinit(&secret);
    return rb_err_set(err, RB_EAUTH, "secret %s is empty: give it a value", name);
}

/* Reads into memory that nothing else has seen: stdio would leave copies in its buffers. */
static int read_open(int fd, const char *path, size_t size, char **ret_bytes, size_t *ret_size,
                     struct rb_err *err)
{
    struct rb_secret secret = {.bytes = rb_zalloc(size + 1)};
    while (secret.size < size) {
        ssize_t got = read(fd, secret.bytes + secret.size, size - secret.size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int number = errno;
            rb_secret_deinit(&secret);
            return rb_err_sys(err, number, "read secret %s", path);
        }
        if (got == 0)
            break;
        secret.size += (size_t)got;
    }
    *ret_bytes = secret.bytes;
    *ret_size = secret.size;
    return 0;
}

static int read_file(const char *path, bool guarded, char **ret_bytes, size_t *ret_size,
                     struct rb_err *err)
{
    struct stat status;
    RB_CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return rb_err_set(err, RB_ENOTFOUND, "there is no %s", path);
    if (fd < 0 || fstat(fd, &status) != 0)
        return rb_err_sys(err, errno, "open secret %s", path);
    if (!S_ISREG(status.st_mode))
        return rb_err_set(err, RB_EINVALID, "secret %s is not a file", path);
    if (guarded && (status.st_mode & 07) != 0)
        return rb_err_set(err, RB_EAUTH, "everybody may touch secret %s: chmod o= it", path);
    if (status.st_size > RB_SECRET_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "secret %s is larger than %d bytes", path,
                          RB_SECRET_MAXIMUM);
    return read_open(fd, path, (size_t)status.st_size, ret_bytes, ret_size, err);
}

/* From a folder; NULL: there is none. */
static int read_from(const char *folder, bool guarded, const char *name,
                     struct rb_secret *ret_secret, struct rb_err *err)
{
    char *bytes = NULL;
    size_t size = 0;
    if (rb_text_is_empty(folder))
        return RB_ENOTFOUND;
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", folder, name);
    int status = read_file(path, guarded, &bytes, &size, err);
    return status == 0 ? take(bytes, size, name, ret_secret, err) : status;
}

static int read_environment(const char *name, struct rb_secret *ret_secret, struct rb_err *err)
{
    RB_CLEANUP_FREE char *variable = rb_asprintf("REBAKE_SECRET_%s", name);
    for (char *letter = variable; *letter != '\0'; letter++)
        *letter = *letter == '.' || *letter == '-' ? '_' : (char)toupper((unsigned char)*letter);
    const char *value = getenv(variable);
    if (value == NULL)
        return rb_err_set(
            err, RB_ENOTFOUND,
            "there is no secret %s: load it as a credential of systemd's, write it to "
            "%s/%s, or set %s",
            name, FOLDER, name, variable);
    size_t size = strlen(value);
    if (size > RB_SECRET_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "secret %s is larger than %d bytes", name,
                          RB_SECRET_MAXIMUM);
    return take(rb_strdup(value), size, name, ret_secret, err);
}

int rb_secret_read(const char *name, struct rb_secret *ret_secret, struct rb_err *err)
{
    if (!rb_text_is_name(name))
        return rb_err_set(err, RB_EINVALID, "\"%.64s\" is not the name of a secret", name);
    const char *folder = getenv("REBAKE_SECRETS");
    int status = read_from(getenv("CREDENTIALS_DIRECTORY"), false, name, ret_secret, err);
    if (status == RB_ENOTFOUND)
        status = read_from(folder != NULL ? folder : FOLDER, true, name, ret_secret, err);
    if (status == RB_ENOTFOUND)
        status = read_environment(name, ret_secret, err);
    return status;
}

void rb_secret_deinit(struct rb_secret *secret)
{
    if (secret->bytes != NULL)
        explicit_bzero(secret->bytes, secret->size);
    rb_free(secret->bytes);
    *secret = (struct rb_secret){0};
}
