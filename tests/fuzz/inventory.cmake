# SPDX-License-Identifier: Apache-2.0
foreach(target dpkg_status packages deb_version rpm_version apk_version apt_conf apt_sources preferences index)
  rebake_fuzz_target(${target} LINK rebake::inventory PkgConfig::ZLIB)
endforeach()

rebake_fuzz_target(layer LINK rebake::inventory)
target_include_directories(fuzz_layer PRIVATE ${PROJECT_SOURCE_DIR}/orchestrator/inventory)
