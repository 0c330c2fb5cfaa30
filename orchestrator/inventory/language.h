/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packages of languages, each told of by a file that its installer or compiler left, anywhere in an
 * image. Such files are not a database: one that is broken, or larger than any real one, tells
 * nothing, and what stands beside it counts all the same.
 */
#ifndef ORCHESTRATOR_INVENTORY_LANGUAGE_H
#define ORCHESTRATOR_INVENTORY_LANGUAGE_H

#include "rebake/base/strbuf.h"
#include "rebake/inventory/package.h"

/* What reading the files of one image has come to: an image whose files are more work than that of
   any real one is refused. */
struct language_budget {
    uint64_t unpacked_bytes; /* of what is packed in files */
    size_t packages;
};

/* The content of one file, from its beginning. */
struct file_bytes {
    void *context;
    /* Up to room bytes; *ret_size is 0 at the end. */
    int (*read)(void *context, void *buffer, size_t room, size_t *ret_size, struct rb_err *err);
    /* Passes over so many bytes; NULL where that is no cheaper than to read them. */
    int (*skip)(void *context, uint64_t size, struct rb_err *err);
    struct language_budget *budget;
};

enum language_file {
    LANGUAGE_NONE,
    LANGUAGE_PYTHON,  /* NAME.dist-info/METADATA, NAME.egg-info, NAME.egg-info/PKG-INFO */
    LANGUAGE_NPM,     /* node_modules/NAME/package.json */
    LANGUAGE_GEM,     /* specifications/NAME.gemspec */
    LANGUAGE_JAVA,    /* NAME.jar, .war, .ear; .hpi and .jpi of Jenkins */
    LANGUAGE_PROGRAM, /* what may be run */
    LANGUAGE_FILE_COUNT
};

/* What a regular file at that path (without a leading '/') would be read as. */
enum language_file language_file_of(const char *path, bool is_executable);

/* Appends what the file tells. Fails only as reading it does, and with RB_ELIMIT where the budget
   is used up. */
RB_NODISCARD int language_read(enum language_file kind, const char *path,
                               const struct file_bytes *bytes, struct rb_inventory *inventory,
                               struct rb_err *err);

/* ── for the readers of single languages ────────────────────────────────────────────────────── */

/* Fills out, whose maximum says how much is read. False with *ret_status 0 when it is larger. */
bool file_bytes_whole(const struct file_bytes *bytes, struct rb_strbuf *out, int *ret_status,
                      struct rb_err *err);

/* Counts what was unpacked of a file. */
RB_NODISCARD int file_bytes_unpacked(const struct file_bytes *bytes, size_t size,
                                     struct rb_err *err);

/* Adds a package, if name and version are there and nothing that no real ones have is in them. */
void language_add(struct rb_inventory *inventory, enum rb_package_type type, const char *name,
                  const char *version, const char *path);

typedef int language_reader(const char *path, const struct file_bytes *bytes,
                            struct rb_inventory *inventory, struct rb_err *err);
/* Metadata of Python (packaging.python.org, "Core metadata specifications"): fields like those of a
   mail, of which Name and Version are asked for. */
language_reader python_read;
/* package.json (docs.npmjs.com, "package.json"). */
language_reader npm_read;
/* A gem's specification as RubyGems writes it (Gem::Specification#to_ruby). */
language_reader gem_read;
/* A zip file with META-INF/maven/GROUP/ARTIFACT/pom.properties (maven.apache.org, "Maven
   Archiver"), and archives in it. */
language_reader java_read;
/* An ELF file (gABI, chapters 4 and 5) that Go's linker, or cargo auditable, wrote into what it is
   made of. */
language_reader program_read;

#endif
