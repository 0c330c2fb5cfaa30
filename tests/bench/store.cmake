# SPDX-License-Identifier: Apache-2.0
rebake_bench(store LINK rebake::store)
rebake_bench(fleet LINK rebake::inventory rebake::store)
