#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rebake policy serve`, asked by curl with the requests of OPA's reference of its API: over a unix socket and
# TCP, while its worker is killed, its rules run away, its files break and its parent goes.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/../lab/lab.sh"
lab_begin
lab_need curl jq
export REBAKE_BUILD

SOCKET=$LAB/policy.sock
NOW=2026-11-27T12:00:00Z

# ask PATH CURL-OPTION...: prints the status; the body is in $ANSWER.
ANSWER=$LAB/answer
ask() { curl -sS -m 20 -o "$ANSWER" -w '%{http_code}' --unix-socket "$SOCKET" "http://localhost$1" "${@:2}"; }

# decide FILTER: the decision on an input with the members that the filter sets.
decide() { ask /v1/data/rebake/decision -d "$(jq -nc --arg now "$NOW" "{input: ({subject: \"rebuild\", now: \$now} | $1)}")"; }

rule_is() { [ "$(decide "$1")" = 200 ] && [ "$(jq -r .result.rule "$LAB/answer")" = "$2" ]; }

worker_pid() { xargs <"/proc/$(lab_pid serve)/task/$(lab_pid serve)/children"; }
worker_is_not() { [ -n "$(worker_pid)" ] && [ "$(worker_pid)" != "$1" ]; }
healthy() { [ "$(ask /health)" = 200 ]; }
log_says() { grep -qF -- "$1" "$LAB/log/serve"; }

cat >"$LAB/shop.yaml" <<'P'
apiVersion: rebake/v1
policy: shop
rules:
  around-and-around: { subject: [rebuild], when: '.name == "loop" and ([range(1e12)] == [])', decide: refuse }
  not-a-truth: { subject: [rebuild], when: 'if .name == "slip" then 7 else false end', decide: refuse }
  rest: { decide: allow }
P
cp "$LAB/shop.yaml" "$LAB/good.yaml"

PORT=$(lab_free_port)
lab_start serve "$REBAKE_BUILD/rebake" policy serve --timeout 500ms --socket "$SOCKET" --listen "127.0.0.1:$PORT" \
  "$LAB/shop.yaml" bank=builtin:regulated
lab_wait 20 "the policy server" healthy

section "documents are asked for as OPA's reference shows it"
expect_equal "$(stat -c %a "$SOCKET")" 600
expect_equal "$(decide '.name = "app"')" 200
expect_json "$LAB/answer" '.result.decision == "allow" and .result.rule == "rest" and (.decision_id | length) == 36'
expect_equal "$(decide '.pipeline = "bank"')" 200
expect_json "$LAB/answer" '.result.decision == "hold" and .result.rule == "approved-build"'
expect_equal "$(ask /v1/data/rebake -d "{\"input\":{\"subject\":\"rebuild\",\"now\":\"$NOW\"}}")" 200
expect_json "$LAB/answer" '.result.decision.rule == "rest"'
expect_equal "$(ask /v0/data/rebake/decision/decision -d "{\"subject\":\"rebuild\",\"now\":\"$NOW\"}")" 200
expect_equal "$(cat "$LAB/answer")" '"allow"'
expect_equal "$(ask /v1/data/rebake/decision -G --data-urlencode "input={\"subject\":\"rebuild\",\"now\":\"$NOW\"}")" 200
expect_json "$LAB/answer" '.result.rule == "rest"'
expect_equal "$(ask /v1/data/servers/ports -d '{"input":{}}')" 200
expect_json "$LAB/answer" 'has("result") | not'
curl -fsS -o "$LAB/answer" "http://127.0.0.1:$PORT/v1/data/rebake/decision?pretty=true" \
  -H 'Content-Type: application/json' -d "{\"input\":{\"subject\":\"rebuild\",\"now\":\"$NOW\"}}"
expect_line "$LAB/answer" '    "decision": "allow",'
curl -fsS -v -o /dev/null -o /dev/null "http://127.0.0.1:$PORT/health" "http://127.0.0.1:$PORT/health" 2>"$LAB/err"
expect_text "$LAB/err" "Re-using existing connection"

section "what makes no sense is refused, in OPA's form"
expect_equal "$(ask /v1/data/rebake/decision -d '{"input":')" 400
expect_json "$LAB/answer" '.code == "invalid_parameter" and (.message | length) > 0'
expect_equal "$(ask /v1/data/rebake/decision -d "$(printf '[%.0s' {1..5000})")" 400
expect_equal "$(ask /v1/data/rebake/decision -d '{"input":{"subject":"rebuild"}}')" 500
expect_json "$LAB/answer" '.code == "internal_error" and (.errors[0].message | test("now"))'
expect_equal "$(decide '.name = "slip"')" 500
expect_json "$LAB/answer" '.errors[0].message | test("rule \"not-a-truth\"")'
head -c 5000000 /dev/zero | tr '\0' x >"$LAB/large"
expect_equal "$(ask /v1/data/rebake/decision --data-binary "@$LAB/large")" 413
expect_equal "$(ask /v1/data/rebake/decision -X DELETE)" 405
expect_equal "$(ask /v1/policies)" 404

section "a runaway rule is stopped by name, and the others are answered meanwhile"
before=$(worker_pid)
ANSWER=$LAB/loop decide '.name = "loop"' >"$LAB/loop.status" &
loop=$!
lab_wait 20 "others to be answered" rule_is '.name = "app"' rest
wait "$loop"
expect_equal "$(decide '.name = "loop"')" 500
expect_json "$LAB/answer" '.errors[0].code == "eval_cancel_error"
  and (.errors[0].message | startswith("rule \"around-and-around\" did not end within 500ms"))'
lab_wait 20 "another worker" worker_is_not "$before"
expect_text "$LAB/log/serve" "rule=around-and-around"
expect_equal "$(decide '.name = "app"')" 200

section "its worker killed, it has another at once"
before=$(worker_pid)
kill -KILL "$before"
lab_wait 20 "another worker" worker_is_not "$before"
expect_equal "$(decide '.name = "app"')" 200
lab_wait 20 "its health" healthy

section "the worker can open nothing, and is told nothing of us"
expect_equal "$(find "/proc/$(worker_pid)/fd" -type l -printf "%f " | tr " " "\n" | sort -n | xargs)" "2 3"
expect_equal "$(awk '/^Seccomp:/ { print $2 } /^NoNewPrivs:/ { print $2 }' "/proc/$(worker_pid)/status" | tr '\n' ' ')" "1 2 "
expect_equal "$(awk '/^Max open files/ { print $4, $5 }' "/proc/$(worker_pid)/limits")" "0 0"

section "a client that never ends its question holds up nobody"
exec 7<>"/dev/tcp/127.0.0.1/$PORT"
printf 'POST /v1/data/rebake/decision HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"input":' >&7
expect_equal "$(decide '.name = "app"')" 200
exec 7>&-

section "files are read again; a broken one is told, and the old ones stay"
printf 'apiVersion: rebake/v1\npolicy: shop\nrules: 7\n' >"$LAB/shop.yaml"
kill -HUP "$(lab_pid serve)"
lab_wait 20 "the complaint" log_says "policies not loaded; the old ones stay"
expect_text "$LAB/log/serve" "shop.yaml:3:"
expect_equal "$(decide '.name = "app"')" 200
sed 's/rest:/remainder:/' "$LAB/good.yaml" >"$LAB/shop.yaml"
kill -HUP "$(lab_pid serve)"
lab_wait 20 "the new policy" rule_is '.name = "app"' remainder

section "it cannot be started twice, and a killed one is replaced"
expect_exit 1 rebake policy serve --socket "$SOCKET" "$LAB/shop.yaml"
expect_text "$LAB/err" "another program answers on"
worker=$(worker_pid)
kill -KILL "$(lab_pid serve)"
worker_gone() { ! kill -0 "$worker"; }
lab_wait 20 "its worker to end with it" worker_gone
lab_start serve "$REBAKE_BUILD/rebake" policy serve --socket "$SOCKET" "$LAB/shop.yaml"
lab_wait 20 "the next server" healthy
lab_stop serve
[ ! -e "$SOCKET" ] || fail "the socket is left behind"

section "it ends with its parent"
cat >"$LAB/parent" <<'P'
#!/bin/sh
"$REBAKE_BUILD/rebake" policy serve --parent $$ --socket "$1" builtin:baseline &
echo $! >"$2"
wait
P
chmod +x "$LAB/parent"
lab_start parent "$LAB/parent" "$SOCKET" "$LAB/child"
lab_wait 20 "the server of a parent" healthy
kill -KILL "$(lab_pid parent)"
child_gone() { ! kill -0 "$(cat "$LAB/child")"; }
lab_wait 20 "the server to end too" child_gone
expect_exit 0 rebake policy serve --parent 1 --socket "$SOCKET" builtin:baseline

section "a command line that makes no sense"
expect_exit 2 rebake policy serve builtin:baseline
expect_exit 2 rebake policy serve --socket "$SOCKET"
expect_exit 2 rebake policy serve --socket "$SOCKET" --timeout never builtin:baseline
expect_exit 2 rebake policy serve --socket "$SOCKET" --memory 1K builtin:baseline
expect_exit 1 rebake policy serve --socket "$SOCKET" builtin:strict
expect_exit 1 rebake policy serve --listen nowhere builtin:baseline
