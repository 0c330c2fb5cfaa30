/* SPDX-License-Identifier: Apache-2.0 */
/* What a git check is made of: addresses, the credential store, the messages to the child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/watch/git_code.h"
#include "watch/address.h"
#include "watch/git_credential.h"
#include "watch/git_message.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

static void addresses_are_shown_without_user_info(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *shown;
        const char *user;
        const char *password;
    } CASES[] = {
        {"https://git.example.com/a.git", "https://git.example.com/a.git", NULL, NULL},
        {"https://me@git.example.com/a", "https://git.example.com/a", "me", NULL},
        {"https://me:pa%40ss@git.example.com:8443/a@b", "https://git.example.com:8443/a@b", "me",
         "pa@ss"},
        {"https://a@b:c@git.example.com", "https://git.example.com", "a@b", "c"},
        {"https://:@h/", "https://h/", "", ""},
        {"https://a%00:%zz%4@h/", "https://h/", "a%00", "%zz%4"},
        {"https://h/a?x=u:p@i", "https://h/a?x=u:p@i", NULL, NULL},
        {"git@git.example.com:a/b.git", "git@git.example.com:a/b.git", NULL, NULL},
        {"file:///srv/a@b", "file:///srv/a@b", NULL, NULL},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP_FREE char *shown = rb_address_shown(CASES[i].url);
        RB_CLEANUP_FREE char *user = NULL;
        RB_CLEANUP_FREE char *password = NULL;
        rb_address_user_info(CASES[i].url, &user, &password);
        assert_string_equal(shown, CASES[i].shown);
        assert_true(rb_text_equal(user, CASES[i].user));
        assert_true(rb_text_equal(password, CASES[i].password));
    }
}

static void messages_lose_the_secret(void **state)
{
    (void)state;
    struct rb_err err;
    static const char URL[] = "https://me:s3cr%65t@h/x";
    rb_err_set(&err, RB_EGIT, "cannot ask https://me:s3cr%%65t@h/x: \"s3cret\" and s3cret refused");
    rb_address_scrub(URL, &err);
    assert_string_equal(err.text, "cannot ask https://***@h/x: \"***\" and *** refused");
    rb_err_set(&err, RB_EGIT, "nothing to see");
    rb_address_scrub(URL, &err);
    assert_string_equal(err.text, "nothing to see");
    rb_address_scrub("https://h/x", &err);
    assert_string_equal(err.text, "nothing to see");
}

static void the_credential_store_is_matched(void **state)
{
    (void)state;
    static const char STORE[] = "\n# no comment in this format\n"
                                "https://nobody@git.example.com\n"
                                "https://a:1@git.example.com\r\n"
                                "https://b:2@git.example.com\n"
                                "https://c:3@git.example.com:8443\n"
                                "http://d:4@git.example.com\n"
                                "https://e:5@other.example.com/only/this.git\n"
                                "https://f:%36@Third.example.com";
    static const struct {
        const char *url;
        const char *user;
        const char *password;
    } CASES[] = {
        {"https://git.example.com/x.git", "a", "1"},
        {"https://b@git.example.com/x.git", "b", "2"},
        {"https://z@git.example.com/x.git", NULL, NULL},
        {"https://git.example.com:8443/x", "c", "3"},
        {"https://git.example.com:8444/x", NULL, NULL},
        {"http://git.example.com/x", "d", "4"},
        {"https://other.example.com/only/this.git", "e", "5"},
        {"https://other.example.com/only/that.git", NULL, NULL},
        {"https://third.example.com/", "f", "6"},
        {"https://git.example.com.evil.example/x", NULL, NULL},
        {"ssh://git.example.com/x", NULL, NULL},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP_FREE char *user = NULL;
        RB_CLEANUP_FREE char *password = NULL;
        bool found = rb_git_credential_match(STORE, CASES[i].url, &user, &password);
        assert_int_equal(found, CASES[i].user != NULL);
        assert_true(rb_text_equal(user, CASES[i].user));
        assert_true(rb_text_equal(password, CASES[i].password));
    }
}

static void answers_survive_the_way(void **state)
{
    (void)state;
    RB_CLEANUP_JSON json_t *trees = rb_json_object();
    rb_json_set_string(trees, "a", COMMIT);
    rb_json_set_string(trees, "b", NULL);
    enum rb_trouble trouble = RB_TROUBLE_NONE;
    struct rb_git_answer sent = {.commit = COMMIT,
                                 .tag = "v1.0",
                                 .trees = trees,
                                 .committed_at = 1783762930000,
                                 .rewritten = RB_GIT_REWRITTEN_YES,
                                 .requests = 3,
                                 .bytes = 1234};
    RB_CLEANUP_FREE char *text = rb_git_answer_format(&sent, NULL, RB_TROUBLE_NONE);
    RB_CLEANUP(rb_git_answer_deinit) struct rb_git_answer got = {0};
    assert_int_equal(rb_git_answer_parse(text, strlen(text), &got, &trouble, NULL), 0);
    assert_string_equal(got.commit, COMMIT);
    assert_string_equal(got.tag, "v1.0");
    assert_int_equal(trouble, RB_TROUBLE_NONE);
    assert_true(json_equal(got.trees, trees));
    assert_true(got.committed_at == sent.committed_at && got.bytes == 1234);
    assert_int_equal(got.requests, 3);
    assert_int_equal(got.rewritten, RB_GIT_REWRITTEN_YES);

    struct rb_err told = {.code = RB_EAUTH, .text = "who are you"}, err = {0};
    RB_CLEANUP_FREE char *refusal = rb_git_answer_format(&sent, &told, RB_TROUBLE_DENIED);
    struct rb_git_answer none = {0};
    assert_int_equal(rb_git_answer_parse(refusal, strlen(refusal), &none, &trouble, &err),
                     RB_EAUTH);
    assert_int_equal(trouble, RB_TROUBLE_DENIED);
    assert_string_equal(err.text, "who are you");
}

static void bad_messages_are_refused(void **state)
{
    (void)state;
    enum rb_trouble trouble;
    static const char *const ANSWERS[] = {
        "",
        "[]",
        "{}",
        "{\"commit\":\"" COMMIT "\"}",
        "{\"commit\":\"HEAD\",\"trees\":{}}",
        "{\"commit\":\"0123456789ABCDEF0123456789abcdef01234567\",\"trees\":{}}",
        "{\"commit\":\"" COMMIT "0\",\"trees\":{}}",
        "{\"commit\":\"" COMMIT "\",\"trees\":{\"a\":1}}",
        "{\"commit\":\"" COMMIT "\",\"trees\":{\"a\":\"main\"}}",
        "{\"error\":{\"code\":-1}}",
        "{\"error\":{\"text\":\"x\"}}",
    };
    static const char *const REQUESTS[] = {
        "{}",
        "{\"url\":\"u\",\"mirror\":\"m\",\"known\":null,\"paths\":[],\"knownTrees\":{}}",
        "{\"url\":\"u\",\"ref\":\"main\",\"mirror\":\"m\",\"known\":null,\"paths\":[],"
        "\"knownTrees\":{}}",
        "{\"url\":\"u\",\"ref\":\"refs/heads/b\",\"mirror\":\"m\",\"known\":null,"
        "\"found\":\"x\",\"paths\":[],\"knownTrees\":{}}",
        "{\"url\":\"u\",\"ref\":\"refs/heads/b\",\"mirror\":\"m\",\"known\":null,\"paths\":{},"
        "\"knownTrees\":{}}",
        "{\"url\":\"u\",\"ref\":\"refs/heads/b\",\"mirror\":\"m\",\"known\":null,\"paths\":[\"\"],"
        "\"knownTrees\":{}}",
        "{\"url\":\"u\",\"ref\":\"refs/heads/b\",\"mirror\":\"m\",\"known\":\"x\",\"paths\":[],"
        "\"knownTrees\":{}}",
        "{\"url\":\"u\",\"ref\":\"refs/heads/b\",\"mirror\":\"m\",\"known\":null,\"paths\":[]}",
        "{\"url\":\"u\",\"ref\":\"refs/heads/b\",\"mirror\":\"m\",\"known\":null,\"paths\":[],"
        "\"knownTrees\":{},\"silenceSeconds\":0}",
        "{\"url\":\"u\",\"ref\":\"refs/heads/b\",\"mirror\":\"m\",\"files\":\"f\",\"paths\":[],"
        "\"knownTrees\":{}}",
    };
    for (size_t i = 0; i < RB_COUNT_OF(ANSWERS); i++) {
        struct rb_git_answer answer = {0};
        assert_int_equal(
            rb_git_answer_parse(ANSWERS[i], strlen(ANSWERS[i]), &answer, &trouble, NULL),
            RB_EINVALID);
        assert_null(answer.json);
    }
    for (size_t i = 0; i < RB_COUNT_OF(REQUESTS); i++) {
        struct rb_git_request request = {0};
        assert_int_equal(rb_git_request_parse(REQUESTS[i], strlen(REQUESTS[i]), &request, NULL),
                         RB_EINVALID);
        assert_null(request.json);
    }
    /* a code that we do not have becomes a bug of ours */
    static const char ODD[] = "{\"error\":{\"code\":7,\"text\":\"x\"}}";
    struct rb_git_answer answer = {0};
    assert_int_equal(rb_git_answer_parse(ODD, strlen(ODD), &answer, &trouble, NULL), RB_EINTERNAL);
}

static void a_commit_is_asked_for_alone_or_with_its_history(void **state)
{
    (void)state;
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist init = {0};
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist fetch = {0};
    rb_git_commit_commands("--upload-pack=x", COMMIT, "/r", &init, &fetch);
    assert_string_equal(init.items[init.count - 1], "/r");
    assert_string_equal(fetch.items[fetch.count - 3], "--"); /* a URL is never an option */
    assert_string_equal(fetch.items[fetch.count - 2], "--upload-pack=x");
    assert_string_equal(fetch.items[fetch.count - 1], COMMIT);
    RB_CLEANUP_JSON json_t *json = rb_git_history_request("file:///r", "refs/heads/main", "/m");
    RB_CLEANUP_FREE char *text = rb_json_canonical(json);
    RB_CLEANUP(rb_git_request_deinit) struct rb_git_request request = {0};
    assert_int_equal(rb_git_request_parse(text, strlen(text), &request, NULL), 0);
    assert_string_equal(request.ref, "refs/heads/main");
    assert_string_equal(request.mirror, "/m");
    struct rb_err told;
    static const char REFUSAL[] = "{\"error\":{\"code\":-9,\"text\":\"no route\"}}";
    assert_int_equal(rb_git_history_answer(REFUSAL, strlen(REFUSAL), &told), RB_ENETWORK);
    assert_string_equal(told.text, "no route");
    assert_false(rb_git_has_commit("/nowhere", COMMIT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commit_is_asked_for_alone_or_with_its_history),
        cmocka_unit_test(addresses_are_shown_without_user_info),
        cmocka_unit_test(messages_lose_the_secret),
        cmocka_unit_test(the_credential_store_is_matched),
        cmocka_unit_test(answers_survive_the_way),
        cmocka_unit_test(bad_messages_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
