# SPDX-License-Identifier: Apache-2.0
foreach(target dpkg_status packages deb_version rpm_version apk_version apt_conf apt_sources preferences index
    packages_change)
  rebake_fuzz_target(${target} LINK rebake::inventory PkgConfig::ZLIB)
endforeach()

rebake_fuzz_target(layer LINK rebake::inventory)
foreach(target layer index)
  target_include_directories(fuzz_${target} PRIVATE ${PROJECT_SOURCE_DIR}/orchestrator/inventory)
endforeach()
