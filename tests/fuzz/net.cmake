# SPDX-License-Identifier: Apache-2.0
rebake_fuzz_target(reference LINK rebake::net)
