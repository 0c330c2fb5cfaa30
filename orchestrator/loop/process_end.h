/* SPDX-License-Identifier: Apache-2.0 */
/* Between process.c and loop.c, which is not freed before the children that were killed are gone.
 */
#ifndef REBAKE_LOOP_PROCESS_END_H
#define REBAKE_LOOP_PROCESS_END_H

#include <stdbool.h>
#include <uv.h>

/* Is it the handle of a child that was killed and has not ended yet? */
bool rb_process_is_ending(const uv_handle_t *handle);

#endif
