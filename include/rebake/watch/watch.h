/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources, behind one vtable: a check asks upstream for its current version, a fetch (fetch.h) gets
 * the content of one that is named, and rb_source_describe (rebake/pipelines/source.h) tells people
 * what it is. A check believes nothing that it has not verified and changes nothing but what it
 * returns; the daemon records the outcome.
 */
#ifndef REBAKE_WATCH_WATCH_H
#define REBAKE_WATCH_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rebake/base/clock.h"
#include "rebake/base/err.h"
#include "rebake/base/json.h"
#include "rebake/loop/loop.h"
#include "rebake/net/http.h"
#include "rebake/net/registry.h"
#include "rebake/pipelines/pipeline.h"
#include "rebake/watch/trouble.h"

/* What checks stand on; all borrowed, outliving every check. */
struct rb_watch_tools {
    struct rb_loop *loop;
    struct rb_http *http;
    struct rb_registry *registry;
    const struct rb_clock *clock;
    const char *program;      /* absolute path of `rebake`: run for git, in a process of its own */
    const char *cache_folder; /* git mirrors and package indexes */
    const char *pipelines_folder; /* files of pipeline sources: not to be had anew at any time */
};

struct rb_check_request {
    const struct rb_source *source;
    /* What the last good check left: its memo (opaque JSON of this kind), and the version's value.
     */
    const json_t *memo;        /* NULL at first */
    const char *known_version; /* NULL at first */
    /* git: the paths whose trees somebody needs, NULL-terminated; empty for other kinds. */
    const char *const *paths;
};

struct rb_check_result {
    bool unchanged; /* the version is known_version still */
    /* commit id; manifest digest "sha256:…"; hash of the Release file, of repomd.xml, of the hashes
       of the APKINDEX files; SHA-256 of a file */
    const char *version;
    /* git and pipeline: {"commit","tag" of a source of tags,"trees":{PATH:OID or
       null},"rewritten":is the known version no ancestor of this one (of the same tag: another),
       absent without one}; image:
       {"digest","manifest","platform","tag" unless it is a digest that is followed}; apt:
       {"release","date","suite","codename","origin","label","version","notAutomatic",
       "butAutomaticUpgrades","index":PATH,"offers":N}; rpm: {"repomd","revision","date","mirror",
       "index":PATH,"offers":N,"updateinfo":PATH or null,"advisories":N}; apk: {"indexes":
       {ARCHITECTURE:{"hash","date","description"}},"date","index":PATH,"offers":N}; a file:
       {"file":PATH,"sizeBytes","lastModified"}, of advisories also {"records","newest",
       "index":PATH of the compiled file} */
    json_t *detail;
    json_t *memo;        /* for the next check */
    int64_t upstream_at; /* when upstream says that it made the version, or 0 */
};

struct rb_check_outcome {
    const struct rb_check_result *result; /* NULL on failure */
    const struct rb_err *error;           /* NULL on success */
    /* Of a failure: a kind that sets none gets rb_trouble_of(error). Of a success: NONE, or MOVED
       where the answer came from elsewhere. */
    enum rb_trouble trouble;
    int requests;
    int64_t bytes;
    int status;                 /* HTTP's, of the last answer; 0: none, or no HTTP */
    int64_t retry_after_ms;     /* what the server asked for; 0: nothing */
    struct rb_http_limit limit; /* the server's last word on it */
};

typedef void rb_check_cb(void *context, const struct rb_check_outcome *outcome); /* borrowed */

/* Starts a check; done comes once, later. Cancel: done will not come. */
struct rb_check;
struct rb_check *rb_check_start(const struct rb_watch_tools *tools,
                                const struct rb_check_request *request, rb_check_cb *done,
                                void *context);
void rb_check_cancel(struct rb_check *check);

/* Where the checks of a git source keep what they fetched, a bare repository, for whoever needs its
   code; it may be absent, and be made anew at any time. The caller frees the path. */
char *rb_git_mirror_folder(const char *cache_folder, const struct rb_source *source);

/* The program's part of a git check, run as `rebake internal git-check` in a process of its own,
   since libgit2 1.5 has no time limits: reads a JSON request on input, writes a JSON answer.
   Returns the exit code. Request {"url","ref":"refs/…" or "tags":{"glob","match",
   "semver","order","prereleases"},"mirror":FOLDER,"known":COMMIT or null,"knownTag":NAME or null,
   "found":COMMIT and "foundObject":OID where the ref was listed already,
   "files":FOLDER where the one path is a folder of pipeline files, to be exported into it
   (followed.h), and "keep":OID of the tree whose files there are in force or null,
   "allowedSigners" or "keyring":FILE or null,"paths":[…],"knownTrees":{PATH:OID or null},
   "silenceSeconds":60 unless said}; answer {"commit","tag","trees":{…},"committedAt","requests",
   "bytes","rewritten"} or {"error":{"code","text","trouble":NAME}}.
   SIGALRM ends the process when no byte has come for silenceSeconds. check_policy says what is
   wrong with a policy file that a pipeline names (its error begins with the file's name); NULL:
   nobody looks at them. */
typedef int rb_policy_check(const char *path, struct rb_err *err);
int rb_git_check_main(int input_fd, int output_fd, rb_policy_check *check_policy);

/* The format of what a file of advisories is compiled to (rebake/advisory/set.h, threat.h), by
   `rebake internal feed-read KIND FILE SET` in a process of its own; it is in the name of the
   compiled file, so that one of an earlier format is not there. */
enum { RB_FEED_SET_FORMAT = 2 };

#endif
