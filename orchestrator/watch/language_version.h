/* SPDX-License-Identifier: Apache-2.0 */
/* A state of what a registry offers: the document by whose SHA-256 it is called. */
#ifndef ORCHESTRATOR_WATCH_LANGUAGE_VERSION_H
#define ORCHESTRATOR_WATCH_LANGUAGE_VERSION_H

#define RB_LANGUAGE_FAMILY "language"    /* of rb_kept_source_folder */
#define RB_LANGUAGE_ENDING "offers.json" /* of rb_kept_path */

enum { RB_LANGUAGE_OFFERS_MAXIMUM = 64 << 20 };

#endif
