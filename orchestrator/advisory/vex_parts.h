/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of both formats of VEX share. */
#ifndef ORCHESTRATOR_ADVISORY_VEX_PARTS_H
#define ORCHESTRATOR_ADVISORY_VEX_PARTS_H

#include "rebake/advisory/vex.h"
#include "rebake/base/json.h"

struct vex_reader {
    struct rb_vex *vex;
    size_t capacity; /* of its statements */
    const char *what;
};

/* A list of texts that grows, always with a NULL at its end. */
struct vex_texts {
    const char **items;
    size_t count;
    size_t capacity;
};

/* A copy, unless it is empty. */
void vex_add_text(struct rb_arena *arena, struct vex_texts *texts, const char *text);
const char *const *vex_texts(struct rb_arena *arena, struct vex_texts *texts);

bool vex_find_status(const char *name, enum rb_vex_status *ret_status);
/* RB_EINVALID of the statement at hand. */
int vex_wrong(const struct vex_reader *reader, const char *words, struct rb_err *err);
/* The member, copied; "" without one. */
const char *vex_text(const struct vex_reader *reader, const json_t *object, const char *member);
/* Adds a statement that is whole. */
RB_NODISCARD int vex_add_statement(struct vex_reader *reader,
                                   const struct rb_vex_statement *statement, struct rb_err *err);

RB_NODISCARD int openvex_read(struct vex_reader *reader, const json_t *document,
                              struct rb_err *err);
RB_NODISCARD int cyclonedx_vex_read(struct vex_reader *reader, const json_t *document,
                                    struct rb_err *err);

#endif
