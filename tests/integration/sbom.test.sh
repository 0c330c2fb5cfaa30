#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What `rebake scan` writes for others, CycloneDX and SPDX, is valid by their official schemas, of every kind
# of packages; and of equal images equal.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/../lab/lab.sh"
lab_begin
lab_need python3 jq docker-registry skopeo curl
tools=$(cd "$(dirname "$0")" && pwd)
python3 -c 'import jsonschema' || fail "python3-jsonschema is not installed"

# valid FORMAT IMAGE: writes $LAB/FORMAT.
valid() {
  expect_exit 0 rebake scan --format "$1" "$2"
  cp "$LAB/out" "$LAB/$1"
  python3 "$tools/sbom_schemas.py" "$1" "$LAB/$1" 2>"$LAB/why" || fail "$1 of $2: $(cat "$LAB/why")"
}

debian_root "$LAB/debian" bash=5.2.15-2+b7 zlib1g=1:1.2.13.dfsg-1
mkdir -p "$LAB/alpine/lib/apk/db" "$LAB/alpine/etc" "$LAB/nothing"
printf 'C:Q1abc=\nP:musl\nV:1.2.5-r0\nA:x86_64\nT:libc\no:musl\n\n' >"$LAB/alpine/lib/apk/db/installed"
printf 'ID=alpine\nVERSION_ID=3.20.1\nPRETTY_NAME="Alpine Linux v3.20"\n' >"$LAB/alpine/etc/os-release"

for root in debian alpine nothing; do
  section "$root"
  valid cyclonedx "rootfs:$LAB/$root"
  valid spdx "rootfs:$LAB/$root"
done

section "each package by its purl, in both"
valid cyclonedx "rootfs:$LAB/debian"
SOURCE_DATE_EPOCH=1700000000 valid spdx "rootfs:$LAB/debian"
jq -r '.components[].purl // empty' "$LAB/cyclonedx" | sort >"$LAB/wanted"
jq -r '.packages[].externalRefs[]?.referenceLocator' "$LAB/spdx" | sort >"$LAB/found"
diff "$LAB/wanted" "$LAB/found" || fail "the two do not list the same"
[ "$(wc -l <"$LAB/found")" -eq 2 ] || fail "not two packages"
expect_json "$LAB/spdx" '.creationInfo.created == "2023-11-14T22:13:20Z"'
expect_json "$LAB/spdx" '[.relationships[] | select(.relationshipType == "CONTAINS")] | length == 3'

section "what was written is read as the same"
mkdir -p "$LAB/debian/srv/node_modules/pad"
echo '{"name": "pad", "version": "1.3.0"}' >"$LAB/debian/srv/node_modules/pad/package.json"
told() { rebake scan --json "$1" | jq -S '.packages | map(del(.held))'; }
told "rootfs:$LAB/debian" >"$LAB/wanted"
for format in cyclonedx spdx; do
  valid "$format" "rootfs:$LAB/debian"
  told "sbom:$LAB/$format" >"$LAB/found"
  diff "$LAB/wanted" "$LAB/found" >"$LAB/why" || fail "$format: $(cat "$LAB/why")"
  expect_exit 0 rebake scan "sbom:$LAB/$format"
  expect_text "$LAB/out" "3 packages: "
  expect_text "$LAB/out" "by rebake"
done
expect_exit 0 rebake diff "rootfs:$LAB/debian" "sbom:$LAB/spdx"
expect_exit 1 rebake scan "sbom:$LAB/wanted"
expect_text "$LAB/err" "is neither CycloneDX"
rm -r "$LAB/debian/srv"

section "attached to an image in a registry"
registry_start
oci_push_root() { tar -C "$LAB/$1" -cf "$LAB/root.tar" . && oci_make "$LAB/oci" "$LAB/root.tar" && oci_push "$LAB/oci" "$2"; }
oci_push_root debian "$REGISTRY/shop/app:1"
expect_exit 1 rebake scan "attached:$REGISTRY/shop/app:1"
expect_text "$LAB/err" "no SBOM is attached to it"
image=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/shop/app:1")
# put_blob FILE: prints its descriptor.
put_blob() {
  local digest place
  digest=sha256:$(sha256sum "$1" | cut -d' ' -f1)
  place=$(curl -fsS -X POST -D - -o "$LAB/log/post" "http://$REGISTRY/v2/shop/app/blobs/uploads/" | tr -d '\r' |
    sed -n 's/^Location: //p')
  curl -fsS -X PUT --data-binary "@$1" -H 'Content-Type: application/octet-stream' "$place&digest=$digest"
  jq -nc --arg d "$digest" --argjson s "$(stat -c %s "$1")" '{digest: $d, size: $s}'
}
# put_manifest NAME FILE TYPE
put_manifest() {
  curl -fsS -X PUT --data-binary "@$2" -H "Content-Type: $3" "http://$REGISTRY/v2/shop/app/manifests/$1"
}
printf '{}' >"$LAB/config"
config=$(put_blob "$LAB/config")
layer=$(put_blob "$LAB/spdx")
jq -nc --argjson config "$config" --argjson layer "$layer" '{schemaVersion: 2,
  mediaType: "application/vnd.oci.image.manifest.v1+json", artifactType: "application/spdx+json",
  config: ($config + {mediaType: "application/vnd.oci.empty.v1+json"}),
  layers: [$layer + {mediaType: "application/spdx+json"}]}' | tr -d '\n' >"$LAB/manifest"
artifact=sha256:$(sha256sum "$LAB/manifest" | cut -d' ' -f1)
put_manifest "$artifact" "$LAB/manifest" application/vnd.oci.image.manifest.v1+json
jq -nc --arg d "$artifact" --argjson s "$(stat -c %s "$LAB/manifest")" '{schemaVersion: 2,
  mediaType: "application/vnd.oci.image.index.v1+json", manifests: [{digest: $d, size: $s,
  mediaType: "application/vnd.oci.image.manifest.v1+json", artifactType: "application/spdx+json"}]}' >"$LAB/list"
put_manifest "${image/:/-}" "$LAB/list" application/vnd.oci.image.index.v1+json
expect_exit 0 rebake scan "attached:$REGISTRY/shop/app:1" --json
expect_json "$LAB/out" '(.packages | length) == 3 and (.origin | startswith("SPDX 2.3 by rebake"))'
lab_stop registry

section "equal of equal images"
SOURCE_DATE_EPOCH=1700000000 valid spdx "rootfs:$LAB/debian"
cp "$LAB/spdx" "$LAB/first"
SOURCE_DATE_EPOCH=1700000000 valid spdx "rootfs:$LAB/debian"
cmp "$LAB/first" "$LAB/spdx" || fail "spdx differs from run to run"

section "the judge refuses what is not valid"
jq 'del(.creationInfo)' "$LAB/spdx" >"$LAB/bad"
if python3 "$tools/sbom_schemas.py" spdx "$LAB/bad" 2>/dev/null; then fail "anything goes"; fi
jq '.components[0].type = "thing"' "$LAB/cyclonedx" >"$LAB/bad"
if python3 "$tools/sbom_schemas.py" cyclonedx "$LAB/bad" 2>/dev/null; then fail "anything goes"; fi
