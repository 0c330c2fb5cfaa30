# SPDX-License-Identifier: Apache-2.0
rebake_bench(git_check LINK rebake::watch rebake::net)
