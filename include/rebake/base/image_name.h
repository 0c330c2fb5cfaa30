/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words that references to images are made of, for all who read them (OCI distribution-spec
 * v1.1, "Pulling manifests"; the registry in front as in distribution/reference, which docker and
 * podman share):
 *
 *     reference  = [ registry "/" ] repository [ ":" tag ] [ "@" digest ]
 *     repository = component *( "/" component )
 *     component  = alnum *( separator alnum ),  separator = "." / "_" / "__" / 1*"-"
 */
#ifndef REBAKE_BASE_IMAGE_NAME_H
#define REBAKE_BASE_IMAGE_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* The size of the registry in front, or 0: what stands before the first "/" is one if it has a "."
   or ":" in it or is "localhost". */
size_t rb_image_name_registry_size(const char *text);

/* host or host:port: a name, an IPv4 address or an IPv6 address in brackets; at most 255 bytes. */
bool rb_image_name_is_registry(const char *text, size_t size);
bool rb_image_name_is_repository(const char *text); /* at most 255 bytes */
bool rb_image_name_is_tag(const char *text);        /* at most 128 bytes */

#endif
