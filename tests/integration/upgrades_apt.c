/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upgrades_apt SEED WORLDS: makes random worlds (installed packages, repositories, preferences, a
 * default release) and asks both rb_upgrades_find and `apt list --upgradable` what is behind in
 * each. apt reads the very files that are parsed here, from a root of its own, without network.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/random.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/strlist.h"
#include "rebake/base/text.h"
#include "rebake/inventory/upgrade.h"
#include "rebake/loop/process.h"

enum { REPOSITORIES_MAX = 5, NAMES = 40, TEXT_MAX = 1 << 22 };

static const char *const versions[] = {"0.9",   "1.0",   "1.0-1",   "1.0-1+b1", "1.0-2", "1.1~rc1",
                                       "1.1-1", "1.2-1", "1.2-1.1", "2.0-1",    "1:0.5", "1:1.0-1"};
static const char *const suites[] = {"stable", "testing", "experimental", "stable-backports",
                                     "oldstable"};
static const char *const codenames[] = {"bookworm", "trixie", "rc-buggy", "bookworm-backports",
                                        "bullseye"};
static const char *const origins[] = {"Debian", "Ubuntu", "Example Corp"};
static const char *const labels[] = {"Debian", "Debian-Security", "example"};
static const char *const releases[] = {"12.5", "13", "11.9"};
static const char *const components[] = {"main", "contrib"};
static const char *const sites[] = {"mirror.example.com", "deb.example.org", "one.example.net"};

struct world {
    struct rb_random random;
    char *folder;
    struct rb_strbuf status;
    struct rb_strbuf preferences;
    struct rb_strbuf sources;
    char *default_release; /* NULL: none */
    struct rb_repository repositories[REPOSITORIES_MAX];
    size_t repository_count;
};

static void must(int status, const struct rb_err *err)
{
    if (status == 0)
        return;
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static bool chance(struct world *world, unsigned percent)
{
    return rb_random_below(&world->random, 100) < percent;
}

#define PICK(world, list) ((list)[rb_random_below(&(world)->random, RB_COUNT_OF(list))])

static void write_file(const char *folder, const char *name, const char *text)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", folder, name);
    struct rb_err err;
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
        must(rb_err_set(&err, RB_EIO, "write %s", path), &err);
}

/* Some versions of some packages are of "all". One version is never both: apt takes two builds of
   one version for different versions, of which an index with one knows nothing. */
static const char *architecture_of(unsigned name, const char *version, const char *architecture)
{
    unsigned sum = name;
    for (const char *at = version; *at != '\0'; at++)
        sum = sum * 31 + (unsigned char)*at;
    return sum % 5 == 0 ? "all" : architecture;
}

static void stanza(struct rb_strbuf *out, unsigned name, const char *version,
                   const char *architecture)
{
    rb_strbuf_printf(out,
                     "Package: p%u\nSource: s%u\nVersion: %s\nArchitecture: %s\n"
                     "Multi-Arch: same\nMaintainer: nobody <nobody@example.com>\n"
                     "Description: x\n",
                     name, name % 10, version, architecture);
}

static void make_status(struct world *world)
{
    for (unsigned name = 0; name < NAMES; name++) {
        const char *version = PICK(world, versions);
        bool foreign = chance(world, 20);
        for (int i = 0; i <= (int)foreign; i++) {
            if (i == 1 && rb_text_equal(architecture_of(name, version, ""), "all"))
                continue;
            stanza(&world->status, name, version,
                   architecture_of(name, version, i == 1 ? "i386" : "amd64"));
            rb_strbuf_printf(&world->status, "Status: %s ok installed\n\n",
                             chance(world, 10) ? "hold" : "install");
        }
    }
}

/* Where apt keeps a downloaded file: its URL with '/' written as '_'. */
static char *list_name(const struct rb_repository *repository, const char *rest)
{
    char *name =
        rb_asprintf("lists/%s_debian_dists_%s_%s", repository->site, repository->name, rest);
    return name;
}

static struct rb_index *index_packages(struct world *world, const char *const *texts)
{
    struct rb_err err;
    struct rb_index_builder *builder = rb_index_builder_new();
    for (; *texts != NULL; texts++) {
        must(rb_index_builder_feed(builder, *texts, strlen(*texts), &err), &err);
        must(rb_index_builder_end_file(builder, "Packages", &err), &err);
    }
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/index", world->folder);
    must(rb_index_builder_write(builder, path, &err), &err);
    rb_index_builder_free(builder);
    struct rb_index *index = NULL;
    must(rb_index_open(path, &index, &err), &err);
    return index;
}

static void write_release(struct world *world, const struct rb_repository *repository)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf release = RB_STRBUF_INIT(TEXT_MAX);
    rb_strbuf_printf(&release,
                     "Origin: %s\nLabel: %s\nSuite: %s\nCodename: %s\nVersion: %s\n"
                     "Components: main contrib\nArchitectures: amd64 i386\n"
                     "Date: Sat, 11 Jul 2026 09:42:10 UTC\n",
                     repository->origin, repository->label, repository->suite, repository->codename,
                     repository->version);
    if (repository->not_automatic)
        rb_strbuf_puts(&release, "NotAutomatic: yes\n");
    if (repository->but_automatic_upgrades)
        rb_strbuf_puts(&release, "ButAutomaticUpgrades: yes\n");
    RB_CLEANUP_FREE char *name = list_name(repository, "Release");
    write_file(world->folder, name, rb_strbuf_text(&release));
}

static void make_packages(struct world *world, struct rb_repository *repository)
{
    static const char *const architectures[] = {"amd64", "i386"};
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf amd64 = RB_STRBUF_INIT(TEXT_MAX);
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf i386 = RB_STRBUF_INIT(TEXT_MAX);
    for (unsigned i = 0; i < NAMES * 2; i++) {
        unsigned name = (unsigned)rb_random_below(&world->random, NAMES);
        const char *version = PICK(world, versions);
        const char *architecture = architecture_of(name, version, PICK(world, architectures));
        struct rb_strbuf *lists[] = {&amd64, &i386};
        for (int list = 0; list < 2; list++) {
            if (!rb_text_equal(architecture, architectures[1 - list])) {
                stanza(lists[list], name, version, architecture);
                rb_strbuf_printf(lists[list], "Filename: pool/p%u.deb\nSize: 1\n\n", name);
            }
        }
    }
    const char *texts[] = {rb_strbuf_text(&amd64), rb_strbuf_text(&i386), NULL};
    repository->index = index_packages(world, texts);
    for (size_t i = 0; i < 2; i++) {
        RB_CLEANUP_FREE char *rest =
            rb_asprintf("%s_binary-%s_Packages", repository->component, architectures[i]);
        RB_CLEANUP_FREE char *name = list_name(repository, rest);
        write_file(world->folder, name, texts[i]);
    }
}

static void make_repository(struct world *world, size_t number)
{
    static const char *const folders[] = {"r0", "r1", "r2", "r3", "r4"};
    struct rb_repository *repository = &world->repositories[world->repository_count++];
    size_t suite = rb_random_below(&world->random, RB_COUNT_OF(suites));
    *repository = (struct rb_repository){
        .name = folders[number],
        .site = PICK(world, sites),
        .suite = suites[suite],
        .codename = codenames[suite],
        .origin = PICK(world, origins),
        .label = PICK(world, labels),
        .version = PICK(world, releases),
        .component = PICK(world, components),
        .not_automatic = chance(world, 30),
    };
    repository->but_automatic_upgrades = chance(world, repository->not_automatic ? 50 : 5);
    rb_strbuf_printf(&world->sources, "deb [trusted=yes] http://%s/debian %s %s\n",
                     repository->site, repository->name, repository->component);
    write_release(world, repository);
    make_packages(world, repository);
}

static void make_names(struct world *world)
{
    struct rb_strbuf *out = &world->preferences;
    rb_strbuf_puts(out, "Package:");
    for (int i = 0; i == 0 || chance(world, 30); i++) {
        unsigned number = (unsigned)rb_random_below(&world->random, NAMES);
        switch (rb_random_below(&world->random, 9)) {
        case 0:
            rb_strbuf_printf(out, " p%u*", number % 10);
            break;
        case 1:
            rb_strbuf_printf(out, " /^p[0-9]*%u$/", number % 10);
            break;
        case 2:
            rb_strbuf_printf(out, " src:s%u", number % 10);
            break;
        case 3:
            rb_strbuf_printf(out, " p%u:i386", number);
            break;
        case 4:
            rb_strbuf_printf(out, " p?%u:any", number % 10);
            break;
        case 5:
            rb_strbuf_puts(out, " src:s[0-4]:i386");
            break;
        default:
            rb_strbuf_printf(out, " p%u", number);
            break;
        }
    }
    rb_strbuf_putc(out, '\n');
}

static void make_release_pin(struct world *world)
{
    struct rb_strbuf *out = &world->preferences;
    rb_strbuf_puts(out, "Pin: release ");
    switch (rb_random_below(&world->random, 9)) {
    case 0:
        rb_strbuf_puts(out, PICK(world, suites));
        break;
    case 1:
        rb_strbuf_puts(out, PICK(world, codenames));
        break;
    case 2:
        rb_strbuf_puts(out, chance(world, 50) ? "12*" : "13");
        break;
    case 3:
        rb_strbuf_puts(out, chance(world, 20) ? "*" : "a=now");
        break;
    case 4:
        rb_strbuf_printf(out, "o=%s, a=%s", PICK(world, origins), PICK(world, suites));
        break;
    case 5:
        rb_strbuf_printf(out, "l=%s,v=%s", PICK(world, labels), chance(world, 50) ? "1*" : "12.5");
        break;
    case 6:
        rb_strbuf_printf(out, "c=%s", PICK(world, components));
        break;
    case 7:
        rb_strbuf_puts(out, "n=/^book/");
        break;
    default:
        rb_strbuf_puts(out, "N=book*, x=ignored");
        break;
    }
    rb_strbuf_putc(out, '\n');
}

static void make_record(struct world *world)
{
    static const int priorities[] = {-1, 1, 50, 99, 100, 101, 499, 500, 501, 990, 999, 1000, 1001};
    static const char *const patterns[] = {"*1", "1.?-1*", "1:*", "/^1\\.0/"};
    struct rb_strbuf *out = &world->preferences;
    bool for_all = chance(world, 40);
    unsigned kind = (unsigned)rb_random_below(&world->random, for_all ? 2 : 3);
    if (for_all)
        rb_strbuf_puts(out, "Package: *\n");
    else
        make_names(world);
    if (kind == 0)
        rb_strbuf_printf(out, "Pin: origin %s\n", chance(world, 10) ? "\"\"" : PICK(world, sites));
    else if (kind == 1)
        make_release_pin(world);
    else
        rb_strbuf_printf(out, "Pin: version %s%s\n",
                         chance(world, 20) ? PICK(world, patterns) : PICK(world, versions),
                         chance(world, 20) ? "*" : "");
    if (for_all && chance(world, 10))
        rb_strbuf_puts(out, "Pin-Priority: never\n\n");
    else
        rb_strbuf_printf(out, "Pin-Priority: %d\n\n", PICK(world, priorities));
}

static void make_world(struct world *world, uint64_t seed)
{
    struct rb_err err;
    *world = (struct world){
        .status = RB_STRBUF_INIT(TEXT_MAX),
        .preferences = RB_STRBUF_INIT(TEXT_MAX),
        .sources = RB_STRBUF_INIT(TEXT_MAX),
    };
    rb_random_seed(&world->random, seed);
    must(rb_folder_make_temporary("/tmp/rebake-upgrades-", &world->folder, &err), &err);
    static const char *const folders[] = {"lists/partial", "cache/archives/partial", "parts"};
    for (size_t i = 0; i < RB_COUNT_OF(folders); i++) {
        RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", world->folder, folders[i]);
        must(rb_folder_make(path, 0755, &err), &err);
    }
    make_status(world);
    size_t count = 1 + rb_random_below(&world->random, REPOSITORIES_MAX);
    for (size_t i = 0; i < count; i++)
        make_repository(world, i);
    for (int i = 0; i < 6 && chance(world, 70); i++)
        make_record(world);
    if (chance(world, 20))
        world->default_release =
            rb_strdup(world->repositories[rb_random_below(&world->random, count)].suite);
    write_file(world->folder, "status", rb_strbuf_text(&world->status));
    write_file(world->folder, "preferences", rb_strbuf_text(&world->preferences));
    write_file(world->folder, "sources.list", rb_strbuf_text(&world->sources));
}

static void free_world(struct world *world, bool keep_folder)
{
    struct rb_err err;
    if (!keep_folder)
        must(rb_tree_remove(world->folder, &err), &err);
    for (size_t i = 0; i < world->repository_count; i++)
        rb_index_close((struct rb_index *)(uintptr_t)world->repositories[i].index);
    rb_strbuf_deinit(&world->status);
    rb_strbuf_deinit(&world->preferences);
    rb_strbuf_deinit(&world->sources);
    rb_free(world->default_release);
    rb_free(world->folder);
}

static void add_answer(struct rb_strlist *answers, const char *name, const char *architecture,
                       const char *version)
{
    bool foreign = rb_text_equal(architecture, "i386");
    rb_strlist_addf(answers, "%s:%s %s", name, foreign ? "i386" : "native", version);
}

static void ask_rebake(const struct world *world, struct rb_strlist *answers)
{
    struct rb_err err;
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    rb_inventory_init(&inventory);
    must(rb_inventory_add_dpkg(&inventory, world->status.data, world->status.size, false, "status",
                               &err),
         &err);
    inventory.architecture = "amd64";
    rb_inventory_sort(&inventory);
    struct rb_preferences *preferences = rb_preferences_new();
    must(rb_preferences_add(preferences, rb_strbuf_text(&world->preferences),
                            world->preferences.size, "preferences", &err),
         &err);
    if (world->default_release != NULL)
        rb_preferences_set_default_release(preferences, world->default_release);
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_upgrade *upgrades;
    size_t count = rb_upgrades_find(&inventory, world->repositories, world->repository_count,
                                    preferences, arena, &upgrades);
    for (size_t i = 0; i < count; i++)
        add_answer(answers, upgrades[i].package->name, upgrades[i].package->architecture,
                   upgrades[i].available);
    rb_preferences_free(preferences);
    rb_strlist_sort(answers);
}

static void ask_apt(const struct world *world, struct rb_strlist *answers)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf config = RB_STRBUF_INIT(TEXT_MAX);
    rb_strbuf_printf(&config,
                     "Dir::State::status \"%s/status\";\nDir::State::lists \"%s/lists\";\n"
                     "Dir::Cache \"%s/cache\";\nDir::Etc::sourcelist \"%s/sources.list\";\n"
                     "Dir::Etc::sourceparts \"%s/parts\";\nDir::Etc::preferences "
                     "\"%s/preferences\";\nDir::Etc::preferencesparts \"%s/parts\";\n"
                     "Dir::Etc::parts \"%s/parts\";\nDir::Etc::main \"/dev/null\";\n"
                     "APT::Architecture \"amd64\";\nAPT::Architectures:: \"amd64\";\n"
                     "APT::Architectures:: \"i386\";\nAcquire::Languages \"none\";\n",
                     world->folder, world->folder, world->folder, world->folder, world->folder,
                     world->folder, world->folder, world->folder);
    if (world->default_release != NULL)
        rb_strbuf_printf(&config, "APT::Default-Release \"%s\";\n", world->default_release);
    write_file(world->folder, "apt.conf", rb_strbuf_text(&config));
    RB_CLEANUP_FREE char *variable = rb_asprintf("APT_CONFIG=%s/apt.conf", world->folder);
    const char *const arguments[] = {"apt", "list", "--upgradable", NULL};
    const char *const environment[] = {variable, "LC_ALL=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/bin",
                                       NULL};
    struct rb_process_options options = {
        .arguments = arguments,
        .environment = environment,
        .output_maximum = TEXT_MAX,
        .errors_maximum = TEXT_MAX,
        .timeout_ms = 60000,
    };
    struct rb_err err;
    RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
    must(rb_process_run(&options, &result, &err), &err);
    must(rb_process_check(&result, "apt list", &err), &err);
    char *rest = NULL;
    for (char *line = strtok_r(result.output, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char name[64], version[64], architecture[64];
        if (sscanf(line, "%63[^/]/%*s %63s %63s [upgradable", name, version, architecture) == 3)
            add_answer(answers, name, architecture, version);
    }
    rb_strlist_sort(answers);
}

static int print_difference(const struct rb_strlist *left, const struct rb_strlist *right,
                            const char *sayer)
{
    int count = 0;
    for (size_t i = 0; i < left->count; i++) {
        if (rb_strlist_contains(right, left->items[i]))
            continue;
        printf("  only %s: %s\n", sayer, left->items[i]);
        count++;
    }
    return count;
}

int main(int argc, char **argv)
{
    uint64_t seed, worlds;
    if (argc != 3 || !rb_text_to_u64(argv[1], &seed) || !rb_text_to_u64(argv[2], &worlds)) {
        fputs("usage: upgrades_apt SEED WORLDS\n", stderr);
        return 2;
    }
    int differences = 0;
    size_t answers = 0;
    for (uint64_t i = 0; i < worlds; i++) {
        struct world world;
        make_world(&world, seed + i);
        RB_CLEANUP(rb_strlist_deinit) struct rb_strlist ours = {0};
        RB_CLEANUP(rb_strlist_deinit) struct rb_strlist theirs = {0};
        ask_rebake(&world, &ours);
        ask_apt(&world, &theirs);
        int here =
            print_difference(&ours, &theirs, "rebake") + print_difference(&theirs, &ours, "apt");
        if (here > 0)
            printf("seed %llu differs; see APT_CONFIG=%s/apt.conf apt policy\n",
                   (unsigned long long)(seed + i), world.folder);
        differences += here;
        answers += theirs.count;
        free_world(&world, here > 0);
    }
    printf("%llu worlds from seed %llu: apt named %zu upgrades, %d answers differ\n",
           (unsigned long long)worlds, (unsigned long long)seed, answers, differences);
    return differences > 0 || answers == 0;
}
