# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # what it sets is for the tests to read
# The bad network: nginx before a registry, which fails on demand and from one request to the next.

# front_start [HOST:PORT]: before that server (default: $REGISTRY). FRONT is then HOST:PORT.
front_start() {
  local to=${1:-$REGISTRY} folder=$LAB/front
  mkdir -p "$folder/faults"
  lab_start front-cut perl "$LAB_TOOLS/front-backend.pl" cut "$folder/cut.sock" "$to"
  lab_wait 10 "the front's bad server" test -S "$folder/cut.sock"
  front_silent_start front-silent
  nginx_start front < <(front_configuration "$to" "$folder")
  FRONT=127.0.0.1:$LAB_PORT
}

# front_silent_start NAME: the server that never answers; its log has a line for each connection.
front_silent_start() {
  lab_start "$1" perl "$LAB_TOOLS/front-backend.pl" silent "$LAB/front/silent.sock"
  lab_wait 10 "the front's silent server" test -S "$LAB/front/silent.sock"
}

# A fault is a file PART-FAULT in the folder faults: what nginx looks for anew with each request.
front_configuration() {
  local to=$1 folder=$2
  cat <<N
  map \$uri \$part { default other; ~/manifests/ manifests; ~/blobs/ blobs; }
  upstream good { server $to; }
  upstream cut { server unix:$folder/cut.sock; }
  upstream silent { server unix:$folder/silent.sock; }
  server {
    listen 127.0.0.1:@PORT@;
    set \$backend good;
    set \$fault $folder/faults/\$part;
    if (-f \$fault-cut) { set \$backend cut; }
    if (-f \$fault-silent) { set \$backend silent; }
    if (-f \$fault-slow) { set \$limit_rate 20k; }
    if (-f \$fault-401) { rewrite ^ /fault/401 last; }
    if (-f \$fault-404) { rewrite ^ /fault/404 last; }
    if (-f \$fault-429) { rewrite ^ /fault/429 last; }
    if (-f \$fault-500) { rewrite ^ /fault/500 last; }
    if (-f \$fault-503) { rewrite ^ /fault/503 last; }
    if (-f \$fault-later) { rewrite ^ /fault/later last; }
    location / {
      proxy_pass http://\$backend;
      proxy_set_header Host \$http_host;
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_read_timeout 1h;
    }
    default_type application/json;
    location = /fault/401 { internal; auth_basic lab; auth_basic_user_file /dev/null; }
    location = /fault/404 {
      internal;
      return 404 '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}';
    }
    location = /fault/429 {
      internal;
      add_header Retry-After 1 always;
      return 429 '{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}';
    }
    location = /fault/500 { internal; return 500 'an error of the lab'; }
    location = /fault/503 { internal; return 503 'not now'; }
    location = /fault/later {
      internal;
      add_header Retry-After 600 always;
      return 503 'not now';
    }
  }
N
}

# front_fault 401|404|429|500|503|later|slow|cut|silent [manifests|blobs|other]: from the next request on, for
# that part of the registry or for all of it.
front_fault() {
  local part
  for part in ${2:-manifests blobs other}; do
    touch "$LAB/front/faults/$part-$1"
  done
}

front_mend() { rm -f "$LAB"/front/faults/*; }
