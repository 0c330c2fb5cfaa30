# SPDX-License-Identifier: Apache-2.0
rebake_bench(packages LINK rebake::inventory rebake::loop)
