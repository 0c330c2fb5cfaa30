#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Shows that each check can fail: a small tree that all of them pass is spoilt in one place at a time,
# and the check must then fail and name that place.
set -euo pipefail

tests=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
good=$scratch/good
spoilt=$scratch/spoilt
failures=0

make_good_tree() {
  mkdir -p "$good"/{cmake,include/rebake/{base,loop},orchestrator/{base,loop},tests}
  cp "$tests/../.clang-format" "$good/"
  cp "$tests"/../cmake/*.cmake "$good/cmake/"
  printf 'set(REBAKE_ROOMS\n  orchestrator/base orchestrator/loop)\n' >"$good/CMakeLists.txt"
  printf 'rebake_room(base SOURCES memory.c)\n' >"$good/orchestrator/base/CMakeLists.txt"
  printf 'rebake_room(loop SOURCES turn.c PUBLIC rebake::base)\n' >"$good/orchestrator/loop/CMakeLists.txt"
  c_file include/rebake/base/memory.h '#include <stddef.h>' 'void *rb_alloc(size_t size);'
  c_file include/rebake/loop/turn.h 'int rb_turn(void);'
  c_file orchestrator/base/memory.c '#include "rebake/base/memory.h"' '#include <stdlib.h>' \
    'void *rb_alloc(size_t size)' '{' '    return malloc(size);' '}'
  c_file orchestrator/loop/turn.c '#include "rebake/loop/turn.h"' '#include "rebake/base/memory.h"' \
    '/* "quoted", and strcpy(a, b) in a comment is no call */' 'const char *words = "system(1)";'
  printf '#!/usr/bin/env bash\n# SPDX-License-Identifier: Apache-2.0\necho "$@"\n' >"$good/tests/run.sh"
}

# c_file PATH LINE...: a file of the good tree, below the licence.
c_file() {
  local path=$good/$1
  shift
  printf '%s\n' '/* SPDX-License-Identifier: Apache-2.0 */' "$@" >"$path"
}

# expect CHECK PASS|TEXT: what the check says of the spoilt tree.
expect() {
  local output status=0
  output=$("$tests/check-$1" "$spoilt" 2>&1) || status=$?
  if [ "$2" = PASS ] && [ $status -eq 0 ] && [ -z "$output" ]; then return; fi
  if [ "$2" != PASS ] && [ $status -eq 1 ] && grep -qF -- "$2" <<<"$output"; then return; fi
  failures=$((failures + 1))
  printf 'check-%s: expected %s, got status %s and:\n%s\n' "$1" "$2" "$status" "$output"
}

# fails CHECK TEXT PATH LINE...: lines added to a file of the tree make the check say the text.
fails() {
  local check=$1 text=$2 path=$3
  shift 3
  rm -rf "$spoilt"
  cp -r "$good" "$spoilt"
  printf '%s\n' "$@" >>"$spoilt/$path"
  expect "$check" "$text"
}

make_good_tree
cp -r "$good" "$spoilt"
for check in "$tests"/check-*[a-z]; do
  [ -x "$check" ] || continue
  expect "${check##*/check-}" PASS
done

turn=orchestrator/loop/turn.c
memory=orchestrator/base/memory.c
fails floors "$memory:8: \"rebake/loop/turn.h\" stands above base" $memory '#include "rebake/loop/turn.h"'
fails floors 'orchestrator/base/CMakeLists.txt:2: "rebake::loop" stands above base' \
  orchestrator/base/CMakeLists.txt 'target_link_libraries(rebake_base PRIVATE rebake::loop)'
fails floors "$turn:6: \"../base/inner.h\" is private to another folder" $turn '#include "../base/inner.h"'
fails floors "$turn:6: \"rebake/cellar/x.h\" is in no room" $turn '#include "rebake/cellar/x.h"'
fails floors 'include/rebake/base/memory.h:4: "rebake/loop/turn.h" stands above' \
  include/rebake/base/memory.h '#include "rebake/loop/turn.h"'
fails sqlite "$turn:6:" $turn '#include <sqlite3.h>'
fails sqlite 'orchestrator/loop/CMakeLists.txt:2:' orchestrator/loop/CMakeLists.txt 'link(PkgConfig::SQLITE)'
fails banned "$turn:6: no bound is checked" $turn 'void f(char *a) { strcpy(a, "b"); }'
fails banned "$turn:6: a shell reads it" $turn 'int f(void) { return system("ls"); }'
fails banned "$turn:6: errors are not told" $turn 'int f(void) { return atoi("1"); }'
fails banned "$turn:6: its result is shared" $turn 'void *f(void) { return localtime(0); }'
fails banned "$turn:7: use base/memory.h" $turn '/* free(a) */' 'void f(void *a) { free (a); }'
fails size "$turn:601: the file is longer" $turn "$(yes ';' | head -n 600)"
fails size "$turn:7: the function has 61 lines" $turn 'void f(void)' '{' "$(yes ';' | head -n 59)" '}'
fails text "$turn:6: work not done" $turn "/* T""ODO */"
fails text "$turn:6: blanks" $turn '/* */ '
fails text "tests/run.sh:4: a folder of one machine" tests/run.sh "cd $scratch/spoilt/build"
fails text "tests/run.sh:4: a folder of one machine" tests/run.sh 'cd /home''/somebody'
fails text 'tests/new.sh:1: the licence is not' tests/new.sh '#!/bin/sh'
fails text 'orchestrator/loop/new.c:1: the first line is not the licence' orchestrator/loop/new.c 'int x;'
fails format "$turn:6:" $turn 'int  badly ( int a )  ;'
fails headers 'include/rebake/loop/turn.h:3:' include/rebake/loop/turn.h 'int rb_wait(size_t count);'
fails headers 'include/rebake/loop/turn.h:3:' include/rebake/loop/turn.h 'int rb_old();'
fails shell 'tests/run.sh:4:' tests/run.sh 'rm $1'

if [ $failures -gt 0 ]; then
  echo "$failures expectations do not hold"
  exit 1
fi
