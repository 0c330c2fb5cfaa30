/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer says: its headers, when to come back, and in which words it refused. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "rebake/base/clock.h"
#include "rebake/base/json.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "transfer.h"

enum { LONGEST_WAIT_S = 24 * 3600, MESSAGE_SIZE = 300, LONGEST_WINDOW_S = 366 * 24 * 3600 };

/* A number between these is a date: 2001 to 2096. */
static const uint64_t SMALLEST_DATE_S = 1000000000, LARGEST_DATE_S = 4000000000;

static struct curl_header *find_header(const struct rb_http_response *response, const char *name,
                                       size_t index)
{
    struct curl_header *header = NULL;
    enum { LAST_ANSWER = -1 };
    if (response->headers == NULL ||
        curl_easy_header(response->headers->easy, name, index, CURLH_HEADER, LAST_ANSWER,
                         &header) != CURLHE_OK)
        return NULL;
    return header;
}

const char *rb_http_header_nth(const struct rb_http_response *response, const char *name,
                               size_t index)
{
    const struct curl_header *header = find_header(response, name, index);
    return header == NULL ? NULL : header->value;
}

const char *rb_http_header(const struct rb_http_response *response, const char *name)
{
    const struct curl_header *header = find_header(response, name, 0);
    return header == NULL ? NULL : rb_http_header_nth(response, name, header->amount - 1);
}

static int64_t bounded_ms(uint64_t seconds)
{
    return (int64_t)(seconds < LONGEST_WAIT_S ? seconds : LONGEST_WAIT_S) * 1000;
}

static int64_t until_ms(int64_t at)
{
    int64_t left = (at - rb_clock_now(&rb_clock_system) + 999) / 1000;
    return bounded_ms(left > 0 ? (uint64_t)left : 0);
}

/* RFC 9110 section 10.2.3. A wait of more than a day is taken for a day. */
static int64_t retry_after(const struct rb_http_response *response)
{
    const char *text = rb_http_header(response, "Retry-After");
    uint64_t seconds;
    int64_t at;
    if (text == NULL)
        return -1;
    if (rb_text_to_u64(text, &seconds))
        return bounded_ms(seconds);
    return rb_time_parse_http(text, &at, NULL) == 0 ? until_ms(at) : -1;
}

/* The digits at the front of "0;w=21600". */
static bool leading_number(const char *text, uint64_t *ret_value)
{
    char digits[24];
    size_t size = text == NULL ? 0 : strspn(text, "0123456789");
    if (size == 0 || size >= sizeof(digits))
        return false;
    memcpy(digits, text, size);
    digits[size] = '\0';
    return rb_text_to_u64(digits, ret_value);
}

/* A parameter of a structured field: the number behind ";r=". */
static bool parameter(const char *text, const char *name, uint64_t *ret_value)
{
    const char *found = text == NULL ? NULL : strstr(text, name);
    return found != NULL && leading_number(found + strlen(name), ret_value);
}

/* A reset is said in seconds from now by some, in seconds since 1970 by others. */
static int64_t reset_ms(uint64_t reset)
{
    bool is_date = reset >= SMALLEST_DATE_S && reset < LARGEST_DATE_S;
    return is_date ? until_ms((int64_t)reset * 1000) : bounded_ms(reset);
}

/* What one set of headers says. is_reset: when the window is over the allowance is whole again;
   else it slides. */
struct allowance {
    uint64_t left, total;
    int64_t window_ms;
    bool is_reset;
};

/* RateLimit of draft-ietf-httpapi-ratelimit-headers-10. */
static bool read_field(const struct rb_http_response *response, struct allowance *allowance)
{
    const char *field = rb_http_header(response, "RateLimit");
    uint64_t reset;
    if (!parameter(field, ";r=", &allowance->left) || !parameter(field, ";t=", &reset))
        return false;
    if (!parameter(rb_http_header(response, "RateLimit-Policy"), ";q=", &allowance->total))
        allowance->total = 0;
    allowance->window_ms = bounded_ms(reset);
    allowance->is_reset = true;
    return true;
}

/* RateLimit-Remaining, -Reset and -Limit of its drafts before 08 and of GitLab, the same with "X-"
   of GitHub, and "76;w=21600" of Docker Hub, which has no reset. */
static bool read_headers(const struct rb_http_response *response, const char *prefix,
                         struct allowance *allowance)
{
    char name[32];
    uint64_t seconds;
    (void)snprintf(name, sizeof(name), "%sRateLimit-Remaining", prefix);
    const char *remaining = rb_http_header(response, name);
    if (!leading_number(remaining, &allowance->left))
        return false;
    (void)snprintf(name, sizeof(name), "%sRateLimit-Limit", prefix);
    if (!leading_number(rb_http_header(response, name), &allowance->total))
        allowance->total = 0;
    (void)snprintf(name, sizeof(name), "%sRateLimit-Reset", prefix);
    allowance->is_reset = leading_number(rb_http_header(response, name), &seconds);
    if (allowance->is_reset)
        allowance->window_ms = reset_ms(seconds);
    else if (parameter(remaining, ";w=", &seconds) && seconds <= LONGEST_WINDOW_S)
        allowance->window_ms = (int64_t)seconds * 1000;
    else
        return false;
    return true;
}

/* Of several words the narrowest counts. One that is spent is a wait until it is whole again. */
static void take_allowance(struct rb_http_response *response, const struct allowance *allowance)
{
    struct rb_http_limit *limit = &response->limit;
    int64_t left = allowance->left < INT32_MAX ? (int64_t)allowance->left : INT32_MAX;
    if (left == 0 && allowance->is_reset && response->retry_after_ms < 0)
        response->retry_after_ms = allowance->window_ms;
    if (allowance->window_ms == 0 || (limit->window_ms > 0 && limit->remaining <= left))
        return;
    limit->remaining = left;
    limit->total = allowance->total < INT32_MAX ? (int64_t)allowance->total : INT32_MAX;
    limit->window_ms = allowance->window_ms;
}

static void read_limits(struct rb_http_response *response)
{
    struct allowance allowance;
    if (read_field(response, &allowance))
        take_allowance(response, &allowance);
    if (read_headers(response, "", &allowance))
        take_allowance(response, &allowance);
    if (read_headers(response, "X-", &allowance))
        take_allowance(response, &allowance);
}

void rb_response_read(CURL *easy, struct rb_http_headers *headers,
                      struct rb_http_response *response)
{
    long status = 0, request_size = 0;
    curl_off_t uploaded = 0;
    char *url = NULL;
    headers->easy = easy;
    RB_ASSERT(curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK);
    RB_ASSERT(curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url) == CURLE_OK);
    RB_ASSERT(curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request_size) == CURLE_OK);
    RB_ASSERT(curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &uploaded) == CURLE_OK);
    *response = (struct rb_http_response){
        .status = (int)status,
        .url = url != NULL ? url : "",
        .body = "",
        .sent_bytes = (int64_t)request_size + uploaded,
        .headers = headers,
    };
    response->retry_after_ms = retry_after(response);
    read_limits(response);
}

void rb_http_cost_count(struct rb_http_cost *cost, const struct rb_http_response *response)
{
    const struct rb_http_cost one = {
        .requests = 1,
        .bytes = response->sent_bytes + response->received_bytes,
        .status = response->status,
        .retry_after_ms = response->retry_after_ms > 0 ? response->retry_after_ms : 0,
        .limit = response->limit,
    };
    rb_http_cost_add(cost, &one);
}

void rb_http_cost_add(struct rb_http_cost *sum, const struct rb_http_cost *more)
{
    sum->requests += more->requests;
    sum->bytes += more->bytes;
    if (more->requests > 0) {
        sum->status = more->status;
        sum->retry_after_ms = more->retry_after_ms;
    }
    if (more->limit.window_ms > 0)
        sum->limit = more->limit;
}

/* The words of a JSON refusal: {"errors":[{"code","message"}]} (OCI distribution), {"details"}
   (docker's token server), {"error","error_description"} (RFC 6749) or {"message"}. */
static void json_message(const json_t *json, char *out, size_t out_size)
{
    const json_t *first = json_array_get(json_object_get(json, "errors"), 0);
    const char *code = rb_json_get_string(first, "code", NULL);
    const char *message = rb_json_get_string(first, "message", NULL);
    static const char *const MEMBERS[] = {"error_description", "details", "message", "error"};
    for (size_t i = 0; message == NULL && i < RB_COUNT_OF(MEMBERS); i++)
        message = rb_json_get_string(json, MEMBERS[i], NULL);
    RB_CLEANUP_FREE char *text = code != NULL && message != NULL
                                     ? rb_asprintf("%s: %s", code, message)
                                     : rb_strdup(message != NULL ? message
                                                 : code != NULL  ? code
                                                                 : "");
    rb_text_printable(text, out, out_size);
}

static void server_message(const struct rb_http_response *response, char *out, size_t out_size)
{
    const char *type = rb_http_header(response, "Content-Type");
    json_t *json = NULL;
    out[0] = '\0';
    if (rb_json_parse(response->body, response->body_size, "", &json, NULL) == 0) {
        json_message(json, out, out_size);
        json_decref(json);
    } else if (type != NULL && rb_text_starts_with(type, "text/plain")) {
        RB_CLEANUP_FREE char *line = rb_strndup(response->body, strcspn(response->body, "\r\n"));
        rb_text_printable(line, out, out_size);
    }
}

enum rb_errc rb_http_status_errc(int status)
{
    switch (status) {
    case 401:
    case 403:
        return RB_EAUTH;
    case 404:
        return RB_ENOTFOUND;
    case 429:
        return RB_EBUSY;
    default:
        return status >= 500 && status <= 599 ? RB_EBUSY : RB_EHTTP;
    }
}

int rb_http_status_error(const struct rb_http_response *response, const char *what,
                         struct rb_err *err)
{
    char message[MESSAGE_SIZE], span[RB_TIME_TEXT_SIZE];
    bool later = response->retry_after_ms >= 0;
    /* GitHub refuses so who has spent his allowance. */
    enum rb_errc code = response->status == 403 && response->retry_after_ms > 0
                            ? RB_EBUSY
                            : rb_http_status_errc(response->status);
    server_message(response, message, sizeof(message));
    return rb_err_set(
        err, code, "%s: the server answered %d%s%s%s%s%s", what, response->status,
        message[0] != '\0' ? ": " : "", message, later ? " (it asks to come back in " : "",
        later ? rb_span_format(response->retry_after_ms, span) : "", later ? ")" : "");
}
