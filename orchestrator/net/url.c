/* SPDX-License-Identifier: Apache-2.0 */
#include "url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "rebake/base/memory.h"

static void clean_handle(CURLU **handle)
{
    curl_url_cleanup(*handle);
}

static CURLU *parse(const char *url)
{
    CURLU *handle = curl_url();
    RB_ASSERT(handle != NULL);
    if (curl_url_set(handle, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK)
        return handle;
    curl_url_cleanup(handle);
    return NULL;
}

static char *part_of(const char *url, CURLUPart part)
{
    RB_CLEANUP(clean_handle) CURLU *handle = parse(url);
    char *value = NULL;
    if (handle == NULL || curl_url_get(handle, part, &value, 0) != CURLUE_OK)
        return NULL;
    char *copy = rb_strdup(value);
    curl_free(value);
    return copy;
}

char *rb_url_display(const char *url)
{
    static const CURLUPart HIDDEN[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY,
                                       CURLUPART_FRAGMENT};
    RB_CLEANUP(clean_handle) CURLU *handle = parse(url);
    if (handle == NULL)
        return rb_strdup("(not a URL)");
    for (size_t i = 0; i < RB_COUNT_OF(HIDDEN); i++)
        RB_ASSERT(curl_url_set(handle, HIDDEN[i], NULL, 0) == CURLUE_OK);
    char *text = NULL;
    RB_ASSERT(curl_url_get(handle, CURLUPART_URL, &text, 0) == CURLUE_OK);
    char *copy = rb_strdup(text);
    curl_free(text);
    return copy;
}

bool rb_url_is_https(const char *url)
{
    return strncasecmp(url, "https://", 8) == 0;
}

bool rb_host_is_loopback(const char *host)
{
    char plain[INET6_ADDRSTRLEN];
    size_t size = strlen(host);
    if (size >= 2 && host[0] == '[' && host[size - 1] == ']') {
        host++;
        size -= 2;
    }
    if (size >= sizeof(plain))
        return false;
    memcpy(plain, host, size);
    plain[size] = '\0';
    struct in_addr v4;
    struct in6_addr v6;
    if (strcasecmp(plain, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, plain, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, plain, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool rb_url_is_loopback(const char *url)
{
    RB_CLEANUP_FREE char *host = part_of(url, CURLUPART_HOST);
    return host != NULL && rb_host_is_loopback(host);
}

char *rb_url_escape(const char *text)
{
    char *escaped = curl_easy_escape(NULL, text, 0);
    RB_ASSERT(escaped != NULL);
    char *copy = rb_strdup(escaped);
    curl_free(escaped);
    return copy;
}
