# SPDX-License-Identifier: Apache-2.0
foreach(target apt_release checksum_list clearsign cosign git_message git_refs gpgv_status keyring
    semver tag_choice)
  rebake_fuzz_target(${target} LINK rebake::watch)
  target_include_directories(fuzz_${target} PRIVATE ${PROJECT_SOURCE_DIR}/orchestrator)
endforeach()

# Repositories of other kinds than apt.
foreach(target apk_index language_registry mirrorlist rpm_primary rpm_repomd rpm_updateinfo)
  rebake_fuzz_target(${target} LINK rebake::watch)
  target_include_directories(fuzz_${target} PRIVATE ${PROJECT_SOURCE_DIR}/orchestrator)
endforeach()
