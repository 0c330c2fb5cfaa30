# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Images without a builder: an OCI layout from tar files, and its way into a registry.

# oci_blob FOLDER FILE: moves the file into the layout, prints "sha256:HEX SIZE".
oci_blob() {
  local hex size
  hex=$(sha256sum "$2" | cut -d' ' -f1)
  size=$(stat -c %s "$2")
  mv "$2" "$1/blobs/sha256/$hex"
  echo "sha256:$hex $size"
}

# oci_make FOLDER TAR...: an OCI layout of one linux/amd64 image with a gzip layer for each tar file,
# tagged "latest". OCI_HISTORY=no leaves out the history, as some tools do.
oci_make() {
  local folder=$1 tar layers='[]' diffs='[]' digest size work
  shift
  mkdir -p "$folder/blobs/sha256"
  work=$folder/work
  for tar in "$@"; do
    diffs=$(jq --arg d "sha256:$(sha256sum "$tar" | cut -d' ' -f1)" '. + [$d]' <<<"$diffs")
    gzip -nc "$tar" >"$work"
    read -r digest size < <(oci_blob "$folder" "$work")
    layers=$(jq --arg d "$digest" --argjson s "$size" \
      '. + [{mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: $d, size: $s}]' <<<"$layers")
  done
  jq -nc --argjson diffs "$diffs" --arg history "${OCI_HISTORY:-yes}" \
    '{architecture: "amd64", os: "linux", config: {}, rootfs: {type: "layers", diff_ids: $diffs}}
      + if $history == "no" then {} else {history: [$diffs[] | {created_by: "lab"}]} end' >"$work"
  read -r digest size < <(oci_blob "$folder" "$work")
  jq -nc --argjson layers "$layers" --arg d "$digest" --argjson s "$size" \
    '{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: {mediaType: "application/vnd.oci.image.config.v1+json", digest: $d, size: $s},
      layers: $layers}' >"$work"
  read -r digest size < <(oci_blob "$folder" "$work")
  jq -nc --arg d "$digest" --argjson s "$size" \
    '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [{mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $d, size: $s,
                   annotations: {"org.opencontainers.image.ref.name": "latest"}}]}' >"$folder/index.json"
  echo '{"imageLayoutVersion":"1.0.0"}' >"$folder/oci-layout"
}

# oci_push FOLDER REFERENCE: into a registry of plain HTTP.
oci_push() {
  skopeo copy --quiet --insecure-policy --dest-tls-verify=false "oci:$1:latest" "docker://$2"
}

# oci_layer_digest FOLDER NUMBER: the digest of a layer of the image, counted from 0 at the bottom.
oci_layer_digest() {
  local manifest
  manifest=$(jq -r '.manifests[0].digest' "$1/index.json")
  jq -r ".layers[$2].digest" "$1/blobs/sha256/${manifest#sha256:}"
}

# debian_root FOLDER PACKAGE=VERSION...: a root folder with what tells the packages of a Debian image.
debian_root() {
  local folder=$1 package
  shift
  mkdir -p "$folder/etc/apt" "$folder/var/lib/dpkg"
  printf 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n' \
    >"$folder/etc/os-release"
  for package in "$@"; do
    printf 'Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: %s\n\n' \
      "${package%%=*}" "${package#*=}"
  done >"$folder/var/lib/dpkg/status"
}
