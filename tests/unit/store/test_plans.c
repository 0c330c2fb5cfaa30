/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status and history stay quick with millions of builds and events because no query walks a table
 * that grows with time. This asks SQLite how it goes about every statement of the store.
 */
#include <string.h>

#include "fixture.h"
#include "query.h"
#include "rebake/base/memory.h"
#include "rebake/store/queue.h"

/* As the plans call them: tables that grow with the pipelines only, and what is no table. */
static const char *const MAY_BE_WALKED[] = {
    "p", "pipelines", "s", "n", "i", "d", "pauses", "json_each", "CONSTANT", "(subquery-1)", NULL};

static void use_sources(struct fixture *fixture)
{
    struct rb_store *store = fixture->store;
    struct rb_arena *arena = fixture->arena;
    struct rb_err err;
    int64_t id;
    size_t n;
    struct rb_check_record check = {.source_id = fixture->source_id, .version = "v1"};
    assert_ok(rb_store_record_check(store, &check, &id, &err), &err);
    check.version = NULL;
    check.detail = "{}";
    assert_ok(rb_store_record_check(store, &check, &id, &err), &err);
    check.error_code = "network";
    assert_ok(rb_store_record_check(store, &check, &id, &err), &err);
    assert_ok(rb_store_set_next_check(store, fixture->source_id, 5, &err), &err);
    assert_ok(rb_store_pipelines(store, arena, &(struct rb_pipeline_row *){0}, &n, &err), &err);
    assert_ok(rb_store_sources(store, arena, &(struct rb_source_row *){0}, &n, &err), &err);
    assert_ok(rb_store_source(store, 1, arena, &(struct rb_source_row){0}, &err), &err);
    assert_ok(rb_store_version(store, 1, arena, &(struct rb_version_row){0}, &err), &err);
    assert_ok(rb_store_versions(store, 1, 1, arena, &(struct rb_version_row *){0}, &n, &err), &err);
    assert_ok(rb_store_put_pipeline(store, "shop", "f", "h", &id, &err), &err);
}

/* Gives the artifact that came out. */
static int64_t use_builds(struct fixture *fixture)
{
    struct rb_store *store = fixture->store;
    struct rb_arena *arena = fixture->arena;
    struct rb_err err;
    int64_t id, image_id = fixture->app_id;
    size_t n;
    assert_ok(rb_store_put_image(store, fixture->pipeline_id, "app", "r9", &id, &err), &err);
    assert_ok(rb_store_set_image_state(store, image_id, "stale", "", NULL, "[]", &err), &err);
    assert_ok(rb_store_images(store, arena, &(struct rb_image_row *){0}, &n, &err), &err);
    fixture_build(fixture, image_id, RB_BUILD_SUCCEEDED, DIGEST_A);
    fixture_build(fixture, image_id, RB_BUILD_UNCHANGED, DIGEST_A);
    struct rb_image_row image;
    assert_ok(rb_store_image(store, image_id, arena, &image, &err), &err);
    const bool remains[] = {true};
    const struct rb_build_end unresolved = {.build_id = fixture_queue(fixture, image_id),
                                            .state = RB_BUILD_UNRESOLVED,
                                            .remains = remains};
    assert_ok(rb_store_end_build(store, &unresolved, NULL, &err), &err);
    assert_ok(rb_store_good_build(store, image_id, arena, &(struct rb_build_row){0}, &err), &err);
    assert_ok(
        rb_store_artifact(store, image.artifact_id, arena, &(struct rb_artifact_row){0}, &err),
        &err);
    assert_ok(rb_store_artifact_by_digest(store, image_id, DIGEST_A, arena,
                                          &(struct rb_artifact_row){0}, &err),
              &err);
    json_t *inventory = NULL;
    assert_ok(rb_store_inventory(store, image.artifact_id, &inventory, &err), &err);
    json_decref(inventory);
    return image.artifact_id;
}

static void use_packages(struct fixture *fixture)
{
    struct rb_store *store = fixture->store;
    struct rb_arena *arena = fixture->arena;
    struct rb_package_row *packages;
    struct rb_holder_row *holders;
    struct rb_err err;
    size_t n;
    RB_CLEANUP_JSON json_t *inventory =
        json_pack("{s:{s:s},s:[{s:s,s:s}]}", "distribution", "id", "debian", "packages", "name",
                  "a", "version", "1");
    fixture_artifact(fixture, fixture->app_id, inventory, DIGEST_B);
    assert_ok(rb_store_packages_named(store, "a", false, arena, &packages, &n, &err), &err);
    assert_ok(rb_store_packages_named(store, "a", true, arena, &packages, &n, &err), &err);
    assert_ok(rb_store_packages(store, 0, 10, arena, &packages, &n, &err), &err);
    assert_ok(rb_store_holders(store, &packages[0].id, 1, true, arena, &holders, &n, &err), &err);
}

static void use_queue(struct fixture *fixture)
{
    struct rb_store *store = fixture->store;
    struct rb_arena *arena = fixture->arena;
    struct rb_err err;
    int64_t ms, id = fixture_queue(fixture, fixture->app_id);
    size_t n;
    const struct rb_build_terms terms = {.priority = 1};
    const struct rb_build_wait wait = {"places", "text", "places"};
    assert_ok(rb_store_set_build_terms(store, id, &terms, &err), &err);
    assert_ok(rb_store_set_build_wait(store, id, &wait, &err), &err);
    assert_ok(rb_store_queue(store, arena, &(struct rb_queue_row *){0}, &n, &err), &err);
    assert_ok(rb_store_queued(store, id, arena, &(struct rb_queue_row){0}, &err), &err);
    assert_ok(rb_store_build_use(store, 1, 1, arena, &(struct rb_build_use *){0}, &n, &err), &err);
    assert_ok(rb_store_expected_build_ms(store, fixture->app_id, &ms, &err), &err);
    bool joined;
    assert_ok(rb_store_add_request(store, fixture->app_id, "user:root", "", &err), &err);
    assert_ok(rb_store_join_requests(store, id, 70, &joined, &err), &err);
    assert_true(joined);
    const struct rb_build_account image = {.image_id = fixture->app_id}, all = {.pipeline_id = 1};
    assert_ok(rb_store_build_spent(store, &image, &ms, &id, &err), &err);
    assert_ok(rb_store_build_spent(store, &all, &ms, &id, &err), &err);
}

static void use_decisions(struct fixture *fixture)
{
    struct rb_store *store = fixture->store;
    struct rb_arena *arena = fixture->arena;
    struct rb_err err;
    struct rb_decision_row row = {
        .subject = "rebuild", .image_id = fixture->app_id, .key = "k", .word = "hold"};
    int64_t id;
    size_t n;
    RB_CLEANUP_JSON json_t *input = json_pack("{s:s}", "subject", "rebuild"), *read = NULL;
    assert_ok(rb_store_add_decision(store, &row, input, &id, &err), &err);
    assert_ok(rb_store_decision_input(store, id, &read, &err), &err);
    assert_ok(rb_store_build_stands_on(store, 1, id, &err), &err);
    row.image_id = 0;
    row.deployment_id = 1;
    row.subject = "deploy";
    assert_ok(rb_store_add_decision(store, &row, NULL, &id, &err), &err);
    assert_ok(rb_store_rollout_stands_on(store, 1, id, &err), &err);
    assert_ok(rb_store_decision(store, id, arena, &row, &err), &err);
    for (int64_t i = 0; i < 3; i++)
        assert_ok(rb_store_decisions(store, i & 1, i >> 1, 9, arena, &(struct rb_decision_row *){0},
                                     &n, &err),
                  &err);
    assert_ok(rb_store_set_deployment_held(store, 1, "on-hold", "", &err), &err);
}

static void use_words(struct fixture *fixture)
{
    struct rb_store *store = fixture->store;
    struct rb_arena *arena = fixture->arena;
    struct rb_err err;
    size_t n;
    assert_ok(rb_store_add_request(store, fixture->app_id, "user:root", "", &err), &err);
    assert_ok(rb_store_open_requests(store, arena, &(struct rb_request_row *){0}, &n, &err), &err);
    assert_ok(rb_store_pause(store, "all", "user:root", "", 0, &err), &err);
    assert_ok(rb_store_pauses(store, arena, &(struct rb_pause_row *){0}, &n, &err), &err);
    assert_ok(rb_store_resume(store, "all", "user:root", &err), &err);
    assert_ok(rb_store_events(store, NULL, 0, 9, arena, &(struct rb_event *){0}, &n, &err), &err);
    assert_ok(rb_store_events(store, "build:1", 0, 9, arena, &(struct rb_event *){0}, &n, &err),
              &err);
    assert_ok(rb_store_events(store, "x", 0, 9, arena, &(struct rb_event *){0}, &n, &err), &err);
}

static void use_deployments(struct fixture *fixture, int64_t artifact_id)
{
    struct rb_store *store = fixture->store;
    struct rb_arena *arena = fixture->arena;
    const struct rb_drift_item item = {"file", "/a", "", "added"};
    struct rb_err err;
    int64_t id;
    size_t n;
    assert_ok(rb_store_record_observation(store, 1, &item, 1, NULL, 0, &err), &err);
    for (int i = 0; i < 2; i++) {
        assert_ok(rb_store_add_rollout(store, 1, "deploy", artifact_id, "s1", &id, &err), &err);
        assert_ok(rb_store_start_rollout(store, id, "/j", 1, 1, &err), &err);
        assert_ok(rb_store_end_rollout(store, id, i == 0 ? "no" : NULL, 0, &err), &err);
    }
    assert_ok(rb_store_deployments(store, arena, &(struct rb_deployment_row *){0}, &n, &err), &err);
    assert_ok(rb_store_deployment(store, 1, arena, &(struct rb_deployment_row){0}, &err), &err);
    assert_ok(rb_store_set_next_observe(store, 1, 1, &err), &err);
    assert_ok(rb_store_put_deployment(store, 1, "production", fixture->app_id, "s2", &id, &err),
              &err);
}

static void use_lists(struct fixture *fixture)
{
    struct rb_store *store = fixture->store;
    struct rb_arena *arena = fixture->arena;
    struct rb_err err;
    size_t n;
    for (int variant = 0; variant < 4; variant++) {
        bool open_only = (variant & 1) != 0;
        int64_t of = (variant & 2) != 0 ? 1 : 0;
        struct rb_build_row *builds;
        struct rb_rollout_row *rollouts;
        struct rb_drift_row *drift;
        assert_ok(rb_store_builds(store, of, open_only, 9, arena, &builds, &n, &err), &err);
        assert_ok(rb_store_rollouts(store, of, open_only, 9, arena, &rollouts, &n, &err), &err);
        assert_ok(rb_store_artifact_rollouts(store, 1, 9, arena, &rollouts, &n, &err), &err);
        assert_ok(rb_store_drift(store, of, open_only, 9, arena, &drift, &n, &err), &err);
    }
}

/* Lets the store prepare every statement that it has. */
static void use_everything(struct fixture *fixture)
{
    static const char *const NONE[] = {NULL};
    struct rb_err err;
    use_sources(fixture);
    use_words(fixture);
    use_queue(fixture);
    use_packages(fixture);
    use_deployments(fixture, use_builds(fixture));
    use_decisions(fixture);
    use_lists(fixture);
    assert_ok(rb_store_retain_deployments(fixture->store, 1, NONE, &err), &err);
    assert_ok(rb_store_retain_images(fixture->store, 1, NONE, &err), &err);
    assert_ok(rb_store_retain_sources(fixture->store, 1, NONE, &err), &err);
}

/* "SCAN b USING INDEX x": the name after the first word. A partial index of what is open holds few
   rows, however long the history is. */
static bool may_be_walked(const char *step)
{
    const char *name = step + strlen("SCAN ");
    size_t size = strcspn(name, " ");
    for (size_t i = 0; MAY_BE_WALKED[i] != NULL; i++) {
        if (strlen(MAY_BE_WALKED[i]) == size && strncmp(MAY_BE_WALKED[i], name, size) == 0)
            return true;
    }
    return strstr(step, "_open") != NULL;
}

static void check_plan(sqlite3 *db, const char *sql, struct rb_arena *arena)
{
    sqlite3_stmt *plan;
    const char *walks = NULL;
    bool uses_open_index = false, sorts = false;
    const char *question = rb_arena_printf(arena, "EXPLAIN QUERY PLAN %s", sql);
    assert_int_equal(sqlite3_prepare_v2(db, question, -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(plan, 3);
        if (strncmp(step, "SCAN ", 5) == 0 && !may_be_walked(step))
            walks = rb_arena_strdup(arena, step);
        uses_open_index = uses_open_index || strstr(step, "_open") != NULL;
        sorts = sorts || strstr(step, "TEMP B-TREE") != NULL;
    }
    assert_int_equal(sqlite3_finalize(plan), SQLITE_OK);
    if (walks != NULL)
        fail_msg("%s\n  walks a table: %s", sql, walks);
    if (sorts && !uses_open_index && strstr(sql, "LIMIT") != NULL)
        fail_msg("%s\n  sorts what it could read in order", sql);
}

static void no_query_walks_what_grows(void **state)
{
    struct fixture *fixture = *state;
    int checked = 0;
    use_everything(fixture);
    for (size_t i = 0; i < STATEMENTS_MAXIMUM; i++) {
        const char *sql = fixture->store->statements[i].sql;
        if (sql == NULL || strstr(sql, "migrations") != NULL || strstr(sql, "pragma") != NULL ||
            strstr(sql, "sqlite_schema") != NULL)
            continue;
        check_plan(fixture->store->db, sql, fixture->arena);
        checked++;
    }
    assert_true(checked > 60);
}

/* The check above can fail: it sees a query that has no index. */
static void plan_of_a_missing_index_would_be_seen(void **state)
{
    struct fixture *fixture = *state;
    sqlite3_stmt *plan;
    assert_int_equal(sqlite3_prepare_v2(fixture->store->db,
                                        "EXPLAIN QUERY PLAN SELECT * FROM events WHERE name = 'x'",
                                        -1, &plan, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(plan), SQLITE_ROW);
    const char *step = (const char *)sqlite3_column_text(plan, 3);
    assert_int_equal(strncmp(step, "SCAN ", 5), 0);
    assert_false(may_be_walked(step));
    assert_int_equal(sqlite3_finalize(plan), SQLITE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_query_walks_what_grows, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(plan_of_a_missing_index_would_be_seen, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("store query plans", tests, NULL, NULL);
}
