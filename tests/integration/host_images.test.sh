#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Host images: a root file system of ext4 on a disk with and without partitions, raw and qcow2, is read as
# the folder that it was made of; and what is none, or reaches for another file, is refused.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/../lab/lab.sh"
lab_begin
PATH=$PATH:/sbin:/usr/sbin
lab_need mkfs.ext4 sfdisk qemu-img qemu-nbd jq gem
rebake=$REBAKE_BUILD/rebake
export XDG_CACHE_HOME=/dev/null

debian_root "$LAB/root" bash=5.2.15-2+b7 linux-image-amd64=6.1.1-1 runc=1.1.5+ds1-1
mkdir -p "$LAB/root/srv/node_modules/pad" "$LAB/root/usr/lib"
echo '{"name": "pad", "version": "1.3.0"}' >"$LAB/root/srv/node_modules/pad/package.json"
mv "$LAB/root/etc/os-release" "$LAB/root/usr/lib/os-release"
ln -s ../usr/lib/os-release "$LAB/root/etc/os-release"
told() { "$rebake" scan --json "$1" | jq -S .; }
told "rootfs:$LAB/root" >"$LAB/wanted"
expect_json "$LAB/wanted" '(.packages | length) == 4 and .distribution.id == "debian"'
# the_same FILE: it is read as the folder.
the_same() {
  told "disk:$1" >"$LAB/found"
  diff "$LAB/wanted" "$LAB/found" >"$LAB/why" || fail "$1: $(cat "$LAB/why")"
}
# file_system FILE TYPE: of the folder, 64 MiB.
file_system() {
  truncate -s 64M "$1"
  "mkfs.$2" -q -d "$LAB/root" "$1"
}
# partitioned FILE LABEL: an empty partition, then that file system.
partitioned() {
  truncate -s 96M "$1"
  printf 'label: %s\nstart=2048, size=8192\nstart=16384, size=131072\n' "$2" | sfdisk --quiet "$1"
  dd if="$LAB/ext4" of="$1" bs=512 seek=16384 conv=notrunc status=none
}

section "a file system by itself"
for type in ext2 ext3 ext4; do
  file_system "$LAB/$type" "$type"
  the_same "$LAB/$type"
done

section "a disk with partitions"
for label in gpt dos; do
  partitioned "$LAB/$label" "$label"
  the_same "$LAB/$label"
done

section "qcow2, compressed too"
qemu-img convert -O qcow2 "$LAB/gpt" "$LAB/qcow2"
the_same "$LAB/qcow2"
qemu-img convert -c -O qcow2 "$LAB/gpt" "$LAB/packed"
the_same "$LAB/packed"
expect_exit 0 "$rebake" diff "rootfs:$LAB/root" "disk:$LAB/packed" --socket "$LAB/nobody"

section "what reaches for another file is refused"
qemu-img create -q -f qcow2 -b "$LAB/gpt" -F raw "$LAB/child"
expect_exit 1 "$rebake" scan "disk:$LAB/child"
expect_text "$LAB/err" "keeps its content in another file"
qemu-img create -q -f qcow2 -o data_file="$LAB/data" "$LAB/outside" 1M
expect_exit 1 "$rebake" scan "disk:$LAB/outside"
expect_text "$LAB/err" "keeps its content in another file"

section "what is no host, or broken"
truncate -s 1M "$LAB/zeroes"
expect_exit 1 "$rebake" scan "disk:$LAB/zeroes"
expect_text "$LAB/err" "none of its 1 partitions holds a root file system"
head -c 20000000 "$LAB/gpt" >"$LAB/short"
expect_exit 1 "$rebake" scan "disk:$LAB/short"
head -c 3000 "$LAB/qcow2" >"$LAB/short"
expect_exit 1 "$rebake" scan "disk:$LAB/short"
expect_exit 1 "$rebake" scan "disk:$LAB/absent"
for place in 1024 1100 2048 5000 70000 300000 1100000; do # whatever is spoilt, it ends, and well
  cp --sparse=always "$LAB/ext4" "$LAB/spoilt"
  head -c 512 /dev/urandom | dd of="$LAB/spoilt" bs=1 seek=$place conv=notrunc status=none
  status=0
  timeout 60 "$rebake" scan --json "disk:$LAB/spoilt" >"$LAB/out" 2>"$LAB/err" || status=$?
  [ $status -le 1 ] || fail "spoilt at $place: status $status, $(cat "$LAB/err")"
done
