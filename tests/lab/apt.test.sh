#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# apt sources as the daemon sees them: repositories by apt-ftparchive and reprepro behind nginx, in every
# form that is read and every state that is refused; and the real archive, once.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
lab_begin
lab_need nginx apt-ftparchive reprepro gpg jq zstd bzip2

apt_repository_start
apt_package demo 1.0-1
apt_publish --date '2 hours ago'
apt_package tool 2.0-1 all
apt_package other 3.0-1 arm64
pool=$APT_FOLDER/public/pool
apt_publish_flat
apt_reprepro main "$pool/demo_1.0-1_amd64.deb" "$pool/tool_2.0-1_all.deb"
apt_reprepro contrib "$pool/other_3.0-1_arm64.deb"
real=$(debian_source bookworm-security)
real_url=$(echo "$real" | sed -E 's/^deb \[[^]]*\] ([^ ]+) .*/\1/')

cat >"$LAB/pipeline.yaml" <<Y
apiVersion: rebake/v1
pipeline: lab
sources:
  suite: { apt: "$APT_URL", suite: lab, components: [main], signed-by: $APT_KEYRING, every: 1d }
  flat: { apt: "$APT_URL", suite: ./flat/, signed-by: $APT_KEYRING, every: 1d }
  shelf:
    apt: $APT_URL/reprepro
    suite: stable
    components: [main, contrib]
    architectures: [amd64, arm64]
    signed-by: $APT_KEYRING
    every: 1d
  debian: { apt: "$real_url", suite: bookworm-security, components: [main], signed-by: $DEBIAN_KEYRING, every: 1d }
  code: { git: "http://127.0.0.1:$(lab_free_port)/code.git", branch: main, every: 1d }
  base: { image: "127.0.0.1:$(lab_free_port)/base", tag: "1", every: 1d }
images:
  never: { from: base, context: { source: code }, push: 127.0.0.1:9/lab/never }
Y
rebaked_start "$LAB/pipeline.yaml"

# source NAME FILTER: what the filter prints of the source.
source_of() {
  rebaked_get /v1/sources | jq -r --arg name "$1" "(.sources // .)[] | select(.names | tostring | contains(\$name)) | $2"
}
version() { source_of "$1" .version; }
is_good() { [ "$(source_of "$1" .state)" = good ]; }
# seen NAME TROUBLE WORDS: checks it now; it must then be in that trouble, and the version as before.
seen() {
  local before
  before=$(version "$1")
  rebake check "$1" >"$LAB/out" 2>"$LAB/err" || true
  lab_wait 20 "$1 to be in trouble: $2" is_in "$1" "$2"
  source_of "$1" .error >"$LAB/out"
  expect_text "$LAB/out" "$3"
  expect_equal "$(version "$1")" "$before"
}
is_in() { [ "$(source_of "$1" .trouble)" = "$2" ]; }
# followed: the suite as it was published last is taken over.
followed() {
  local wanted
  wanted=$(sha256sum "$APT_FOLDER/public/dists/lab/Release" | cut -d' ' -f1)
  rebake check suite >"$LAB/out" 2>"$LAB/err" || true
  lab_wait 20 "the new state to be seen" is_at suite "$wanted"
  lab_wait 20 "the source to be well" is_good suite
}
is_at() { [ "$(version "$1")" = "$2" ]; }
# Which files of the repository were asked for since the last time, without the Release file.
asked() {
  sed -nE 's#.*"GET ([^ ]*(Packages[^ ]*|by-hash/[^ ]*)) .*" 200 .*#\1#p' "$LAB/log/apt.access" |
    tail -n +"$((ASKED + 1))"
}
asked_before() { ASKED=0 && ASKED=$(asked | wc -l); }

section "a suite, a flat repository with Release.gpg, one by reprepro with several of all, and Debian's"
for name in suite flat shelf debian; do lab_wait 60 "$name to be seen" is_good "$name"; done
for name in flat shelf; do
  case $name in
    flat) release=$APT_FOLDER/public/flat/Release ;;
    shelf) release=$APT_FOLDER/public/reprepro/dists/shelf/Release ;;
  esac
  expect_equal "$(version "$name")" "$(sha256sum "$release" | cut -d' ' -f1)"
done

section "in reprepro's repository only what has changed is fetched"
asked_before
apt_package more 1.0-1 arm64
apt_reprepro contrib "$pool/more_1.0-1_arm64.deb"
wanted=$(sha256sum "$APT_FOLDER/public/reprepro/dists/shelf/Release" | cut -d' ' -f1)
rebake check shelf >"$LAB/out" 2>"$LAB/err" || true
lab_wait 20 "the new state to be seen" is_at shelf "$wanted"
asked >"$LAB/out"
expect_equal "$(wc -l <"$LAB/out")" 1
expect_text "$LAB/out" contrib/binary-arm64/Packages

section "each compression by itself, and Release.gpg alone"
minute=60
for forms in .zst .gz .bz2 .xz plain; do
  apt_package demo "1.0-1+deb12u$minute"
  apt_publish --forms "$forms" --date "$minute minutes ago"
  minute=$((minute - 1))
  followed
done
apt_package demo 1.0-2
apt_publish --sign detached --date "$minute minutes ago"
followed

section "each trouble, with the last good state kept"
apt_publish --key stranger --date '20 minutes ago'
seen suite key-changed 'which is not in the keyring'
apt_publish --key none --date '20 minutes ago'
seen suite untrusted 'is not signed'
apt_publish --date '20 minutes ago'
apt_tamper
seen suite untrusted 'bad signature'
apt_publish --date '20 minutes ago' --valid-until '10 minutes ago'
seen suite expired 'has expired'
apt_publish --date '3 hours ago'
seen suite backwards 'has gone back in time'
apt_publish --date '20 minutes ago' --codename next
seen suite moved 'to follow it, say so in the source: "codename: next"'
mv "$APT_FOLDER/public/dists" "$APT_FOLDER/public/gone"
seen suite vanished dists/lab/Release
mv "$APT_FOLDER/public/gone" "$APT_FOLDER/public/dists"
apt_publish --date '19 minutes ago'
followed

section "another release is followed once the pipeline says so"
apt_publish --date '18 minutes ago' --codename next
seen suite moved 'stands for another release now'
lab_stop rebaked
sed -i 's/suite: lab, /suite: lab, codename: next, /' "$LAB/pipeline.yaml"
rebaked_start "$LAB/pipeline.yaml"
lab_wait 30 "the new release to be seen" is_at suite "$(sha256sum "$APT_FOLDER/public/dists/lab/Release" | cut -d' ' -f1)"

section "rebake outdated reads a flat repository"
debian_root "$LAB/root" demo=1.0-1
mkdir -p "$LAB/root/etc/apt" "$LAB/root/usr/share/keyrings"
cp "$APT_KEYRING" "$LAB/root/usr/share/keyrings/lab.gpg"
apt_publish_flat
echo "deb [signed-by=/usr/share/keyrings/lab.gpg] $APT_URL flat/" >"$LAB/root/etc/apt/sources.list"
XDG_CACHE_HOME=$LAB/cache expect_exit 10 "$REBAKE_BUILD/rebake" outdated "rootfs:$LAB/root" --format json
expect_json "$LAB/out" '[.packages[] | [.name, .available]] == [["demo", "1.0-2"]]'
expect_json "$LAB/out" '.complete and (.sources | length) == 1 and .sources[0].state == "answered"'
