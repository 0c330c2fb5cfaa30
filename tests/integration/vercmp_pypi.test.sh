#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rebake vercmp pypi` against Debian's python3-packaging: on thousands of versions made of all that PEP
# 440 allows, and on the real ones of the archive's Python packages.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=tests/integration/vercmp.sh
. ./vercmp.sh

/usr/bin/python3 -c 'import packaging.version' 2>/dev/null || skip 'python3-packaging is not installed'

tool() { /usr/bin/python3 vercmp_pypi.py "$@"; }
theirs() { tool compare "$1"; }

hold pypi '^(pypy|python)3?-' 0.dev0
