// JSON text to a flat list of nodes: simdjson finds the tokens, the walk over them is ours.
//
// simdjson's first stage (vector instructions chosen at run time, UTF-8 checked) does the expensive part. Its own second
// stages do not fit: the DOM turns numbers into machine numbers and so refuses 1e400 and loses 1.10; On Demand is compiled
// into us for the oldest processor the build allows ("fallback" on x86-64, where the first stage runs as "haswell") and
// checks only what is asked for, so that a full walk would still have to check every number and end itself.
//
// No function throws and none keeps a pointer to what it was lent.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// How many readable bytes must lie behind the input; the vector code looks past its end.
enum { CSIMDJSON_PADDING = 64 };

// The longest input: offsets are 32 bits wide, and the parent of an open container is kept in them too.
enum { CSIMDJSON_BYTES_MAX = 0x3fffffff };

typedef enum : uint8_t {
    csimdjson_null,
    csimdjson_false,
    csimdjson_true,
    csimdjson_number,
    csimdjson_string,
    csimdjson_array,
    csimdjson_object,
    csimdjson_name,  // of a member; the member's value is the next node
} csimdjson_kind;

typedef enum : uint8_t {
    csimdjson_integer = 1,     // a number without fraction and exponent
    csimdjson_superseded = 2,  // a name whose member lost against another of the same name
    csimdjson_has_nul = 4,     // a string or name with U+0000 in it
} csimdjson_flag;

typedef struct {
    uint32_t offset;  // where the value begins in the input
    uint32_t length;  // bytes of a number or of an unescaped string; items or (not superseded) members of a container
    uint32_t next;    // the node behind this one and everything inside it
    uint8_t kind;     // csimdjson_kind
    uint8_t flags;    // csimdjson_flag
} csimdjson_node;

typedef enum : uint8_t {
    csimdjson_take_last,
    csimdjson_take_first,
    csimdjson_refuse,
} csimdjson_duplicates;

typedef enum : uint8_t {
    csimdjson_ok,
    csimdjson_no_memory,
    csimdjson_failed,  // simdjson itself gave up, for a reason that no input can cause
    csimdjson_bad_utf8,
    csimdjson_control_character,
    csimdjson_open_string,
    csimdjson_bad_escape,
    csimdjson_lone_surrogate,
    csimdjson_bad_number,
    csimdjson_bad_literal,
    csimdjson_unexpected_end,
    csimdjson_unexpected_token,
    csimdjson_trailing_content,
    csimdjson_too_deep,
    csimdjson_too_many_nodes,
    csimdjson_duplicate_name,
} csimdjson_status;

// The tokens of one input. It is lent from a small store of the calling thread and goes back with csimdjson_close.
typedef struct csimdjson_tokens csimdjson_tokens;

// Finds the tokens in `length` bytes, which must be readable for CSIMDJSON_PADDING bytes more.
//
// On success `*tokens` must be closed on this thread, and `*token_count` says how many there are; there are never more
// nodes than tokens. Otherwise `*error_offset` says where the trouble is.
csimdjson_status csimdjson_open(
    const uint8_t *bytes, size_t length, csimdjson_tokens **tokens, uint32_t *token_count, uint32_t *error_offset);

// Checks the whole grammar and writes one node per value and per member name, in the order of the input.
//
// Strings are unescaped in place, which never makes them longer: the text of a string node begins one byte behind its
// offset. On failure the bytes and nodes are worthless and `*error_offset` says where the trouble is.
csimdjson_status csimdjson_walk(
    csimdjson_tokens *tokens, uint8_t *bytes, size_t length, uint32_t depth_max, csimdjson_duplicates duplicates,
    csimdjson_node *nodes, uint32_t nodes_max, uint32_t *node_count, uint32_t *error_offset);

void csimdjson_close(csimdjson_tokens *tokens);

#ifdef __cplusplus
}
#endif
