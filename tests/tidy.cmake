# SPDX-License-Identifier: Apache-2.0
# clang-tidy by room, with .clang-tidy. Only clang's own compile commands are free of flags that it does
# not know; and it is no unit test: it takes as long as a build.
find_program(REBAKE_RUN_CLANG_TIDY run-clang-tidy)
if(CMAKE_C_COMPILER_ID STREQUAL "Clang" AND REBAKE_RUN_CLANG_TIDY)
  foreach(room IN LISTS REBAKE_ROOMS)
    if(EXISTS ${PROJECT_SOURCE_DIR}/${room}/CMakeLists.txt)
      get_filename_component(name ${room} NAME)
      add_test(NAME tidy.${name}
        COMMAND ${REBAKE_RUN_CLANG_TIDY} -quiet -j 1 -p ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR}/${room}/)
      set_tests_properties(tidy.${name} PROPERTIES LABELS tidy TIMEOUT 900)
    endif()
  endforeach()
endif()
