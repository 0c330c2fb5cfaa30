# SPDX-License-Identifier: Apache-2.0
# rebake_room(NAME SOURCES ... PUBLIC ... PRIVATE ...): one room of the house as a static library,
# with what it shows to those above it (PUBLIC) and what stays its own (PRIVATE).
function(rebake_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(rebake_${name} STATIC ${ROOM_SOURCES})
  add_library(rebake::${name} ALIAS rebake_${name})
  target_link_libraries(rebake_${name} PUBLIC rebake_compile ${ROOM_PUBLIC} PRIVATE ${ROOM_PRIVATE})
endfunction()

# rebake_unit_test(NAME SOURCES ... LINK ...): one cmocka program, run by ctest with the label "unit".
# The test finds its data under REBAKE_TEST_DIR, the folder tests/ of the source tree.
function(rebake_unit_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;LINK" ${ARGN})
  add_executable(test_${name} ${TEST_SOURCES})
  target_link_libraries(test_${name} PRIVATE rebake_compile PkgConfig::CMOCKA ${TEST_LINK})
  target_compile_definitions(test_${name} PRIVATE REBAKE_TEST_DIR="${PROJECT_SOURCE_DIR}/tests")
  add_dependencies(unit_tests test_${name})
  add_test(NAME unit.${name} COMMAND test_${name})
  set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 240)
endfunction()
