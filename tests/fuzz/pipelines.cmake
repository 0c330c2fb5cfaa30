# SPDX-License-Identifier: Apache-2.0
rebake_fuzz_target(pipeline LINK rebake::pipelines)
rebake_fuzz_target(policy_file LINK rebake::pipelines)
