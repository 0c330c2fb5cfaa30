# SPDX-License-Identifier: Apache-2.0
foreach(target dpkg_status packages apt_conf apt_sources preferences index packages_change)
  rebake_fuzz_target(${target} LINK rebake::inventory PkgConfig::ZLIB)
endforeach()

foreach(order deb rpm apk pypi maven gem)
  rebake_fuzz_target(${order}_version LINK rebake::inventory)
  target_sources(fuzz_${order}_version PRIVATE version_order.c)
endforeach()

foreach(target language layer rpm_database sbom tar_index)
  rebake_fuzz_target(${target} LINK rebake::inventory)
endforeach()
foreach(target language layer index rpm_database sbom tar_index)
  target_include_directories(fuzz_${target} PRIVATE ${PROJECT_SOURCE_DIR}/orchestrator/inventory)
endforeach()
