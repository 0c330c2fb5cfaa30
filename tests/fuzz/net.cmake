# SPDX-License-Identifier: Apache-2.0
foreach(target reference challenge auth_file manifest)
  rebake_fuzz_target(${target} LINK rebake::net)
  target_include_directories(fuzz_${target} PRIVATE ${PROJECT_SOURCE_DIR}/orchestrator/net)
endforeach()

rebake_fuzz_target(next_page LINK rebake::net)
target_include_directories(fuzz_next_page PRIVATE ${PROJECT_SOURCE_DIR}/orchestrator)
