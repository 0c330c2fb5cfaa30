#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rebake outdated` on a real Debian image that is truly behind: the same names and versions as apt
# itself gives inside of it, and none once apt has upgraded it.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
lab_begin
lab_need_root
lab_need mmdebstrap docker-registry skopeo jq
rebake=$REBAKE_BUILD/rebake
export XDG_CACHE_HOME=$LAB/cache
security=$(debian_source bookworm-security)
root=$LAB/root

base=$(debian_base_tar)
mkdir "$root"
tar -C "$root" -xf "$base" --exclude './dev/*'
cp /etc/resolv.conf "$root/etc/resolv.conf"

# inside COMMAND...: in the image's root, with apt as it is there.
inside() {
  chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"
}

# image NAME: an image of what the root holds now, in the registry.
image() {
  tar -C "$root" --exclude './var/lib/apt/lists/*' --exclude './var/cache/*' -cf "$LAB/$1.tar" .
  oci_make "$LAB/$1" "$LAB/$1.tar"
  oci_push "$LAB/$1" "$REGISTRY/lab/$1:latest"
}

# by_apt, by_rebake: "NAME ARCHITECTURE INSTALLED AVAILABLE", sorted.
by_apt() {
  inside apt list --upgradable 2>/dev/null |
    sed -nE 's#^([^/]+)/[^ ]* ([^ ]+) ([^ ]+) \[upgradable from: ([^]]+)\]$#\1 \3 \4 \2#p' | sort
}
by_rebake() {
  jq -r '.packages[] | "\(.name) \(.architecture) \(.installed) \(.available)"' "$LAB/out" | sort
}

registry_start

section "the suite added by --with, on the image's tar file"
mkdir -p "$root/usr/share/keyrings"
cp "$DEBIAN_KEYRING" "$root/usr/share/keyrings/"
echo "$security" >"$root/etc/apt/sources.list.d/security.list"
inside apt-get -q -o APT::Sandbox::User=root update >"$LAB/log/apt-update" 2>&1
by_apt >"$LAB/apt"
[ -s "$LAB/apt" ] || lab_skip "the archive has nothing newer than its last point release"
expect_exit 10 "$rebake" outdated "rootfs:$base" --with "$security" --format json
by_rebake >"$LAB/rebake"
diff -u "$LAB/apt" "$LAB/rebake" || fail "apt and rebake name different packages"
echo "the same $(wc -l <"$LAB/apt") packages as apt"

section "the image's own sources, from a registry"
image behind
expect_exit 10 "$rebake" outdated "$REGISTRY/lab/behind:latest" --format json
by_rebake >"$LAB/rebake"
diff -u "$LAB/apt" "$LAB/rebake" || fail "apt and rebake name different packages"
expect_json "$LAB/out" '.complete and all(.packages[]; .suite == "bookworm-security")'
expect_exit 10 "$rebake" outdated "$REGISTRY/lab/behind:latest"
expect_text "$LAB/out" "$(wc -l <"$LAB/apt") of"

section "a hold and a pin: still as apt says"
held=$(head -n 1 "$LAB/apt" | cut -d' ' -f1)
pinned=$(tail -n 1 "$LAB/apt" | cut -d' ' -f1)
inside apt-mark hold "$held" >/dev/null
printf 'Package: %s\nPin: release l=Debian-Security\nPin-Priority: -1\n' "$pinned" \
  >"$root/etc/apt/preferences.d/lab"
by_apt >"$LAB/apt"
expect_exit 10 "$rebake" outdated "rootfs:$root" --format json
by_rebake >"$LAB/rebake"
diff -u "$LAB/apt" "$LAB/rebake" || fail "apt and rebake name different packages"
expect_json "$LAB/out" "[.packages[] | select(.held)] | map(.name) == [\"$held\"]"
expect_json "$LAB/out" "all(.packages[]; .name != \"$pinned\")"
inside apt-mark unhold "$held" >/dev/null
rm "$root/etc/apt/preferences.d/lab"

section "up to date once apt has upgraded it"
inside apt-get -q -y -o APT::Sandbox::User=root -o Dpkg::Use-Pty=0 full-upgrade >"$LAB/log/apt-upgrade" 2>&1
image current
expect_exit 0 "$rebake" outdated "$REGISTRY/lab/current:latest"
expect_text "$LAB/out" "are up to date"
