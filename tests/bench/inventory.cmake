# SPDX-License-Identifier: Apache-2.0
rebake_bench(packages LINK rebake::inventory rebake::loop)
rebake_bench(apt_change LINK rebake::inventory rebake::loop)
foreach(name packages apt_change)
  target_sources(bench_${name} PRIVATE packages_file.c)
endforeach()
