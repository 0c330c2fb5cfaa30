/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"
#include "shapes.h"

enum { BUILDS_SHOWN = 20 };

int api_get_image(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    struct rb_image_row image;
    struct rb_build_row *builds;
    size_t count;
    int status = api_find_image(request, request->arguments[0], &image, err);
    if (status == 0)
        status = rb_store_builds(request->options->store, image.id, false, BUILDS_SHOWN,
                                 request->arena, &builds, &count, err);
    if (status == 0)
        status = api_image_json(request, &image, &reply->json, err);
    if (status != 0)
        return status;
    json_t *array = rb_json_array();
    rb_json_set(reply->json, "builds", array);
    for (size_t i = 0; status == 0 && i < count; i++) {
        json_t *json;
        status = api_build_json(request, &builds[i], &json, err);
        if (status == 0)
            rb_json_append(array, json);
    }
    return status;
}
