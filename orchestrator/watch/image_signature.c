/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stack of documents yet to be read, each of which may put others on it:
 *
 *     SIGNATURES (the tag .sig) ──each layer──▶ PAYLOAD ──holds──▶ done
 *     REFERRERS ──each entry──▶ SIGNATURES (by digest)
 *         └── no such list here ──▶ FALLBACK (a tag with the same list)
 *
 * It ends with the first signature that holds, or when nothing is left.
 */
#include "image_signature.h"

#include <stdio.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum {
    STEPS_MAXIMUM = 128, /* on the stack, and in all */
    MANIFEST_MAXIMUM = 1 << 20,
    TEXT_SIZE = 160 /* of paths with a digest */
};

#define INDEX_ACCEPT "Accept: application/vnd.oci.image.index.v1+json"
#define MANIFEST_ACCEPT                                                                            \
    "Accept: application/vnd.oci.image.manifest.v1+json, "                                         \
    "application/vnd.docker.distribution.manifest.v2+json"

enum kind { SIGNATURES, REFERRERS, FALLBACK, PAYLOAD };

struct step {
    enum kind kind;
    char digest[RB_DIGEST_SIZE];  /* of the image that is to be signed */
    char content[RB_DIGEST_SIZE]; /* of the document itself, or "" */
    char *signature;              /* PAYLOAD: in base64 */
};

struct rb_signature_search {
    struct rb_registry *registry;
    struct rb_reference reference;
    const struct rb_cosign_keys *keys;
    rb_signature_cb *done;
    void *context;
    struct rb_document_fetch *fetch;
    struct step steps[STEPS_MAXIMUM];
    size_t step_count;
    struct step step; /* the one that is being read */
    int taken;
    struct rb_signature_answer answer;
    struct rb_err refusal; /* why what was found does not do; code RB_OK: nothing was found */
};

static void free_search(struct rb_signature_search *search)
{
    for (size_t i = 0; i < search->step_count; i++)
        rb_free(search->steps[i].signature);
    rb_free(search->step.signature);
    rb_reference_deinit(&search->reference);
    rb_free(search);
}

static void finish(struct rb_signature_search *search, const struct rb_err *error)
{
    search->done(search->context, &search->answer, error);
    free_search(search);
}

static void add_step(struct rb_signature_search *search, enum kind kind, const char *digest,
                     const char *content, const char *signature)
{
    if (search->step_count == STEPS_MAXIMUM)
        return; /* what is signed by so many is not searched further */
    struct step *step = &search->steps[search->step_count++];
    step->kind = kind;
    (void)snprintf(step->digest, sizeof(step->digest), "%.*s", RB_DIGEST_SIZE - 1, digest);
    (void)snprintf(step->content, sizeof(step->content), "%.*s", RB_DIGEST_SIZE - 1, content);
    step->signature = rb_strdup(signature);
}

static void path_of(const struct step *step, char path[TEXT_SIZE])
{
    const char *hex = step->digest + strlen("sha256:");
    switch (step->kind) {
    case SIGNATURES:
        if (step->content[0] != '\0')
            (void)snprintf(path, TEXT_SIZE, "manifests/%s", step->content);
        else
            (void)snprintf(path, TEXT_SIZE, "manifests/sha256-%s.sig", hex);
        break;
    case REFERRERS:
        (void)snprintf(path, TEXT_SIZE, "referrers/%s", step->digest);
        break;
    case FALLBACK:
        (void)snprintf(path, TEXT_SIZE, "manifests/sha256-%s", hex);
        break;
    case PAYLOAD:
        (void)snprintf(path, TEXT_SIZE, "blobs/%s", step->content);
        break;
    }
}

static int take_signatures(struct rb_signature_search *search, const struct step *step,
                           const json_t *manifest, struct rb_err *err)
{
    struct rb_cosign_signature signatures[RB_COSIGN_SIGNATURES_MAXIMUM];
    size_t count = 0;
    int status = rb_cosign_signatures(manifest, "a signature", signatures, &count, err);
    for (size_t i = 0; i < count; i++) {
        if (signatures[i].payload.size_bytes <= RB_COSIGN_PAYLOAD_MAXIMUM)
            add_step(search, PAYLOAD, step->digest, signatures[i].payload.digest,
                     signatures[i].signature);
    }
    return status;
}

/* Of what refers to the image, what may be its signatures: the entry says, or leaves it open. */
static int take_referrers(struct rb_signature_search *search, const struct step *step,
                          const json_t *index, struct rb_err *err)
{
    static const char type[] = "application/vnd.dev.cosign.artifact.sig.v1+json";
    struct rb_descriptor entry;
    const json_t *item;
    size_t i;
    json_array_foreach(json_object_get(index, "manifests"), i, item)
    {
        if (!rb_text_equal(rb_json_get_string(item, "artifactType", type), type))
            continue;
        int status = rb_descriptor_read(item, "a referrer", &entry, err);
        if (status != 0)
            return status;
        add_step(search, SIGNATURES, step->digest, entry.digest, NULL);
    }
    return 0;
}

static int take_document(struct rb_signature_search *search, const struct step *step,
                         const struct rb_document *document, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *json = NULL;
    if (step->kind == PAYLOAD)
        return rb_cosign_verify(search->keys, document->body, document->size, step->signature,
                                step->digest, err);
    int status = rb_json_parse(document->body, document->size, "a signature", &json, err);
    if (status != 0)
        return status;
    return step->kind == SIGNATURES ? take_signatures(search, step, json, err)
                                    : take_referrers(search, step, json, err);
}

/* Not every registry knows referrers; one that does not says so in many ways. */
static bool is_absent(const struct step *step, int status)
{
    return status == 404 || (step->kind == REFERRERS && status >= 400 && status < 500 &&
                             status != 401 && status != 403 && status != 429);
}

static void ask(struct rb_signature_search *search);

/* An error that leaves open whether there is a signature ends the search; a signature that does not
   hold does not: there may be another. */
static void on_document(void *context, const struct rb_document *document,
                        const struct rb_err *error)
{
    struct rb_signature_search *search = context;
    const struct step *step = &search->step;
    struct rb_err err;
    rb_http_cost_add(&search->answer.cost, &document->cost);
    if (error != NULL && error->code != RB_EVERIFY && !is_absent(step, document->status)) {
        finish(search, error);
        return;
    }
    if (error == NULL && take_document(search, step, document, &err) != 0) {
        search->refusal = err;
    } else if (error == NULL && step->kind == PAYLOAD) {
        finish(search, NULL);
        return;
    } else if (error != NULL && error->code == RB_EVERIFY) {
        search->refusal = *error;
    } else if (error != NULL && step->kind == REFERRERS) {
        add_step(search, FALLBACK, step->digest, "", NULL);
    }
    ask(search);
}

static void ask(struct rb_signature_search *search)
{
    char path[TEXT_SIZE];
    struct rb_err err;
    if (search->step_count == 0 || search->taken++ == STEPS_MAXIMUM) {
        RB_CLEANUP_FREE char *shown = rb_reference_format(&search->reference);
        rb_err_set(&err, RB_EVERIFY, "signature of %s: %s", shown,
                   search->refusal.code == RB_OK ? "there is none" : search->refusal.text);
        finish(search, &err);
        return;
    }
    const struct step *step = &search->step;
    rb_free(search->step.signature);
    search->step = search->steps[--search->step_count];
    path_of(step, path);
    bool is_list = step->kind == REFERRERS || step->kind == FALLBACK;
    RB_CLEANUP_FREE char *what =
        rb_asprintf("signature of %s/%s", search->reference.registry, search->reference.repository);
    const struct rb_document_request request = {
        .reference = &search->reference,
        .path = path,
        .what = what,
        .accept = is_list                    ? INDEX_ACCEPT
                  : step->kind == SIGNATURES ? MANIFEST_ACCEPT
                                             : NULL,
        .digest = step->content[0] != '\0' ? step->content : NULL,
        .maximum = step->kind == PAYLOAD ? RB_COSIGN_PAYLOAD_MAXIMUM : MANIFEST_MAXIMUM,
    };
    rb_document_fetch_start(search->registry, &request, on_document, search, &search->fetch);
}

void rb_signature_search_start(struct rb_registry *registry,
                               const struct rb_signature_request *request, rb_signature_cb *done,
                               void *context, struct rb_signature_search **ret_search)
{
    struct rb_signature_search *search = rb_zalloc(sizeof(*search));
    const char *digests[] = {request->digest, request->manifest_digest};
    search->registry = registry;
    search->reference.registry = rb_strdup(request->reference->registry);
    search->reference.repository = rb_strdup(request->reference->repository);
    search->reference.digest = rb_strdup(request->digest);
    search->keys = request->keys;
    search->done = done;
    search->context = context;
    /* The tag of what the tag names is read first. */
    for (int kind = REFERRERS; kind >= SIGNATURES; kind--) {
        for (size_t i = RB_COUNT_OF(digests); i-- > 0;) {
            if (*digests[i] != '\0')
                add_step(search, (enum kind)kind, digests[i], "", NULL);
        }
    }
    ask(search);
    *ret_search = search;
}

void rb_signature_search_cancel(struct rb_signature_search *search)
{
    rb_document_fetch_cancel(search->fetch);
    free_search(search);
}
