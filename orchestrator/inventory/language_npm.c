/* SPDX-License-Identifier: Apache-2.0 */
#include "language.h"
#include "rebake/base/json.h"
#include "rebake/base/memory.h"

enum { DOCUMENT_MAXIMUM = 4 * 1024 * 1024 };

int npm_read(const char *path, const struct file_bytes *bytes, struct rb_inventory *inventory,
             struct rb_err *err)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(DOCUMENT_MAXIMUM);
    RB_CLEANUP_JSON json_t *document = NULL;
    int status;
    if (!file_bytes_whole(bytes, &text, &status, err) ||
        rb_json_parse(rb_strbuf_text(&text), text.size, path, &document, NULL) != 0)
        return status;
    language_add(inventory, RB_PACKAGE_NPM, rb_json_get_string(document, "name", NULL),
                 rb_json_get_string(document, "version", NULL), path);
    return 0;
}
