# SPDX-License-Identifier: Apache-2.0
# Writes the built-in policies, as bytes, into one C file: cmake -DPOLICIES=a.yaml;b.yaml -DOUTPUT=x.c -P embed.cmake
set(arrays "")
set(names "")
set(rows "")
foreach(path IN LISTS POLICIES)
  get_filename_component(name ${path} NAME_WE)
  file(READ ${path} bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "static const char TEXT_${name}[] = {${bytes}0x00};\n")
  string(APPEND names "\"${name}\", ")
  string(APPEND rows "    if (strcmp(name, \"${name}\") == 0)\n        return TEXT_${name};\n")
endforeach()
file(WRITE ${OUTPUT} "#include <string.h>\n\n#include \"rebake/policy/policy.h\"\n\n${arrays}
const char *const rb_policy_builtin_names[] = {${names}NULL};\n
const char *rb_policy_builtin_text(const char *name)\n{\n${rows}    return NULL;\n}\n")
