#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The jobs "deploy" and "observe" at a real podman, with images from a real registry: rollout, health,
# putting back, drift of each kind, and what is left when a runner is killed.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
lab_begin
lab_need docker-registry skopeo jq gcc
registry_start open
containers_begin "$REGISTRY"

# The program of the images. It ends at once when it is told to, as a good first process does.
mkdir -p "$LAB/root/bin" "$LAB/root/etc" "$LAB/root/tmp" "$LAB/root/var/lib"
gcc -static -O1 -x c -o "$LAB/root/bin/tool" - <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <unistd.h>
static void end(int number) { (void)number; _exit(0); }
int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "serve";
    signal(SIGTERM, end);
    if (strcmp(verb, "fail") == 0) { fputs("no such table\n", stderr); return 9; }
    if (strcmp(verb, "die") == 0) { puts("dying"); return 3; }
    if (strcmp(verb, "remove") == 0) return remove(argv[2]) == 0 ? 0 : 1;
    if (strcmp(verb, "write") == 0) {
        FILE *file = fopen(argv[2], "w");
        return file != NULL && fputs("by hand\n", file) >= 0 && fclose(file) == 0 ? 0 : 1;
    }
    if (strcmp(verb, "is") == 0) {
        char version[8] = "";
        FILE *file = fopen("/etc/version", "r");
        return file != NULL && fgets(version, sizeof version, file) != NULL && strcmp(version, argv[2]) == 0 ? 0 : 1;
    }
    if (strcmp(verb, "ok") == 0) return 0;
    for (;;) pause();
}
C

# image VERSION: pushes it, with the program as its command, and prints its digest.
image() {
  local folder=$LAB/image-$1 manifest config size digest
  printf '%s' "$1" >"$LAB/root/etc/version"
  tar -C "$LAB/root" -cf "$LAB/root.tar" .
  oci_make "$folder" "$LAB/root.tar"
  manifest=$folder/blobs/sha256/$(jq -r '.manifests[0].digest | ltrimstr("sha256:")' "$folder/index.json")
  config=$folder/blobs/sha256/$(jq -r '.config.digest | ltrimstr("sha256:")' "$manifest")
  jq -c '.config.Cmd = ["/bin/tool"]' "$config" >"$LAB/new"
  read -r digest size < <(oci_blob "$folder" "$LAB/new")
  jq -c --arg d "$digest" --argjson s "$size" '.config.digest = $d | .config.size = $s' "$manifest" >"$LAB/new"
  read -r digest size < <(oci_blob "$folder" "$LAB/new")
  jq -c --arg d "$digest" --argjson s "$size" '.manifests[0] += {digest: $d, size: $s}' "$folder/index.json" >"$LAB/new"
  mv "$LAB/new" "$folder/index.json"
  oci_push "$folder" "$REGISTRY/shop/app:$1"
  registry_digest shop/app "$1"
}
v1=$(image v1)
v2=$(image v2)

job=$LAB/job
ln -s "$job/log" "$LAB/log/job"
# spec KIND DIGEST [FILTER]: the spec of a job, in a folder of its own.
spec() {
  rm -rf "$job"
  mkdir "$job"
  jq -n --arg kind "$1" --arg digest "$2" --arg reference "$REGISTRY/shop/app" "
    {version: 1, kind: \$kind, timeoutSeconds: 120, deployment: \"shop/production\",
     reference: \$reference, digest: \$digest, force: false,
     target: {podman: {container: \"shop-production\", network: \"host\", ports: [], environment: [\"A=1\"],
                       volumes: [], command: [], readOnly: false, drop: [\"all\"], add: []},
              health: {command: [\"/bin/tool\", \"ok\"], withinSeconds: 10}, ignore: []}} | ${3:-.}" >"$job/spec.json"
}
# run_job STATUS KIND DIGEST [FILTER]
run_job() {
  spec "$2" "$3" "${4:-.}"
  expect_exit "$1" rebake job run "$job/spec.json"
}
deploy() { run_job 0 deploy "$@"; }
# drift DIGEST FILTER-OF-SPEC LINE...: what is observed, each as "kind subject found".
drift() {
  local digest=$1 filter=$2
  shift 2
  run_job 0 observe "$digest" "$filter"
  expect_equal "$(jq -r '.drift[] | "\(.kind) \(.subject) \(.found)"' "$job/result.json")" "$(printf '%s\n' "$@")"
}
running() { podman ps --format '{{.Names}}' | sort | tr '\n' ' '; }
serves() { expect_exit 0 podman exec shop-production /bin/tool is "$1"; }
id() { podman inspect --format '{{.Id}}' shop-production; }

section "nothing runs yet"
drift "$v1" . "missing shop-production no such container"

section "deploy, and leave alone what is as wanted"
deploy "$v1"
expect_json "$job/result.json" '.state == "succeeded" and .healthy'
serves v1
first=$(id)
expect_equal "$(jq -r .container "$job/result.json")" "$first"
drift "$v1" .
deploy "$v1"
expect_equal "$(id)" "$first"
deploy "$v1" '.target.health.withinSeconds = 20 | .target.ignore = ["/x"]'
expect_equal "$(id)" "$first"
podman inspect shop-production >"$LAB/inspect"
expect_json "$LAB/inspect" '.[0] | (.BoundingCaps // []) == [] and .HostConfig.SecurityOpt == ["no-new-privileges"] and (.ImageName | contains("@sha256:"))'

section "files changed by hand are told, and healed without the registry"
expect_exit 0 podman exec shop-production /bin/tool write /etc/motd
expect_exit 0 podman exec shop-production /bin/tool write /tmp/left
expect_exit 0 podman exec shop-production /bin/tool remove /etc/version
drift "$v1" . "file /etc/motd added" "file /etc/version deleted" "file /tmp/left added"
drift "$v1" '.target.ignore = ["/tmp/**"]' "file /etc/motd added" "file /etc/version deleted"
lab_stop open
deploy "$v1" '.force = true'
[ "$(id)" != "$first" ] || fail "the container was not made anew"
serves v1
drift "$v1" .
expect_equal "$(running)" "shop-production "

section "an image that nobody has fails, and what runs stays"
before=$(id)
run_job 1 deploy "sha256:$(printf '%064d' 1)"
expect_json "$job/result.json" '.errorClass == "infrastructure" and .step == "pull"'
expect_equal "$(id)" "$before"
lab_start open env OTEL_TRACES_EXPORTER=none docker-registry serve "$LAB/registry/open/config.yml"
lab_wait 20 "the registry" lab_port_open "${REGISTRY##*:}"

section "what does not become healthy makes room for the one before"
run_job 1 deploy "$v2" '.target.health = {command: ["/bin/tool", "fail"], withinSeconds: 10}'
expect_json "$job/result.json" '.errorClass == "recipe" and .step == "health"
  and (.error | test("not healthy within 10s: .*no such table"))'
expect_equal "$(id)" "$before"
serves v1
run_job 1 deploy "$v2" '.target.podman.command = ["/bin/tool", "die"] | .target.health.command = []'
expect_json "$job/result.json" '.error == "the container ended by itself with exit code 3"'
expect_text "$job/log" dying
expect_equal "$(id)" "$before"
run_job 1 deploy "$v2" '.target.health = {command: ["/bin/tool", "serve"], withinSeconds: 1}'
expect_json "$job/result.json" '.error == "not healthy within 1s: the health command did not come to its end"'
expect_equal "$(running)" "shop-production "
drift "$v1" .

section "the next version"
drift "$v2" . "digest $REGISTRY/shop/app $v1"
deploy "$v2"
serves v2
expect_equal "$(podman ps --all --format '{{.Names}}')" shop-production

section "a runner that is canceled or killed"
in_health() { grep -q '^+ podman exec' "$job/log"; }
start_and_wait() {
  spec deploy "$v1" '.target.health = {command: ["/bin/tool", "serve"], withinSeconds: 60}'
  "$REBAKE_BUILD/rebake" job run "$job/spec.json" >"$LAB/log/runner" 2>&1 &
  runner=$!
  lab_wait 60 "the health command" in_health
}
start_and_wait
kill -TERM "$runner"
{ wait "$runner" || true; } 2>/dev/null
expect_json "$job/result.json" '.state == "canceled"'
serves v2
expect_equal "$(podman ps --all --format '{{.Names}}')" shop-production
start_and_wait
kill -KILL "$runner"
{ wait "$runner" || true; } 2>/dev/null
expect_equal "$(podman ps --all --format '{{.Names}}' | sed 's/-[0-9a-f]\{12\}$//' | sort | tr '\n' ' ')" \
  "shop-production shop-production-previous "
deploy "$v2"
expect_text "$job/log" "an earlier rollout was cut short"
serves v2
expect_equal "$(podman ps --all --format '{{.Names}}')" shop-production

section "made anew by hand, with more rights"
hash=$(podman inspect --format '{{index .Config.Labels "io.rebake.spec"}}' shop-production)
podman rm --force --time 0 shop-production >/dev/null
podman run --detach --name shop-production --label io.rebake.deployment=shop/production \
  --label "io.rebake.spec=$hash" --privileged --network host --env A=2 --volume /etc:/host \
  "$REGISTRY/shop/app@$v2" >/dev/null
run_job 0 observe "$v2"
expect_json "$job/result.json" '["privileged", "no-new-privileges", "environment A", "mount /host",
  "capability CAP_SYS_ADMIN"] - [.drift[] | select(.kind == "configuration") | .subject] == []'
deploy "$v2"
drift "$v2" .

section "stopped, and gone"
podman stop --time 0 shop-production >/dev/null
drift "$v2" . "stopped shop-production exited (137)"
deploy "$v2"
drift "$v2" .
podman rm --force --time 0 shop-production >/dev/null
drift "$v2" . "missing shop-production no such container"

section "removed by another hand while a rollout is under way"
# remove_slowly: a container that does not take its signal is killed after ten seconds.
remove_slowly() {
  last=$(id)
  kill -STOP "$(podman inspect --format '{{.State.Pid}}' shop-production)"
  podman rm --force shop-production >/dev/null 2>&1 &
  other_hand=$!
  lab_wait 10 "the container to be on its way down" going_down
}
going_down() { [ "$(podman inspect --format '{{.State.Status}}' "$last")" = stopping ]; }
deploy "$v2"
remove_slowly
deploy "$v2" '.force = true'
wait "$other_hand"
serves v2
drift "$v2" .
expect_equal "$(podman ps --all --format '{{.Names}}')" shop-production

section "removed by another hand at each step of a rollout"
# A podman that lets the other hand be first, once, when the step's command is said.
mkdir "$LAB/hands"
cat >"$LAB/hands/podman" <<SH
#!/bin/sh
step=\$(cat '$LAB/step' 2>/dev/null)
case "\$*" in "\${step:-none}"*)
  rm '$LAB/step'
  $(command -v podman) rm --force --time 0 "\$(cat '$LAB/victim')" >/dev/null
esac
exec $(command -v podman) "\$@"
SH
chmod +x "$LAB/hands/podman"
last_id=$(id)
for step in "inspect --type" "container exists" rename stop rm; do
  printf '%s' "$last_id" >"$LAB/victim"
  printf '%s' "$step" >"$LAB/step"
  PATH=$LAB/hands:$PATH deploy "$v2" '.force = true'
  [ ! -e "$LAB/step" ] || fail "the rollout never came to: podman $step"
  serves v2
  expect_equal "$(podman ps --all --format '{{.Names}}')" shop-production
  last_id=$(id)
done

section "a name that podman has lost"
remove_slowly
podman rename "$last" set-aside
podman run --detach --name shop-production --network host --label io.rebake.deployment=shop/production \
  "$REGISTRY/shop/app@$v2" >/dev/null
wait "$other_hand"
if ! podman container exists shop-production; then # later versions of podman lose none
  run_job 0 observe "$v2"
  expect_json "$job/result.json" '[.drift[].kind] | index("name") != null'
fi
deploy "$v2" '.force = true'
serves v2
drift "$v2" .
expect_equal "$(podman ps --all --format '{{.Names}}')" shop-production

section "read-only, with volumes"
mkdir "$LAB/data"
settings=".target.podman.readOnly = true | .target.podman.volumes = [\"$LAB/data/:/data/:ro\", \"state:/var/lib/state\"]
  | .target.podman.drop = [\"net_raw\"] | .target.podman.add = [\"sys_time\"]"
deploy "$v2" "$settings"
drift "$v2" "$settings"
expect_exit 1 podman exec shop-production /bin/tool write /etc/motd
expect_exit 0 podman exec shop-production /bin/tool write /tmp/x
expect_exit 0 podman exec shop-production /bin/tool write /var/lib/state/x
drift "$v2" "$settings"
deploy "$v2" "$settings | .force = true"
expect_exit 0 podman exec shop-production /bin/tool remove /var/lib/state/x

section "a name that somebody else uses, and a tag"
podman rm --force --time 0 shop-production >/dev/null
podman run --detach --name shop-production --network host "$REGISTRY/shop/app@$v2" >/dev/null
before=$(id)
run_job 1 deploy "$v2"
expect_json "$job/result.json" '.error | test("is not of deployment shop/production: remove or rename it")'
expect_equal "$(id)" "$before"
run_job 1 deploy "$v2" '.reference += ":v2"'
expect_json "$job/result.json" '.errorClass == "recipe" and (.error | test("has a tag"))'
