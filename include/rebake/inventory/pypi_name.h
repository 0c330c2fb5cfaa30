/* SPDX-License-Identifier: Apache-2.0 */
/* Names of Python packages, of which several spellings are one (PEP 503, "Normalized Names"). */
#ifndef REBAKE_INVENTORY_PYPI_NAME_H
#define REBAKE_INVENTORY_PYPI_NAME_H

/* "zope.interface" and "Zope_Interface" are "zope-interface". The caller frees it. */
char *rb_pypi_name(const char *name);

#endif
