# SPDX-License-Identifier: Apache-2.0
rebake_bench(policy LINK rebake::policy)
target_sources(bench_policy PRIVATE policy_inputs.c policy_load.c)
target_link_libraries(bench_policy PRIVATE ${JQ_LIBRARY})
