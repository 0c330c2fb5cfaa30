#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rebake vercmp semver` and our ranges against Debian's node-semver, on REBAKE_SEMVER_COUNT (4000)
# pairs and as many questions, made from REBAKE_SEMVER_SEED (1).
set -euo pipefail

rebake=${REBAKE_BUILD:?}/rebake
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if ! NODE_PATH=/usr/share/nodejs node -e 'require("semver")' 2>/dev/null; then
  echo "SKIPPED: node-semver is not installed"
  exit 77
fi
NODE_PATH=/usr/share/nodejs node "$(dirname "$0")/semver_node.js" "$scratch" \
  "${REBAKE_SEMVER_SEED:-1}" "${REBAKE_SEMVER_COUNT:-4000}"

# same NAME QUESTIONS THEIRS OURS
same() {
  if ! cmp -s "$3" "$4"; then
    paste "$2" "$3" "$4" | awk -F '\t' '$(NF - 1) != $NF' | head -20 >&2
    echo "FAILED: $1: node-semver (last column but one) answers differently" >&2
    exit 1
  fi
  echo "$1: $(wc -l <"$2") questions, the same answers: $(sort "$3" | uniq -c | tr -s ' \n' ' ')"
}

"$rebake" vercmp semver - <"$scratch/pairs" >"$scratch/our-order"
same order "$scratch/pairs" "$scratch/order" "$scratch/our-order"
"$REBAKE_BUILD/tests/integration/semver_holds" <"$scratch/questions" >"$scratch/our-holds"
same ranges "$scratch/questions" "$scratch/holds" "$scratch/our-holds"

for bad in 1 1.2 01.2.3 1.2.3-; do
  ! "$rebake" vercmp semver -- "$bad" 1.2.3 >"$scratch/output" 2>&1 || {
    echo "FAILED: rebake takes \"$bad\"" >&2
    exit 1
  }
done
[ "$("$rebake" vercmp semver '' 0.0.0-0)" = -1 ]
