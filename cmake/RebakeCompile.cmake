# SPDX-License-Identifier: Apache-2.0
# How every target of this project is compiled. One interface target carries the flags, so that
# nothing is set globally and a dependency's headers are never judged by our warnings.
add_library(rebake_compile INTERFACE)
target_compile_features(rebake_compile INTERFACE c_std_17)
target_compile_definitions(rebake_compile INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64)
target_compile_options(rebake_compile INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
  -Wimplicit-fallthrough -Wswitch-enum -Wundef -fno-common -fstack-protector-strong)
target_include_directories(rebake_compile INTERFACE ${PROJECT_SOURCE_DIR}/include)

option(REBAKE_WERROR "Treat warnings as errors" OFF)
if(REBAKE_WERROR)
  target_compile_options(rebake_compile INTERFACE -Werror)
endif()

set(REBAKE_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them, for example address,undefined")
if(REBAKE_SANITIZE)
  target_compile_options(rebake_compile INTERFACE
    -fsanitize=${REBAKE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(rebake_compile INTERFACE -fsanitize=${REBAKE_SANITIZE})
endif()

if(REBAKE_FUZZ)
  # The search is led by which branches an input reaches, in our libraries too.
  target_compile_options(rebake_compile INTERFACE -fsanitize=fuzzer-no-link)
endif()

option(REBAKE_COVERAGE "Instrument for gcov" OFF)
if(REBAKE_COVERAGE)
  target_compile_options(rebake_compile INTERFACE --coverage)
  target_link_options(rebake_compile INTERFACE --coverage)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_definitions(rebake_compile INTERFACE _FORTIFY_SOURCE=2)
  target_link_options(rebake_compile INTERFACE -Wl,-z,relro -Wl,-z,now)
endif()
