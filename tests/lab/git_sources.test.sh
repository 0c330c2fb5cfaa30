#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Git sources against real servers: nginx with a password, sshd, and a folder; tags and signatures.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
lab_begin
lab_need nginx fcgiwrap git gpg gpgv ssh-keygen /usr/sbin/sshd jq

export HOME=$LAB/home GNUPGHOME=$LAB/gnupg
unset SSH_AUTH_SOCK
mkdir -p "$HOME/.ssh" "$GNUPGHOME"
chmod 700 "$HOME/.ssh" "$GNUPGHOME"

sshd_configure() {
  cat >"$LAB/ssh/config" <<S
Port $1
ListenAddress 127.0.0.1
HostKey $LAB/ssh/host
AuthorizedKeysFile $LAB/ssh/authorized
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
S
  printf '[127.0.0.1]:%s %s\n' "$1" "$(cut -d' ' -f1,2 "$LAB/ssh/host.pub")" >"$HOME/.ssh/known_hosts"
}

# A server of the lab's repositories over ssh, for one throw-away key that may do nothing but git.
sshd_start() {
  mkdir -p "$LAB/ssh" /run/sshd
  ssh-keygen -q -t ed25519 -N '' -f "$LAB/ssh/host"
  ssh-keygen -q -t ed25519 -N '' -f "$HOME/.ssh/id_ed25519"
  # shellcheck disable=SC2016 # for the shell that sshd starts
  printf 'restrict,command="git-shell -c \\"$SSH_ORIGINAL_COMMAND\\"" %s\n' \
    "$(cat "$HOME/.ssh/id_ed25519.pub")" >"$LAB/ssh/authorized"
  lab_listen sshd sshd_configure /usr/sbin/sshd -D -e -f "$LAB/ssh/config"
  SSH_URL=ssh://$(id -un)@127.0.0.1:$LAB_PORT$LAB/git
}

# signer NAME: an SSH and an OpenPGP key of that name.
signer() {
  ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$LAB/$1.ssh"
  gpg --batch --quiet --passphrase '' --quick-generate-key "$1@example.com" ed25519 sign never
}

# signed REPOSITORY MESSAGE ssh|openpgp SIGNER GIT-ARGUMENTS...
signed() {
  local repository=$1 format=$3 signing=$4@example.com
  [ "$format" = openpgp ] || signing=$LAB/$4.ssh
  shift 4
  git -C "$LAB/work/$repository" -c "gpg.format=$format" -c "user.signingkey=$signing" "$@"
}

# commit_signed REPOSITORY MESSAGE FORMAT SIGNER
commit_signed() {
  echo "$2" >"$LAB/work/$1/file"
  git -C "$LAB/work/$1" add file
  signed "$1" "$2" "$3" "$4" commit -q -S -m "$2"
  git -C "$LAB/work/$1" push -q origin HEAD:main
}

# One image that waits for a git server that is not there, so that nothing is ever built.
write_pipeline() {
  cat >"$LAB/git.yaml" <<Y
apiVersion: rebake/v1
pipeline: git
sources:
  open: { git: "$OPEN/shop.git", branch: main, every: 1s }
  secured: { git: "$SECURED/shop.git", branch: main, every: 1s }
  ssh: { git: "$SSH_URL/shop.git", branch: main, every: 1s }
  file: { git: "file://$LAB/git/shop.git", branch: main, every: 1s }
  tags: { git: "$SECURED/shop.git", tags: { glob: "v*", order: semver }, every: 1s }
  ssh-tags: { git: "$SSH_URL/shop.git", tags: { semver: "^1" }, every: 1s }
  by-ssh: { git: "$OPEN/by-ssh.git", branch: main, every: 1s, signed: { allowed-signers: $LAB/allowed } }
  by-gpg: { git: "$OPEN/by-gpg.git", branch: main, every: 1s, signed: { keyring: $LAB/dev.gpg } }
  gpg-tags: { git: "$OPEN/by-gpg.git", tags: { glob: "v*", order: semver }, every: 1s, signed: { keyring: $LAB/dev.gpg } }
  never: { git: "http://127.0.0.1:$(lab_free_port)/x.git", branch: main, every: 1d }
images:
  app:
    from: base
    context: { source: never }
    push: registry.example.com/git/app
Y
  sed -i 's/^images:/  base: { image: "127.0.0.1:1\/base", tag: "1", every: 1d }\nimages:/' "$LAB/git.yaml"
}

# source_is NAME FILTER: the jq filter is true of what the daemon says of the source.
source_is() {
  rebaked_get /v1/status |
    jq -e ".sources[] | select(.names == [\"git/$1\"]) | $2" >/dev/null
}

version_is() { lab_wait 60 "$1 to be at $2" source_is "$1" ".state == \"good\" and .version == \"$2\""; }
error_is() { lab_wait 60 "$1 to say: $2" source_is "$1" ".state == \"failing\" and (.error | contains(\"$2\"))"; }

section "servers"
git_server_start
OPEN=$GIT_URL
git_server_start_secured
SECURED=$GIT_URL
sshd_start
echo "${SECURED/:\/\//://lab:lab-password@}" >"$HOME/.git-credentials"
signer dev
signer stranger
printf 'dev@example.com namespaces="git" %s\n' "$(cat "$LAB/dev.ssh.pub")" >"$LAB/allowed"
gpg --batch --export dev@example.com >"$LAB/dev.gpg"
mkdir "$LAB/code"
echo one >"$LAB/code/file"
for repository in shop by-ssh by-gpg; do git_repository $repository "$LAB/code"; done
git -C "$LAB/work/shop" tag v1.9.0
git -C "$LAB/work/shop" push -q origin v1.9.0
commit_signed by-ssh first ssh dev
commit_signed by-gpg first openpgp dev
signed by-gpg '' openpgp dev tag -s -m one v1.0.0
git -C "$LAB/work/by-gpg" push -q origin v1.0.0
good_ssh=$(git_tip by-ssh)
good_gpg=$(git_tip by-gpg)
write_pipeline
rebaked_start "$LAB/git.yaml"

section "every way leads to the same commit"
for source in open secured ssh file tags ssh-tags; do version_is "$source" "$(git_tip shop)"; done
version_is by-ssh "$good_ssh"
version_is by-gpg "$good_gpg"
version_is gpg-tags "$good_gpg"

section "a commit and a tag are followed on every way"
echo two >"$LAB/work/shop/file"
git_publish shop two
git -C "$LAB/work/shop" tag -a -m x v1.10.0
git -C "$LAB/work/shop" push -q origin v1.10.0
for source in open secured ssh file tags ssh-tags; do version_is "$source" "$(git_tip shop)"; done

section "an unchanged repository costs one request, with a password too"
before=$(rebaked_get /v1/status | jq '.sources[] | select(.names == ["git/secured"]) | .requests')
lab_wait 20 "three more checks" source_is secured ".requests >= $((before + 3))"
tail -n 3 "$LAB/log/git-secured.access" >"$LAB/last"
expect_equal "$(grep -c ' 200 ' "$LAB/last")" 3
expect_equal "$(grep -c 'POST /shop.git/git-upload-pack' "$LAB/last")" 3

section "a tag that is taken back is not followed"
git -C "$LAB/git/shop.git" tag -d v1.10.0
error_is tags "gone backwards"
error_is ssh-tags "gone backwards"

section "what is not signed, or by a stranger, is not followed"
echo unsigned >"$LAB/work/by-ssh/file"
git_publish by-ssh unsigned
error_is by-ssh "is not signed"
commit_signed by-ssh strange ssh stranger
error_is by-ssh "does not hold, or not for that time"
commit_signed by-ssh openpgp openpgp dev
error_is by-ssh "is signed with OpenPGP, and the source wants SSH"
commit_signed by-ssh good ssh dev
version_is by-ssh "$(git_tip by-ssh)"
echo unsigned >"$LAB/work/by-gpg/file"
git_publish by-gpg unsigned
error_is by-gpg "is not signed"
commit_signed by-gpg strange openpgp stranger
error_is by-gpg "which is not in the keyring"
signed by-gpg '' openpgp stranger tag -s -m strange v1.1.0
git -C "$LAB/work/by-gpg" push -q origin v1.1.0
error_is gpg-tags "which is not in the keyring"
commit_signed by-gpg good openpgp dev
version_is by-gpg "$(git_tip by-gpg)"

section "a host whose key is another is refused"
mv "$HOME/.ssh/known_hosts" "$HOME/.ssh/known_hosts.good"
ssh-keygen -q -t ed25519 -N '' -f "$LAB/ssh/other"
printf '%s %s\n' "$(cut -d' ' -f1 "$HOME/.ssh/known_hosts.good")" "$(cut -d' ' -f1,2 "$LAB/ssh/other.pub")" \
  >"$HOME/.ssh/known_hosts"
error_is ssh "is the host's key in ~/.ssh/known_hosts?"
