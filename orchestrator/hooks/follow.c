/* SPDX-License-Identifier: Apache-2.0 */
#include "follow.h"

#include <string.h>
#include <strings.h>

#include "rebake/base/text.h"

static bool follows_ref(const struct rb_git_source *git, const struct rb_tag_choice *choice,
                        const char *ref)
{
    static const char heads[] = "refs/heads/", tags[] = "refs/tags/";
    bool is_head = rb_text_starts_with(ref, heads), is_tag = rb_text_starts_with(ref, tags);
    const char *name = ref + (is_head ? strlen(heads) : is_tag ? strlen(tags) : 0);
    if (rb_text_starts_with(name, "refs/")) /* of a request to merge, and the like */
        return false;
    if (git->branch != NULL)
        return !is_tag && strcmp(name, git->branch) == 0;
    return !is_head && (choice == NULL || rb_tag_choice_counts(choice, name));
}

/* cosign puts the signature of an image beside it, under a tag made of the image's digest: what was
   refused without it may be good now. */
static bool is_signature(const char *tag)
{
    return rb_text_starts_with(tag, "sha256-") && rb_text_ends_with(tag, ".sig");
}

/* What a digest names never moves. */
static bool follows_tag(const struct rb_image_source *image, const struct rb_tag_choice *choice,
                        const char *tag)
{
    if (image->signed_by != NULL && is_signature(tag))
        return true;
    if (image->tag != NULL)
        return strcmp(image->tag, tag) == 0;
    return image->digest == NULL && (choice == NULL || rb_tag_choice_counts(choice, tag));
}

/* Is path, of a key, in the folder of that suite? */
static bool is_of_suite(const char *path, const char *suite)
{
    size_t size = suite == NULL ? 0 : strlen(suite);
    return size > 0 && strncasecmp(path, suite, size) == 0 &&
           (path[size] == '\0' || path[size] == '/');
}

/* Of a repository with many suites, another suite's own files are not ours. */
static bool follows_suite(const struct rb_apt_source *source, const char *rest)
{
    static const char dists[] = "/dists/";
    if (!rb_text_starts_with(rest, dists) || rb_text_ends_with(source->suite, "/"))
        return true;
    rest += strlen(dists);
    return is_of_suite(rest, source->suite) || is_of_suite(rest, source->codename);
}

/* rest: what is named lies so far below the address of the source. */
static bool follows_url(const struct rb_source *source, const char *rest)
{
    if (source->kind == RB_SOURCE_APT)
        return follows_suite(&source->apt, rest);
    bool is_repository = source->kind == RB_SOURCE_APK || source->kind == RB_SOURCE_PYPI ||
                         source->kind == RB_SOURCE_NPM ||
                         (source->kind == RB_SOURCE_RPM && source->rpm.url != NULL);
    return is_repository || *rest == '\0';
}

bool hook_follows(const struct rb_source *source, const struct rb_tag_choice *choice,
                  const struct rb_hook_thing *thing, const char *rest)
{
    if (thing->kind == RB_HOOK_URL)
        return follows_url(source, rest);
    if (thing->what == NULL)
        return true;
    return thing->kind == RB_HOOK_IMAGE ? follows_tag(&source->image, choice, thing->what)
                                        : follows_ref(&source->git, choice, thing->what);
}
