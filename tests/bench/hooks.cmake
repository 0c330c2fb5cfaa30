# SPDX-License-Identifier: Apache-2.0
rebake_bench(hooks LINK rebake::api)
target_sources(bench_hooks PRIVATE hook_load.c)
target_link_libraries(bench_hooks PRIVATE PkgConfig::CRYPTO)
