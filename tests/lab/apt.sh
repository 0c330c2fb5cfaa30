# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # what it sets is for the tests to read
# A signed apt repository of the suite "lab", component main, with by-hash indices as Debian has them.
# It can be published in each state that a client must refuse. Beside it: a flat one, and one by reprepro.

# apt_repository_start [NAME]: an empty one. APT_URL and APT_KEYRING are then what a source line needs:
# deb [signed-by=$APT_KEYRING] $APT_URL lab main
apt_repository_start() {
  APT_NAME=${1:-apt}
  APT_FOLDER=$LAB/$APT_NAME
  mkdir -p "$APT_FOLDER/public/pool"
  apt_key good
  apt_key stranger
  APT_KEYRING=$APT_FOLDER/good.gpg
  nginx_start "$APT_NAME" <<N
  server { listen 127.0.0.1:@PORT@; root $APT_FOLDER/public; }
N
  APT_URL=http://127.0.0.1:$LAB_PORT
}

# A key for this run: the private part stays in a home of its own, without a passphrase.
apt_key() {
  local home=$APT_FOLDER/$1.home
  mkdir -m 700 "$home"
  gpg --homedir "$home" --batch --quiet --passphrase '' --quick-gen-key "lab $1 <lab@example.com>" ed25519 sign 2d
  gpg --homedir "$home" --batch --export >"$APT_FOLDER/$1.gpg"
  gpgconf --homedir "$home" --kill all
}

# apt_package NAME VERSION [ARCHITECTURE]: builds a small package into the pool.
apt_package() {
  local folder=$APT_FOLDER/build/$1
  rm -rf "$folder"
  mkdir -p "$folder/DEBIAN" "$folder/usr/share/doc/$1"
  printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: lab <lab@example.com>\nDescription: of the lab\n' \
    "$1" "$2" "${3:-amd64}" >"$folder/DEBIAN/control"
  echo "$1 $2" >"$folder/usr/share/doc/$1/copyright"
  SOURCE_DATE_EPOCH=1 dpkg-deb -Zxz --root-owner-group --build "$folder" "$APT_FOLDER/public/pool/" >/dev/null
}

# apt_publish [--date WHEN] [--valid-until WHEN] [--key good|stranger|none] [--codename NAME]
# [--forms "SUFFIX ..."] [--sign inline|detached]: indexes the pool and signs the Release file. WHEN is a
# date as date(1) takes it. Forms of the index: ".gz .xz" unless said; of no suffix is the plain one.
apt_publish() {
  local date=now valid_until='' key=good codename=lab forms='plain .gz .xz' sign=both
  local release=$APT_FOLDER/Release form file
  while [ $# -gt 0 ]; do
    case $1 in
      --date) date=$2 ;;
      --valid-until) valid_until=$2 ;;
      --key) key=$2 ;;
      --codename) codename=$2 ;;
      --forms) forms=$2 ;;
      --sign) sign=$2 ;;
      *) fail "apt_publish: $1" ;;
    esac
    shift 2
  done
  apt_index "$forms"
  {
    printf 'Origin: lab\nLabel: lab\nSuite: lab\nCodename: %s\nDate: %s\n' "$codename" "$(apt_date "$date")"
    if [ -n "$valid_until" ]; then echo "Valid-Until: $(apt_date "$valid_until")"; fi
    printf 'Acquire-By-Hash: yes\nArchitectures: amd64\nComponents: main\nSHA256:\n'
    for form in $forms; do
      file=$APT_FOLDER/public/dists/lab/main/binary-amd64/Packages${form/plain/}
      printf ' %s %8d %s\n' "$(sha256sum "$file" | cut -d' ' -f1)" "$(stat -c %s "$file")" \
        "main/binary-amd64/Packages${form/plain/}"
    done
  } >"$release"
  apt_sign "$release" "$key" "$sign"
}

apt_date() { LC_ALL=C date --utc --date="$1" '+%a, %d %b %Y %H:%M:%S UTC'; }

# The index under its name and under its hash, where a client finds it while a newer one is published.
apt_index() {
  local folder=$APT_FOLDER/public/dists/lab/main/binary-amd64 form file
  mkdir -p "$folder/by-hash/SHA256"
  rm -f "$folder"/Packages*
  (cd "$APT_FOLDER/public" && apt-ftparchive packages pool) >"$folder/Packages"
  gzip -kfn "$folder/Packages"
  xz -kf "$folder/Packages"
  zstd -kqf "$folder/Packages"
  bzip2 -kf "$folder/Packages"
  for form in plain .gz .xz .zst .bz2; do
    file=$folder/Packages${form/plain/}
    case " $1 " in
      *" $form "*) cp "$file" "$folder/by-hash/SHA256/$(sha256sum "$file" | cut -d' ' -f1)" ;;
      *) rm "$file" ;;
    esac
  done
}

# Each file appears whole: a client may be reading.
apt_sign() {
  local release=$1 key=$2 way=$3 suite=$APT_FOLDER/public/dists/lab sign
  rm -f "$suite/InRelease" "$suite/Release.gpg"
  if [ "$key" != none ]; then
    sign=(gpg --homedir "$APT_FOLDER/$key.home" --batch --yes --quiet --armor)
    "${sign[@]}" --clearsign --output "$APT_FOLDER/InRelease" "$release"
    "${sign[@]}" --detach-sign --output "$APT_FOLDER/Release.gpg" "$release"
    gpgconf --homedir "$APT_FOLDER/$key.home" --kill all
    nginx_time "$APT_FOLDER/InRelease" "$APT_FOLDER/Release.gpg"
    [ "$way" = inline ] || mv "$APT_FOLDER/Release.gpg" "$suite/"
    [ "$way" = detached ] || mv "$APT_FOLDER/InRelease" "$suite/"
  fi
  nginx_time "$release"
  mv "$release" "$suite/Release"
}

# Changes the published Release behind its signature.
apt_tamper() {
  sed -i 's/^Label: lab$/Label: bad/' "$APT_FOLDER/public/dists/lab/"{InRelease,Release}
}

# apt_publish_flat: the pool as a flat repository, $APT_URL ./flat/, made and signed as its manual says.
apt_publish_flat() {
  local folder=$APT_FOLDER/public/flat
  mkdir -p "$folder"
  (cd "$APT_FOLDER/public" && apt-ftparchive packages pool) >"$folder/Packages"
  gzip -kfn "$folder/Packages"
  (cd "$folder" && apt-ftparchive release .) >"$APT_FOLDER/Release"
  gpg --homedir "$APT_FOLDER/good.home" --batch --yes --quiet --armor --detach-sign \
    --output "$folder/Release.gpg" "$APT_FOLDER/Release"
  gpgconf --homedir "$APT_FOLDER/good.home" --kill all
  nginx_time "$folder/Packages" "$folder/Packages.gz" "$folder/Release.gpg" "$APT_FOLDER/Release"
  mv "$APT_FOLDER/Release" "$folder/Release"
}

# apt_reprepro COMPONENT FILE...: packages into the suite "stable" of $APT_URL/reprepro, which has main and
# contrib for amd64 and arm64, made and signed by reprepro.
apt_reprepro() {
  local folder=$APT_FOLDER/reprepro component=$1 key
  shift
  if [ ! -d "$folder" ]; then
    key=$(gpg --homedir "$APT_FOLDER/good.home" --batch --with-colons --list-keys 2>/dev/null | awk -F: '/^fpr/ { print $10; exit }')
    mkdir -p "$folder/conf"
    printf '%s\n' 'Origin: lab' 'Suite: stable' 'Codename: shelf' 'Architectures: amd64 arm64' \
      'Components: main contrib' "SignWith: $key" >"$folder/conf/distributions"
  fi
  GNUPGHOME=$APT_FOLDER/good.home reprepro --silent --basedir "$folder" --outdir "$APT_FOLDER/public/reprepro" \
    --section misc --priority optional --component "$component" includedeb shelf "$@" 2>>"$LAB/log/reprepro"
  ln -sfn shelf "$APT_FOLDER/public/reprepro/dists/stable"
  gpgconf --homedir "$APT_FOLDER/good.home" --kill all
}
