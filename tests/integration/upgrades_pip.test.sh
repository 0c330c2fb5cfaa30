#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Which Python packages are behind an index of the simple API, against `pip list --outdated` asking the same
# index: in random states with prereleases, yanked files, epochs, post releases and local versions.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/../lab/lab.sh"
# shellcheck source=tests/integration/offers.sh
. "$(dirname "$0")/offers.sh"
# shellcheck source=tests/lab/nginx.sh
. "$(dirname "$0")/../lab/nginx.sh"
lab_begin
lab_need nginx jq pip
RANDOM=1
versions=(0.9 1.0 1.0.post1 1.0.1 1.1 1.1a1 1.1rc1 1.1.dev3 1.10 1.9 2.0 2.0b2 2.1 '1!0.5' 10.0)

mkdir "$LAB/index"
# Without the media type that is asked for an index has HTML alone.
nginx_start index <<N
  server {
    listen 127.0.0.1:@PORT@;
    root $LAB/index;
    location / {
      if (\$http_accept !~ "application/vnd.pypi.simple.v1\\+json") { return 406; }
      index index.json;
      types { }
      default_type application/vnd.pypi.simple.v1+json;
    }
  }
N
index=http://127.0.0.1:$LAB_PORT

# offer PACKAGE VERSION...: makes the index's page; a fifth of the files are yanked.
offer() {
  local name=$1 version
  shift
  mkdir -p "$LAB/index/$name"
  for version in "$@"; do
    jq -n --arg file "$name-$version-py3-none-any.whl" --argjson yanked "$((RANDOM % 5 == 0))" \
      '{filename: $file, url: ("/files/" + $file), hashes: {}, yanked: ($yanked == 1)}'
  done | jq -s --arg name "$name" '{meta: {"api-version": "1.0"}, name: $name, files: .}' >"$LAB/index/$name/index.json"
}

# install PACKAGE VERSION: as pip records it.
install() {
  local folder=$site/${1}-$2.dist-info
  mkdir -p "$folder"
  printf 'Metadata-Version: 2.1\nName: %s\nVersion: %s\n' "$1" "$2" >"$folder/METADATA"
  echo pip >"$folder/INSTALLER"
}

theirs() {
  pip list --outdated --path "$site" --format json --index-url "$index" --disable-pip-version-check \
    --no-cache-dir 2>"$LAB/pip.err" | jq -r '.[] | "\(.name) \(.latest_version)"' | LC_ALL=C sort
}

ours() {
  local path
  path=$(offers_index "{ pypi: \"$index\", packages: [$(IFS=,; echo "${packages[*]}")] }")
  "$REBAKE_BUILD/tests/integration/upgrades_of" pypi "$root" "$path" | sed 's/\. / /' | LC_ALL=C sort
}

# Some of them, in SOME, in no order.
some_versions() {
  local i
  SOME=()
  for i in "${!versions[@]}"; do
    [ $((RANDOM % 4)) -ne 0 ] || SOME+=("${versions[i]}")
  done
  [ ${#SOME[@]} -gt 0 ] || SOME=("${versions[RANDOM % ${#versions[@]}]}")
}

for round in 1 2 3; do
  section "round $round"
  root=$LAB/root$round
  site=$root/usr/lib/python3/dist-packages
  packages=()
  for ((i = 0; i < 40; i++)); do
    packages+=("part$i")
    some_versions
    offer "part$i" "${SOME[@]}"
    install "part$i" "${versions[RANDOM % ${#versions[@]}]}"
  done
  theirs >"$LAB/theirs"
  ours >"$LAB/ours"
  [ -s "$LAB/theirs" ] || fail "pip finds nothing outdated: $(cat "$LAB/pip.err")"
  diff <(cut -d' ' -f1 "$LAB/theirs") <(cut -d' ' -f1 "$LAB/ours") >"$LAB/diff" ||
    fail "pip and we do not agree on what is outdated: $(cat "$LAB/diff")"
  # To which version: pip knows the newest of all, we may name an older one, of the line that is installed.
  join "$LAB/theirs" "$LAB/ours" | while read -r name newest found; do
    [ "$newest" = "$found" ] ||
      [ "$("$REBAKE_BUILD/rebake" vercmp pypi "$found" "$newest")" = "$("$REBAKE_BUILD/rebake" vercmp pypi 1 2)" ] ||
      fail "$name: we say $found, pip knows nothing newer than $newest"
  done
  echo "$(wc -l <"$LAB/ours") of ${#packages[@]} are outdated, $(join "$LAB/theirs" "$LAB/ours" | awk '$2 == $3' | wc -l) to pip's version"
done
