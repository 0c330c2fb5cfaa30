/* SPDX-License-Identifier: Apache-2.0 */
/* What every provider's parser makes of any body, and what sources that would be. */
#include "hook_input.h"
#include "rebake/base/memory.h"
#include "rebake/hooks/directory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct rb_source SOURCES[] = {
    {.kind = RB_SOURCE_GIT,
     .git = {.url = "https://git.example.com/shop/code.git", .branch = "main"}},
    {.kind = RB_SOURCE_IMAGE,
     .image = {.repository = "registry.example.com/shop/app", .tag = "1"}}};

static void look_up(const struct rb_hook_news *news, struct rb_arena *arena)
{
    struct rb_hook_directory *directory = rb_hook_directory_new();
    struct rb_hook_match *matches;
    rb_hook_directory_add(directory, "shop/code", &SOURCES[0], 0);
    rb_hook_directory_add(directory, "shop/app", &SOURCES[1], 1);
    RB_ASSERT(rb_hook_directory_find(directory, news, NULL, arena, &matches) <= 2);
    rb_hook_directory_free(directory);
}

/* What is stored is read back as it was. */
static void store_and_read(const struct rb_hook_news *news, struct rb_arena *arena)
{
    RB_CLEANUP_JSON json_t *things = rb_hook_things_json(news);
    RB_CLEANUP_FREE char *text = rb_json_canonical(things);
    struct rb_hook_news again;
    struct rb_err err;
    RB_ASSERT(rb_hook_things_read(text, arena, &again, &err) == 0);
    RB_CLEANUP_JSON json_t *things_again = rb_hook_things_json(&again);
    RB_ASSERT(json_equal(things, things_again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hook_input input;
    struct rb_hook_news news;
    struct rb_err err;
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    if (hook_input_read(&input, data, size) &&
        rb_hook_parse(&input.hook, &input.request, arena, &news, &err) == 0) {
        RB_ASSERT(news.count <= RB_HOOK_THINGS_MAXIMUM);
        look_up(&news, arena);
        store_and_read(&news, arena);
    }
    hook_input_deinit(&input);
    return 0;
}
