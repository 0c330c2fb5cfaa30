# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # what it sets is for the tests to read
# A registry with very many repositories whose tags move: tests/lab/moving_registry.c.

# moving_start COUNT MOVE_MS FAULTS: MOVING_PORT is then its port, on all of 127.0.0.0/8.
moving_start() {
  MOVING_PORT=$(lab_free_port)
  lab_start moving "$REBAKE_BUILD/tests/lab/moving_registry" "$MOVING_PORT" "$@"
  lab_wait 20 "the moving registry to listen" lab_listening_or_dead moving "$MOVING_PORT"
  lab_running moving || fail "the moving registry ended: $(tail -n 3 "$LAB/log/moving")"
}

# moving_pipelines COUNT EVERY: writes pipelines into $LAB/pipelines that name all of its repositories,
# on eight hosts. The images wait for a git server that is not there, so that nothing is ever built.
moving_pipelines() {
  local count=$1 every=$2 nowhere first
  nowhere=$(lab_free_port)
  mkdir -p "$LAB/pipelines"
  for ((first = 0; first < count; first += 1000)); do
    {
      printf 'apiVersion: rebake/v1\npipeline: p%d\nsources:\n' $((first / 1000))
      for ((i = first; i < first + 1000 && i < count; i++)); do
        printf '  r%d: { image: "127.0.0.%d:%d/soak/r%d", tag: t, every: %s }\n' \
          "$i" $((i % 8 + 1)) "$MOVING_PORT" "$i" "$every"
      done
      printf '  code: { git: "http://127.0.0.1:%d/code.git", branch: main, every: 1d }\n' "$nowhere"
      printf 'images:\n  never: { from: r%d, context: { source: code }, push: "127.0.0.1:%d/never/p%d" }\n' \
        "$first" "$MOVING_PORT" $((first / 1000))
    } >"$LAB/pipelines/p$((first / 1000)).yaml"
  done
}
