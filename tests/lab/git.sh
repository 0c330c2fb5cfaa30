# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # what it sets is for the tests to read
# A git server over HTTP: nginx, fcgiwrap and git's own http-backend. Repositories stand in
# $LAB/git/NAME.git, each with a work tree in $LAB/work/NAME to commit from.

# What git does here depends on no configuration of the machine or the user.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
export GIT_AUTHOR_NAME=lab GIT_AUTHOR_EMAIL=lab@example.com
export GIT_COMMITTER_NAME=lab GIT_COMMITTER_EMAIL=lab@example.com

# git_server_start [NAME]: open to all. GIT_URL/REPOSITORY.git is then a repository's URL.
git_server_start() { git_server "${1:-git}" ''; }

# git_server_start_secured [NAME]: for the user "lab" with the password "lab-password".
git_server_start_secured() {
  local name=${1:-git-secured}
  mkdir -p "$LAB/nginx"
  echo "lab:$(openssl passwd -apr1 lab-password)" >"$LAB/nginx/$name.passwords"
  git_server "$name" "auth_basic lab; auth_basic_user_file $LAB/nginx/$name.passwords;"
}

git_server() {
  local name=$1 access=$2
  mkdir -p "$LAB/git"
  lab_start "$name-fcgi" fcgiwrap -c 2 -s "unix:$LAB/$name.sock"
  lab_wait 10 "$name's fcgiwrap" test -S "$LAB/$name.sock"
  nginx_start "$name" <<N
  include /etc/nginx/fastcgi_params;
  server {
    listen 127.0.0.1:@PORT@;
    location / {
      $access
      fastcgi_pass unix:$LAB/$name.sock;
      fastcgi_param SCRIPT_FILENAME $(git --exec-path)/git-http-backend;
      fastcgi_param GIT_PROJECT_ROOT $LAB/git;
      fastcgi_param GIT_HTTP_EXPORT_ALL 1;
      fastcgi_param GIT_PROTOCOL \$http_git_protocol;
      fastcgi_param PATH_INFO \$uri;
      fastcgi_param REMOTE_USER \$remote_user;
      include /etc/nginx/fastcgi_params;
    }
  }
N
  GIT_URL=http://127.0.0.1:$LAB_PORT
}

# git_repository NAME [FOLDER]: a new repository with the branch main, holding a copy of the folder.
git_repository() {
  git init -q --bare -b main "$LAB/git/$1.git"
  git clone -q "$LAB/git/$1.git" "$LAB/work/$1" 2>/dev/null
  git -C "$LAB/work/$1" symbolic-ref HEAD refs/heads/main
  if [ -n "${2:-}" ]; then
    cp -R "$2/." "$LAB/work/$1/"
    git_publish "$1" "first version"
  fi
}

# git_publish NAME MESSAGE: commits all that stands in the work tree and pushes it.
git_publish() {
  git -C "$LAB/work/$1" add --all
  git -C "$LAB/work/$1" commit -q -m "$2"
  git -C "$LAB/work/$1" push -q origin HEAD:main
}

# git_tip NAME: prints the commit at the head of the branch main.
git_tip() { git -C "$LAB/git/$1.git" rev-parse main; }
