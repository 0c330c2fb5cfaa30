/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apt_preferences(5). A record for "*" sets the priority of repositories, the first that matches
 * one decides; a record for named packages sets the priority of single versions, whatever holds
 * them, and again the first that matches decides.
 */
#include "preferences.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "pin.h"
#include "rebake/base/memory.h"
#include "rebake/base/strlist.h"
#include "rebake/base/text.h"
#include "rebake/inventory/deb822.h"

enum {
    RULES_MAX = 10000, /* a record for five packages is five rules */
    DEFAULT_RELEASE_PRIORITY = 990
};

enum field { PACKAGE, PIN, PRIORITY };
static const char *const field_names[] = {
    [PACKAGE] = "Package", [PIN] = "Pin", [PRIORITY] = "Pin-Priority", NULL};

/* One name of one record. */
struct rule {
    bool for_all; /* "*": no name */
    bool for_source;
    struct rb_pattern name;
    char *architecture; /* NULL: the native one */
    struct rb_pin pin;
    int priority;
};

struct rb_preferences {
    struct rule *rules;
    size_t rule_count;
    size_t rule_capacity;
    struct rb_strlist warnings;
    bool has_default_release;
    struct rb_pin default_release;
};

struct rb_preferences *rb_preferences_new(void)
{
    return rb_zalloc(sizeof(struct rb_preferences));
}

static void deinit_rule(struct rule *rule)
{
    rb_pattern_deinit(&rule->name);
    rb_pin_deinit(&rule->pin);
    rb_free(rule->architecture);
}

void rb_preferences_free(struct rb_preferences *preferences)
{
    if (preferences == NULL)
        return;
    for (size_t i = 0; i < preferences->rule_count; i++)
        deinit_rule(&preferences->rules[i]);
    rb_pin_deinit(&preferences->default_release);
    rb_strlist_deinit(&preferences->warnings);
    rb_free(preferences->rules);
    rb_free(preferences);
}

/* "src:NAME:ARCHITECTURE", the first and the last being optional. */
static int parse_name(const char *text, struct rule *rule, struct rb_err *err)
{
    if (rb_text_starts_with(text, "src:")) {
        rule->for_source = true;
        text += strlen("src:");
    }
    const char *colon = strrchr(text, ':');
    if (colon == NULL)
        return rb_pattern_compile(text, &rule->name, err);
    RB_CLEANUP_FREE char *name = rb_strndup(text, (size_t)(colon - text));
    rule->architecture = rb_strdup(colon + 1);
    return rb_pattern_compile(name, &rule->name, err);
}

static int add_rule(struct rb_preferences *preferences, const char *name, enum rb_pin_kind kind,
                    const char *pin, int priority, struct rb_err *err)
{
    if (preferences->rule_count == RULES_MAX)
        return rb_err_set(err, RB_ELIMIT, "more than %d pins", RULES_MAX);
    struct rule rule = {.for_all = name == NULL, .priority = priority};
    int status = name == NULL ? 0 : parse_name(name, &rule, err);
    if (status == 0)
        status = rb_pin_parse(kind, pin, &rule.pin, err);
    if (status != 0) {
        deinit_rule(&rule);
        return status;
    }
    if (preferences->rule_count == preferences->rule_capacity) {
        preferences->rule_capacity = preferences->rule_capacity * 2 + 8;
        preferences->rules = rb_reallocarray(preferences->rules, preferences->rule_capacity,
                                             sizeof(preferences->rules[0]));
    }
    preferences->rules[preferences->rule_count++] = rule;
    return 0;
}

static int parse_priority(const char *text, bool for_all, int *ret_priority, struct rb_err *err)
{
    int64_t priority;
    if (rb_text_equal(text, "never") && for_all) {
        *ret_priority = RB_PRIORITY_NEVER;
        return 0;
    }
    if (rb_text_is_empty(text) || !rb_text_to_i64(text, &priority) || priority == 0 ||
        priority < INT16_MIN || priority > INT16_MAX)
        return rb_err_set(err, RB_EINVALID,
                          "Pin-Priority must be a number from %d to %d other than 0%s", INT16_MIN,
                          INT16_MAX, for_all ? ", or \"never\"" : "");
    *ret_priority = (int)priority;
    return 0;
}

static bool parse_kind(const char *word, size_t size, bool for_all, enum rb_pin_kind *ret_kind)
{
    static const char *const kinds[] = {
        [RB_PIN_VERSION] = "version", [RB_PIN_RELEASE] = "release", [RB_PIN_ORIGIN] = "origin"};
    for (size_t i = for_all ? RB_PIN_RELEASE : RB_PIN_VERSION; i <= RB_PIN_ORIGIN; i++) {
        if (strlen(kinds[i]) == size && strncasecmp(kinds[i], word, size) == 0) {
            *ret_kind = (enum rb_pin_kind)i;
            return true;
        }
    }
    return false;
}

static int add_rules(struct rb_preferences *preferences, const char *names, bool for_all,
                     enum rb_pin_kind kind, const char *pin, int priority, struct rb_err *err)
{
    if (for_all)
        return add_rule(preferences, NULL, kind, pin, priority, err);
    RB_CLEANUP_FREE char *copy = rb_strdup(names);
    char *rest = NULL;
    for (const char *name = strtok_r(copy, " \t\n", &rest); name != NULL;
         name = strtok_r(NULL, " \t\n", &rest)) {
        int status = add_rule(preferences, name, kind, pin, priority, err);
        if (status != 0)
            return status;
    }
    return 0;
}

/* What apt only warns of is a warning here too: the rule is then as if it were not there. */
static int take_stanza(void *context, const struct rb_deb822_stanza *stanza, struct rb_err *err)
{
    struct rb_preferences *preferences = context;
    const char *names = stanza->values[PACKAGE], *pin = stanza->values[PIN];
    if (rb_text_is_empty(names))
        return rb_err_set(err, RB_EINVALID, "a record without a Package field");
    if (pin == NULL)
        return 0;
    bool for_all = rb_text_equal(names, "*");
    size_t word = strcspn(pin, " \t\n");
    enum rb_pin_kind kind;
    if (!parse_kind(pin, word, for_all, &kind)) {
        rb_strlist_addf(&preferences->warnings, "line %zu: a pin of the kind \"%.*s\" is left out",
                        stanza->line, (int)word, pin);
        return 0;
    }
    int priority = 0;
    int status = parse_priority(stanza->values[PRIORITY], for_all, &priority, err);
    if (status != 0)
        return status;
    pin += word + strspn(pin + word, " \t\n");
    struct rb_err reason;
    status = add_rules(preferences, names, for_all, kind, pin, priority, &reason);
    if (status != RB_EINVALID)
        return status == 0 ? 0 : rb_err_copy(err, &reason);
    rb_strlist_addf(&preferences->warnings, "line %zu: %s", stanza->line, reason.text);
    return 0;
}

int rb_preferences_add(struct rb_preferences *preferences, const char *data, size_t size,
                       const char *what, struct rb_err *err)
{
    struct rb_deb822_options options = {
        .names = field_names,
        .comments = true,
        .stanza = take_stanza,
        .context = preferences,
    };
    return rb_deb822_read(&options, data, size, what, err);
}

const char *const *rb_preferences_warnings(const struct rb_preferences *preferences)
{
    static const char *const none[] = {NULL};
    return preferences->warnings.count == 0 ? none
                                            : (const char *const *)preferences->warnings.items;
}

void rb_preferences_set_default_release(struct rb_preferences *preferences, const char *release)
{
    struct rb_pin pin;
    struct rb_err err;
    if (rb_pin_parse(RB_PIN_RELEASE, release, &pin, &err) != 0) {
        rb_strlist_addf(&preferences->warnings, "APT::Default-Release: %s", err.text);
        return;
    }
    rb_pin_deinit(&preferences->default_release);
    preferences->default_release = pin;
    preferences->has_default_release = true;
}

bool rb_preferences_name_components(const struct rb_preferences *preferences)
{
    for (size_t i = 0; i < preferences->rule_count; i++) {
        if (preferences->rules[i].pin.asked[RB_PIN_BY_COMPONENT])
            return true;
    }
    return preferences->default_release.asked[RB_PIN_BY_COMPONENT];
}

/* The default release comes before the records; "never" holds wherever it stands. */
bool rb_preferences_of_repository(const struct rb_preferences *preferences,
                                  const struct rb_repository *repository, const char *architecture,
                                  int *ret_priority)
{
    bool found = preferences->has_default_release &&
                 rb_pin_matches_repository(&preferences->default_release, repository, architecture);
    if (found)
        *ret_priority = DEFAULT_RELEASE_PRIORITY;
    for (size_t i = 0; i < preferences->rule_count; i++) {
        const struct rule *rule = &preferences->rules[i];
        if (!rule->for_all || (found && rule->priority != RB_PRIORITY_NEVER))
            continue;
        if (rb_pin_matches_repository(&rule->pin, repository, architecture)) {
            *ret_priority = rule->priority;
            found = true;
        }
    }
    return found;
}

static bool is_of(const struct rule *rule, const struct rb_pin_subject *subject)
{
    if (rule->for_all)
        return false;
    if (rule->architecture == NULL && !subject->is_native)
        return false;
    if (rule->architecture != NULL && !rb_text_equal(rule->architecture, "any") &&
        !(rb_text_equal(rule->architecture, "native") && subject->is_native) &&
        !rb_text_equal(rule->architecture, subject->architecture))
        return false;
    return rb_pattern_matches(&rule->name, rule->for_source ? subject->source_name : subject->name);
}

static bool pin_matches(const struct rb_pin *pin, const struct rb_pin_subject *subject)
{
    if (pin->kind == RB_PIN_VERSION)
        return rb_pin_matches_version(pin, subject->version);
    for (size_t i = 0; i < subject->holder_count; i++) {
        if (rb_pin_matches_repository(pin, subject->holders[i], subject->architecture))
            return true;
    }
    return false;
}

bool rb_preferences_of_version(const struct rb_preferences *preferences,
                               const struct rb_pin_subject *subject, int *ret_priority)
{
    for (size_t i = 0; i < preferences->rule_count; i++) {
        const struct rule *rule = &preferences->rules[i];
        if (is_of(rule, subject) && pin_matches(&rule->pin, subject)) {
            *ret_priority = rule->priority;
            return true;
        }
    }
    return false;
}
