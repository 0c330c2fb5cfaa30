/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source: an upstream that is watched, of one of several kinds. What each kind has to say of its
 * upstream stands in a struct of its own; the language of a kind is in pipelines/source_KIND.c, its
 * check in watch/.
 */
#ifndef REBAKE_PIPELINES_SOURCE_H
#define REBAKE_PIPELINES_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "rebake/base/err.h"
#include "rebake/base/json.h"
#include "rebake/pipelines/diagnostic.h"
#include "rebake/pipelines/tags.h"

/* In the order in which messages name them. */
enum rb_source_kind {
    RB_SOURCE_GIT,
    RB_SOURCE_PIPELINE, /* pipeline files in a git repository */
    RB_SOURCE_IMAGE,
    RB_SOURCE_APT,
    RB_SOURCE_RPM,
    RB_SOURCE_APK,
    RB_SOURCE_PYPI,
    RB_SOURCE_NPM,
    RB_SOURCE_HTTP, /* a file; and from here on files of advisories: */
    RB_SOURCE_OSV,
    RB_SOURCE_DEBIAN_TRACKER,
    RB_SOURCE_SECDB,
    RB_SOURCE_KEV,
    RB_SOURCE_EPSS
};

/* A branch, or the newest of the tags that count. Of kind git and pipeline. */
struct rb_git_source {
    const char *url;
    const char *branch;          /* NULL: tags */
    struct rb_tag_policy tags;   /* where branch is NULL */
    const char *const *paths;    /* what counts of the tree, NULL-terminated; NULL: all */
    const char *path;            /* kind pipeline: the folder of the files, "." for the root */
    const char *allowed_signers; /* at most one of the two: absolute path of a file of allowed */
    const char *keyring;         /* signers (ssh-keygen(1)), or of an OpenPGP keyring */
};

/* Of tag, tags and digest one is said. */
struct rb_image_source {
    const char *repository; /* registry/name without a tag */
    const char *tag;
    struct rb_tag_policy tags;
    const char *digest;         /* "sha256:…" */
    const char *platform;       /* "linux/arm64/v8", or NULL: this machine's */
    const char *const *mirrors; /* as repository, NULL-terminated; NULL: none */
    const char *signed_by;      /* absolute path of public keys in PEM, or NULL */
};

/* Lists are NULL-terminated. */
struct rb_apt_source {
    const char *url;                  /* the archive's root, without a '/' at its end */
    const char *suite;                /* with a '/' at its end: the folder of a flat repository */
    const char *codename;             /* the release that the suite must stand for, or NULL */
    const char *const *components;    /* NULL for a flat repository */
    const char *const *architectures; /* the machine's own unless said */
    const char *signed_by;            /* absolute path of a keyring */
};

struct rb_rpm_source {
    const char *url; /* the folder that holds repodata/, without a '/' at its end; or NULL: */
    const char *mirrorlist;           /* URL of a list of mirrors or a metalink */
    const char *const *architectures; /* the machine's own unless said */
    const char *signed_by;            /* absolute path of a keyring; NULL: */
    bool is_unsigned;                 /* said openly; TLS alone vouches for what comes */
};

struct rb_apk_source {
    const char *url; /* the folder of the architectures' folders, without a '/' at its end */
    const char *const *architectures; /* the machine's own unless said */
    const char *const *keys;          /* absolute paths of public keys and of folders with them */
};

/* A registry of a language's packages. */
struct rb_language_source {
    const char *url;             /* what the packages' names follow, without a '/' at its end */
    const char *const *packages; /* those that are watched, NULL-terminated */
};

/* One file by HTTP: of any content, or of advisories. */
struct rb_file_source {
    const char *url;
    const char
        *checksums; /* URL of a list that holds the file's SHA-256; NULL: none is asked for */
    const char *signature; /* URL of a detached OpenPGP signature, of the list where there is one
                              and else of the file; NULL: none is asked for */
    const char *signed_by; /* absolute path of the keyring for that; NULL without a signature */
};

struct rb_source {
    const char *name;
    enum rb_source_kind kind;
    struct rb_place place;
    int64_t every_ms; /* how often it is checked; `every`; its kind's unless said */
    union {           /* by kind */
        struct rb_git_source git;
        struct rb_image_source image;
        struct rb_apt_source apt;
        struct rb_rpm_source rpm;
        struct rb_apk_source apk;
        struct rb_language_source language;
        struct rb_file_source file;
    };
};

/* "git", "image", "apt", "osv", …: the key of the language that says the kind. */
const char *rb_source_kind_name(enum rb_source_kind kind);

/* True for the kinds whose upstream is a git repository: `git` says which. */
bool rb_source_is_git(const struct rb_source *source);

/* What makes two sources of any pipelines the same upstream: kind and address as canonical JSON,
   without name and interval. The caller drops the reference. */
json_t *rb_source_spec(const struct rb_source *source);
/* The other way: a source (name "", interval 0) from its spec, owned by the caller as one block
   freed with rb_source_free. */
RB_NODISCARD int rb_source_from_spec(const json_t *spec, struct rb_source **ret_source,
                                     struct rb_err *err);
void rb_source_free(struct rb_source *source);

/* One line for people: "https://git.example.com/shop.git branch main". The caller frees it. */
char *rb_source_describe(const struct rb_source *source);

/* Whom a check of the source asks: "host", "host:port", "localhost" for a file of this machine; by
   the value of the key that tells the kind, a URL or the name of an image, or else the kind's own
   name. In lower case. The caller frees it. */
char *rb_source_host(const struct rb_source *source);

#endif
