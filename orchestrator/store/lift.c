/* SPDX-License-Identifier: Apache-2.0 */
#include "query.h"

static int lift(struct rb_store *store, const char *remove_sql, const char *subject,
                const char *who, const char *how, const char *event, struct rb_err *err)
{
    struct query query = query_start(store, remove_sql);
    query_bind_text(&query, subject);
    int status = query_run(&query, err);
    if (status != 0)
        return status;
    if (query_changed(store) == 0)
        return rb_err_set(err, RB_ENOTFOUND, "%s is not %s", subject, how);
    return event_add(store, who, event, subject, NULL, err);
}

int change_lift(struct rb_store *store, const char *remove_sql, const char *subject,
                const char *who, const char *how, const char *event, struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    return change_end(store, lift(store, remove_sql, subject, who, how, event, err), err);
}
