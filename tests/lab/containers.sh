# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# podman and buildah with storage, state and configuration of their own, all in $LAB/containers.

# containers_begin [HOST:PORT...]: from here on podman, buildah and skopeo see this storage alone, and
# speak plain HTTP with these registries.
containers_begin() {
  local folder=$LAB/containers registry
  lab_need_root
  lab_need podman buildah runc skopeo
  mkdir -p "$folder"
  cat >"$folder/storage.conf" <<C
[storage]
driver = "$(containers_driver "$folder")"
graphroot = "$folder/graph"
runroot = "$folder/run"
C
  # runc and cgroupfs run without systemd and under either version of cgroups. The limits are lower than
  # Debian's default, which a machine may not be allowed to raise itself to.
  cat >"$folder/containers.conf" <<C
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
static_dir = "$folder/libpod"
tmp_dir = "$folder/tmp"
volume_path = "$folder/volumes"
[network]
network_config_dir = "$folder/networks"
C
  for registry in "$@"; do
    printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$registry"
  done >"$folder/registries.conf"
  export CONTAINERS_STORAGE_CONF=$folder/storage.conf
  export CONTAINERS_CONF=$folder/containers.conf
  export CONTAINERS_REGISTRIES_CONF=$folder/registries.conf
  # RUN steps need no network of their own, nor a runtime: a chroot is enough, and quick.
  export BUILDAH_ISOLATION=chroot
}

# overlay where the file system below allows it; vfs copies, and works everywhere.
containers_driver() {
  local try=$1/try
  mkdir -p "$try"/{lower,upper,work,merged}
  if mount -t overlay overlay -o "lowerdir=$try/lower,upperdir=$try/upper,workdir=$try/work" "$try/merged" 2>/dev/null; then
    umount "$try/merged"
    echo overlay
  else
    echo vfs
  fi
  rm -rf "$try"
}
