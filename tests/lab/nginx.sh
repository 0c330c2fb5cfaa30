# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# nginx as the lab's web server: one small instance a name, with its requests in $LAB/log/NAME.access.

# nginx_start NAME: serves what standard input says, the inside of http {}, where @PORT@ stands for the
# port that it gets. The port is then in LAB_PORT.
nginx_start() {
  NGINX_NAME=$1
  mkdir -p "$LAB/nginx/$1"
  cat >"$LAB/nginx/$1/http.in"
  lab_listen "$1" nginx_configure nginx -c "$LAB/nginx/$1/nginx.conf" -e "$LAB/log/$1"
}

# One process, in the foreground, as the user who started the test, with nothing outside its folder.
nginx_configure() {
  local folder=$LAB/nginx/$NGINX_NAME
  {
    cat <<N
daemon off; master_process off; pid $folder/pid; error_log $LAB/log/$NGINX_NAME;
events { worker_connections 256; }
http {
  access_log $LAB/log/$NGINX_NAME.access;
  client_body_temp_path $folder/body; proxy_temp_path $folder/proxy; fastcgi_temp_path $folder/fastcgi;
  uwsgi_temp_path $folder/uwsgi; scgi_temp_path $folder/scgi;
  client_max_body_size 0;
N
    sed "s/@PORT@/$1/g" "$folder/http.in"
    echo '}'
  } >"$folder/nginx.conf"
}

# nginx_requests NAME: how many requests it has answered.
nginx_requests() { wc -l <"$LAB/log/$1.access"; }

# nginx_time FILE...: gives each a time of its own, in the past. A state is told from the last one by the
# second of its time and by its size, and two may be published within a second.
nginx_time() {
  local file
  for file in "$@"; do
    NGINX_TIME=$((${NGINX_TIME:-1700000000} + 1))
    touch -d "@$NGINX_TIME" "$file"
  done
}
