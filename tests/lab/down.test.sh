#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A lab leaves nothing behind, however its script ends: by itself, by a failure, by a signal, killed.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
lab_begin
lab_need_root
lab_need catatonit

# What a test may leave running: servers with workers, a process that went into a session of its own
# without the lab's mark, a container with its mounts.
cat >"$LAB/script" <<'EOS'
. "$1/lab.sh"
lab_begin
echo "$LAB" >"$2"
registry_start
git_server_start
containers_begin "$REGISTRY"
mkdir "$LAB/root"
cp "$(command -v catatonit)" "$LAB/root/"
tar -C "$LAB/root" -cf "$LAB/root.tar" .
oci_make "$LAB/image" "$LAB/root.tar"
oci_push "$LAB/image" "$REGISTRY/pause:1"
podman run --quiet --detach --network host "$REGISTRY/pause:1" /catatonit -P >"$2.container"
podman ps --quiet --no-trunc | grep -qxF "$(cat "$2.container")"
(cd "$LAB/root" && exec env -i setsid /bin/sleep 1000) &
touch "$2.ready"
case $3 in
  end) ;;
  fail) false ;;
  wait)
    sleep 1000 &
    wait
    ;;
esac
EOS

left_behind() {
  local lab=$1 container=$2
  [ ! -e "$lab" ] || echo "the folder"
  ! grep -qF "$lab/" /proc/self/mountinfo || echo "a mount"
  grep -lzxF "REBAKE_LAB=$lab" /proc/[0-9]*/environ 2>/dev/null | sed 's/^/a process: /' || true
  find /proc/[0-9]*/cwd -maxdepth 0 -printf '%H %l\n' 2>/dev/null | grep -F " $lab" || true
  find /sys/fs/cgroup -type d -name "*$container*" | sed 's/^/a cgroup: /'
}

nothing_left() { [ -z "$(left_behind "$1" "$2")" ]; }

# ends WAY STATUS [SIGNAL]: runs the script in that way, and looks for what it left.
ends() {
  local way=$1 expected=$2 signal=${3:-} mark=$LAB/$1-${3:-none} status=0 script lab container
  section "a script that ends by: $way $signal"
  env -u REBAKE_LAB setsid bash "$LAB/script" "$LAB_TOOLS" "$mark" "$way" >"$mark.log" 2>&1 &
  script=$!
  if [ -n "$signal" ]; then
    lab_wait 60 "the script to be ready" test -e "$mark.ready"
    kill "-$signal" $script
  fi
  wait $script 2>/dev/null || status=$?
  lab=$(cat "$mark")
  container=$(cat "$mark.container")
  [ "$status" -eq "$expected" ] || {
    cat "$mark.log"
    fail "status $status, expected $expected"
  }
  lab_wait 30 "nothing to be left of $lab" nothing_left "$lab" "$container" ||
    fail "left behind: $(left_behind "$lab" "$container")"
}

ends end 0
ends fail 1
ends wait 143 TERM
ends wait 137 KILL

section "what only names the lab, or nothing at all, is not taken for its own"
other=$LAB/other/rebake-lab.other
mkdir -p "$other"
touch "$other/processes"
env -u REBAKE_LAB setsid bash -c 'cd /; exec -a "look at $1/log" sleep 1000' bash "$other" &
looker=$!
env REBAKE_LAB="$other" setsid sleep 1000 &
owned=$!
lab_wait 10 "both to run" grep -qF "look at" "/proc/$looker/cmdline"
expect_exit 0 "$LAB_TOOLS/down" --list "$other"
expect_equal "$(cat "$LAB/out")" $owned
expect_exit 0 "$LAB_TOOLS/down" "$other"
kill -0 $looker
kill $looker
expect_exit 2 "$LAB_TOOLS/down" "$LAB/other"
