/* SPDX-License-Identifier: Apache-2.0 */
#include "tls.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/stat.h>

#include "rebake/base/clock.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"

/* A handshake may still use what was exchanged: it has this long to end. */
enum { CHAIN_MAXIMUM = 16, FILE_MAXIMUM = 256 * 1024, KEPT_MS = 5 * 60 * 1000 };

struct pair {
    struct pair *older;
    gnutls_pcert_st chain[CHAIN_MAXIMUM];
    unsigned chain_size;
    gnutls_privkey_t key;
    int64_t replaced_ms;
};

struct api_tls {
    struct pair *newest;
    char *certificate;
    char *key;
    struct timespec certificate_changed;
    struct timespec key_changed;
};

static void free_pair(struct pair *pair)
{
    for (unsigned i = 0; i < pair->chain_size; i++)
        gnutls_pcert_deinit(&pair->chain[i]);
    if (pair->key != NULL)
        gnutls_privkey_deinit(pair->key);
    rb_free(pair);
}

static int read_chain(struct pair *pair, const char *path, struct rb_err *err)
{
    RB_CLEANUP_FREE char *data = NULL;
    size_t size = 0;
    unsigned count = CHAIN_MAXIMUM;
    int status = rb_file_read(path, FILE_MAXIMUM, &data, &size, err);
    if (status != 0)
        return rb_err_wrap(err, "TLS certificate");
    gnutls_datum_t datum = {.data = (unsigned char *)data, .size = (unsigned)size};
    int code = gnutls_pcert_list_import_x509_raw(pair->chain, &count, &datum, GNUTLS_X509_FMT_PEM,
                                                 GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED |
                                                     GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
    if (code < 0 || count == 0)
        return rb_err_set(err, RB_EINVALID, "TLS certificate %s: %s", path,
                          code < 0 ? gnutls_strerror(code) : "it is empty");
    pair->chain_size = count;
    return 0;
}

static int read_key(struct pair *pair, const char *path, struct rb_err *err)
{
    char *data = NULL;
    size_t size = 0;
    int status = rb_file_read(path, FILE_MAXIMUM, &data, &size, err);
    if (status != 0)
        return rb_err_wrap(err, "TLS key");
    gnutls_datum_t datum = {.data = (unsigned char *)data, .size = (unsigned)size};
    RB_ASSERT(gnutls_privkey_init(&pair->key) == 0);
    int code = gnutls_privkey_import_x509_raw(pair->key, &datum, GNUTLS_X509_FMT_PEM, NULL, 0);
    explicit_bzero(data, size);
    rb_free(data);
    if (code < 0)
        return rb_err_set(err, RB_EINVALID, "TLS key %s: %s", path, gnutls_strerror(code));
    return 0;
}

static bool fit(const struct pair *pair)
{
    unsigned char ours[64], theirs[64];
    size_t our_size = sizeof(ours), their_size = sizeof(theirs);
    gnutls_pubkey_t public;
    RB_ASSERT(gnutls_pubkey_init(&public) == 0);
    bool good = gnutls_pubkey_import_privkey(public, pair->key, 0, 0) == 0 &&
                gnutls_pubkey_get_key_id(public, 0, ours, &our_size) == 0 &&
                gnutls_pubkey_get_key_id(pair->chain[0].pubkey, 0, theirs, &their_size) == 0 &&
                our_size == their_size && memcmp(ours, theirs, our_size) == 0;
    gnutls_pubkey_deinit(public);
    return good;
}

static int read_pair(const struct rb_listen_settings *listen, struct pair **ret_pair,
                     struct rb_err *err)
{
    struct pair *pair = rb_zalloc(sizeof(*pair));
    int status = read_chain(pair, listen->certificate, err);
    if (status == 0)
        status = read_key(pair, listen->key, err);
    if (status == 0 && !fit(pair))
        status = rb_err_set(err, RB_EINVALID, "TLS key %s is not that of certificate %s",
                            listen->key, listen->certificate);
    if (status != 0) {
        free_pair(pair);
        return status;
    }
    *ret_pair = pair;
    return 0;
}

static struct timespec changed_at(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? status.st_mtim : (struct timespec){0};
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool api_tls_is_outdated(const struct api_tls *tls)
{
    return !same_time(changed_at(tls->certificate), tls->certificate_changed) ||
           !same_time(changed_at(tls->key), tls->key_changed);
}

/* What no handshake can use any more goes. */
static void forget_old(struct api_tls *tls)
{
    int64_t now_ms = rb_clock_monotonic_ms();
    struct pair **at = &tls->newest->older;
    while (*at != NULL) {
        struct pair *pair = *at;
        if (now_ms - pair->replaced_ms < KEPT_MS) {
            at = &pair->older;
            continue;
        }
        *at = pair->older;
        free_pair(pair);
    }
}

int api_tls_reload(struct api_tls *tls, const struct rb_listen_settings *listen, struct rb_err *err)
{
    struct pair *pair = NULL;
    char *certificate = rb_strdup(listen->certificate), *key = rb_strdup(listen->key);
    rb_free(tls->certificate);
    rb_free(tls->key);
    tls->certificate = certificate;
    tls->key = key;
    tls->certificate_changed = changed_at(certificate);
    tls->key_changed = changed_at(key);
    int status = read_pair(listen, &pair, err);
    if (status != 0)
        return status;
    if (tls->newest != NULL)
        tls->newest->replaced_ms = rb_clock_monotonic_ms();
    pair->older = tls->newest;
    tls->newest = pair;
    forget_old(tls);
    return 0;
}

int api_tls_new(const struct rb_listen_settings *listen, struct api_tls **ret_tls,
                struct rb_err *err)
{
    struct api_tls *tls = rb_zalloc(sizeof(*tls));
    int status = api_tls_reload(tls, listen, err);
    if (status != 0) {
        api_tls_free(tls);
        return status;
    }
    *ret_tls = tls;
    return 0;
}

void api_tls_free(struct api_tls *tls)
{
    if (tls == NULL)
        return;
    while (tls->newest != NULL) {
        struct pair *pair = tls->newest;
        tls->newest = pair->older;
        free_pair(pair);
    }
    rb_free(tls->certificate);
    rb_free(tls->key);
    rb_free(tls);
}

void api_tls_serve(struct api_tls *tls, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    RB_ASSERT(info != NULL);
    gnutls_session_set_ptr(info->tls_session, tls);
}

/* gnutls_certificate_retrieve_function2 has no context but the session's. */
static int give_pair(gnutls_session_t session, const gnutls_datum_t *authorities, int count,
                     const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                     gnutls_pcert_st **ret_chain, unsigned *ret_size, gnutls_privkey_t *ret_key)
{
    struct api_tls *tls = gnutls_session_get_ptr(session);
    (void)authorities;
    (void)count;
    (void)algorithms;
    (void)algorithm_count;
    *ret_chain = tls->newest->chain;
    *ret_size = tls->newest->chain_size;
    *ret_key = tls->newest->key;
    return 0;
}

void *const api_tls_callback = (void *)give_pair;
