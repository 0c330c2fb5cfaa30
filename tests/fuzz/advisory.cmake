# SPDX-License-Identifier: Apache-2.0
foreach(target advisory_set cvss epss kev osv secdb tracker vex)
  rebake_fuzz_target(${target} LINK rebake::advisory PkgConfig::ZLIB)
  target_include_directories(fuzz_${target} PRIVATE ${PROJECT_SOURCE_DIR}/orchestrator)
endforeach()
