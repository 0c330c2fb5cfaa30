/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>

#include "rebake/advisory/read.h"
#include "rebake/base/json.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { IDS_OF_TEXT = 64 };

struct reader {
    const char *what;
    struct rb_ecosystem ecosystem;
    const char *package;
    const char *version;
    rb_advisory_cb *take;
    void *context;
    struct rb_err *err;
};

/* The names in a text: "CVE-2018-7540 XSA-252", "CVE N/A ZBX-11023", "CVE-2017-2616 (+ regression
   fix)". */
struct names {
    const char *all[IDS_OF_TEXT]; /* the CVEs first */
    size_t count;
    size_t cve_count;
};

static bool is_name(const char *word, size_t size)
{
    if (size == 0 || !isupper((unsigned char)*word) || memchr(word, '-', size) == NULL)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (!isalnum((unsigned char)word[i]) && strchr("-_.:", word[i]) == NULL)
            return false;
    }
    return true;
}

static void add_name(struct names *names, const char *name)
{
    if (names->count == IDS_OF_TEXT)
        return;
    if (!rb_text_starts_with(name, "CVE-")) {
        names->all[names->count++] = name;
        return;
    }
    names->all[names->count++] = names->all[names->cve_count];
    names->all[names->cve_count++] = name;
}

static void split(const char *text, struct rb_arena *arena, struct names *ret_names)
{
    static const char BLANKS[] = " \t,;";
    *ret_names = (struct names){0};
    while (*text != '\0') {
        text += strspn(text, BLANKS);
        size_t size = strcspn(text, BLANKS);
        if (is_name(text, size))
            add_name(ret_names, rb_arena_strndup(arena, text, size));
        text += size;
    }
}

static int take_one(const struct reader *reader, struct rb_advisory *advisory)
{
    bool is_affected = !rb_text_equal(reader->version, "0");
    struct rb_range_event events[] = {{RB_EVENT_INTRODUCED, "0"},
                                      {RB_EVENT_FIXED, reader->version}};
    struct rb_range range = {RB_RANGE_ECOSYSTEM, "", events, RB_COUNT_OF(events)};
    struct rb_affected affected = {
        .ecosystem = reader->ecosystem,
        .package = reader->package,
        .ranges = &range,
        .range_count = is_affected ? 1 : 0,
        .status = is_affected ? RB_STATUS_RESOLVED : RB_STATUS_NOT_AFFECTED,
        .urgency = "",
        .postponed = "",
        .reason = "",
    };
    advisory->summary = "";
    advisory->affected = &affected;
    advisory->affected_count = 1;
    return reader->take(reader->context, advisory, reader->err);
}

static int take_text(const struct reader *reader, const char *text)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct names names;
    split(text, arena, &names);
    size_t count = names.cve_count > 0 ? names.cve_count : names.count > 0;
    for (size_t i = 0; i < count; i++) {
        struct rb_advisory advisory = {.id = names.all[i]};
        if (count == 1) {
            advisory.aliases = names.all + 1;
            advisory.alias_count = names.count - 1;
        } else {
            advisory.related = names.all + count;
            advisory.related_count = names.count - count;
        }
        int status = take_one(reader, &advisory);
        if (status != 0)
            return status;
    }
    return 0;
}

static int take_fixes(struct reader *reader, const json_t *fixes)
{
    const char *version;
    const json_t *texts, *text;
    size_t i;
    json_object_foreach((json_t *)(uintptr_t)fixes, version, texts)
    {
        reader->version = version;
        /* A version without ids has had {} or null here. */
        json_array_foreach(texts, i, text)
        {
            if (!json_is_string(text))
                return rb_err_set(reader->err, RB_EINVALID,
                                  "%s: \"%.60s\": an id of version %.60s is no text", reader->what,
                                  reader->package, version);
            int status = take_text(reader, json_string_value(text));
            if (status != 0)
                return status;
        }
    }
    return 0;
}

/* Wolfi and Chainguard roll on: their files have no release, and tell themselves by their address.
 */
static int find_ecosystem(struct reader *reader, const json_t *feed, struct rb_arena *arena)
{
    const char *release = rb_json_get_string(feed, "distroversion", "");
    const char *url = rb_json_get_string(feed, "urlprefix", "");
    if (*release != '\0')
        reader->ecosystem = rb_ecosystem_parse(rb_arena_printf(arena, "Alpine:%s", release), arena);
    else if (strstr(url, "wolfi") != NULL)
        reader->ecosystem = (struct rb_ecosystem){"Wolfi", "", ""};
    else if (strstr(url, "cgr.dev") != NULL)
        reader->ecosystem = (struct rb_ecosystem){"Chainguard", "", ""};
    else
        return rb_err_set(reader->err, RB_EINVALID, "%s: \"distroversion\" is missing",
                          reader->what);
    return 0;
}

int rb_secdb_read(const char *data, size_t size, const char *what, rb_advisory_cb *take,
                  void *context, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *feed = NULL;
    int status = rb_json_parse(data, size, what, &feed, err);
    if (status != 0)
        return status;
    const json_t *packages = json_object_get(feed, "packages"), *item;
    size_t i;
    if (!json_is_array(packages))
        return rb_err_set(err, RB_EINVALID, "%s: \"packages\" is no list", what);
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct reader reader = {.what = what, .take = take, .context = context, .err = err};
    status = find_ecosystem(&reader, feed, arena);
    json_array_foreach(packages, i, item)
    {
        const json_t *package = json_object_get(item, "pkg");
        const json_t *fixes = json_object_get(package, "secfixes");
        reader.package = rb_json_get_string(package, "name", NULL);
        if (status != 0)
            return status;
        if (reader.package == NULL || !json_is_object(fixes))
            return rb_err_set(err, RB_EINVALID, "%s: package %zu has no name or no secfixes", what,
                              i);
        status = take_fixes(&reader, fixes);
    }
    return status;
}
