/* SPDX-License-Identifier: Apache-2.0 */
#include "document.h"

const struct rb_node *rb_document_root(const struct rb_decode *decode, const char *data,
                                       size_t size, const char *what)
{
    struct rb_report *report = decode->report;
    const struct rb_node *root = rb_tree_read(data, size, decode->arena, report);
    const char *hint = "begin it with apiVersion: rebake/v1";
    if (root != NULL && root->kind == RB_NODE_MAPPING)
        return root;
    if (report->diagnostics->count > 0)
        return NULL;
    if (root == NULL || rb_node_is_null(root))
        rb_report_add(report, (struct rb_mark){1, 1}, hint, "the file is empty");
    else
        rb_report_add(report, root->mark, hint, "%s is a mapping, not %s", what,
                      rb_node_kind_text(root));
    return NULL;
}

int rb_document_verdict(const struct rb_report *report, struct rb_err *err)
{
    size_t errors = report->diagnostics->count + report->diagnostics->dropped;
    if (errors == 0)
        return 0;
    return rb_err_set(err, RB_EINVALID, "%s: %zu error%s", report->file, errors,
                      errors == 1 ? "" : "s");
}
