/* SPDX-License-Identifier: Apache-2.0 */
/* Files: bounded reads, writes that are whole or not at all, trees. */
#ifndef REBAKE_BASE_FILE_H
#define REBAKE_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "rebake/base/err.h"

/* Reads a whole regular file of at most maximum bytes into memory that the caller frees; the memory
   has a NUL behind the content. ret_size may be NULL. RB_ELIMIT when it is larger. */
RB_NODISCARD int rb_file_read(const char *path, size_t maximum, char **ret_data, size_t *ret_size,
                              struct rb_err *err);

/* Writes a file so that a crash leaves the old content or the new, never a part: temporary file in
   the same folder, fsync, rename, fsync of the folder. */
RB_NODISCARD int rb_file_write_atomic(const char *path, const void *data, size_t size, mode_t mode,
                                      struct rb_err *err);

/* The same, of pieces that stand apart in memory. */
RB_NODISCARD int rb_file_write_pieces(const char *path, const struct iovec *pieces, size_t count,
                                      mode_t mode, struct rb_err *err);

/* Puts a file that was written elsewhere on the same file system into its place, as durably: fsync,
   rename, fsync of the folder. */
RB_NODISCARD int rb_file_put_in_place(const char *from, const char *path, struct rb_err *err);

/* Opens path below folder_fd as openat2(2) does, with its RESOLVE_ flags, O_CLOEXEC added. What the
   kernel gives up because something was renamed or mounted meanwhile, anywhere, is tried again.
   Returns the file's number, which the caller closes, or -1 with errno. */
RB_NODISCARD int rb_open_inside(int folder_fd, const char *path, int flags, uint64_t resolve);

bool rb_file_exists(const char *path);
RB_NODISCARD int rb_file_size(const char *path, int64_t *ret_bytes, struct rb_err *err);
RB_NODISCARD int rb_folder_make(const char *path, mode_t mode,
                                struct rb_err *err); /* as mkdir -p */

/* Removes a file or a folder with all in it, without following links or leaving the file system.
   What is absent is not an error. */
RB_NODISCARD int rb_tree_remove(const char *path, struct rb_err *err);

/* Makes a new private folder "PREFIX" + six random characters; the caller frees the path. */
RB_NODISCARD int rb_folder_make_temporary(const char *prefix, char **ret_path, struct rb_err *err);

/* Of files that are kept to be used again: notes by its time of change that one was, and removes
   those with that ending in a folder that were not for so long. One that cannot be is left: it does
   no harm. */
void rb_file_note_use(const char *path);
void rb_folder_prune(const char *folder, const char *ending, int64_t unused_ms);

RB_NODISCARD int rb_write_all(int fd, const void *data, size_t size, struct rb_err *err);

#endif
