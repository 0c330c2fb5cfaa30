# SPDX-License-Identifier: Apache-2.0
# Writes the migrations, as bytes, into one C file: cmake -DMIGRATIONS=a.sql;b.sql -DOUTPUT=x.c -P embed.cmake
set(arrays "")
set(rows "")
foreach(path IN LISTS MIGRATIONS)
  get_filename_component(name ${path} NAME_WE)
  if(NOT name MATCHES "^(0*([1-9][0-9]*))_([a-z0-9_]+)$")
    message(FATAL_ERROR "${path}: a migration is named NUMBER_NAME.sql")
  endif()
  set(number ${CMAKE_MATCH_2})
  set(title ${CMAKE_MATCH_3})
  file(READ ${path} bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "static const char SQL_${number}[] = {${bytes}0x00};\n")
  string(APPEND rows "    {${number}, \"${title}\", SQL_${number}},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"migrate.h\"\n\n${arrays}
const struct store_migration STORE_MIGRATIONS[] = {\n${rows}    {0, NULL, NULL},\n};\n")
