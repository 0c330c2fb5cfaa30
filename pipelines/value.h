/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a text in a pipeline file may be. Each reader returns the value, normalised and living at
 * least as long as the arena, or NULL with the complaint filled: `what` ends the sentence that
 * begins with key and text ("push "app" " + "names no registry"), `hint` says what to write
 * instead.
 */
#ifndef PIPELINES_VALUE_H
#define PIPELINES_VALUE_H

#include <stdbool.h>

#include "rebake/base/arena.h"

struct rb_complaint {
    const char *what;
    const char *hint;
};

typedef const char *rb_value_reader(struct rb_arena *arena, const char *text,
                                    struct rb_complaint *complaint);

/* Fills the complaint and returns NULL, so that a refusal is one return statement. */
const char *rb_value_refuse(struct rb_complaint *complaint, const char *what, const char *hint);

/* True for text of the characters in `set` (as strspn(3) takes it), with the first not in
 * `not_first`. */
bool rb_value_consists_of(const char *text, const char *set, const char *not_first);

extern const char rb_letters_and_digits[];
extern const char rb_lower_and_digits[];

/* value.c: words of the language itself. */
rb_value_reader rb_value_name;        /* of a pipeline, source, image, deployment */
rb_value_reader rb_value_any;         /* any text, the empty included */
rb_value_reader rb_value_word;        /* any text but the empty one */
rb_value_reader rb_value_api_version; /* "rebake/v1" */
rb_value_reader rb_value_image_kind;  /* "container" */
rb_value_reader rb_value_builder;     /* "buildah" */
rb_value_reader rb_value_rebuild_on;  /* "package", "advisory" */
rb_value_reader rb_value_argument;    /* a name of a build argument or environment variable */

/* value_address.c: where upstreams and registries are. */
rb_value_reader rb_value_git_url;
rb_value_reader rb_value_branch;
rb_value_reader rb_value_apt_url;      /* without a '/' at its end */
rb_value_reader rb_value_rpm_url;      /* likewise */
rb_value_reader rb_value_apk_url;      /* likewise */
rb_value_reader rb_value_language_url; /* likewise, by http or https */
rb_value_reader rb_value_language_package;
rb_value_reader rb_value_mirrorlist;
rb_value_reader rb_value_machine;  /* an architecture as rpm and apk name it */
rb_value_reader rb_value_file_url; /* of one file, by http or https; a query is allowed */
rb_value_reader rb_value_suite;
rb_value_reader rb_value_codename;
rb_value_reader rb_value_component;
rb_value_reader rb_value_architecture;
rb_value_reader rb_value_repository; /* an image to follow: registry/name, short names made full */
rb_value_reader rb_value_tag;
rb_value_reader rb_value_digest;   /* "sha256:" and 64 hexadecimal digits */
rb_value_reader rb_value_platform; /* os/architecture[/variant] */
rb_value_reader rb_value_push;     /* registry/name as written */

/* value_tags.c: a tag policy. */
rb_value_reader rb_value_tag_glob;
rb_value_reader rb_value_tag_match;
rb_value_reader rb_value_tag_range;
rb_value_reader rb_value_tag_order;

/* value_path.c */
rb_value_reader rb_value_context_path; /* relative, normalised, "." for the root */
rb_value_reader rb_value_recipe_file;  /* the same, and not "." */
rb_value_reader rb_value_absolute_path;
rb_value_reader rb_value_path_glob; /* absolute, with * and ** */

/* value_listen.c: of the settings file. */
rb_value_reader rb_value_listen_address; /* numeric host and port */
rb_value_reader rb_value_proxy;          /* 10.0.0.7, 10.0.0.0/8 */
rb_value_reader rb_value_rate;           /* 600/m */
rb_value_reader rb_value_header;
rb_value_reader rb_value_source_glob; /* PIPELINE/SOURCE */

/* value_policy.c: of the policy file. */
rb_value_reader rb_value_policy_subject;
rb_value_reader rb_value_policy_decide;
rb_value_reader rb_value_policy_tests;
rb_value_reader rb_value_policy_supersede;
rb_value_reader rb_value_policy_selinux;
rb_value_reader rb_value_priority;     /* "0" to "100" */
rb_value_reader rb_value_count;        /* "1" to "1000" */
rb_value_reader rb_value_window_start; /* 22:00, 2026-12-23, 2026-12-23T18:00 */
rb_value_reader rb_value_time;         /* RFC 3339; a day alone is its beginning in UTC */

/* value_podman.c: what podman-run(1) takes. */
rb_value_reader rb_value_container;
rb_value_reader rb_value_network;
rb_value_reader rb_value_port;
rb_value_reader rb_value_volume;
rb_value_reader rb_value_capability; /* lower-case, without "cap_" */

#endif
