/* SPDX-License-Identifier: Apache-2.0 */
/* A stack of layers as an image has them, read and looked at as the scan does. The input is cut
   into layers where it has the word "LAYER". */
#include <stdint.h>
#include <string.h>

#include "layer_view.h"
#include "rebake/base/memory.h"

enum { MOST_LAYERS = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
    const uint8_t *data;
    size_t size;
};

static int lend(void *context, const void **ret_data, size_t *ret_size, struct rb_err *err)
{
    struct bytes *bytes = context;
    (void)err;
    size_t piece = bytes->size < 1000 ? bytes->size : 1000;
    *ret_data = bytes->data;
    *ret_size = piece;
    bytes->data += piece;
    bytes->size -= piece;
    return 0;
}

static int read_one(struct bytes bytes, const struct wanted *wanted, struct layer_budget *budget,
                    struct rb_arena *arena, struct layer *layer, struct finds *finds)
{
    const struct layer_source source = {.context = &bytes, .read = lend};
    RB_CLEANUP(layer_stream_cleanup) struct layer_stream *stream = NULL;
    struct rb_err err;
    int status = layer_stream_open(&source, NULL, 64 << 20, &stream, &err);
    return status == 0 ? layer_read(stream, wanted, budget, arena, layer, finds, &err) : status;
}

static int read_linked(struct bytes bytes, struct layer_budget *budget, struct finds *finds)
{
    const struct layer_source source = {.context = &bytes, .read = lend};
    RB_CLEANUP(layer_stream_cleanup) struct layer_stream *stream = NULL;
    struct rb_err err;
    if (!hard_links_need_reading(&finds->links))
        return 0;
    int status = layer_stream_open(&source, NULL, 64 << 20, &stream, &err);
    return status == 0 ? layer_read_linked(stream, budget, finds, &err) : status;
}

static size_t cut(const uint8_t *data, size_t size, struct bytes layers[MOST_LAYERS])
{
    static const char MARK[] = "LAYER";
    size_t count = 0;
    while (count < MOST_LAYERS) {
        const uint8_t *mark = memmem(data, size, MARK, sizeof(MARK) - 1);
        size_t part = mark == NULL ? size : (size_t)(mark - data);
        layers[count++] = (struct bytes){data, part};
        if (mark == NULL)
            break;
        data += part + sizeof(MARK) - 1;
        size -= part + sizeof(MARK) - 1;
    }
    return count;
}

static void look(struct layer_view *view)
{
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist paths = {0};
    struct file_tree tree = layer_view_tree(view);
    struct rb_err err;
    const char *content;
    size_t size;
    layer_view_settle(view);
    RB_ASSERT(tree.list(tree.context, "etc/apt", &paths, &err) == 0);
    rb_strlist_add(&paths, "etc/os-release");
    rb_strlist_add(&paths, "var/lib/dpkg/status");
    for (size_t i = 0; i < paths.count; i++) {
        RB_ASSERT(tree.read(tree.context, paths.items[i], view->arena, &content, &size, &err) == 0);
        RB_ASSERT(content == NULL || content[size] == '\0');
    }
}

static void merge(const struct finds *finds, size_t count)
{
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    RB_CLEANUP(path_set_deinit) struct path_set owned = {0};
    rb_inventory_init(&inventory);
    RB_ASSERT(finds_merge(finds, count, &owned, &inventory, NULL) == 0);
    rb_inventory_sort(&inventory);
    for (size_t i = 0; i < inventory.package_count; i++)
        RB_ASSERT(*inventory.packages[i].name != '\0' && *inventory.packages[i].path != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct wanted wanted = {.arena = arena};
    struct layer_budget budget = {0};
    struct language_budget languages = {0};
    struct bytes inputs[MOST_LAYERS];
    struct layer layers[MOST_LAYERS];
    size_t count = cut(data, size, inputs);
    wanted_add(&wanted, "etc/os-release", false);
    wanted_add(&wanted, "var/lib/dpkg/status", false);
    wanted_add(&wanted, "etc/apt", true);
    struct finds finds[MOST_LAYERS];
    size_t good = 0;
    for (size_t i = 0; i < count; i++)
        finds_init(&finds[i], &languages);
    while (good < count &&
           read_one(inputs[good], &wanted, &budget, arena, &layers[good], &finds[good]) == 0 &&
           read_linked(inputs[good], &budget, &finds[good]) == 0)
        good++;
    if (good == count) {
        struct layer_view view = {
            .arena = arena, .layers = layers, .count = count, .wanted = &wanted};
        look(&view);
        merge(finds, count);
    }
    for (size_t i = 0; i < count; i++)
        finds_deinit(&finds[i]);
    return 0;
}
