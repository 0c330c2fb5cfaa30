/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

#define AT(member) offsetof(struct rb_source, member)
#define EVERY                                                                                      \
    {                                                                                              \
        .key = "every", .kind = RB_FIELD_SPAN, .offset = AT(every_ms), .least = "1s",              \
        .most = "30d", .example = "every: 5m"                                                      \
    }

enum { EVERY_MS = 60 * 1000 };

const struct rb_field rb_git_fields[] = {{.key = "git",
                                          .kind = RB_FIELD_TEXT,
                                          .required = true,
                                          .offset = AT(url),
                                          .read = rb_value_git_url,
                                          .example = "git: https://git.example.com/shop.git"},
                                         {.key = "branch",
                                          .kind = RB_FIELD_TEXT,
                                          .required = true,
                                          .offset = AT(branch),
                                          .read = rb_value_branch,
                                          .example = "branch: main"},
                                         EVERY,
                                         {.key = NULL}};

const struct rb_field rb_registry_fields[] = {{.key = "image",
                                               .kind = RB_FIELD_TEXT,
                                               .required = true,
                                               .offset = AT(repository),
                                               .read = rb_value_repository,
                                               .example = "image: docker.io/library/debian"},
                                              {.key = "tag",
                                               .kind = RB_FIELD_TEXT,
                                               .required = true,
                                               .offset = AT(tag),
                                               .read = rb_value_tag,
                                               .example = "tag: bookworm-slim"},
                                              EVERY,
                                              {.key = NULL}};

const struct rb_field rb_apt_fields[] = {
    {.key = "apt",
     .kind = RB_FIELD_TEXT,
     .required = true,
     .offset = AT(url),
     .read = rb_value_apt_url,
     .example = "apt: https://mirror.example.com/debian-security"},
    {.key = "suite",
     .kind = RB_FIELD_TEXT,
     .required = true,
     .offset = AT(suite),
     .read = rb_value_suite,
     .example = "suite: bookworm-security"},
    {.key = "components",
     .kind = RB_FIELD_SET,
     .required = true,
     .offset = AT(components),
     .read = rb_value_component,
     .example = "components: [main]"},
    {.key = "architectures",
     .kind = RB_FIELD_SET,
     .offset = AT(architectures),
     .read = rb_value_architecture,
     .example = "architectures: [amd64]"},
    {.key = "signed-by",
     .kind = RB_FIELD_TEXT,
     .required = true,
     .offset = AT(signed_by),
     .read = rb_value_absolute_path,
     .example = "signed-by: /usr/share/keyrings/debian-archive-keyring.gpg"},
    EVERY,
    {.key = NULL}};

static const struct {
    const char *name; /* the key that tells the kind */
    const struct rb_field *fields;
} kinds[] = {[RB_SOURCE_GIT] = {"git", rb_git_fields},
             [RB_SOURCE_IMAGE] = {"image", rb_registry_fields},
             [RB_SOURCE_APT] = {"apt", rb_apt_fields}};

const char *rb_source_kind_name(enum rb_source_kind kind)
{
    return kinds[kind].name;
}

const char *rb_source_own_architecture(void)
{
#if defined(__x86_64__)
    return "amd64";
#elif defined(__aarch64__)
    return "arm64";
#elif defined(__arm__)
    return "armhf";
#elif defined(__i386__)
    return "i386";
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
    return "ppc64el";
#elif defined(__s390x__)
    return "s390x";
#elif defined(__riscv) && __riscv_xlen == 64
    return "riscv64";
#else
#error "tell this architecture's name in Debian"
#endif
}

/* False when no key, or more than one, says what kind of source it is. */
static bool find_kind(const struct rb_decode *decode, const struct rb_node *node,
                      struct rb_mark mark, const char *subject, enum rb_source_kind *ret_kind)
{
    size_t found = 0;
    for (size_t i = 0; i < RB_COUNT_OF(kinds); i++) {
        if (rb_decode_find(node, kinds[i].name) != NULL) {
            *ret_kind = (enum rb_source_kind)i;
            found++;
        }
    }
    if (found == 0)
        rb_report_add(decode->report, mark,
                      "write git: URL and branch, image: NAME and tag, or apt: URL, suite, "
                      "components and signed-by",
                      "%s: none of \"git\", \"image\" and \"apt\" says what it is", subject);
    else if (found > 1)
        rb_report_add(decode->report, mark, "make two sources of it",
                      "%s: is of more than one kind: \"git\", \"image\" and \"apt\" exclude each "
                      "other",
                      subject);
    return found == 1;
}

static void read_source(const struct rb_decode *decode, const struct rb_pair *pair,
                        struct rb_source *source)
{
    source->name = rb_item_name(decode, pair->key, "source");
    source->place =
        (struct rb_place){decode->report->file, pair->key->mark.line, pair->key->mark.column};
    source->every_ms = EVERY_MS;
    const char *subject = rb_arena_printf(decode->arena, "source %s",
                                          rb_report_quote(decode->arena, pair->key->text));
    if (!rb_decode_expect(decode, pair->value, RB_NODE_MAPPING, "sources", pair->key->text,
                          "NAME: { git: URL, branch: main }") ||
        !find_kind(decode, pair->value, pair->key->mark, subject, &source->kind))
        return;
    rb_decode_block(decode, pair->value, pair->key->mark, subject, kinds[source->kind].fields,
                    source);
    if (source->kind == RB_SOURCE_APT && source->architectures == NULL) {
        const char **own = rb_arena_array(decode->arena, 2, sizeof(char *));
        own[0] = rb_source_own_architecture();
        source->architectures = own;
    }
}

struct rb_source_list rb_sources_read(const struct rb_decode *decode, const struct rb_node *items)
{
    struct rb_source_list list = {.count = items == NULL ? 0 : items->count};
    list.items = rb_arena_array(decode->arena, list.count, sizeof(*list.items));
    for (size_t i = 0; i < list.count; i++)
        read_source(decode, &items->pairs[i], &list.items[i]);
    list.names = rb_names_of(decode->arena, list.items, list.count, sizeof(*list.items), AT(name));
    return list;
}
