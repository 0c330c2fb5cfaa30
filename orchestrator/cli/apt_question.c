/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each source becomes one fetch an architecture (so that an archive without a foreign one is no
 * error) and, where pins tell components apart, a component. All run at once on the session's loop.
 */
#include "apt_question.h"

#include <stdlib.h>
#include <string.h>

#include "index_cache.h"
#include "rebake/base/clock.h"
#include "rebake/base/file.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/watch/apt.h"

/* One fetch under way. */
struct asked {
    struct question *question;
    size_t position; /* of its answer */
    bool is_foreign;
    const char *keyring; /* NULL: none is needed */
    const char *index_path;
};

struct question {
    struct rb_net_session *session;
    const struct rb_apt_question *what;
    struct rb_arena *arena;
    struct rb_apt_answers answers;
    size_t answer_capacity;
    struct asked *asked; /* beside the answers */
    size_t asked_capacity;
    size_t total;
    size_t pending;
};

static struct asked *add(struct question *question, const struct rb_apt_source *source)
{
    struct rb_apt_answers *answers = &question->answers;
    size_t position = answers->count;
    answers->items = rb_arena_grow(question->arena, answers->items, position,
                                   &question->answer_capacity, sizeof(answers->items[0]));
    question->asked = rb_arena_grow(question->arena, question->asked, position,
                                    &question->asked_capacity, sizeof(question->asked[0]));
    answers->items[position] =
        (struct rb_apt_answer){.source = source, .components = source->components};
    question->asked[position] = (struct asked){.position = position};
    answers->count++;
    return &question->asked[position];
}

static void skip(struct question *question, const struct rb_apt_source *source, const char *reason)
{
    const struct asked *asked = add(question, source);
    struct rb_apt_answer *answer = &question->answers.items[asked->position];
    answer->state = RB_APT_SKIPPED;
    (void)rb_err_set(&answer->err, RB_EINVALID, "%s", reason);
}

/* Why a source cannot be asked from outside the image, or NULL. */
static const char *why_not(const struct rb_apt_source *source)
{
    if (rb_text_starts_with(source->url, "file:") || rb_text_starts_with(source->url, "copy:"))
        return "its packages are a folder of the machine that apt runs on";
    if (rb_text_starts_with(source->url, "cdrom:"))
        return "its packages are on a disc";
    if (rb_text_starts_with(source->url, "mirror") && strchr("+:", source->url[6]) != NULL)
        return "it is a list of mirrors; add one of them by --with";
    if (!rb_text_starts_with(source->url, "http://") &&
        !rb_text_starts_with(source->url, "https://"))
        return "only http and https are spoken";
    return NULL;
}

static bool contains(const char *const *words, const char *word)
{
    while (*words != NULL && !rb_text_equal(*words, word))
        words++;
    return *words != NULL;
}

static const char *const *list_of(struct rb_arena *arena, const char *word)
{
    const char **list = rb_arena_array(arena, 2, sizeof(*list));
    list[0] = word;
    return list;
}

/* The architectures that matter: the native one first, then those of foreign packages. */
static const char *const *architectures_of(struct rb_arena *arena,
                                           const struct rb_inventory *inventory)
{
    const char **list = NULL;
    size_t count = 0, capacity = 0;
    /* Where all packages are of "all", any architecture's index has them. */
    const char *native = *inventory->architecture == '\0' ? "amd64" : inventory->architecture;
    list = rb_arena_grow(arena, list, count, &capacity, sizeof(*list));
    list[count++] = native;
    for (size_t i = 0; i < inventory->package_count; i++) {
        const char *architecture = inventory->packages[i].architecture;
        list = rb_arena_grow(arena, list, count, &capacity, sizeof(*list));
        list[count] = NULL;
        if (!rb_text_equal(architecture, "all") && !contains(list, architecture))
            list[count++] = architecture;
    }
    list = rb_arena_grow(arena, list, count, &capacity, sizeof(*list));
    list[count] = NULL;
    return list;
}

static void add_selection(struct question *question, const struct rb_apt_source *source,
                          const char *architecture, bool is_foreign, const char *const *components)
{
    struct asked *asked = add(question, source);
    struct rb_apt_answer *answer = &question->answers.items[asked->position];
    asked->is_foreign = is_foreign;
    answer->architecture = architecture;
    answer->components = components;
    question->pending++;
}

static void add_source(struct question *question, const struct rb_apt_source *source,
                       const char *const *architectures)
{
    const char *reason = why_not(source);
    if (reason != NULL) {
        skip(question, source, reason);
        return;
    }
    /* One file with the packages of all architectures. */
    if (rb_text_ends_with(source->suite, "/")) {
        add_selection(question, source, architectures[0], false, source->components);
        return;
    }
    size_t before = question->pending;
    bool apart = rb_preferences_name_components(question->what->apt->preferences);
    for (size_t i = 0; architectures[i] != NULL; i++) {
        if (source->architectures[0] != NULL && !contains(source->architectures, architectures[i]))
            continue;
        if (!apart)
            add_selection(question, source, architectures[i], i > 0, source->components);
        for (size_t j = 0; apart && source->components[j] != NULL; j++)
            add_selection(question, source, architectures[i], i > 0,
                          list_of(question->arena, source->components[j]));
    }
    if (question->pending == before)
        skip(question, source, "it is for other architectures");
}

/* Writes the keyring of an answer's source where gpgv finds it. */
static int write_keyring(struct question *question, const struct rb_apt_source *source,
                         const char **ret_path, struct rb_err *err)
{
    const struct rb_apt_question *what = question->what;
    size_t number = (size_t)(source - what->apt->sources);
    RB_CLEANUP_FREE char *data = NULL;
    size_t size = 0;
    int status = rb_image_keyring(what->scan, source->signed_by, number >= what->own_count, &data,
                                  &size, err);
    if (status != 0)
        return status;
    const char *path =
        rb_arena_printf(question->arena, "%s/keyring-%zu.gpg", question->answers.folder, number);
    status = rb_file_write_atomic(path, data, size, 0600, err);
    *ret_path = path;
    return status;
}

static const char *host_of(struct rb_arena *arena, const char *url)
{
    const char *begin = strstr(url, "://");
    begin = begin == NULL ? url : begin + 3;
    size_t size = strcspn(begin, "/");
    const char *at = memrchr(begin, '@', size);
    if (at != NULL) {
        size -= (size_t)(at + 1 - begin);
        begin = at + 1;
    }
    const char *colon = memrchr(begin, ':', size);
    if (colon != NULL && begin[size - 1] != ']')
        size = (size_t)(colon - begin);
    return rb_arena_strndup(arena, begin, size);
}

static const char *only_word(const char *const *words)
{
    return words[0] != NULL && words[1] == NULL ? words[0] : NULL;
}

static void keep_release(struct asked *asked, const struct rb_apt_result *result)
{
    struct question *question = asked->question;
    struct rb_apt_answer *answer = &question->answers.items[asked->position];
    struct rb_arena *arena = question->arena;
    const struct rb_apt_release *release = result->release;
    answer->date_at = rb_apt_release_date(release);
    answer->repository = (struct rb_repository){
        .name = answer->source->suite,
        .site = host_of(arena, answer->source->url),
        .suite = rb_arena_strdup(arena, rb_apt_release_field(release, "Suite")),
        .codename = rb_arena_strdup(arena, rb_apt_release_field(release, "Codename")),
        .origin = rb_arena_strdup(arena, rb_apt_release_field(release, "Origin")),
        .label = rb_arena_strdup(arena, rb_apt_release_field(release, "Label")),
        .version = rb_arena_strdup(arena, rb_apt_release_field(release, "Version")),
        .component = only_word(answer->components),
        .not_automatic = rb_apt_release_flag(release, "NotAutomatic"),
        .but_automatic_upgrades = rb_apt_release_flag(release, "ButAutomaticUpgrades"),
    };
    asked->index_path = rb_arena_strdup(arena, result->index_path);
}

static void answered(void *context, const struct rb_apt_result *result, const struct rb_err *error)
{
    struct asked *asked = context;
    struct question *question = asked->question;
    struct rb_apt_answer *answer = &question->answers.items[asked->position];
    if (error == NULL) {
        keep_release(asked, result);
    } else {
        (void)rb_err_copy(&answer->err, error);
        answer->state =
            asked->is_foreign && error->code == RB_ENOTFOUND ? RB_APT_SKIPPED : RB_APT_FAILED;
    }
    question->pending--;
    if (question->what->progress != NULL)
        question->what->progress(question->total - question->pending, question->total);
}

static void start(struct question *question, struct asked *asked)
{
    struct rb_apt_answer *answer = &question->answers.items[asked->position];
    const struct rb_apt_source *source = answer->source;
    asked->question = question;
    if (!source->trusted && write_keyring(question, source, &asked->keyring, &answer->err) != 0) {
        answer->state = RB_APT_FAILED;
        question->pending--;
        return;
    }
    char *url = rb_arena_strdup(question->arena, source->url);
    for (size_t size = strlen(url); size > 0 && url[size - 1] == '/'; size--)
        url[size - 1] = '\0';
    const char *cache = question->what->cache_folder;
    RB_CLEANUP_FREE char *folder =
        rb_index_cache_of(cache == NULL ? question->answers.folder : cache, url, source->suite);
    struct rb_apt_request request = {
        .url = url,
        .suite = source->suite,
        .components = answer->components,
        .architectures = list_of(question->arena, answer->architecture),
        .signed_by = asked->keyring,
        .trusted = source->trusted,
        .may_be_old = source->may_be_old || question->what->apt->may_be_old,
        .index_folder = folder,
    };
    rb_apt_fetch_start(question->session->loop, question->session->http, &rb_clock_system, &request,
                       answered, asked, NULL);
}

static void open_index(struct question *question, struct asked *asked)
{
    struct rb_apt_answer *answer = &question->answers.items[asked->position];
    struct rb_index *index = NULL;
    if (answer->state != RB_APT_ANSWERED)
        return;
    if (rb_index_open(asked->index_path, &index, &answer->err) != 0) {
        answer->state = RB_APT_FAILED;
        return;
    }
    answer->repository.index = index;
}

/* Not before all are open: one suite's indexes of several architectures share a folder. */
static void prune_cache(struct question *question)
{
    for (size_t i = 0; i < question->answers.count; i++) {
        if (question->answers.items[i].state == RB_APT_ANSWERED)
            rb_index_cache_prune(question->asked[i].index_path);
    }
}

int rb_apt_ask(struct rb_net_session *session, const struct rb_apt_question *what,
               struct rb_apt_answers *ret_answers, struct rb_err *err)
{
    struct question question = {.session = session, .what = what, .arena = rb_arena_new()};
    question.answers.arena = question.arena;
    const char *temporary = getenv("TMPDIR");
    RB_CLEANUP_FREE char *prefix =
        rb_asprintf("%s/rebake-apt-", rb_text_is_empty(temporary) ? "/tmp" : temporary);
    int status = rb_folder_make_temporary(prefix, &question.answers.folder, err);
    if (status != 0) {
        rb_apt_answers_deinit(&question.answers);
        return status;
    }
    const char *const *architectures = architectures_of(question.arena, &what->scan->inventory);
    for (size_t i = 0; i < what->apt->source_count; i++)
        add_source(&question, &what->apt->sources[i], architectures);
    question.total = question.pending;
    for (size_t i = 0; i < question.answers.count; i++) {
        if (question.answers.items[i].state == RB_APT_ANSWERED)
            start(&question, &question.asked[i]);
    }
    while (question.pending > 0)
        rb_loop_run_once(session->loop);
    for (size_t i = 0; i < question.answers.count; i++)
        open_index(&question, &question.asked[i]);
    prune_cache(&question);
    *ret_answers = question.answers;
    return 0;
}

void rb_apt_answers_deinit(struct rb_apt_answers *answers)
{
    for (size_t i = 0; i < answers->count; i++)
        rb_index_close((struct rb_index *)(uintptr_t)answers->items[i].repository.index);
    struct rb_err err;
    if (answers->folder != NULL && rb_tree_remove(answers->folder, &err) != 0)
        rb_log(RB_LOG_WARNING, "a temporary folder is left", "error", err.text, NULL);
    rb_free(answers->folder);
    rb_arena_free(answers->arena);
    *answers = (struct rb_apt_answers){0};
}
