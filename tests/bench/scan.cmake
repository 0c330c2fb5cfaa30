# SPDX-License-Identifier: Apache-2.0
rebake_bench(scan LINK rebake::inventory m)
