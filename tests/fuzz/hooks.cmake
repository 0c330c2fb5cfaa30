# SPDX-License-Identifier: Apache-2.0
foreach(target hook_payload hook_proof)
  rebake_fuzz_target(${target} LINK rebake::hooks)
  target_sources(fuzz_${target} PRIVATE hook_input.c)
endforeach()
