#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rebake scan` of images as tools save them into one file: docker's archive as skopeo and podman write it and
# in its oldest form, an OCI layout as a tar file; each is the same image as the layout that it was made of.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/../lab/lab.sh"
lab_begin
lab_need skopeo podman jq python3

packages() {
  expect_exit 0 rebake scan --format json "$1"
  jq -S '{distribution, packages}' "$LAB/out"
}

# the_same IMAGE
the_same() {
  packages "$1" >"$LAB/found"
  diff -u "$LAB/wanted" "$LAB/found" || fail "$1 is not the same image"
}

section "an image of two layers, the upper of which removes a package's file"
debian_root "$LAB/root" bash=5.2.15-2+b7 demo=1.0
tar -C "$LAB/root" -cf "$LAB/lower.tar" .
mkdir -p "$LAB/upper/var/lib/dpkg"
sed 's/^Version: 1\.0$/Version: 1.1/' "$LAB/root/var/lib/dpkg/status" >"$LAB/upper/var/lib/dpkg/status"
tar -C "$LAB/upper" -cf "$LAB/upper.tar" .
oci_make "$LAB/image" "$LAB/lower.tar" "$LAB/upper.tar"
packages "oci:$LAB/image" >"$LAB/wanted"
expect_json "$LAB/wanted" '[.packages[] | select(.name == "demo").version] == ["1.1"]'

section "docker's archive, by skopeo"
skopeo copy --quiet "oci:$LAB/image:latest" "docker-archive:$LAB/docker.tar:shop/app:1"
the_same "docker-archive:$LAB/docker.tar"
the_same "docker-archive:$LAB/docker.tar:1"
the_same "docker-archive:$LAB/docker.tar:docker.io/shop/app:1"
expect_exit 1 rebake scan "docker-archive:$LAB/docker.tar:2"
expect_text "$LAB/err" "$LAB/docker.tar has no image with the tag 2"

section "several images in one, by podman"
containers_begin
oci_make "$LAB/other" "$LAB/lower.tar"
skopeo copy --quiet "oci:$LAB/image:latest" containers-storage:shop.example.com/app:1
skopeo copy --quiet "oci:$LAB/other:latest" containers-storage:shop.example.com/other:2
podman save --quiet --multi-image-archive --output "$LAB/several.tar" shop.example.com/app:1 shop.example.com/other:2
expect_exit 1 rebake scan "docker-archive:$LAB/several.tar"
expect_text "$LAB/err" "holds 2 images: name one as docker-archive:FILE:NAME:TAG"
the_same "docker-archive:$LAB/several.tar:1"
packages "docker-archive:$LAB/several.tar:shop.example.com/other:2" >"$LAB/found"
expect_json "$LAB/found" '[.packages[] | select(.name == "demo").version] == ["1.0"]'

section "docker's archive in its oldest form: a folder a layer, the same layer as a link"
python3 - "$LAB/docker.tar" "$LAB/old.tar" <<'P'
import io, json, sys, tarfile
saved = tarfile.open(sys.argv[1])
image = json.load(saved.extractfile("manifest.json"))[0]
with tarfile.open(sys.argv[2], "w") as old:
    def add(name, data):
        info = tarfile.TarInfo(name)
        info.size = len(data)
        old.addfile(info, io.BytesIO(data))
    layers = []
    for number, layer in enumerate(image["Layers"]):
        add(f"layer{number}/VERSION", b"1.0")
        add(f"layer{number}/layer.tar", saved.extractfile(layer).read())
        link = tarfile.TarInfo(f"again{number}/layer.tar")
        link.type, link.linkname = tarfile.SYMTYPE, f"../layer{number}/layer.tar"
        old.addfile(link)
        layers.append(f"again{number}/layer.tar")
    add(image["Config"], saved.extractfile(image["Config"]).read())
    add("manifest.json", json.dumps([{"Config": image["Config"], "RepoTags": None, "Layers": layers}]).encode())
P
the_same "docker-archive:$LAB/old.tar"

section "an OCI layout as a tar file"
skopeo copy --quiet "oci:$LAB/image:latest" "oci-archive:$LAB/oci.tar:one"
the_same "oci-archive:$LAB/oci.tar"
the_same "oci-archive:$LAB/oci.tar:one"
expect_exit 1 rebake scan "oci-archive:$LAB/oci.tar:two"

section "what is no such archive"
gzip -k "$LAB/docker.tar"
expect_exit 1 rebake scan "docker-archive:$LAB/docker.tar.gz"
expect_text "$LAB/err" "compressed as a whole (then unpack it first)"
head -c 20000 "$LAB/docker.tar" >"$LAB/cut.tar"
expect_exit 1 rebake scan "docker-archive:$LAB/cut.tar"
expect_exit 1 rebake scan "docker-archive:$LAB/oci.tar"
expect_text "$LAB/err" "has no manifest.json"
expect_exit 1 rebake scan "docker-archive:$LAB/nothing.tar"

section "a layer that is not what the image's configuration says"
python3 - "$LAB/docker.tar" <<'P'
import sys
with open(sys.argv[1], "r+b") as file:
    data = file.read()
    at = data.index(b"Package: demo")
    file.seek(at)
    file.write(b"Package: DEMO")
P
expect_exit 1 rebake scan "docker-archive:$LAB/docker.tar"
expect_empty "$LAB/out"
