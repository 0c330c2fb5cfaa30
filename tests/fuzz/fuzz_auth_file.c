/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

#include "auth_file.h"
#include "rebake/base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const PLACES[][2] = {
        {"docker.io", "library/debian"}, {"quay.io", "user/app"}, {"[::1]:5000", "a"}};
    RB_CLEANUP_JSON json_t *file = NULL;
    struct rb_err err;
    RB_CLEANUP(rb_credentials_deinit) struct rb_credentials answer = {0};
    (void)!rb_auth_helper_answer((const char *)data, size, "helper", &answer, &err);
    if (rb_json_parse((const char *)data, size, "auth.json", &file, &err) != 0)
        return 0;
    for (size_t i = 0; i < RB_COUNT_OF(PLACES); i++) {
        RB_CLEANUP(rb_credentials_deinit) struct rb_credentials found = {0};
        int status = rb_auth_file_find(file, "auth.json", PLACES[i][0], PLACES[i][1], &found, &err);
        if (status != 0)
            RB_ASSERT(rb_credentials_are_empty(&found));
        RB_ASSERT(found.helper == NULL || strchr(found.helper, '/') == NULL);
        RB_ASSERT((found.user == NULL) == (found.password == NULL));
    }
    return 0;
}
