# SPDX-License-Identifier: Apache-2.0
rebake_bench(plan LINK rebake::plan)
