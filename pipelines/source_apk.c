/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/memory.h"
#include "source_kind.h"

static const struct rb_field fields[] = {
    {.key = "apk",
     .kind = RB_FIELD_TEXT,
     .required = true,
     .offset = RB_SOURCE_FIELD(apk.url),
     .member = "url",
     .read = rb_value_apk_url,
     .example = "apk: https://mirror.example.com/alpine/v3.20/main"},
    {.key = "architectures",
     .kind = RB_FIELD_SET,
     .offset = RB_SOURCE_FIELD(apk.architectures),
     .member = "architectures",
     .read = rb_value_machine,
     .example = "architectures: [x86_64]"},
    {.key = "keys",
     .kind = RB_FIELD_SET,
     .required = true,
     .offset = RB_SOURCE_FIELD(apk.keys),
     .member = "keys",
     .read = rb_value_absolute_path,
     .example = "keys: [/etc/apk/keys]"},
    RB_SOURCE_EVERY,
    {.key = NULL}};

static const char *own_architecture(void)
{
#if defined(__x86_64__)
    return "x86_64";
#elif defined(__aarch64__)
    return "aarch64";
#elif defined(__arm__)
    return "armv7";
#elif defined(__i386__)
    return "x86";
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
    return "ppc64le";
#elif defined(__s390x__)
    return "s390x";
#elif defined(__riscv) && __riscv_xlen == 64
    return "riscv64";
#else
#error "tell this architecture's name in Alpine"
#endif
}

static const char *const *own_architectures(struct rb_arena *arena)
{
    const char **own = rb_arena_array(arena, 2, sizeof(char *));
    own[0] = own_architecture();
    return own;
}

static void complete(const struct rb_decode *decode, struct rb_mark mark, const char *subject,
                     bool is_whole, struct rb_source *source)
{
    (void)is_whole;
    (void)mark;
    (void)subject;
    if (source->apk.architectures == NULL)
        source->apk.architectures = own_architectures(decode->arena);
}

static char *describe(const struct rb_source *source)
{
    return rb_strdup(source->apk.url);
}

const struct rb_source_language rb_source_apk = {.name = "apk",
                                                 .every_ms = RB_SOURCE_EVERY_MS,
                                                 .fields = fields,
                                                 .complete = complete,
                                                 .describe = describe};
