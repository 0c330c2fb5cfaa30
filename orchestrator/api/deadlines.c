/* SPDX-License-Identifier: Apache-2.0 */
#include "deadlines.h"

#include "names.h"
#include "rebake/store/exposures.h"

enum { DEADLINES_SHOWN = 10 };

/* The earliest of the image's (0: of all). */
static int add_earliest(const struct api_request *request, int64_t image_id, const char *member,
                        json_t *into, struct rb_err *err)
{
    struct rb_exposure_row *rows;
    size_t count;
    int status = rb_store_deadlines(request->options->store, image_id, DEADLINES_SHOWN,
                                    request->arena, &rows, &count, err);
    if (status != 0)
        return status;
    json_t *array = rb_json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *json = rb_json_object();
        rb_json_set_string(json, "image", api_full_name(request, rows[i].pipeline, rows[i].image));
        rb_json_set_string(json, "advisory", rows[i].advisory);
        rb_json_set_string(json, "severity", rows[i].severity);
        rb_json_set_bool(json, "kev", rows[i].kev);
        rb_json_set_time(json, "since", rows[i].since);
        rb_json_set_time(json, "deadline", rows[i].deadline_at);
        rb_json_set_bool(json, "breached", rows[i].breached_at != 0);
        rb_json_append(array, json);
    }
    rb_json_set(into, member, array);
    return 0;
}

int api_add_sla(const struct api_request *request, json_t *into, struct rb_err *err)
{
    struct rb_sla_sum sum;
    int status = rb_store_sla(request->options->store, &sum, err);
    if (status != 0)
        return status;
    json_t *sla = rb_json_object();
    rb_json_set_integer(sla, "open", sum.open);
    rb_json_set_integer(sla, "breached", sum.breached);
    rb_json_set_integer(sla, "due", sum.due);
    rb_json_set_integer(sla, "breaches", sum.breaches);
    rb_json_set_time(sla, "nextAt", sum.next_at);
    rb_json_set(into, "sla", sla);
    return add_earliest(request, 0, "earliest", sla, err);
}

int api_add_deadlines(const struct api_request *request, int64_t image_id, json_t *into,
                      struct rb_err *err)
{
    return add_earliest(request, image_id, "deadlines", into, err);
}
