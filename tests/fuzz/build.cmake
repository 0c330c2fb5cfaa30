# SPDX-License-Identifier: Apache-2.0
rebake_fuzz_target(containerfile LINK rebake::build)
target_include_directories(fuzz_containerfile PRIVATE ${PROJECT_SOURCE_DIR}/orchestrator)
