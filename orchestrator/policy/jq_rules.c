/* SPDX-License-Identifier: Apache-2.0 */
#include "jq_rules.h"

#include <jq.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"

enum { PROGRAM_MAXIMUM = 4 << 20, MESSAGE_MAXIMUM = 1023 };

struct jq_rules {
    jq_state *jq;
    char message[MESSAGE_MAXIMUM + 1]; /* the first that libjq has for us; "" none */
};

static void take_message(void *context, jv message)
{
    struct jq_rules *rules = context;
    jv text = jq_format_error(message);
    if (rules->message[0] == '\0' && jv_get_kind(text) == JV_KIND_STRING)
        rb_text_printable(jv_string_value(text), rules->message, sizeof(rules->message));
    jv_free(text);
}

static jv no_more_input(jq_state *jq, void *context)
{
    (void)jq;
    (void)context;
    return jv_invalid();
}

static void drop_debug(void *context, jv message)
{
    (void)context;
    jv_free(message);
}

/* Nothing but the input is to be seen: no further inputs, no modules, no debug output. libjq leaves
   callbacks that nobody sets as they are in memory. */
static jq_state *new_state(struct jq_rules *rules)
{
    jq_state *jq = jq_init();
    RB_ASSERT(jq != NULL);
    jq_set_attr(jq, jv_string("JQ_LIBRARY_PATH"), jv_array());
    jq_set_error_cb(jq, take_message, rules);
    jq_set_input_cb(jq, no_more_input, NULL);
    jq_set_debug_cb(jq, drop_debug, NULL);
    return jq;
}

/* "jq: error: syntax error, unexpected $end (Unix shell quoting issues?) at <top-level>, line 1:"
   to what a person can use. The message is cut in its place. */
static const char *short_message(char *message)
{
    static const char PREFIX[] = "jq: error: ";
    static const char *const tails[] = {" (Unix shell", " at <top-level>"};
    for (size_t i = 0; i < RB_COUNT_OF(tails); i++) {
        char *tail = strstr(message, tails[i]);
        if (tail != NULL)
            *tail = '\0';
    }
    return rb_text_starts_with(message, PREFIX) ? message + strlen(PREFIX) : message;
}

static bool compiles_alone(const struct rb_policy_rule *rule, struct rb_diagnostics *diagnostics)
{
    struct jq_rules alone = {0};
    alone.jq = new_state(&alone);
    bool good = jq_compile(alone.jq, rule->when);
    jq_teardown(&alone.jq);
    if (!good)
        rb_diagnostics_add(diagnostics, &rule->when_place, "write an expression of jq: .threat.kev",
                           "rule \"%s\": when: %s", rule->name, short_message(alone.message));
    return good;
}

/* A line of its own for each, since it may end with a comment. Nothing but the input is to be seen
   of the world, nor anything be said to it. */
static void write_program(const struct rb_policy_rule *const *rules, size_t count,
                          struct rb_strbuf *program)
{
    rb_strbuf_puts(program, "def env: {}; def stderr: .; {} as $ENV | .[0] as $__rule | .[1] |\n");
    for (size_t i = 0; i < count; i++)
        rb_strbuf_printf(program, "%s $__rule == %zu then (\n%s\n)\n", i == 0 ? "if" : "elif", i,
                         rules[i]->when == NULL ? "true" : rules[i]->when);
    rb_strbuf_printf(program, count == 0 ? "false" : "else false end");
}

struct jq_rules *jq_rules_new(const struct rb_policy_rule *const *rules, size_t count,
                              struct rb_diagnostics *diagnostics)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf program = RB_STRBUF_INIT(PROGRAM_MAXIMUM);
    struct jq_rules *compiled = rb_zalloc(sizeof(*compiled));
    compiled->jq = new_state(compiled);
    write_program(rules, count, &program);
    if (jq_compile(compiled->jq, rb_strbuf_text(&program)))
        return compiled;
    bool is_told = false;
    for (size_t i = 0; i < count; i++)
        is_told = (rules[i]->when != NULL && !compiles_alone(rules[i], diagnostics)) || is_told;
    if (!is_told)
        rb_diagnostics_add(diagnostics, &rules[0]->place, "write them so that each stands alone",
                           "the rules' jq does not compile: %s", short_message(compiled->message));
    jq_rules_free(compiled);
    return NULL;
}

void jq_rules_free(struct jq_rules *rules)
{
    if (rules == NULL)
        return;
    jq_teardown(&rules->jq);
    rb_free(rules);
}

jv jq_value_of(const json_t *json)
{
    jv value;
    const char *key;
    json_t *member;
    size_t i;
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        value = jv_object();
        json_object_foreach((json_t *)json, key, member)
        {
            value = jv_object_set(value, jv_string(key), jq_value_of(member));
        }
        return value;
    case JSON_ARRAY:
        value = jv_array_sized((int)json_array_size(json) + 1);
        json_array_foreach(json, i, member)
        {
            value = jv_array_append(value, jq_value_of(member));
        }
        return value;
    case JSON_STRING:
        return jv_string_sized(json_string_value(json), (int)json_string_length(json));
    case JSON_INTEGER:
        return jv_number((double)json_integer_value(json));
    case JSON_REAL:
        return jv_number(json_real_value(json));
    case JSON_TRUE:
        return jv_true();
    case JSON_FALSE:
        return jv_false();
    case JSON_NULL:
        break;
    }
    return jv_null();
}

static int no_answer(struct jq_rules *rules, jv result, struct rb_err *err)
{
    if (jv_invalid_has_msg(jv_copy(result))) {
        jv message = jv_invalid_get_msg(jv_copy(result));
        if (jv_get_kind(message) == JV_KIND_STRING)
            rb_text_printable(jv_string_value(message), rules->message, sizeof(rules->message));
        jv_free(message);
    }
    if (rules->message[0] != '\0')
        return rb_err_set(err, RB_EINVALID, "its jq failed: %s", short_message(rules->message));
    return rb_err_set(err, RB_EINVALID,
                      "its jq gave nothing; write it so that it is true or false");
}

int jq_rules_match(struct jq_rules *rules, size_t index, jv input, bool *ret_matches,
                   struct rb_err *err)
{
    rules->message[0] = '\0';
    jv pair = jv_array_append(jv_array_append(jv_array_sized(2), jv_number((double)index)),
                              jv_copy(input));
    jq_start(rules->jq, pair, 0);
    jv result = jq_next(rules->jq);
    int status = 0;
    switch (jv_get_kind(result)) {
    case JV_KIND_TRUE:
        *ret_matches = true;
        break;
    case JV_KIND_FALSE:
    case JV_KIND_NULL:
        *ret_matches = false;
        break;
    case JV_KIND_INVALID:
        status = no_answer(rules, result, err);
        break;
    case JV_KIND_NUMBER:
    case JV_KIND_STRING:
    case JV_KIND_ARRAY:
    case JV_KIND_OBJECT:
        status = rb_err_set(err, RB_EINVALID,
                            "its jq gave a value of kind %s; write it so that it "
                            "is true or false",
                            jv_kind_name(jv_get_kind(result)));
        break;
    }
    jv_free(result);
    return status;
}
