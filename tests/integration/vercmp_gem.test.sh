#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rebake vercmp gem` against Gem::Version of Debian's ruby: on thousands of versions made of all that it
# takes, and on the real ones of the archive's Ruby packages.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=tests/integration/vercmp.sh
. ./vercmp.sh

ruby -e 'Gem::Version' 2>/dev/null || skip 'ruby is not installed'

tool() { ruby vercmp_gem.rb "$@"; }
theirs() { tool compare "$1"; }

hold gem '^ruby-' 0.a
