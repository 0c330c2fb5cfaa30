# SPDX-License-Identifier: Apache-2.0
rebake_bench(watch LINK rebake::watch rebake::net rebake::pipelines)
