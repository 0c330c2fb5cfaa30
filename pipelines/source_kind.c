/* SPDX-License-Identifier: Apache-2.0 */
#include "source_kind.h"

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static const struct rb_source_language *const languages[] = {
    [RB_SOURCE_GIT] = &rb_source_git,
    [RB_SOURCE_PIPELINE] = &rb_source_pipeline,
    [RB_SOURCE_IMAGE] = &rb_source_image,
    [RB_SOURCE_APT] = &rb_source_apt,
    [RB_SOURCE_RPM] = &rb_source_rpm,
    [RB_SOURCE_APK] = &rb_source_apk,
    [RB_SOURCE_PYPI] = &rb_source_pypi,
    [RB_SOURCE_NPM] = &rb_source_npm,
    [RB_SOURCE_HTTP] = &rb_source_http,
    [RB_SOURCE_OSV] = &rb_source_osv,
    [RB_SOURCE_DEBIAN_TRACKER] = &rb_source_debian_tracker,
    [RB_SOURCE_SECDB] = &rb_source_secdb,
    [RB_SOURCE_KEV] = &rb_source_kev,
    [RB_SOURCE_EPSS] = &rb_source_epss,
};

const size_t rb_source_kinds = RB_COUNT_OF(languages);

const struct rb_source_language *rb_source_language(enum rb_source_kind kind)
{
    return languages[kind];
}

bool rb_source_kind_of(const char *name, enum rb_source_kind *ret_kind)
{
    for (size_t i = 0; i < rb_source_kinds; i++) {
        const struct rb_source_language *language = languages[i];
        if (name != NULL &&
            (rb_text_equal(language->name, name) || rb_text_equal(language->other_name, name))) {
            *ret_kind = (enum rb_source_kind)i;
            return true;
        }
    }
    return false;
}

const char *rb_source_kind_name(enum rb_source_kind kind)
{
    return languages[kind]->name;
}

bool rb_source_is_git(const struct rb_source *source)
{
    return source->kind == RB_SOURCE_GIT || source->kind == RB_SOURCE_PIPELINE;
}

char *rb_source_describe(const struct rb_source *source)
{
    return languages[source->kind]->describe(source);
}
