# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Processes of the lab: each in a session of its own, with its output in $LAB/log/NAME, known by name.

# lab_start NAME COMMAND...
lab_start() {
  local name=$1
  shift
  setsid "$@" </dev/null >>"$LAB/log/$name" 2>&1 &
  echo "$name $!" >>"$LAB/processes"
}

# The process id of the last one started with this name.
lab_pid() {
  awk -v name="$1" '$1 == name { pid = $2 } END { print pid }' "$LAB/processes"
}

lab_running() {
  local pid
  pid=$(lab_pid "$1")
  [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null
}

lab_group_gone() { ! kill -0 -- "-$1" 2>/dev/null; }

# lab_stop_pid PID: ends the session that it leads, asked first and forced after ten seconds.
lab_stop_pid() {
  kill -TERM -- "-$1" 2>/dev/null || return 0
  lab_wait 10 "the end of process $1" lab_group_gone "$1" || kill -KILL -- "-$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

lab_stop() { lab_stop_pid "$(lab_pid "$1")"; }

# Prints a port of 127.0.0.1 that the kernel says is free.
lab_free_port() {
  perl -MIO::Socket::INET -e \
    'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport, "\n"'
}

lab_port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

lab_listening_or_dead() { lab_port_open "$2" || ! lab_running "$1"; }

# lab_listen NAME CONFIGURE COMMAND...: starts a server on a free port, after `CONFIGURE PORT` has written
# what it reads, and waits until it listens; the port is then in LAB_PORT. Another process may take the
# port in between: then it tries again.
lab_listen() {
  local name=$1 configure=$2 attempt
  shift 2
  for attempt in 1 2 3 4 5; do
    LAB_PORT=$(lab_free_port)
    "$configure" "$LAB_PORT"
    lab_start "$name" "$@"
    lab_wait 20 "$name to listen" lab_listening_or_dead "$name" "$LAB_PORT"
    if lab_running "$name"; then return 0; fi
    echo "attempt $attempt: $name ended at once; its log is in $LAB/log/$name" >&2
  done
  return 1
}
