/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as files of other programs hold them: most or least significant byte first, at any
   address. The caller has seen that the bytes are there. */
#ifndef REBAKE_BASE_BYTES_H
#define REBAKE_BASE_BYTES_H

#include <stdint.h>

static inline uint16_t rb_le16(const void *from)
{
    const uint8_t *at = from;
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint16_t rb_be16(const void *from)
{
    const uint8_t *at = from;
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t rb_le32(const void *from)
{
    const uint8_t *at = from;
    return (uint32_t)rb_le16(at) | (uint32_t)rb_le16(at + 2) << 16;
}

static inline uint32_t rb_be32(const void *from)
{
    const uint8_t *at = from;
    return (uint32_t)rb_be16(at) << 16 | (uint32_t)rb_be16(at + 2);
}

static inline uint64_t rb_le64(const void *from)
{
    const uint8_t *at = from;
    return (uint64_t)rb_le32(at) | (uint64_t)rb_le32(at + 4) << 32;
}

static inline uint64_t rb_be64(const void *from)
{
    const uint8_t *at = from;
    return (uint64_t)rb_be32(at) << 32 | (uint64_t)rb_be32(at + 4);
}

#endif
