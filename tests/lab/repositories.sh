# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# An rpm repository as createrepo_c makes it of packages by rpmbuild, and an apk repository as apk index
# and abuild-sign make it, both signed by keys of this run: $LAB/KEY.asc, $LAB/KEY.home, $LAB/KEY.rsa.

# rpm_package NAME EPOCH VERSION RELEASE: builds a small package.
rpm_package() {
  cat >"$LAB/$1.spec" <<S
Name: $1
Epoch: $2
Version: $3
Release: $4
Summary: of the lab
License: Apache-2.0
BuildArch: noarch
%description
Of the lab.
%files
S
  rpmbuild --quiet --define "_topdir $LAB/rpmbuild" --define "_rpmdir $LAB/rpms" -bb "$LAB/$1.spec" \
    >"$LAB/log/rpmbuild" 2>&1
}

# rpm_key NAME
rpm_key() {
  mkdir -m 700 "$LAB/$1.home"
  gpg --homedir "$LAB/$1.home" --batch --quiet --passphrase '' --quick-gen-key "lab $1 <lab@example.com>" \
    ed25519 sign 2d
  gpg --homedir "$LAB/$1.home" --batch --armor --export >"$LAB/$1.asc"
}

# rpm_sign REPOSITORY KEY
rpm_sign() {
  gpg --homedir "$LAB/$2.home" --batch --yes --quiet --armor --detach-sign "$1/repodata/repomd.xml"
  gpgconf --homedir "$LAB/$2.home" --kill all
}

# rpm_publish REPOSITORY COMPRESSION [OPTION...]: what is in $LAB/rpms, with updateinfo, signed by good.
rpm_publish() {
  local repository=$1 compression=$2
  shift 2
  mkdir -p "$repository"
  cp -r "$LAB/rpms/." "$repository/"
  createrepo_c --quiet --general-compress-type "$compression" "$@" "$repository"
  cat >"$LAB/updateinfo.xml" <<'U'
<?xml version="1.0" encoding="UTF-8"?>
<updates><update type="security"><id>LAB-2026:1</id><severity>Important</severity><references>
<reference type="cve" id="CVE-2026-1" href="https://example.com/"/></references><pkglist><collection>
<package name="demo" epoch="1" version="1.1" release="1" arch="noarch"/></collection></pkglist></update></updates>
U
  # Its time is that of the file, as the others' is the revision.
  touch -d "@$(sed -n 's,.*<revision>\([0-9]*\)</revision>.*,\1,p' "$repository/repodata/repomd.xml")" \
    "$LAB/updateinfo.xml"
  modifyrepo_c --compress-type "$compression" --new-name updateinfo.xml "$LAB/updateinfo.xml" \
    "$repository/repodata" >"$LAB/log/modifyrepo" 2>&1
  nginx_time "$repository/repodata/repomd.xml"
  rpm_sign "$repository" good
}

# apk_key NAME: the public part goes to $LAB/keys, unless it is a stranger's.
apk_key() {
  mkdir -p "$LAB/keys"
  openssl genrsa -out "$LAB/$1.rsa" 2048 2>"$LAB/log/openssl"
  [ "$1" = stranger ] || openssl rsa -in "$LAB/$1.rsa" -pubout -out "$LAB/keys/$1.rsa.pub" 2>"$LAB/log/openssl"
}

# apk_publish REPOSITORY VERSION KEY: the index of x86_64, with one package.
apk_publish() {
  local folder=$LAB/apk repository=$1
  shift
  mkdir -p "$folder" "$repository/x86_64"
  printf 'C:Q1abc=\nP:demo\nV:%s\nA:x86_64\nS:1\nI:1\nT:of the lab\no:demo-src\n\n' "$1" >"$folder/APKINDEX"
  echo "lab-$1" >"$folder/DESCRIPTION"
  tar -C "$folder" --format=ustar -cf - DESCRIPTION APKINDEX | gzip -nc >"$folder/index.gz"
  openssl dgst -sha1 -sign "$LAB/$2.rsa" -out "$folder/.SIGN.RSA.$2.rsa.pub" "$folder/index.gz"
  # No end of archive: the next member goes on where the signature ends.
  tar -C "$folder" --format=ustar -cf - ".SIGN.RSA.$2.rsa.pub" | head -c 1024 | gzip -nc >"$folder/sign.gz"
  cat "$folder/sign.gz" "$folder/index.gz" >"$folder/whole"
  mv "$folder/whole" "$repository/x86_64/APKINDEX.tar.gz"
  nginx_time "$repository/x86_64/APKINDEX.tar.gz"
}
