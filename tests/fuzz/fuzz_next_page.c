/* SPDX-License-Identifier: Apache-2.0 */
/* A URL, and a Link header: a next page is one of the same list. */
#include <stdint.h>
#include <string.h>

#include "net/next_page.h"
#include "rebake/base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RB_CLEANUP_FREE char *field = rb_strndup((const char *)data, size);
    RB_CLEANUP_FREE char *query = NULL;
    struct rb_err err;
    int status = rb_next_page_query("https://registry.example.com:5000/v2/shop/app/tags/list?n=2",
                                    field, &query, &err);
    RB_ASSERT(status == 0 || (query == NULL && (status == RB_EINVALID || status == RB_ELIMIT)));
    return 0;
}
