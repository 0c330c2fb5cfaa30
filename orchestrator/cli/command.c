/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/strlist.h"
#include "rebake/base/text.h"
#include "style.h"

enum { NAME_COLUMN = 14 };

/* How many words of the command line name the command: 0 if they do not. */
static int words_of(const struct rb_command *command, int count, char **words)
{
    const char *space = strchr(command->name, ' ');
    if (space == NULL)
        return count >= 1 && rb_text_equal(words[0], command->name) ? 1 : 0;
    size_t first = (size_t)(space - command->name);
    bool same = count >= 2 && strlen(words[0]) == first &&
                memcmp(words[0], command->name, first) == 0 && rb_text_equal(words[1], space + 1);
    return same ? 2 : 0;
}

static const struct rb_command *find(const struct rb_command *const *commands, int count,
                                     char **words, int *ret_words)
{
    for (; *commands != NULL; commands++) {
        *ret_words = words_of(*commands, count, words);
        if (*ret_words > 0)
            return *commands;
    }
    return NULL;
}

static void print_list(const struct rb_command *const *commands, FILE *out)
{
    struct rb_style style = rb_style_for(out);
    fprintf(out,
            "%sRebake%s rebuilds what runs on you when patched upstream bits land.\n\n"
            "Usage: rebake VERB [ARGUMENT]...\n\n",
            style.bold, style.reset);
    for (; *commands != NULL; commands++) {
        if (!(*commands)->internal)
            fprintf(out, "  %s%-*s%s %s\n", style.name, NAME_COLUMN, (*commands)->name, style.reset,
                    (*commands)->summary);
    }
    fprintf(out, "  %s%-*s%s %s\n", style.name, NAME_COLUMN, "help", style.reset,
            "Tell of one verb: rebake help VERB");
    fputs("\nExit codes: 0 done, 1 failed, 2 wrong command line, 3 no answer (try again later),\n"
          "10 outdated. More in rebake(1).\n",
          out);
}

static void print_usage(const struct rb_command *command, FILE *out)
{
    fprintf(out, "Usage: rebake %s%s%s\n", command->name, *command->arguments == '\0' ? "" : " ",
            command->arguments);
}

static int print_help(const struct rb_command *command)
{
    print_usage(command, stdout);
    printf("\n%s.\n", command->summary);
    if (command->help != NULL)
        printf("\n%s", command->help);
    return RB_EXIT_OK;
}

/* True where a command of two words begins with this one. */
static bool begins_a_name(const struct rb_command *const *commands, const char *word)
{
    size_t size = strlen(word);
    for (; *commands != NULL; commands++) {
        if (strncmp((*commands)->name, word, size) == 0 && (*commands)->name[size] == ' ')
            return true;
    }
    return false;
}

static int refuse_unknown(const struct rb_command *const *commands, int count, char **words)
{
    RB_CLEANUP_FREE char *asked = count > 1 && begins_a_name(commands, words[0])
                                      ? rb_asprintf("%s %s", words[0], words[1])
                                      : rb_strdup(words[0]);
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist names = {0};
    for (; *commands != NULL; commands++)
        rb_strlist_add(&names, (*commands)->name);
    rb_strlist_add(&names, "help");
    const char *nearest = rb_text_nearest(asked, (const char *const *)names.items);
    char shown[64];
    fprintf(stderr, "rebake: there is no verb \"%s\"",
            rb_text_printable(asked, shown, sizeof(shown)));
    if (nearest != NULL)
        fprintf(stderr, " (did you mean \"%s\"?)", nearest);
    fputs("; `rebake help` lists them all\n", stderr);
    return RB_EXIT_USAGE;
}

static int help(const struct rb_command *const *commands, int count, char **words)
{
    if (count == 0) {
        print_list(commands, stdout);
        return RB_EXIT_OK;
    }
    int word_count;
    const struct rb_command *command = find(commands, count, words, &word_count);
    return command == NULL ? refuse_unknown(commands, count, words) : print_help(command);
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && !rb_text_equal(argv[i], "--"); i++) {
        if (rb_text_equal(argv[i], "--help"))
            return true;
    }
    return false;
}

static int run(const struct rb_command *command, int argc, char **argv)
{
    if (asks_for_help(argc, argv))
        return print_help(command);
    RB_CLEANUP_FREE char *name = rb_asprintf("rebake %s", command->name);
    argv[0] = name;
    return command->run(command, argc, argv);
}

static int dispatch(const struct rb_command *const *commands, int argc, char **argv)
{
    if (argc < 2) {
        print_list(commands, stderr);
        return RB_EXIT_USAGE;
    }
    if (rb_text_equal(argv[1], "--version")) {
        puts("rebake " REBAKE_VERSION);
        return RB_EXIT_OK;
    }
    if (rb_text_equal(argv[1], "help") || rb_text_equal(argv[1], "--help") ||
        rb_text_equal(argv[1], "-h"))
        return help(commands, argc - 2, argv + 2);
    int words;
    const struct rb_command *command = find(commands, argc - 1, argv + 1, &words);
    if (command == NULL)
        return refuse_unknown(commands, argc - 1, argv + 1);
    return run(command, argc - words, argv + words);
}

int rb_command_main(const struct rb_command *const *commands, int argc, char **argv)
{
    int code = dispatch(commands, argc, argv);
    /* A full disk behind standard output must not look like success. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        char reason[128];
        fprintf(stderr, "rebake: write to standard output: %s\n",
                strerror_r(errno, reason, sizeof(reason)));
        return RB_EXIT_FAILED;
    }
    return code;
}

int rb_command_usage(const struct rb_command *command, const char *format, ...)
{
    if (format != NULL) {
        va_list arguments;
        va_start(arguments, format);
        fprintf(stderr, "rebake %s: ", command->name);
        vfprintf(stderr, format, arguments);
        fputc('\n', stderr);
        va_end(arguments);
    }
    print_usage(command, stderr);
    return RB_EXIT_USAGE;
}

int rb_command_fail(const struct rb_command *command, const struct rb_err *err)
{
    struct rb_style style = rb_style_for(stderr);
    (void)fflush(stdout);
    fprintf(stderr, "rebake %s: %s%s%s\n", command->name, style.bad, err->text, style.reset);
    return rb_errc_is_transient(err->code) ? RB_EXIT_UNREACHABLE : RB_EXIT_FAILED;
}
