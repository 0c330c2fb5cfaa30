/* SPDX-License-Identifier: Apache-2.0 */
/* Sources in git repositories: code, and pipeline files. Their languages differ in the key that
   tells the kind, and in how they say what of the tree counts. */
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "source_kind.h"
#include "tags.h"

static const struct rb_field signed_fields[] = {
    {.key = "allowed-signers",
     .kind = RB_FIELD_TEXT,
     .offset = RB_SOURCE_FIELD(git.allowed_signers),
     .member = "allowedSigners",
     .read = rb_value_absolute_path,
     .example = "allowed-signers: /etc/rebake/allowed_signers"},
    {.key = "keyring",
     .kind = RB_FIELD_TEXT,
     .offset = RB_SOURCE_FIELD(git.keyring),
     .member = "keyring",
     .read = rb_value_absolute_path,
     .example = "keyring: /etc/rebake/developers.gpg"},
    {.key = NULL}};

/* The table of a kind: what both have, around what but one has. */
#define GIT_FIELDS(key_name, key_example, ...)                                                     \
    {                                                                                              \
        {.key = (key_name),                                                                        \
         .kind = RB_FIELD_TEXT,                                                                    \
         .required = true,                                                                         \
         .offset = RB_SOURCE_FIELD(git.url),                                                       \
         .member = "url",                                                                          \
         .read = rb_value_git_url,                                                                 \
         .example = (key_example)},                                                                \
            {.key = "branch",                                                                      \
             .kind = RB_FIELD_TEXT,                                                                \
             .offset = RB_SOURCE_FIELD(git.branch),                                                \
             .member = "branch",                                                                   \
             .read = rb_value_branch,                                                              \
             .example = "branch: main"},                                                           \
            RB_TAGS_FIELD(RB_SOURCE_FIELD(git.tags)), __VA_ARGS__,                                 \
            {.key = "signed",                                                                      \
             .kind = RB_FIELD_BLOCK,                                                               \
             .member = "signed",                                                                   \
             .block = signed_fields,                                                               \
             .filled = true,                                                                       \
             .example = "signed: { allowed-signers: /etc/rebake/allowed_signers }"},               \
            RB_SOURCE_EVERY,                                                                       \
        {                                                                                          \
            .key = NULL                                                                            \
        }                                                                                          \
    }

static const struct rb_field git_fields[] =
    GIT_FIELDS("git", "git: https://git.example.com/shop.git",
               {.key = "paths",
                .kind = RB_FIELD_SET,
                .offset = RB_SOURCE_FIELD(git.paths),
                .member = "paths",
                .read = rb_value_context_path,
                .example = "paths: [docker, src]"});

static const struct rb_field pipeline_fields[] =
    GIT_FIELDS("pipeline", "pipeline: https://git.example.com/fleet.git",
               {.key = "path",
                .kind = RB_FIELD_TEXT,
                .offset = RB_SOURCE_FIELD(git.path),
                .member = "path",
                .read = rb_value_context_path,
                .example = "path: pipelines"});

static void complete(const struct rb_decode *decode, struct rb_mark mark, const char *subject,
                     bool is_whole, struct rb_source *source)
{
    struct rb_git_source *git = &source->git;
    if (source->kind == RB_SOURCE_PIPELINE && git->path == NULL)
        git->path = ".";
    if (!is_whole)
        return;
    bool has_tags = rb_tags_are_said(&git->tags);
    if (git->branch == NULL && !has_tags)
        rb_report_add(decode->report, mark, "write branch: main, or tags: { semver: \"^1.2\" }",
                      "%s: \"branch\" is missing", subject);
    if (git->branch != NULL && has_tags)
        rb_report_add(decode->report, mark, "make two sources of it",
                      "%s: \"branch\" and \"tags\" exclude each other", subject);
    if (has_tags)
        rb_tags_complete(decode, mark, subject, &git->tags);
    if (git->paths != NULL && git->paths[0] == NULL)
        rb_report_add(decode->report, mark, "write paths: [docker, src]", "%s: \"paths\" is empty",
                      subject);
    if (git->allowed_signers != NULL && git->keyring != NULL)
        rb_report_add(decode->report, mark, "keep one of the two",
                      "%s: signed: \"allowed-signers\" and \"keyring\" exclude each other",
                      subject);
}

static char *describe(const struct rb_source *source)
{
    const struct rb_git_source *git = &source->git;
    bool has_folder = git->path != NULL && !rb_text_equal(git->path, ".");
    return rb_asprintf("%s %s %s%s%s", git->url, git->branch != NULL ? "branch" : "tags",
                       git->branch != NULL ? git->branch : rb_tags_word(&git->tags),
                       has_folder ? " folder " : "", has_folder ? git->path : "");
}

const struct rb_source_language rb_source_git = {.name = "git",
                                                 .every_ms = RB_SOURCE_EVERY_MS,
                                                 .fields = git_fields,
                                                 .complete = complete,
                                                 .describe = describe};

const struct rb_source_language rb_source_pipeline = {.name = "pipeline",
                                                      .every_ms = RB_SOURCE_EVERY_MS,
                                                      .fields = pipeline_fields,
                                                      .complete = complete,
                                                      .describe = describe};
