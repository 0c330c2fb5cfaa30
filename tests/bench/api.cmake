# SPDX-License-Identifier: Apache-2.0
rebake_bench(exposure LINK rebake::api rebake::advisory rebake::inventory rebake::net rebake::store)
