#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Packages of languages, by files that their own tools made, in a folder and in layers; and that what a
# distribution's package brought is that one's alone.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/../lab/lab.sh"
lab_begin
lab_need gem ruby podman python3 objcopy jq
rebake=$REBAKE_BUILD/rebake
root=$LAB/root
mkdir -p "$root"
# found IMAGE: "type name version" of what is no distribution's.
found() {
  expect_exit 0 "$rebake" scan --json "$1"
  jq -r '.packages[] | select(.path) | "\(.type) \(.name) \(.version)"' "$LAB/out" | sort -u
}
# expect_found WORDS...: in the folder, and in a tar file of it.
expect_found() {
  local image
  rm -f "$LAB/root.tar"
  tar -C "$root" -cf "$LAB/root.tar" .
  for image in "$root" "$LAB/root.tar"; do
    expect_equal "$(found "rootfs:$image")" "$(printf '%s\n' "$@" | sort -u)"
  done
}

section "a gem that RubyGems installed"
mkdir "$LAB/gem"
cat >"$LAB/gem/lab.gemspec" <<'G'
Gem::Specification.new do |s|
  s.name = 'lab-gem'
  s.version = '1.2.3.pre1'
  s.summary = 'of the lab'
  s.authors = ['lab']
  s.files = []
end
G
(cd "$LAB/gem" && gem build --quiet lab.gemspec >"$LAB/log/gem" 2>&1 &&
  gem install --local --quiet --no-document --ignore-dependencies --install-dir "$root/usr/lib/ruby/gems" \
    lab-gem-1.2.3.pre1.gem >>"$LAB/log/gem" 2>&1) || fail "gem: $(cat "$LAB/log/gem")"
expect_found "gem lab-gem 1.2.3.pre1"

section "a program that Go made tells its standard library"
mkdir -p "$root/usr/local/bin"
cp "$(command -v podman)" "$root/usr/local/bin/podman"
go=$(podman version --format '{{.Client.GoVersion}}')
expect_found "gem lab-gem 1.2.3.pre1" "golang stdlib ${go#go}"

section "a program with the list of cargo auditable"
python3 -c 'import sys, zlib; sys.stdout.buffer.write(zlib.compress(
  b"{\"packages\":[{\"name\":\"serde\",\"version\":\"1.0.188\",\"source\":\"crates.io\"}]}"))' >"$LAB/list"
objcopy --add-section .dep-v0="$LAB/list" /bin/true "$root/usr/local/bin/rusty"
"$root/usr/local/bin/rusty"
rm "$root/usr/local/bin/podman"
expect_found "gem lab-gem 1.2.3.pre1" "cargo serde 1.0.188"

section "an archive of Java's, in another"
python3 - "$LAB/inner.jar" "$root/app.war" <<'P'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as jar:
    jar.writestr("META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties",
                 "groupId=org.apache.logging.log4j\nartifactId=log4j-core\nversion=2.14.1\n")
with zipfile.ZipFile(sys.argv[2], "w", zipfile.ZIP_STORED) as war:
    war.write(sys.argv[1], "WEB-INF/lib/log4j-core-2.14.1.jar")
P
expect_found "gem lab-gem 1.2.3.pre1" "cargo serde 1.0.188" "maven org.apache.logging.log4j:log4j-core 2.14.1"
expect_json "$LAB/out" '.packages[] | select(.type == "maven") |
  .purl == "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1" and
  .path == "app.war!/WEB-INF/lib/log4j-core-2.14.1.jar"'

section "Python's and npm's, of which one is Debian's"
rm -rf "$root"
six=usr/lib/python3/dist-packages/six-1.16.0.dist-info
mkdir -p "$root/$six" "$root/srv/node_modules/@lab/pad" "$root/var/lib/dpkg/info"
printf 'Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\n\n' >"$root/$six/METADATA"
printf '{"name": "@lab/pad", "version": "1.3.0"}' >"$root/srv/node_modules/@lab/pad/package.json"
expect_found "npm @lab/pad 1.3.0" "pypi six 1.16.0"
debian_root "$root" python3-six=1.16.0-4
printf '/.\n/%s\n/%s/METADATA\n' "$six" "$six" >"$root/var/lib/dpkg/info/python3-six.list"
expect_found "npm @lab/pad 1.3.0"

section "a package whose file has its name only by a hard link"
mkdir -p "$root/srv/node_modules/link" "$root/store"
printf '{"name": "link", "version": "2.0.0"}' >"$root/store/ab"
ln "$root/store/ab" "$root/srv/node_modules/link/package.json"
expect_found "npm @lab/pad 1.3.0" "npm link 2.0.0"

section "the machine's own Python packages and gems, as Python and RubyGems tell of them"
expect_exit 0 "$rebake" scan --json rootfs:/usr/lib/python3
jq -r '.packages[] | select(.path | test("^dist-packages/[^/]+(/[^/]+)?$")) | "\(.name) \(.version)"' "$LAB/out" |
  sort -u >"$LAB/found"
/usr/bin/python3 - >"$LAB/told" <<'P'
import importlib.metadata, re
for each in importlib.metadata.distributions(path=["/usr/lib/python3/dist-packages"]):
    print(re.sub("[-_.]+", "-", each.metadata["Name"]).lower(), each.version)
P
[ -s "$LAB/told" ] || fail "Python tells of no package"
expect_equal "$(cat "$LAB/found")" "$(sort -u "$LAB/told")"
gem env gempath | tr : '\n' >"$LAB/folders"
: >"$LAB/found"
while read -r folder; do
  [ -d "$folder/specifications" ] || continue
  expect_exit 0 "$rebake" scan --json "rootfs:$folder"
  jq -r '.packages[] | select(.type == "gem") | "\(.name) \(.version)"' "$LAB/out" >>"$LAB/found"
done <"$LAB/folders"
ruby -e 'Gem::Specification.each { |gem| puts "#{gem.name} #{gem.version}" }' >"$LAB/told"
[ -s "$LAB/told" ] || fail "RubyGems tells of no gem"
expect_equal "$(sort -u "$LAB/found")" "$(sort -u "$LAB/told")"
