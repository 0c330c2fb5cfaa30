# SPDX-License-Identifier: Apache-2.0
foreach(target apt_release clearsign git_message git_refs gpgv_status keyring)
  rebake_fuzz_target(${target} LINK rebake::watch)
  target_include_directories(fuzz_${target} PRIVATE ${PROJECT_SOURCE_DIR}/orchestrator)
endforeach()
