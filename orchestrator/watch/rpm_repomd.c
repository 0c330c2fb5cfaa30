/* SPDX-License-Identifier: Apache-2.0 */
#include "rpm_repomd.h"

#include <stdio.h>
#include <string.h>

#include "age.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "xml.h"

enum { FILES_MAXIMUM = 200 };

/* The largest real ones: Fedora's and openSUSE's primary with 20 MB packed, 200 MB unpacked. */
static const int64_t PACKED_MAXIMUM = 256 << 20;
static const int64_t OPEN_MAXIMUM = INT64_C(2) << 30;

struct reader {
    struct rb_rpm_repomd *repomd;
    struct rb_rpm_file *file; /* the one at hand, if it is one that we read */
    struct rb_rpm_file other; /* for those that we do not */
    bool is_other;
    char algorithm[2][16]; /* of the checksum and the open one, as written */
    int file_count;
};

static int begin_file(struct reader *reader, const char *type, struct rb_err *err)
{
    struct rb_rpm_repomd *repomd = reader->repomd;
    bool is_primary = rb_text_equal(type, "primary");
    reader->is_other = !is_primary && !rb_text_equal(type, "updateinfo");
    reader->file = reader->is_other ? &reader->other
                   : is_primary     ? &repomd->primary
                                    : &repomd->updateinfo;
    if (++reader->file_count > FILES_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "more than %d files", FILES_MAXIMUM);
    if (!reader->is_other && reader->file->checksum.hex[0] != '\0')
        return rb_err_set(err, RB_EINVALID, "two files of type \"%s\"", type);
    *reader->file = (struct rb_rpm_file){.size_bytes = -1, .open_size_bytes = -1};
    memset(reader->algorithm, 0, sizeof(reader->algorithm));
    return 0;
}

static bool is_inner_path(const char *href)
{
    if (*href == '\0' || *href == '/' || strlen(href) >= RB_RPM_HREF_SIZE)
        return false;
    for (const char *at = href; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~' || strchr("\\?#%:\"<>", *at) != NULL)
            return false;
    }
    for (const char *part = href; *part != '\0';) {
        size_t size = strcspn(part, "/");
        if (size == 0 || strncmp(part, "..", size) == 0)
            return false;
        part += size;
        part += *part == '/';
    }
    return true;
}

static int take_location(struct reader *reader, const struct rb_xml_element *element,
                         struct rb_err *err)
{
    const char *href = rb_xml_attribute(element, "href");
    if (reader->is_other)
        return 0;
    if (rb_xml_attribute(element, "xml:base") != NULL)
        return rb_err_set(err, RB_EINVALID, "its files are elsewhere (xml:base), which is refused");
    if (href == NULL || !is_inner_path(href))
        return rb_err_set(err, RB_EINVALID, "\"%.200s\" is no file of the repository",
                          href == NULL ? "" : href);
    (void)snprintf(reader->file->href, sizeof(reader->file->href), "%s", href);
    return 0;
}

static int on_start(void *context, const struct rb_xml_element *element, struct rb_err *err)
{
    struct reader *reader = context;
    if (element->depth == 1 && strcmp(element->name, "repomd") != 0)
        return rb_err_set(err, RB_EINVALID, "not a repomd.xml but \"%.40s\"", element->name);
    if (element->depth == 2 && strcmp(element->name, "data") == 0)
        return begin_file(reader, rb_xml_attribute(element, "type"), err);
    if (element->depth != 3 || reader->file == NULL)
        return 0;
    if (strcmp(element->name, "location") == 0)
        return take_location(reader, element, err);
    bool is_open = strcmp(element->name, "open-checksum") == 0;
    const char *type = rb_xml_attribute(element, "type");
    if (is_open || strcmp(element->name, "checksum") == 0)
        (void)snprintf(reader->algorithm[is_open], sizeof(reader->algorithm[0]), "%s",
                       type == NULL ? "" : type);
    return 0;
}

static int take_size(const char *text, int64_t maximum, int64_t *ret_size, struct rb_err *err)
{
    if (!rb_text_to_i64(text, ret_size) || *ret_size < 0)
        return rb_err_set(err, RB_EINVALID, "\"%.40s\" is not a size", text);
    if (*ret_size > maximum)
        return rb_err_set(err, RB_ELIMIT, "a file is larger than %lld bytes", (long long)maximum);
    return 0;
}

/* Seconds, by some publishers with a fraction. */
static void take_timestamp(struct rb_rpm_repomd *repomd, const char *text)
{
    char seconds[16];
    int64_t value = 0;
    size_t size = strcspn(text, ".");
    if (size >= sizeof(seconds))
        return;
    (void)snprintf(seconds, sizeof(seconds), "%.*s", (int)size, text);
    if (rb_text_to_i64(seconds, &value) && value > 0 && value < INT64_MAX / 1000 &&
        value * 1000 > repomd->newest_at)
        repomd->newest_at = value * 1000;
}

static int take_member(struct reader *reader, const char *name, const char *text,
                       struct rb_err *err)
{
    struct rb_rpm_file *file = reader->file;
    if (strcmp(name, "timestamp") == 0)
        take_timestamp(reader->repomd, text);
    if (reader->is_other)
        return 0;
    if (strcmp(name, "checksum") == 0)
        return rb_checksum_parse(reader->algorithm[0], text, &file->checksum, err);
    if (strcmp(name, "open-checksum") == 0)
        return rb_checksum_parse(reader->algorithm[1], text, &file->open_checksum, err);
    if (strcmp(name, "size") == 0)
        return take_size(text, PACKED_MAXIMUM, &file->size_bytes, err);
    if (strcmp(name, "open-size") == 0)
        return take_size(text, OPEN_MAXIMUM, &file->open_size_bytes, err);
    return 0;
}

static int end_file(struct reader *reader, struct rb_err *err)
{
    const struct rb_rpm_file *file = reader->file;
    reader->file = NULL;
    if (!reader->is_other && (file->href[0] == '\0' || file->checksum.algorithm == NULL))
        return rb_err_set(err, RB_EINVALID, "a file without location or checksum");
    return 0;
}

static int on_end(void *context, const struct rb_xml_element *element, const char *text,
                  struct rb_err *err)
{
    struct reader *reader = context;
    if (text == NULL)
        text = "";
    if (element->depth == 2 && strcmp(element->name, "revision") == 0)
        (void)snprintf(reader->repomd->revision, sizeof(reader->repomd->revision), "%s", text);
    if (element->depth == 2 && reader->file != NULL)
        return end_file(reader, err);
    if (element->depth == 3 && reader->file != NULL)
        return take_member(reader, element->name, text, err);
    return 0;
}

int rb_rpm_repomd_parse(const char *data, size_t size, const char *what,
                        struct rb_rpm_repomd *ret_repomd, struct rb_err *err)
{
    static const struct rb_xml_handler handler = {.start = on_start, .end = on_end};
    struct reader reader = {.repomd = ret_repomd};
    *ret_repomd = (struct rb_rpm_repomd){0};
    int status = rb_xml_read(data, size, &handler, &reader, what, err);
    if (status == 0 && ret_repomd->primary.href[0] == '\0')
        return rb_err_set(err, RB_EINVALID, "%s: it names no primary: no list of packages", what);
    return status;
}

/* Revisions are the seconds when the state was made, unless the publisher says otherwise. */
int rb_rpm_repomd_judge(const struct rb_rpm_repomd *repomd, const char *known_revision,
                        int64_t known_newest_at, int64_t now, const char *what,
                        enum rb_trouble *ret_trouble, struct rb_err *err)
{
    uint64_t revision = 0, known = 0;
    bool has_numbers = known_revision != NULL && rb_text_to_u64(repomd->revision, &revision) &&
                       rb_text_to_u64(known_revision, &known);
    if (has_numbers && revision < known)
        return rb_age_refuse_older(what, repomd->revision, known_revision, ret_trouble, err);
    bool is_later = has_numbers && revision > known;
    return rb_age_judge(repomd->newest_at, is_later ? 0 : known_newest_at, now, what, ret_trouble,
                        err);
}
