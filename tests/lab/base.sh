# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A base image from the real Debian archive, by way of the mirror that this machine's own apt uses.

DEBIAN_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# debian_mirror SUITE: prints the URL that the machine's apt has for a suite of Debian ("bookworm",
# "bookworm-security"). Fails when it has none.
debian_mirror() {
  local url
  url=$(apt-get indextargets --format '$(RELEASE) $(SITE)' "Created-By: Packages" |
    awk -v suite="$1" '$1 == suite { print $2; exit }')
  [ -n "$url" ] || {
    echo "the apt configuration of this machine names no mirror of $1" >&2
    return 1
  }
  echo "$url"
}

# debian_source SUITE [COMPONENT...]: prints a line for sources.list.
debian_source() {
  local suite=$1
  shift
  echo "deb [signed-by=$DEBIAN_KEYRING] $(debian_mirror "$suite") $suite ${*:-main}"
}

# debian_base_tar: prints the path of a root file system of bookworm's main suite alone, without what came
# after its last point release; made once a day and kept in the cache.
debian_base_tar() {
  local tar
  tar=$REBAKE_LAB_CACHE/bookworm-main-$(date --utc +%Y%m%d).tar
  mkdir -p "$REBAKE_LAB_CACHE"
  (
    flock 9
    if [ ! -s "$tar" ]; then
      rm -f "$REBAKE_LAB_CACHE"/bookworm-main-*.tar
      mmdebstrap --quiet --variant=minbase --mode=root bookworm "$tar.part.tar" "$(debian_source bookworm)" >&2
      mv "$tar.part.tar" "$tar"
    fi
  ) 9>"$REBAKE_LAB_CACHE/lock"
  echo "$tar"
}

# debian_base_push REFERENCE: makes the image of that root and pushes it.
debian_base_push() {
  local tar folder=$LAB/base
  tar=$(debian_base_tar)
  if [ ! -d "$folder" ]; then oci_make "$folder" "$tar"; fi
  oci_push "$folder" "$1"
}
