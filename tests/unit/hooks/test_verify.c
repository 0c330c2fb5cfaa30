/* SPDX-License-Identifier: Apache-2.0 */
/* The schemes themselves: what is missing, empty, short, old, or signed with another secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"

#define CLEAN_SAMPLE RB_CLEANUP(sample_deinit) struct sample_request

static void signatures_of_no_length_that_fits_are_none(void **state)
{
    static const char *const values[] = {
        "",
        "sha256=",
        "sha256=00",
        "sha1=0000000000000000000000000000000000000000",
        "sha256=zz00000000000000000000000000000000000000000000000000000000000000",
        "sha256=000000000000000000000000000000000000000000000000000000000000000",
        "sha256=00000000000000000000000000000000000000000000000000000000000000000"};
    const struct rb_hook_settings hook = sample_hook(RB_HOOK_GITHUB);
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(values); i++) {
        CLEAN_SAMPLE sample = sample_of("{}");
        sample_set(&sample, "X-Hub-Signature-256", values[i]);
        assert_outcome(sample_verify(&sample, &hook), RB_HOOK_UNSIGNED);
        assert_string_equal(sample.key, "");
    }
}

/* RFC 4231, test case 2. */
static void the_vector_of_the_rfc_holds(void **state)
{
    const struct rb_hook_settings hook = sample_hook(RB_HOOK_GITEA);
    CLEAN_SAMPLE sample = sample_of("what do ya want for nothing?");
    (void)state;
    setenv("REBAKE_SECRET_SAMPLE", "Jefe", 1);
    sample_set(&sample, "X-Gitea-Signature",
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_outcome(sample_verify(&sample, &hook), RB_HOOK_ACCEPTED);
    sample_set(&sample, "X-Gitea-Signature",
               "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843");
    assert_outcome(sample_verify(&sample, &hook), RB_HOOK_ACCEPTED);
    setenv("REBAKE_SECRET_SAMPLE", SAMPLE_SECRET, 1);
    assert_outcome(sample_verify(&sample, &hook), RB_HOOK_FORGED);
}

/* standard-webhooks, spec/standard-webhooks.md and its libraries' own test. */
static void the_vector_of_standard_webhooks_holds(void **state)
{
    const struct rb_hook_settings hook = sample_hook(RB_HOOK_STANDARD);
    CLEAN_SAMPLE sample = sample_of("{\"test\": 2432232314}");
    (void)state;
    setenv("REBAKE_SECRET_SAMPLE", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 1);
    sample_set(&sample, "webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek");
    sample_set(&sample, "webhook-timestamp", "1614265330");
    sample_set(&sample, "webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    sample.request.now_at = INT64_C(1614265330) * 1000;
    assert_outcome(sample_verify(&sample, &hook), RB_HOOK_ACCEPTED);
    sample.request.now_at += RB_HOOK_TOLERANCE_MS + 1000;
    assert_outcome(sample_verify(&sample, &hook), RB_HOOK_STALE);
    sample.request.now_at -= 2 * RB_HOOK_TOLERANCE_MS + 2000;
    assert_outcome(sample_verify(&sample, &hook), RB_HOOK_STALE);
    setenv("REBAKE_SECRET_SAMPLE", SAMPLE_SECRET, 1);
}

static void standard_parts_that_are_missing_are_no_proof(void **state)
{
    static const char *const names[] = {"webhook-id", "webhook-timestamp", "webhook-signature"};
    static const char *const values[] = {
        "", "v1,", "v1,AAAA", "v2,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "00000000000000000000000000000000000000000000000000000000000000000001"};
    const struct rb_hook_settings hook = sample_hook(RB_HOOK_STANDARD);
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(names); i++) {
        CLEAN_SAMPLE sample = sample_of("{}");
        sample_set(&sample, "webhook-id", "id");
        sample_sign_standard(&sample, SAMPLE_SECRET, SAMPLE_NOW);
        sample_set(&sample, names[i], "");
        assert_outcome(sample_verify(&sample, &hook), RB_HOOK_UNSIGNED);
    }
    for (size_t i = 0; i < RB_COUNT_OF(values); i++) {
        CLEAN_SAMPLE sample = sample_of("{}");
        sample_set(&sample, "webhook-id", "id");
        sample_sign_standard(&sample, SAMPLE_SECRET, SAMPLE_NOW);
        sample_set(&sample, i < 4 ? "webhook-signature" : "webhook-timestamp", values[i]);
        assert_outcome(sample_verify(&sample, &hook), RB_HOOK_UNSIGNED);
    }
}

static void gitlab_may_sign_or_send_the_secret(void **state)
{
    const struct rb_hook_settings hook = sample_hook(RB_HOOK_GITLAB);
    CLEAN_SAMPLE sample = sample_of("{}");
    (void)state;
    sample_set(&sample, "X-Gitlab-Token", "it is no secret of anybody's!");
    assert_outcome(sample_verify(&sample, &hook), RB_HOOK_FORGED);
    sample_set(&sample, "X-Gitlab-Token", "it is no secret");
    assert_outcome(sample_verify(&sample, &hook), RB_HOOK_FORGED);
    sample_set(&sample, "X-Gitlab-Token", SAMPLE_SECRET);
    assert_outcome(sample_verify(&sample, &hook), RB_HOOK_ACCEPTED);
    assert_string_equal(sample.key, "");
    sample_set(&sample, "webhook-id", "id");
    sample_sign_standard(&sample, "another secret", SAMPLE_NOW);
    assert_outcome(sample_verify(&sample, &hook), RB_HOOK_FORGED);
    sample_sign_standard(&sample, SAMPLE_SECRET, SAMPLE_NOW);
    assert_outcome(sample_verify(&sample, &hook), RB_HOOK_ACCEPTED);
    assert_string_not_equal(sample.key, "");
}

static void a_static_secret_may_stand_in_four_places(void **state)
{
    /* base64 of "robot:it is no secret of anybody's" and of "robot" */
    static const char basic[] = "Basic cm9ib3Q6aXQgaXMgbm8gc2VjcmV0IG9mIGFueWJvZHkncw==";
    const struct rb_hook_settings hook = sample_hook(RB_HOOK_QUAY);
    static const struct {
        const char *value;
        enum rb_hook_outcome outcome;
    } headers[] = {{SAMPLE_SECRET, RB_HOOK_ACCEPTED},
                   {"Bearer " SAMPLE_SECRET, RB_HOOK_ACCEPTED},
                   {"bearer " SAMPLE_SECRET, RB_HOOK_ACCEPTED},
                   {basic, RB_HOOK_ACCEPTED},
                   {"Bearer ", RB_HOOK_FORGED},
                   {"Basic cm9ib3Q=", RB_HOOK_FORGED},
                   {"Basic ====", RB_HOOK_FORGED},
                   {"", RB_HOOK_UNSIGNED}};
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(headers); i++) {
        CLEAN_SAMPLE sample = sample_of("{}");
        sample_set(&sample, "Authorization", headers[i].value);
        assert_outcome(sample_verify(&sample, &hook), headers[i].outcome);
    }
    CLEAN_SAMPLE sample = sample_of("{}");
    sample.parameter_name = "token";
    sample.parameter_value = SAMPLE_SECRET;
    assert_outcome(sample_verify(&sample, &hook), RB_HOOK_ACCEPTED);
    sample.parameter_value = "";
    assert_outcome(sample_verify(&sample, &hook), RB_HOOK_UNSIGNED);
    sample.parameter_value = "x";
    assert_outcome(sample_verify(&sample, &hook), RB_HOOK_FORGED);
}

static void two_secrets_are_good_while_one_is_replaced(void **state)
{
    struct rb_hook_settings hook = sample_hook(RB_HOOK_GITHUB);
    CLEAN_SAMPLE old = sample_of("{\"n\":1}");
    CLEAN_SAMPLE new = sample_of("{\"n\":2}");
    (void)state;
    sample_sign(&old, RB_HOOK_GITHUB, SAMPLE_SECRET);
    sample_sign(&new, RB_HOOK_GITHUB, "the new one");
    setenv("REBAKE_SECRET_SAMPLE_NEW", "the new one", 1);
    hook.secret = "sample-new";
    assert_outcome(sample_verify(&old, &hook), RB_HOOK_FORGED);
    hook.previous_secret = "sample";
    assert_outcome(sample_verify(&old, &hook), RB_HOOK_ACCEPTED);
    assert_outcome(sample_verify(&new, &hook), RB_HOOK_ACCEPTED);
    hook.previous_secret = "absent";
    assert_outcome(sample_verify(&new, &hook), RB_HOOK_ACCEPTED);
    assert_outcome(sample_verify(&old, &hook), RB_HOOK_FORGED);
    hook.secret = "absent";
    assert_outcome(sample_verify(&old, &hook), RB_HOOK_NO_SECRET);
}

/* Who saw a request go by can send it again, but cannot make another one of it. */
static void the_key_is_what_the_proof_covers(void **state)
{
    const struct rb_hook_settings hook = sample_hook(RB_HOOK_GITHUB);
    CLEAN_SAMPLE one = sample_of("{\"n\":1}");
    CLEAN_SAMPLE again = sample_of("{\"n\":1}");
    CLEAN_SAMPLE other = sample_of("{\"n\":2}");
    (void)state;
    sample_sign(&one, RB_HOOK_GITHUB, SAMPLE_SECRET);
    sample_sign(&again, RB_HOOK_GITHUB, SAMPLE_SECRET);
    sample_sign(&other, RB_HOOK_GITHUB, SAMPLE_SECRET);
    sample_set(&again, "X-GitHub-Delivery", "another id");
    assert_outcome(sample_verify(&one, &hook), RB_HOOK_ACCEPTED);
    assert_outcome(sample_verify(&again, &hook), RB_HOOK_ACCEPTED);
    assert_outcome(sample_verify(&other, &hook), RB_HOOK_ACCEPTED);
    assert_string_equal(one.key, again.key);
    assert_string_not_equal(one.key, other.key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_of_no_length_that_fits_are_none),
        cmocka_unit_test(the_vector_of_the_rfc_holds),
        cmocka_unit_test(the_vector_of_standard_webhooks_holds),
        cmocka_unit_test(standard_parts_that_are_missing_are_no_proof),
        cmocka_unit_test(gitlab_may_sign_or_send_the_secret),
        cmocka_unit_test(a_static_secret_may_stand_in_four_places),
        cmocka_unit_test(two_secrets_are_good_while_one_is_replaced),
        cmocka_unit_test(the_key_is_what_the_proof_covers),
    };
    return cmocka_run_group_tests(tests, sample_set_up, NULL);
}
