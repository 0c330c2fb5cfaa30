# SPDX-License-Identifier: Apache-2.0
rebake_bench(advisories LINK rebake::advisory PkgConfig::ARCHIVE)
