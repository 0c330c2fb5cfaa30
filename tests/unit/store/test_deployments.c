/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fixture.h"
#include "rebake/base/memory.h"

static struct rb_deployment_row read_deployment(struct fixture *fixture)
{
    struct rb_err err;
    struct rb_deployment_row *rows;
    size_t count;
    assert_ok(rb_store_deployments(fixture->store, fixture->arena, &rows, &count, &err), &err);
    assert_int_equal(count, 1);
    return rows[0];
}

static int64_t make_artifact(struct fixture *fixture, const char *digest)
{
    struct rb_err err;
    struct rb_build_row row;
    int64_t id = fixture_build(fixture, fixture->app_id, RB_BUILD_SUCCEEDED, digest);
    assert_ok(rb_store_build(fixture->store, id, fixture->arena, &row, &err), &err);
    return row.artifact_id;
}

static int64_t start_rollout(struct fixture *fixture, int64_t artifact_id)
{
    struct rb_err err;
    int64_t id;
    assert_ok(rb_store_add_rollout(fixture->store, fixture->production_id, "deploy", artifact_id,
                                   "s1", &id, &err),
              &err);
    assert_ok(rb_store_start_rollout(fixture->store, id, "/jobs/r1", 5, 6, &err), &err);
    return id;
}

static size_t count_drift(struct fixture *fixture, bool open_only)
{
    struct rb_err err;
    struct rb_drift_row *rows;
    size_t count;
    assert_ok(rb_store_drift(fixture->store, fixture->production_id, open_only, 0, fixture->arena,
                             &rows, &count, &err),
              &err);
    return count;
}

static void observe(struct fixture *fixture, const struct rb_drift_item *items, size_t count,
                    const char *error)
{
    struct rb_err err;
    assert_ok(rb_store_record_observation(fixture->store, fixture->production_id, items, count,
                                          error, fixture->now + 300, &err),
              &err);
}

static void deployments_come_and_go(void **state)
{
    struct fixture *fixture = *state;
    static const char *const NONE[] = {NULL};
    struct rb_err err;
    struct rb_deployment_row *rows;
    size_t count;
    int64_t id;
    struct rb_deployment_row row = read_deployment(fixture);
    assert_string_equal(row.state, "new");
    assert_string_equal(row.image, "app");
    assert_int_equal(row.artifact_id, 0);
    assert_null(row.digest);
    assert_null(row.rolled_spec_hash);
    assert_ok(rb_store_put_deployment(fixture->store, fixture->pipeline_id, "production",
                                      fixture->runtime_id, "s2", &id, &err),
              &err);
    assert_int_equal(id, fixture->production_id);
    row = read_deployment(fixture);
    assert_string_equal(row.image, "runtime");
    assert_string_equal(row.spec_hash, "s2");
    assert_string_equal(fixture_events(fixture, 1), "deployment.changed shop/production");
    assert_ok(rb_store_retain_deployments(fixture->store, fixture->pipeline_id, NONE, &err), &err);
    assert_string_equal(fixture_events(fixture, 1), "deployment.removed shop/production");
    assert_ok(rb_store_deployments(fixture->store, fixture->arena, &rows, &count, &err), &err);
    assert_int_equal(count, 0);
    assert_ok(rb_store_deployment(fixture->store, id, fixture->arena, &row, &err), &err);
    assert_string_equal(row.name, "production");
    assert_int_equal(rb_store_deployment(fixture->store, 99, fixture->arena, &row, &err),
                     RB_ENOTFOUND);
    assert_string_equal(err.text, "there is no deployment 99");
    assert_ok(rb_store_put_deployment(fixture->store, fixture->pipeline_id, "production",
                                      fixture->app_id, "s2", &id, &err),
              &err);
    assert_int_equal(id, fixture->production_id);
    assert_string_equal(fixture_events(fixture, 1), "deployment.added shop/production");
}

static void rollout_that_succeeds(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    struct rb_rollout_row *rows;
    size_t count;
    int64_t artifact_id = make_artifact(fixture, DIGEST_A);
    fixture->now = 2000;
    int64_t id = start_rollout(fixture, artifact_id);
    struct rb_deployment_row row = read_deployment(fixture);
    assert_string_equal(row.state, "deploying");
    assert_int_equal(row.state_since, 2000);
    assert_int_equal(row.artifact_id, 0);
    assert_ok(rb_store_rollouts(fixture->store, 0, true, 0, fixture->arena, &rows, &count, &err),
              &err);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].id, id);
    assert_string_equal(rows[0].deployment, "production");
    assert_string_equal(rows[0].digest, DIGEST_A);
    assert_string_equal(rows[0].job_folder, "/jobs/r1");
    assert_int_equal(rows[0].pid, 5);
    assert_int_equal(rows[0].pid_ticks, 6);
    fixture->now = 3000;
    assert_ok(rb_store_end_rollout(fixture->store, id, NULL, 0, &err), &err);
    row = read_deployment(fixture);
    assert_string_equal(row.state, "healthy");
    assert_string_equal(row.digest, DIGEST_A);
    assert_string_equal(row.rolled_spec_hash, "s1");
    assert_int_equal(row.artifact_id, artifact_id);
    assert_string_equal(fixture_events(fixture, 2), "deployment.started shop/production\n"
                                                    "deployment.succeeded shop/production");
    assert_ok(rb_store_rollouts(fixture->store, 0, true, 0, fixture->arena, &rows, &count, &err),
              &err);
    assert_int_equal(count, 0);
    assert_ok(rb_store_artifact_rollouts(fixture->store, artifact_id, 5, fixture->arena, &rows,
                                         &count, &err),
              &err);
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].state, "succeeded");
    assert_ok(
        rb_store_artifact_rollouts(fixture->store, 99, 5, fixture->arena, &rows, &count, &err),
        &err);
    assert_int_equal(count, 0);
    assert_int_equal(rb_store_end_rollout(fixture->store, id, NULL, 0, &err), RB_EINVALID);
    assert_int_equal(rb_store_start_rollout(fixture->store, id, "/x", 1, 1, &err), RB_EINVALID);
    assert_int_equal(rb_store_end_rollout(fixture->store, 99, NULL, 0, &err), RB_ENOTFOUND);
}

static void failures_count_for_what_is_wanted(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    int64_t id;
    int64_t first = make_artifact(fixture, DIGEST_A);
    for (int i = 1; i <= 2; i++) {
        id = start_rollout(fixture, first);
        assert_ok(rb_store_end_rollout(fixture->store, id, "not healthy", 9000 + i, &err), &err);
        struct rb_deployment_row row = read_deployment(fixture);
        assert_string_equal(row.state, "failed");
        assert_string_equal(row.cause, "not healthy");
        assert_int_equal(row.failures, i);
        assert_int_equal(row.retry_at, 9000 + i);
    }
    int64_t second = make_artifact(fixture, DIGEST_B);
    assert_int_equal(read_deployment(fixture).failures, 0);
    assert_int_equal(read_deployment(fixture).retry_at, 0);
    id = start_rollout(fixture, second);
    assert_ok(rb_store_end_rollout(fixture->store, id, "no", 9900, &err), &err);
    assert_int_equal(read_deployment(fixture).failures, 1);
    assert_ok(rb_store_put_deployment(fixture->store, fixture->pipeline_id, "production",
                                      fixture->app_id, "s2", &id, &err),
              &err);
    assert_int_equal(read_deployment(fixture).failures, 0);
}

static void drift_is_found_kept_and_resolved(void **state)
{
    struct fixture *fixture = *state;
    const struct rb_drift_item items[] = {
        {"file", "/etc/motd", "as in the image", "changed"},
        {"file", "/etc/new", "as in the image", "added"},
    };
    struct rb_err err;
    struct rb_drift_row *rows;
    size_t count;
    observe(fixture, NULL, 0, NULL);
    assert_string_equal(read_deployment(fixture).state, "healthy");
    observe(fixture, items, 2, NULL);
    struct rb_deployment_row row = read_deployment(fixture);
    assert_string_equal(row.state, "drifted");
    assert_string_equal(row.cause, "file /etc/motd: changed, and 1 more");
    assert_int_equal(row.observed_at, 1000);
    assert_int_equal(row.next_observe_at, 1300);
    assert_string_equal(fixture_events(fixture, 1), "drift.found shop/production");
    fixture->now = 2000;
    observe(fixture, items, 1, NULL);
    assert_int_equal(count_drift(fixture, true), 1);
    assert_int_equal(count_drift(fixture, false), 2);
    assert_string_equal(fixture_events(fixture, 1), "drift.resolved shop/production");
    assert_ok(rb_store_drift(fixture->store, 0, true, 5, fixture->arena, &rows, &count, &err),
              &err);
    assert_string_equal(rows[0].subject, "/etc/motd");
    assert_string_equal(rows[0].expected, "as in the image");
    assert_int_equal(rows[0].first_seen_at, 1000);
    assert_int_equal(rows[0].last_seen_at, 2000);
    assert_int_equal(rows[0].resolved_at, 0);
    observe(fixture, items, 1, NULL); /* the same again is no news */
    assert_string_equal(fixture_events(fixture, 1), "drift.resolved shop/production");
    observe(fixture, items, 2, NULL); /* what came back is a new difference */
    assert_int_equal(count_drift(fixture, false), 3);
}

static void rollout_resolves_drift(void **state)
{
    struct fixture *fixture = *state;
    const struct rb_drift_item item = {"stopped", "shop-production", "running", "exited"};
    struct rb_err err;
    int64_t artifact_id = make_artifact(fixture, DIGEST_A);
    observe(fixture, &item, 1, NULL);
    int64_t id = start_rollout(fixture, artifact_id);
    assert_int_equal(count_drift(fixture, true), 1);
    assert_ok(rb_store_end_rollout(fixture->store, id, NULL, 0, &err), &err);
    assert_int_equal(count_drift(fixture, true), 0);
    assert_string_equal(fixture_events(fixture, 2), "deployment.succeeded shop/production\n"
                                                    "drift.resolved shop/production");
}

static void target_that_cannot_be_asked(void **state)
{
    struct fixture *fixture = *state;
    const struct rb_drift_item item = {"file", "/a", "", "changed"};
    struct rb_err err;
    observe(fixture, &item, 1, NULL);
    fixture->now = 2000;
    observe(fixture, NULL, 0, "podman: no answer");
    observe(fixture, NULL, 0, "podman: no answer");
    struct rb_deployment_row row = read_deployment(fixture);
    assert_string_equal(row.state, "unreachable");
    assert_string_equal(row.cause, "podman: no answer");
    assert_int_equal(row.observed_at, 1000);
    assert_int_equal(count_drift(fixture, true), 1);
    observe(fixture, &item, 1, NULL);
    assert_string_equal(read_deployment(fixture).state, "drifted");
    assert_string_equal(fixture_events(fixture, 3),
                        "drift.found shop/production\ndeployment.unreachable shop/production\n"
                        "deployment.reachable shop/production");
    assert_int_equal(rb_store_record_observation(fixture->store, 99, &item, 1, NULL, 0, &err),
                     RB_ENOTFOUND);
}

static void event_names_only_the_first_of_many(void **state)
{
    struct fixture *fixture = *state;
    struct rb_drift_item items[100];
    struct rb_err err;
    struct rb_event *events;
    json_t *data = NULL;
    size_t count;
    for (size_t i = 0; i < RB_COUNT_OF(items); i++)
        items[i] = (struct rb_drift_item){"file", rb_arena_printf(fixture->arena, "/f%zu", i), "",
                                          "added"};
    observe(fixture, items, RB_COUNT_OF(items), NULL);
    assert_int_equal(count_drift(fixture, true), 100);
    assert_ok(rb_store_events(fixture->store, "shop/production", 0, 1, fixture->arena, &events,
                              &count, &err),
              &err);
    assert_ok(rb_json_parse(events[0].data, strlen(events[0].data), "event", &data, &err), &err);
    assert_int_equal(rb_json_get_integer(data, "count", 0), 100);
    assert_int_equal(json_array_size(json_object_get(data, "items")), 20);
    json_decref(data);
}

static void next_look_is_set(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    assert_ok(rb_store_set_next_observe(fixture->store, fixture->production_id, 77, &err), &err);
    assert_int_equal(read_deployment(fixture).next_observe_at, 77);
    assert_int_equal(rb_store_set_next_observe(fixture->store, 99, 1, &err), RB_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(deployments_come_and_go, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(rollout_that_succeeds, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(failures_count_for_what_is_wanted, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(drift_is_found_kept_and_resolved, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(rollout_resolves_drift, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(target_that_cannot_be_asked, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(event_names_only_the_first_of_many, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(next_look_is_set, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("store deployments", tests, NULL, NULL);
}
