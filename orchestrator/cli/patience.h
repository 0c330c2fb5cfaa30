/* SPDX-License-Identifier: Apache-2.0 */
/* For the verbs that ask other people's servers: one that asks to be asked again soon is waited
   for, up to a minute in all; a terminal is told. */
#ifndef ORCHESTRATOR_CLI_PATIENCE_H
#define ORCHESTRATOR_CLI_PATIENCE_H

#include "rebake/net/http.h"

void rb_cli_be_patient(struct rb_http *http);

#endif
