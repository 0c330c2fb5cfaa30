#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh [unit|integration|lab|fuzz|tidy|all]: installs what is needed, builds, tests. Without an
# argument: all, which is what CI does.
#
#   unit         checks of the tree, then the unit tests under ASan and UBSan; some two minutes
#   integration  the programs against real servers on loopback
#   lab          the programs with buildah, podman and the Debian archive; needs root
#   fuzz         each fuzz target for a few seconds (REBAKE_FUZZ_SECONDS) from its corpus
#   tidy         clang-tidy and shellcheck over the sources, and each header by itself
#
# The last line is the sum over all that ran: "N passed, N failed, N skipped".
set -euo pipefail
cd "$(dirname "$0")/.."

jobs=$(nproc)
results=$(mktemp -d)
failed=0

say() { echo "==> $*"; }

# build PRESET [CMAKE-ARGUMENT...]
build() {
  local preset=$1
  shift
  say "build $preset"
  cmake --preset "$preset" "$@" >"$results/cmake.log" || {
    cat "$results/cmake.log"
    return 1
  }
  cmake --build --preset "$preset" --parallel "$jobs"
}

# run_tests PRESET CTEST-ARGUMENT...: failures are remembered, so that what comes behind runs too.
run_tests() {
  local preset=$1
  shift
  say "test $preset: $*"
  ctest --test-dir "build/$preset" --parallel "${tests_at_once:-$jobs}" --output-on-failure --no-tests=error \
    --output-junit "$(mktemp "$results/XXXXXX.xml")" "$@" || failed=1
}

# Adds up what the runs of ctest wrote down. No test at all is a failure.
finish() {
  local status=$? total=0 bad=0 skipped=0 name value
  while IFS='=' read -r name value; do
    case $name in
      tests) total=$((total + value)) ;;
      failures) bad=$((bad + value)) ;;
      skipped | disabled) skipped=$((skipped + value)) ;;
    esac
  done < <(find "$results" -name '*.xml' -exec sed -n '/<testsuite/,/>/p' {} + |
    grep -oE '(tests|failures|skipped|disabled)="[0-9]+"' | tr -d '"')
  rm -rf "$results"
  if [ $status -ne 0 ]; then say "stopped early, with status $status"; fi
  if [ $total -eq 0 ]; then say "no test ran"; fi
  if [ $failed -ne 0 ] || [ $bad -ne 0 ] || [ $total -eq 0 ]; then status=$((status ? status : 1)); fi
  echo "$((total - bad - skipped)) passed, $bad failed, $skipped skipped"
  exit $status
}

unit() {
  cmake --preset asan >/dev/null
  run_tests asan --label-regex '^check$'
  say "build asan: unit_tests"
  cmake --build --preset asan --parallel "$jobs" --target unit_tests
  # some of them wait for time to pass
  tests_at_once=$((jobs + 1)) run_tests asan --label-regex '^unit$' --label-exclude '^(check|fuzz)$'
}

integration() {
  build asan
  run_tests asan --label-regex '^integration$'
}

lab() {
  build asan
  run_tests asan --label-regex '^lab$'
}

fuzz() {
  build fuzz "-DREBAKE_FUZZ_SECONDS=${REBAKE_FUZZ_SECONDS:-5}"
  run_tests fuzz --label-regex '^fuzz$'
}

tidy() {
  build clang
  run_tests clang --label-regex '^tidy$'
}

# The compilers and flags that the other runs do not use.
other_builds() {
  build strict
  run_tests strict --label-regex '^unit$' --label-exclude '^check$'
}

trap finish EXIT
case ${1:-all} in
  unit)
    tests/install-packages build test
    unit
    ;;
  integration | lab)
    tests/install-packages build run test
    "$1"
    ;;
  fuzz | tidy)
    tests/install-packages build test
    "$1"
    ;;
  all)
    tests/install-packages build run test
    unit
    tidy
    other_builds
    fuzz
    integration
    lab
    ;;
  *)
    trap - EXIT
    sed -n '3,12s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
