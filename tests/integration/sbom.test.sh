#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What `rebake scan` writes for others, CycloneDX and SPDX, is valid by their official schemas, of every kind
# of packages; and of equal images equal.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/../lab/lab.sh"
lab_begin
lab_need python3 jq
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

section "equal of equal images"
cp "$LAB/spdx" "$LAB/first"
SOURCE_DATE_EPOCH=1700000000 valid spdx "rootfs:$LAB/debian"
cmp "$LAB/first" "$LAB/spdx" || fail "spdx differs from run to run"

section "the judge refuses what is not valid"
jq 'del(.creationInfo)' "$LAB/spdx" >"$LAB/bad"
if python3 "$tools/sbom_schemas.py" spdx "$LAB/bad" 2>/dev/null; then fail "anything goes"; fi
jq '.components[0].type = "thing"' "$LAB/cyclonedx" >"$LAB/bad"
if python3 "$tools/sbom_schemas.py" cyclonedx "$LAB/bad" 2>/dev/null; then fail "anything goes"; fi
