/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fixture.h"
#include "rebake/base/memory.h"

static struct rb_image_row read_image(struct fixture *fixture, int64_t id)
{
    struct rb_err err;
    struct rb_image_row row;
    assert_ok(rb_store_image(fixture->store, id, fixture->arena, &row, &err), &err);
    return row;
}

static struct rb_build_row read_build(struct fixture *fixture, int64_t id)
{
    struct rb_err err;
    struct rb_build_row row;
    assert_ok(rb_store_build(fixture->store, id, fixture->arena, &row, &err), &err);
    return row;
}

static size_t count_builds(struct fixture *fixture, int64_t image_id, bool open_only, size_t limit)
{
    struct rb_err err;
    struct rb_build_row *rows;
    size_t count;
    assert_ok(rb_store_builds(fixture->store, image_id, open_only, limit, fixture->arena, &rows,
                              &count, &err),
              &err);
    for (size_t i = 1; i < count; i++)
        assert_true(rows[i - 1].id > rows[i].id);
    return count;
}

static void images_come_and_go(void **state)
{
    struct fixture *fixture = *state;
    static const char *const KEPT[] = {"app", NULL};
    struct rb_err err;
    struct rb_image_row *rows;
    size_t count;
    int64_t id;
    assert_ok(rb_store_put_image(fixture->store, fixture->pipeline_id, "app", "r3", &id, &err),
              &err);
    assert_int_equal(id, fixture->app_id);
    assert_string_equal(read_image(fixture, id).recipe_hash, "r3");
    assert_string_equal(fixture_events(fixture, 1), "image.changed shop/app");
    assert_ok(rb_store_retain_images(fixture->store, fixture->pipeline_id, KEPT, &err), &err);
    assert_string_equal(fixture_events(fixture, 1), "image.removed shop/runtime");
    assert_ok(rb_store_images(fixture->store, fixture->arena, &rows, &count, &err), &err);
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].name, "app");
    assert_string_equal(rows[0].pipeline, "shop");
    assert_string_equal(rows[0].state, "new");
    assert_string_equal(read_image(fixture, fixture->runtime_id).name, "runtime");
    assert_ok(rb_store_put_image(fixture->store, fixture->pipeline_id, "runtime", "r1", &id, &err),
              &err);
    assert_int_equal(id, fixture->runtime_id);
    assert_string_equal(fixture_events(fixture, 1), "image.added shop/runtime");
    assert_int_equal(rb_store_image(fixture->store, 99, fixture->arena, rows, &err), RB_ENOTFOUND);
}

static void image_state_is_written_when_it_differs(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    int64_t id = fixture->app_id;
    fixture->now = 2000;
    assert_ok(rb_store_set_image_state(fixture->store, id, "held", "its base", "shop/runtime",
                                       "[{\"kind\":\"code\"}]", &err),
              &err);
    struct rb_image_row row = read_image(fixture, id);
    assert_string_equal(row.state, "held");
    assert_string_equal(row.waits_for, "shop/runtime");
    assert_string_equal(row.reasons, "[{\"kind\":\"code\"}]");
    assert_int_equal(row.state_since, 2000);
    assert_string_equal(fixture_events(fixture, 1), "image.state shop/app");
    int64_t generation = rb_store_generation(fixture->store);
    fixture->now = 3000;
    assert_ok(rb_store_set_image_state(fixture->store, id, "held", "its base", "shop/runtime",
                                       "[{\"kind\":\"code\"}]", &err),
              &err);
    assert_int_equal(rb_store_generation(fixture->store), generation);
    assert_ok(
        rb_store_set_image_state(fixture->store, id, "held", "another word", NULL, "[]", &err),
        &err);
    row = read_image(fixture, id);
    assert_string_equal(row.cause, "another word");
    assert_null(row.waits_for);
    assert_int_equal(row.state_since, 2000);
    assert_string_equal(fixture_events(fixture, 2),
                        "deployment.added shop/production\nimage.state shop/app");
    assert_int_equal(rb_store_set_image_state(fixture->store, 99, "new", "", NULL, "[]", &err),
                     RB_ENOTFOUND);
}

static void build_lives_from_queued_to_good(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    struct rb_artifact_row artifact;
    int64_t artifact_id = 0;
    int64_t id = fixture_queue(fixture, fixture->app_id);
    struct rb_build_row row = read_build(fixture, id);
    assert_int_equal(row.state, RB_BUILD_QUEUED);
    assert_string_equal(row.pipeline, "shop");
    assert_string_equal(row.image, "app");
    assert_int_equal(row.created_at, 1000);
    assert_int_equal(row.started_at, 0);
    assert_null(row.job_folder);
    assert_int_equal(row.reason_count, 1);
    assert_string_equal(row.reasons[0].kind, "code");
    assert_string_equal(row.reasons[0].to, "1111");
    assert_int_equal(row.reasons[0].version_id, 0);
    fixture->now = 2000;
    assert_ok(rb_store_start_build(fixture->store, id, "/jobs/1", 0, 0, &err), &err);
    fixture->now = 2500;
    assert_ok(rb_store_start_build(fixture->store, id, "/jobs/1", 77, 88, &err), &err);
    row = read_build(fixture, id);
    assert_int_equal(row.state, RB_BUILD_RUNNING);
    assert_int_equal(row.started_at, 2000);
    assert_int_equal(row.pid, 77);
    assert_int_equal(row.pid_ticks, 88);
    fixture->now = 3000;
    struct rb_build_end end = {.build_id = id,
                               .state = RB_BUILD_SUCCEEDED,
                               .reference = "registry.example.com/shop/app",
                               .digest = DIGEST_A,
                               .size_bytes = 4096,
                               .good = true};
    assert_ok(rb_store_end_build(fixture->store, &end, &artifact_id, &err), &err);
    assert_string_equal(fixture_events(fixture, 4),
                        "build.queued shop/app\nbuild.started shop/app\n"
                        "artifact.created shop/app\nbuild.finished shop/app");
    row = read_build(fixture, id);
    assert_int_equal(row.state, RB_BUILD_SUCCEEDED);
    assert_int_equal(row.finished_at, 3000);
    assert_int_equal(row.artifact_id, artifact_id);
    assert_int_equal(row.pid, 0);
    assert_int_equal(read_image(fixture, fixture->app_id).artifact_id, artifact_id);
    assert_ok(rb_store_artifact(fixture->store, artifact_id, fixture->arena, &artifact, &err),
              &err);
    assert_string_equal(artifact.digest, DIGEST_A);
    assert_string_equal(artifact.image, "app");
    assert_int_equal(artifact.build_id, id);
    assert_int_equal(artifact.size_bytes, 4096);
    assert_true(artifact.good);
    assert_int_equal(rb_store_artifact(fixture->store, 99, fixture->arena, &artifact, &err),
                     RB_ENOTFOUND);
}

static void ended_build_stays_ended(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    int64_t id = fixture_build(fixture, fixture->app_id, RB_BUILD_SUCCEEDED, DIGEST_A);
    struct rb_build_end end = {
        .build_id = id, .state = RB_BUILD_FAILED, .error_class = "timeout", .error = "too late"};
    assert_int_equal(rb_store_end_build(fixture->store, &end, NULL, &err), RB_EINVALID);
    assert_int_equal(rb_store_start_build(fixture->store, id, "/jobs/2", 1, 1, &err), RB_EINVALID);
    assert_int_equal(read_build(fixture, id).state, RB_BUILD_SUCCEEDED);
    end.build_id = 99;
    assert_int_equal(rb_store_end_build(fixture->store, &end, NULL, &err), RB_ENOTFOUND);
}

static void failed_build_tells_why(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    int64_t artifact_id = -1;
    struct rb_build_end end = {.build_id = fixture_queue(fixture, fixture->app_id),
                               .state = RB_BUILD_FAILED,
                               .error_class = "recipe",
                               .error = "step build: exit code 2"};
    assert_ok(rb_store_end_build(fixture->store, &end, &artifact_id, &err), &err);
    struct rb_build_row row = read_build(fixture, end.build_id);
    assert_string_equal(row.error_class, "recipe");
    assert_string_equal(row.error, "step build: exit code 2");
    assert_int_equal(row.artifact_id, 0);
    assert_int_equal(artifact_id, 0);
    assert_int_equal(read_image(fixture, fixture->app_id).artifact_id, 0);
}

static void unresolved_build_marks_what_remains(void **state)
{
    struct fixture *fixture = *state;
    const struct rb_reason reasons[] = {
        {.kind = "package", .subject = "perl", .from = "1", .to = "2"},
        {.kind = "package", .subject = "apt", .from = "3", .to = "4"},
    };
    const bool remains[] = {false, true};
    struct rb_err err;
    int64_t id;
    assert_ok(rb_store_add_build(fixture->store, fixture->app_id, 2, "{}", "l", "k", reasons, 2,
                                 &id, &err),
              &err);
    struct rb_build_end end = {.build_id = id, .state = RB_BUILD_UNRESOLVED, .remains = remains};
    assert_ok(rb_store_end_build(fixture->store, &end, NULL, &err), &err);
    struct rb_build_row row = read_build(fixture, id);
    assert_int_equal(row.attempt, 2);
    assert_int_equal(row.reason_count, 2);
    assert_false(row.reasons[0].remains);
    assert_true(row.reasons[1].remains);
    assert_string_equal(row.reasons[1].subject, "apt");
}

static void good_build_stands_behind_the_artifact(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    struct rb_build_row row;
    int64_t image_id = fixture->app_id;
    assert_int_equal(rb_store_good_build(fixture->store, image_id, fixture->arena, &row, &err),
                     RB_ENOTFOUND);
    int64_t first = fixture_build(fixture, image_id, RB_BUILD_SUCCEEDED, DIGEST_A);
    int64_t same = fixture_build(fixture, image_id, RB_BUILD_UNCHANGED, DIGEST_A);
    assert_int_equal(read_build(fixture, same).artifact_id, read_build(fixture, first).artifact_id);
    fixture_build(fixture, image_id, RB_BUILD_FAILED, NULL);
    assert_ok(rb_store_good_build(fixture->store, image_id, fixture->arena, &row, &err), &err);
    assert_int_equal(row.id, same);
    assert_int_equal(row.reason_count, 1);
    int64_t next = fixture_build(fixture, image_id, RB_BUILD_SUCCEEDED, DIGEST_B);
    int64_t back = fixture_build(fixture, image_id, RB_BUILD_SUCCEEDED, DIGEST_A);
    assert_int_not_equal(read_build(fixture, back).artifact_id,
                         read_build(fixture, first).artifact_id);
    assert_int_equal(read_image(fixture, image_id).artifact_id,
                     read_build(fixture, back).artifact_id);
    assert_true(next < back);
    struct rb_artifact_row artifact;
    assert_ok(rb_store_artifact_by_digest(fixture->store, image_id, DIGEST_A, fixture->arena,
                                          &artifact, &err),
              &err);
    assert_int_equal(artifact.build_id, back);
    assert_int_equal(rb_store_artifact_by_digest(fixture->store, fixture->runtime_id, DIGEST_A,
                                                 fixture->arena, &artifact, &err),
                     RB_ENOTFOUND);
    struct rb_build_end end = {.build_id = fixture_queue(fixture, image_id),
                               .state = RB_BUILD_UNCHANGED,
                               .digest = "sha256:unknown"};
    assert_int_equal(rb_store_end_build(fixture->store, &end, NULL, &err), RB_ENOTFOUND);
    assert_int_equal(read_build(fixture, end.build_id).state, RB_BUILD_QUEUED);
}

static void builds_are_listed(void **state)
{
    struct fixture *fixture = *state;
    fixture_build(fixture, fixture->app_id, RB_BUILD_SUCCEEDED, DIGEST_A);
    fixture_build(fixture, fixture->runtime_id, RB_BUILD_SUCCEEDED, DIGEST_B);
    fixture_queue(fixture, fixture->app_id);
    fixture_queue(fixture, fixture->runtime_id);
    assert_int_equal(count_builds(fixture, 0, false, 0), 4);
    assert_int_equal(count_builds(fixture, 0, false, 3), 3);
    assert_int_equal(count_builds(fixture, 0, true, 0), 2);
    assert_int_equal(count_builds(fixture, fixture->app_id, false, 0), 2);
    assert_int_equal(count_builds(fixture, fixture->app_id, true, 0), 1);
    assert_int_equal(count_builds(fixture, fixture->app_id, false, 1), 1);
}

static void inventory_comes_back_as_it_was(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    json_t *found = NULL;
    int64_t first = fixture_build(fixture, fixture->app_id, RB_BUILD_SUCCEEDED, DIGEST_A);
    int64_t second = fixture_build(fixture, fixture->runtime_id, RB_BUILD_SUCCEEDED, DIGEST_B);
    assert_ok(
        rb_store_inventory(fixture->store, read_build(fixture, first).artifact_id, &found, &err),
        &err);
    assert_string_equal(rb_json_get_string(found, "architecture", ""), "amd64");
    json_decref(found);
    assert_ok(
        rb_store_inventory(fixture->store, read_build(fixture, second).artifact_id, &found, &err),
        &err);
    json_decref(found);
    struct rb_build_end end = {.build_id = fixture_queue(fixture, fixture->app_id),
                               .state = RB_BUILD_SUCCEEDED,
                               .reference = "r",
                               .digest = DIGEST_B,
                               .good = true};
    int64_t artifact_id;
    assert_ok(rb_store_end_build(fixture->store, &end, &artifact_id, &err), &err);
    assert_int_equal(rb_store_inventory(fixture->store, artifact_id, &found, &err), RB_ENOTFOUND);
}

static void request_is_served_by_the_next_build(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    struct rb_request_row *rows;
    size_t count;
    assert_ok(rb_store_add_request(fixture->store, fixture->app_id, "user:root", "to see", &err),
              &err);
    assert_ok(rb_store_add_request(fixture->store, fixture->runtime_id, "user:ann", "", &err),
              &err);
    assert_string_equal(fixture_events(fixture, 1), "image.requested shop/runtime");
    assert_ok(rb_store_open_requests(fixture->store, fixture->arena, &rows, &count, &err), &err);
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].image_id, fixture->app_id);
    assert_string_equal(rows[0].who, "user:root");
    assert_string_equal(rows[0].why, "to see");
    fixture_queue(fixture, fixture->app_id);
    assert_ok(rb_store_open_requests(fixture->store, fixture->arena, &rows, &count, &err), &err);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].image_id, fixture->runtime_id);
    assert_int_equal(rb_store_add_request(fixture->store, 99, "user:root", "", &err), RB_ENOTFOUND);
}

static void pause_holds_until_lifted(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    struct rb_pause_row *rows;
    size_t count;
    assert_ok(rb_store_pause(fixture->store, "shop/app", "user:root", "freeze", 0, &err), &err);
    assert_ok(rb_store_pause(fixture->store, "shop/app", "user:ann", "holiday", 77, &err), &err);
    assert_ok(rb_store_pauses(fixture->store, fixture->arena, &rows, &count, &err), &err);
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].who, "user:ann");
    assert_string_equal(rows[0].why, "holiday");
    assert_int_equal(rows[0].until_at, 77);
    assert_ok(rb_store_resume(fixture->store, "shop/app", "user:root", &err), &err);
    assert_string_equal(fixture_events(fixture, 2), "pause.set shop/app\npause.lifted shop/app");
    assert_int_equal(rb_store_resume(fixture->store, "shop/app", "user:root", &err), RB_ENOTFOUND);
    assert_ok(rb_store_pauses(fixture->store, fixture->arena, &rows, &count, &err), &err);
    assert_int_equal(count, 0);
}

static void a_queued_build_is_replaced(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    const struct rb_reason package = {
        .kind = "package", .subject = "perl", .from = "1", .to = "2", .version_id = 0};
    assert_ok(rb_store_add_request(fixture->store, fixture->app_id, "user:ann", "to see", &err),
              &err);
    int64_t id = fixture_queue(fixture, fixture->app_id);
    assert_ok(rb_store_replace_build(fixture->store, id, 1, "{\"commit\":\"2222\"}", "hash2",
                                     "key2", &package, 1, &err),
              &err);
    struct rb_build_row row = read_build(fixture, id);
    assert_int_equal(row.state, RB_BUILD_QUEUED);
    assert_string_equal(row.input_key, "key2");
    assert_string_equal(row.lock_hash, "hash2");
    assert_int_equal(row.created_at, 1000);
    assert_int_equal(row.reason_count, 1);
    assert_string_equal(row.reasons[0].subject, "perl");
    assert_string_equal(fixture_events(fixture, 1), "build.replaced shop/app");
    assert_ok(rb_store_start_build(fixture->store, id, "/jobs/1", 77, 88, &err), &err);
    assert_int_equal(
        rb_store_replace_build(fixture->store, id, 1, "{}", "h", "k", &package, 1, &err),
        RB_EINVALID);
}

static void who_asked_stays_among_the_reasons(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    const struct rb_reason asked = {.kind = "manual", .subject = "user:ann", .from = "", .to = "x"};
    const struct rb_reason code = {.kind = "code", .subject = "code", .from = "1", .to = "2"};
    int64_t id;
    assert_ok(rb_store_add_build(fixture->store, fixture->app_id, 1, "{}", "h", "k", &asked, 1, &id,
                                 &err),
              &err);
    assert_ok(rb_store_replace_build(fixture->store, id, 1, "{}", "h2", "k2", &code, 1, &err),
              &err);
    struct rb_build_row row = read_build(fixture, id);
    assert_int_equal(row.reason_count, 2);
    assert_string_equal(row.reasons[0].kind, "code");
    assert_string_equal(row.reasons[1].subject, "user:ann");
}

static void what_is_given_up_is_not_the_last(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    struct rb_build_row row;
    int given_up;
    struct rb_build_end end = {.state = RB_BUILD_CANCELED, .error_class = "canceled", .error = "x"};
    int64_t first = fixture_build(fixture, fixture->app_id, RB_BUILD_FAILED, NULL);
    end.build_id = fixture_queue(fixture, fixture->app_id);
    end.given_up = true;
    assert_ok(rb_store_end_build(fixture->store, &end, NULL, &err), &err);
    int64_t running = end.build_id = fixture_queue(fixture, fixture->app_id);
    end.given_up = false;
    assert_ok(rb_store_start_build(fixture->store, running, "/jobs/1", 77, 88, &err), &err);
    assert_ok(rb_store_give_up_build(fixture->store, running, "newer inputs", &err), &err);
    assert_ok(rb_store_end_build(fixture->store, &end, NULL, &err), &err);
    assert_true(read_build(fixture, running).given_up);
    assert_string_equal(read_build(fixture, running).error, "newer inputs");
    assert_ok(
        rb_store_last_build(fixture->store, fixture->app_id, fixture->arena, &row, &given_up, &err),
        &err);
    assert_int_equal(row.id, first);
    assert_int_equal(given_up, 1); /* the other never ran */
    assert_ok(rb_store_last_build(fixture->store, fixture->runtime_id, fixture->arena, &row,
                                  &given_up, &err),
              &err);
    assert_int_equal(row.id, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(images_come_and_go, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(image_state_is_written_when_it_differs, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(build_lives_from_queued_to_good, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(ended_build_stays_ended, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(failed_build_tells_why, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(unresolved_build_marks_what_remains, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(good_build_stands_behind_the_artifact, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(builds_are_listed, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(inventory_comes_back_as_it_was, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(request_is_served_by_the_next_build, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(pause_holds_until_lifted, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_queued_build_is_replaced, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(who_asked_stays_among_the_reasons, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_given_up_is_not_the_last, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("store builds", tests, NULL, NULL);
}
