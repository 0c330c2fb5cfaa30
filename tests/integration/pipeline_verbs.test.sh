#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rebake lint` and `rebake graph`: output, which stream it goes to, and exit codes.
set -euo pipefail

rebake=${REBAKE_BUILD:?}/rebake
tests=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -r "$tests/unit/pipelines/good" "$tests/unit/pipelines/bad" "$scratch"
cd "$scratch"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# run CODE ARGUMENT...: `rebake ARGUMENT...` must end with CODE; its output is in out and errors.
run() {
  local wanted=$1 code=0
  shift
  "$rebake" "$@" >out 2>errors || code=$?
  [ "$code" -eq "$wanted" ] || fail "rebake $*: exit code $code, not $wanted: $(cat errors)"
}

same() {
  diff -u "$1" "$2" || fail "$3"
}

silent() {
  [ ! -s "$1" ] || fail "$2: nothing was to stand in $1, and there is: $(cat "$1")"
}

echo "==> lint: good files"
run 0 lint good/storefront.yaml good/everything.yaml
silent errors "lint of good files"
cat >wanted <<'END'
good/storefront.yaml: pipeline storefront is good: 3 sources, 2 images, 1 deployment
good/everything.yaml: pipeline every.thing_1 is good: 25 sources, 4 images, 2 deployments
END
same wanted out "lint of good files"

echo "==> lint: every broken file"
for file in bad/*.yaml; do
  run 1 lint "$file"
  silent out "lint of $file"
  sed 's,^,bad/,' "${file%.yaml}.golden" >wanted
  same wanted errors "lint of $file"
done

echo "==> lint: policies, and pipelines that name them"
mkdir policies
cat >policies/shop.yaml <<'END'
apiVersion: rebake/v1
policy: shop
rules: { all: { decide: allow } }
END
run 0 lint policies/shop.yaml good/policy-builtin.yaml
same - out "lint of a good policy" <<'END'
policies/shop.yaml: policy shop is good: 1 rule
good/policy-builtin.yaml: pipeline shop is good: 2 sources, 1 image, 0 deployments
END
sed 's,policies/,,' good/policy-file.yaml >policies/pipeline.yaml
run 0 lint policies/pipeline.yaml
sed -i 's/allow/perhaps/' policies/shop.yaml
run 1 lint policies/shop.yaml
silent out "lint of a bad policy"
grep -q '^policies/shop.yaml:3:25: ' errors || fail "lint does not say where the policy is wrong: $(cat errors)"
run 1 lint policies/pipeline.yaml
grep -q '^policies/pipeline.yaml:11:9: policy: policies/shop.yaml:3:25: ' errors ||
  fail "lint does not say which policy is wrong: $(cat errors)"
run 1 lint good/policy-file.yaml
grep -q '^good/policy-file.yaml:11:9: policy: .*good/policies/shop.yaml' errors ||
  fail "lint does not say which policy is missing: $(cat errors)"

echo "==> lint: settings"
cp -r "$tests/unit/pipelines/settings" settings
run 0 lint settings/good/everything.yaml settings/good/proxy.yaml good/storefront.yaml
silent errors "lint of good settings"
cat >wanted <<'END'
settings/good/everything.yaml: settings rebaked are good: 2 hooks
settings/good/proxy.yaml: settings rebaked are good: 1 hook
good/storefront.yaml: pipeline storefront is good: 3 sources, 2 images, 1 deployment
END
same wanted out "lint of good settings"
for name in bad-hooks bad-listen bad-ports nobody-listens unknown-keys; do
  run 1 lint "settings/bad/$name.yaml"
  silent out "lint of $name"
  sed 's,^,settings/bad/,' "settings/bad/$name.golden" >wanted
  same wanted errors "lint of $name"
done
run 1 lint --json settings/good/proxy.yaml settings/bad/nobody-listens.yaml
jq -e '[.files[] | .pipeline, .settings] == [null, "rebaked", null, null] and
  [.files[].diagnostics | length] == [0, 1]' out >/dev/null || fail "$(cat out)"

echo "==> lint: one bad file among good ones"
run 1 lint good/storefront.yaml bad/tab.yaml absent.yaml good/everything.yaml
[ "$(wc -l <out)" -eq 2 ] || fail "the good files were not told"
cat >wanted <<'END'
bad/tab.yaml:4:1: a tab is used to indent (indent with spaces)
rebake lint: open absent.yaml: No such file or directory
END
same wanted errors "lint of good and bad files"

echo "==> lint: as JSON"
run 1 lint --json good/storefront.yaml bad/missing-references.yaml bad/many-errors.yaml absent.yaml
silent errors "lint --json"
jq -e '[.files[].file] == ["good/storefront.yaml", "bad/missing-references.yaml",
    "bad/many-errors.yaml", "absent.yaml"] and
  [.files[].pipeline] == ["storefront", null, null, null] and
  .files[0].diagnostics == [] and
  .files[1].diagnostics[0] == {line: 13, column: 11, hint: "did you mean \"debian\"?",
    message: "image \"runtime\": \"from\" names \"debain\", and there is no such source or image"} and
  (.files[2].diagnostics | length) == 100 and .files[2].dropped == 22 and
  .files[3].diagnostics == [{line: 0, column: 0, hint: null,
    message: "open absent.yaml: No such file or directory"}]' out >/dev/null || fail "$(cat out)"
run 0 lint --json good/storefront.yaml

echo "==> graph: every format"
for format in text dot mermaid json; do
  run 0 graph --format "$format" good/everything.yaml
  silent errors "graph --format $format"
  same "$tests/unit/pipelines/graph/everything.$format" out "graph --format $format"
done
run 0 graph good/everything.yaml
same "$tests/unit/pipelines/graph/everything.text" out "graph"
run 0 graph --json good/everything.yaml
jq -e '.pipeline == "every.thing_1" and (.nodes | length) == 31 and (.edges | length) == 12 and
  ([.nodes[].id] | contains([$to[0]])) and
  ([.edges[] | .from, .to] - [.nodes[].id]) == []' --argjson to '["image/base"]' out >/dev/null ||
  fail "graph --json: $(cat out)"

echo "==> graph: what cannot be drawn"
run 1 graph bad/cycles.yaml
silent out "graph of a bad file"
same <(sed 's,^,bad/,' bad/cycles.golden) errors "graph of a bad file"
run 1 graph absent.yaml

echo "==> command lines that make no sense"
run 2 lint
run 2 lint --yaml good/storefront.yaml
run 2 graph
run 2 graph good/storefront.yaml good/everything.yaml
run 2 graph --format svg good/storefront.yaml
grep -q 'text, dot, mermaid or json' errors || fail "the formats are not told: $(cat errors)"

echo "==> standard output that takes nothing"
if "$rebake" graph good/everything.yaml >/dev/full 2>errors; then
  fail "graph into a full disk was told to be good"
fi
