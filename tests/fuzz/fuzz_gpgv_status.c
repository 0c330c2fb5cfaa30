/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing is accepted that gpgv did not call valid, or in which it called anything bad. */
#include <stdint.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "watch/gpgv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rb_gpgv_verdict verdict = {0};
    struct rb_err err;
    int status = rb_gpgv_judge((const char *)data, size, "InRelease", &verdict, &err);
    RB_ASSERT(status == 0 || status == RB_EVERIFY);
    RB_ASSERT((status == 0) == (verdict.trouble == RB_TROUBLE_NONE));
    if (status != 0)
        return 0;
    const char *fingerprint = verdict.fingerprint;
    RB_ASSERT(strspn(fingerprint, "0123456789ABCDEF") >= 40);
    RB_ASSERT(memmem(data, size, "VALIDSIG", strlen("VALIDSIG")) != NULL);
    RB_ASSERT(memmem(data, size, "GOODSIG", strlen("GOODSIG")) != NULL);
    RB_ASSERT(memmem(data, size, fingerprint, strlen(fingerprint)) != NULL);
    RB_ASSERT(memmem(data, size, "\n[GNUPG:] BADSIG ", strlen("\n[GNUPG:] BADSIG ")) == NULL);
    return 0;
}
