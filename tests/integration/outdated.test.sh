#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rebake outdated` and `rebake scan` on small root folders, against a signed apt repository on
# loopback in each state that it may be in.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/../lab/lab.sh"
lab_begin
lab_need nginx apt-ftparchive gpg jq
rebake=$REBAKE_BUILD/rebake
export XDG_CACHE_HOME=$LAB/cache
root=$LAB/root

apt_repository_start
apt_package demo 1.0-2
apt_package tool 2.0
apt_package other 1.0
apt_publish
armour=$LAB/good.asc
gpg --homedir "$APT_FOLDER/good.home" --batch --armor --export >"$armour"

# image: an image of demo, tool and other, with no apt configuration.
image() {
  rm -rf "$root"
  debian_root "$root" demo=1.0-1 tool=1.9 other=1.0
  rm -f "$root/etc/apt/sources.list"
  mkdir -p "$root"/etc/apt/{sources.list.d,trusted.gpg.d,keyrings,preferences.d,apt.conf.d}
}
sources() { cat >"$root/etc/apt/sources.list"; }
outdated() { expect_exit "$1" "$rebake" outdated "rootfs:$root" "${@:2}"; }
# names: of the packages in the JSON that was printed.
names() { jq -r '[.packages[].name] | join(" ")' "$LAB/out"; }

section "outdated, by the keyring that the source names"
image
cp "$APT_KEYRING" "$root/etc/apt/keyrings/lab.gpg"
sources <<<"deb [signed-by=/etc/apt/keyrings/lab.gpg] $APT_URL/ lab main"
outdated 10
expect_text "$LAB/out" "2 of 3 packages are outdated"
expect_line "$LAB/out" "demo     1.0-1      1.0-2      lab"
expect_line "$LAB/out" "tool     1.9        2.0        lab"
outdated 10 --format json
expect_equal "$(names)" "demo tool"
expect_json "$LAB/out" '.complete and .packageCount == 3 and .sources[0].state == "answered"'
expect_json "$LAB/out" '.packages[0] == {name: "demo", installed: "1.0-1", available: "1.0-2",
  suite: "lab", codename: "lab", origin: "lab", architecture: "amd64", source: "demo", held: false,
  purl: "pkg:deb/debian/demo@1.0-1?arch=amd64&distro=debian-12"}'

section "the index is kept: the second look fetched the Release alone"
expect_equal "$(find "$LAB/cache" -name '*.index' | wc -l)" 1
expect_equal "$(grep -c /InRelease "$LAB/log/apt.access")" 2
expect_equal "$(grep -c /by-hash/ "$LAB/log/apt.access")" 1

section "indexes that nobody used for a week are removed, the one in use is not"
index=$(find "$LAB/cache" -name '*.index')
cp "$index" "$(dirname "$index")/old.index"
touch -d '8 days ago' "$index" "$(dirname "$index")/old.index"
outdated 10
expect_equal "$(find "$LAB/cache" -name '*.index')" "$index"
expect_equal "$(grep -c /by-hash/ "$LAB/log/apt.access")" 1

section "up to date"
image
cp "$armour" "$root/etc/apt/trusted.gpg.d/lab.asc"
sources <<<"deb $APT_URL lab main"
sed -i -e 's/1\.0-1/1.0-2/' -e 's/1\.9/2.0/' "$root/var/lib/dpkg/status"
outdated 0
expect_text "$LAB/out" "all 3 packages are up to date"
outdated 0 --json
expect_equal "$(names)" ""

section "a key within the source"
image
{
  printf 'Types: deb\nURIs: %s\nSuites: lab\nComponents: main\nSigned-By:\n' "$APT_URL"
  sed -e 's/^$/./' -e 's/^/ /' "$armour"
} >"$root/etc/apt/sources.list.d/lab.sources"
outdated 10 --json
expect_equal "$(names)" "demo tool"

section "a repository that the user adds, with a keyring of this machine"
image
outdated 1
expect_text "$LAB/err" "has no apt sources, so nothing says where newer packages would come from"
outdated 10 --json --with "deb [signed-by=$APT_KEYRING] $APT_URL lab main"
expect_equal "$(names)" "demo tool"
outdated 1 --with "deb [signed-by=/nowhere.gpg] $APT_URL lab main"
expect_text "$LAB/err" "the keyring /nowhere.gpg is not in the image, nor on this machine"
outdated 1 --with "$APT_URL lab main"
expect_text "$LAB/err" "is neither deb nor deb-src"

section "pins and holds"
image
sources <<<"deb [trusted=yes] $APT_URL lab main"
printf 'Package: tool\nPin: release o=lab\nPin-Priority: -1\n' >"$root/etc/apt/preferences.d/tool"
sed -i '/^Package: demo$/,/^$/s/^Status: install/Status: hold/' "$root/var/lib/dpkg/status"
outdated 10
expect_line "$LAB/out" "demo (held)  1.0-1      1.0-2      lab"
expect_text "$LAB/out" "1 of 3 packages is outdated"
outdated 10 --json
expect_json "$LAB/out" '.packages | length == 1 and .[0].held'

section "a foreign architecture that the repository does not have is no failure"
printf 'Package: demo\nStatus: install ok installed\nArchitecture: i386\nVersion: 1.0-1\n' \
  >>"$root/var/lib/dpkg/status"
outdated 10 --json
expect_equal "$(names)" "demo"
expect_json "$LAB/out" '[.sources[] | .architecture + " " + .state] == ["amd64 answered", "i386 skipped"]'
image

section "what cannot be asked is told, and does not hide the rest"
sources <<S
deb [trusted=yes] $APT_URL lab main
deb cdrom:[Debian]/ bookworm main
deb mirror+file:/etc/apt/mirrors.list bookworm main
deb [trusted=yes arch=arm64] $APT_URL lab main
S
outdated 10 --json
expect_json "$LAB/out" '.complete == false and [.sources[].state] == ["answered", "skipped", "skipped", "skipped"]'
expect_text "$LAB/err" "cdrom:[Debian]/ bookworm was left out: its packages are on a disc"
expect_text "$LAB/err" "bookworm was left out: it is a list of mirrors; add one of them by --with"
expect_text "$LAB/err" "lab was left out: it is for other architectures"
sources <<<"deb file:/srv/packages lab main"
outdated 1
expect_text "$LAB/err" "none of its apt sources can be asked from here"

section "a repository that fails makes the answer a failure"
sources <<S
deb [trusted=yes] $APT_URL lab main
deb [trusted=yes] $APT_URL missing main
S
outdated 1
expect_text "$LAB/out" "demo"
expect_text "$LAB/err" "dists/missing/Release: the server answered 404"
expect_text "$LAB/err" "Not all repositories have answered"
sources <<<"deb [trusted=yes] http://127.0.0.1:1/debian lab main"
outdated 3

section "nothing is believed that the image does not trust"
image
cp "$APT_KEYRING" "$root/etc/apt/trusted.gpg.d/lab.gpg"
sources <<<"deb $APT_URL lab main"
outdated 10
apt_publish --key stranger
outdated 1
expect_text "$LAB/err" "$APT_URL/dists/lab"
expect_empty "$LAB/out"
apt_publish --key none
outdated 1
expect_text "$LAB/err" "is not signed"
apt_publish
apt_tamper
outdated 1
rm "$root/etc/apt/trusted.gpg.d/lab.gpg"
outdated 1
expect_text "$LAB/err" "the image trusts none in general"

section "a state that has expired, and a snapshot that may"
cp "$APT_KEYRING" "$root/etc/apt/trusted.gpg.d/lab.gpg"
apt_publish --date '3 days ago' --valid-until yesterday
outdated 1
expect_text "$LAB/err" "has expired (Valid-Until: "
sources <<<"deb [check-valid-until=no] $APT_URL lab main"
outdated 10
sources <<<"deb $APT_URL lab main"
echo 'Acquire { Check-Valid-Until "false"; };' >"$root/etc/apt/apt.conf.d/99snapshot"
outdated 10
apt_publish

section "what is no image of Debian's, and what is none at all"
rm -rf "$root"
mkdir "$root"
outdated 1
expect_text "$LAB/err" "has no packages of dpkg's"
expect_exit 1 "$rebake" outdated "rootfs:$LAB/nothing-here"
expect_exit 2 "$rebake" outdated
expect_exit 2 "$rebake" outdated "rootfs:$root" --format xml

section "scan: a table, JSON, CycloneDX and SPDX of the same packages"
image
expect_exit 0 "$rebake" scan "rootfs:$root"
expect_text "$LAB/out" "3 packages"
expect_exit 0 "$rebake" scan "rootfs:$root" --format json
expect_json "$LAB/out" '[.packages[] | .name + "=" + .version] == ["demo=1.0-1", "other=1.0", "tool=1.9"]'
expect_exit 0 "$rebake" scan "rootfs:$root" --format cyclonedx
expect_json "$LAB/out" '.bomFormat == "CycloneDX" and ([.components[] | select(.type == "library")] | length == 3)'
expect_exit 0 "$rebake" scan "rootfs:$root" --format spdx
expect_json "$LAB/out" '[.packages[] | select(.externalRefs) | .name] | length == 3'
expect_exit 2 "$rebake" scan "rootfs:$root" --format xml

section "diff, where no daemon answers"
cp -r "$root" "$LAB/newer"
sed -i 's/^Version: 1\.9$/Version: 2.0/' "$LAB/newer/var/lib/dpkg/status"
expect_exit 10 "$rebake" diff "rootfs:$root" "rootfs:$LAB/newer" --socket "$LAB/nobody"
expect_text "$LAB/out" "0 added, 0 removed, 1 changed"
expect_text "$LAB/err" "without vulnerabilities"
expect_exit 2 "$rebake" diff "rootfs:$root"
expect_exit 1 "$rebake" diff "rootfs:$root" "rootfs:$LAB/absent"
