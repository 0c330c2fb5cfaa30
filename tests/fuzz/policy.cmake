# SPDX-License-Identifier: Apache-2.0
foreach(target policy_answer policy_question)
  rebake_fuzz_target(${target} LINK rebake::policy)
  target_include_directories(fuzz_${target} PRIVATE ${PROJECT_SOURCE_DIR}/orchestrator/policy)
endforeach()
