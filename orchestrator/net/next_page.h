/* SPDX-License-Identifier: Apache-2.0 */
/* Where a list goes on, as an answer's Link header says (RFC 8288; OCI distribution spec, "Listing
   Tags"). */
#ifndef REBAKE_NET_NEXT_PAGE_H
#define REBAKE_NET_NEXT_PAGE_H

#include "rebake/base/err.h"

/* The query of the next page, owned by the caller, or NULL where the field names none. A page that
   lies elsewhere than url is RB_EINVALID: whoever answers must not choose whom we ask. */
RB_NODISCARD int rb_next_page_query(const char *url, const char *field, char **ret_query,
                                    struct rb_err *err);

#endif
