#include "csimdjson.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

static_assert(CSIMDJSON_PADDING >= simdjson::SIMDJSON_PADDING, "simdjson looks further past the end than we promise");

/// A parser with the tokens of its last input. Each thread keeps one for its next input; lent out, it is the caller's.
struct csimdjson_tokens {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
};

namespace {

/// Up to this many bytes of input a thread keeps the token buffer (four bytes per byte). A larger one is given back, so
/// that one body of several megabytes does not stay allocated for ever.
constexpr size_t kept_capacity_max = 64 * 1024;

/// Objects with at most this many members are searched for duplicates pair by pair, larger ones by sorting.
constexpr uint32_t pairwise_members_max = 16;

thread_local std::unique_ptr<csimdjson_tokens> kept;

/// Whether what begins at `at` ends a number or a literal. A NUL of the padding is told from one of the input by `end`.
bool is_boundary(const uint8_t *at, const uint8_t *end) {
    if (at >= end) { return true; }
    switch (*at) {
    case ' ': case '\t': case '\n': case '\r': case ',': case ':': case ']': case '}': case '[': case '{': return true;
    default: return false;
    }
}

bool is_digit(uint8_t byte) { return static_cast<uint8_t>(byte - '0') < 10; }

/// The value of four hexadecimal digits, or -1.
int32_t hexadecimal(const uint8_t *digits) {
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        const uint8_t byte = digits[i], letter = byte | 0x20;
        if (is_digit(byte)) { value = value << 4 | (byte - '0'); }
        else if (letter >= 'a' && letter <= 'f') { value = value << 4 | (letter - 'a' + 10); }
        else { return -1; }
    }
    return value;
}

uint8_t *append_utf8(uint8_t *to, uint32_t scalar) {
    if (scalar < 0x80) {
        *to++ = static_cast<uint8_t>(scalar);
    } else if (scalar < 0x800) {
        *to++ = static_cast<uint8_t>(0xc0 | scalar >> 6);
        *to++ = static_cast<uint8_t>(0x80 | (scalar & 0x3f));
    } else if (scalar < 0x10000) {
        *to++ = static_cast<uint8_t>(0xe0 | scalar >> 12);
        *to++ = static_cast<uint8_t>(0x80 | (scalar >> 6 & 0x3f));
        *to++ = static_cast<uint8_t>(0x80 | (scalar & 0x3f));
    } else {
        *to++ = static_cast<uint8_t>(0xf0 | scalar >> 18);
        *to++ = static_cast<uint8_t>(0x80 | (scalar >> 12 & 0x3f));
        *to++ = static_cast<uint8_t>(0x80 | (scalar >> 6 & 0x3f));
        *to++ = static_cast<uint8_t>(0x80 | (scalar & 0x3f));
    }
    return to;
}

/// A word whose bytes are 0x80 or more where `word` has the byte `wanted`, and possibly in bytes above the first hit.
uint64_t bytes_equal_to(uint64_t word, uint8_t wanted) {
    const uint64_t ones = 0x0101010101010101, difference = word ^ ones * wanted;
    return (difference - ones) & ~difference & (ones << 7);
}

/// The first quote or backslash at or behind `at`, or `end`. Eight bytes a step; the padding makes that safe at the end.
uint8_t *quote_or_backslash(uint8_t *at, uint8_t *end) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (; at < end; at += 8) {
        uint64_t word;
        std::memcpy(&word, at, 8);
        const uint64_t hits = bytes_equal_to(word, '"') | bytes_equal_to(word, '\\');
        if (hits) { return std::min(at + (__builtin_ctzll(hits) >> 3), end); }
    }
    return end;
#else
    while (at < end && *at != '"' && *at != '\\') { at++; }
    return at;
#endif
}

/// One walk over the tokens of one input.
class Walk {
public:
    Walk(const uint32_t *tokens, uint32_t token_count, uint8_t *bytes, size_t length, uint32_t depth_max,
         csimdjson_duplicates duplicates, csimdjson_node *nodes, uint32_t nodes_max)
        : tokens(tokens), tokens_end(tokens + token_count), bytes(bytes), end(bytes + length),
          has_escapes(std::memchr(bytes, '\\', length)), depth_max(depth_max), duplicates(duplicates), nodes(nodes),
          nodes_max(nodes_max) {}

    uint32_t node_count = 0;
    uint32_t error_offset = 0;

    csimdjson_status run() {
        // `next` of an open container holds its parent, so that depth costs no memory of its own.
        constexpr uint32_t no_parent = UINT32_MAX;
        uint32_t container = no_parent, depth = 0;
        for (;;) {
            // Here a value is due, or the name of a member.
            if (container != no_parent && nodes[container].kind == csimdjson_object) {
                const csimdjson_status status = name();
                if (status) { return status; }
            }
            if (tokens == tokens_end) { return fail(csimdjson_unexpected_end, end); }
            uint8_t *at = bytes + *tokens;
            if (*at == '{' || *at == '[') {
                if (depth == depth_max) { return fail(csimdjson_too_deep, at); }
                const csimdjson_kind kind = *at == '{' ? csimdjson_object : csimdjson_array;
                if (const csimdjson_status status = push(kind, at, 0)) { return status; }
                nodes[node_count - 1].next = container;
                container = node_count - 1;
                depth++;
                tokens++;
                if (tokens == tokens_end) { return fail(csimdjson_unexpected_end, end); }
                if (bytes[*tokens] != (kind == csimdjson_object ? '}' : ']')) { continue; }
            } else if (const csimdjson_status status = scalar(at)) {
                return status;
            }

            // Here a value has ended, or an empty container is about to.
            for (;;) {
                if (container == no_parent) {
                    return tokens == tokens_end ? csimdjson_ok : fail(csimdjson_trailing_content, bytes + *tokens);
                }
                if (tokens == tokens_end) { return fail(csimdjson_unexpected_end, end); }
                const uint8_t byte = bytes[*tokens];
                const bool is_object = nodes[container].kind == csimdjson_object, is_empty = container + 1 == node_count;
                if (byte != ',' && byte != (is_object ? '}' : ']')) {
                    return fail(csimdjson_unexpected_token, bytes + *tokens);
                }
                if (!is_empty) { nodes[container].length++; }
                tokens++;
                if (byte == ',') { break; }
                if (is_object) {
                    if (const csimdjson_status status = settle_duplicates(container)) { return status; }
                }
                const uint32_t parent = nodes[container].next;
                nodes[container].next = node_count;
                container = parent;
                depth--;
            }
        }
    }

private:
    const uint32_t *tokens;
    const uint32_t *const tokens_end;
    uint8_t *const bytes;
    uint8_t *const end;
    const bool has_escapes;
    const uint32_t depth_max;
    const csimdjson_duplicates duplicates;
    csimdjson_node *const nodes;
    const uint32_t nodes_max;

    csimdjson_status fail(csimdjson_status status, const uint8_t *at) {
        error_offset = static_cast<uint32_t>(std::min<const uint8_t *>(at, end) - bytes);
        return status;
    }

    csimdjson_status push(csimdjson_kind kind, const uint8_t *at, size_t length, uint8_t flags = 0) {
        if (node_count == nodes_max) { return fail(csimdjson_too_many_nodes, at); }
        nodes[node_count] = {
            static_cast<uint32_t>(at - bytes), static_cast<uint32_t>(length), node_count + 1, kind, flags};
        node_count++;
        return csimdjson_ok;
    }

    csimdjson_status name() {
        if (tokens == tokens_end) { return fail(csimdjson_unexpected_end, end); }
        uint8_t *at = bytes + *tokens;
        if (*at != '"') { return fail(csimdjson_unexpected_token, at); }
        tokens++;
        if (const csimdjson_status status = string(csimdjson_name, at)) { return status; }
        if (tokens == tokens_end) { return fail(csimdjson_unexpected_end, end); }
        if (bytes[*tokens] != ':') { return fail(csimdjson_unexpected_token, bytes + *tokens); }
        tokens++;
        return csimdjson_ok;
    }

    csimdjson_status scalar(uint8_t *at) {
        tokens++;
        switch (*at) {
        case '"': return string(csimdjson_string, at);
        case 't': return literal(csimdjson_true, at, "true", 4);
        case 'f': return literal(csimdjson_false, at, "false", 5);
        case 'n': return literal(csimdjson_null, at, "null", 4);
        case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
            return number(at);
        case ',': case ':': case ']': case '}': return fail(csimdjson_unexpected_token, at);
        default: return fail(csimdjson_bad_literal, at);
        }
    }

    csimdjson_status literal(csimdjson_kind kind, const uint8_t *at, const char *spelling, size_t length) {
        if (std::memcmp(at, spelling, length) != 0 || !is_boundary(at + length, end)) {
            return fail(csimdjson_bad_literal, at);
        }
        return push(kind, at, length);
    }

    csimdjson_status number(const uint8_t *begin) {
        const uint8_t *at = begin;
        uint8_t flags = csimdjson_integer;
        if (*at == '-') { at++; }
        if (!is_digit(*at)) { return fail(csimdjson_bad_number, begin); }
        if (*at == '0') { at++; }
        else { while (is_digit(*at)) { at++; } }
        if (*at == '.') {
            flags = 0;
            at++;
            if (!is_digit(*at)) { return fail(csimdjson_bad_number, begin); }
            while (is_digit(*at)) { at++; }
        }
        if (*at == 'e' || *at == 'E') {
            flags = 0;
            at++;
            if (*at == '+' || *at == '-') { at++; }
            if (!is_digit(*at)) { return fail(csimdjson_bad_number, begin); }
            while (is_digit(*at)) { at++; }
        }
        // The caller's padding is zeros, so no digit run goes past the end.
        if (!is_boundary(at, end)) { return fail(csimdjson_bad_number, begin); }
        return push(csimdjson_number, begin, at - begin, flags);
    }

    /// The string whose opening quote was the last token.
    csimdjson_status string(csimdjson_kind kind, uint8_t *quote) {
        uint8_t *const begin = quote + 1;
        if (!has_escapes) {
            // Only blanks stand between the closing quote and the next token, so the string need not be looked through.
            const uint8_t *closing = (tokens == tokens_end ? end : bytes + *tokens) - 1;
            while (closing > quote && *closing != '"') { closing--; }
            return closing > quote ? push(kind, quote, closing - begin) : fail(csimdjson_open_string, quote);
        }
        uint8_t *at = quote_or_backslash(begin, end), *to = at, flags = 0;
        for (;;) {
            if (at == end) { return fail(csimdjson_open_string, quote); }
            if (*at == '"') { return push(kind, quote, to - begin, flags); }
            if (const csimdjson_status status = escape(at, to)) { return status; }
            // Unescaped it would be a control character, which no string may hold.
            if (to[-1] == 0) { flags = csimdjson_has_nul; }
            uint8_t *const rest = at;
            at = quote_or_backslash(rest, end);
            std::memmove(to, rest, at - rest);
            to += at - rest;
        }
    }

    /// Replaces the escape at `at` by what it stands for at `to`, and moves both behind it.
    csimdjson_status escape(uint8_t *&at, uint8_t *&to) {
        switch (at[1]) {
        case '"': *to++ = '"'; break;
        case '\\': *to++ = '\\'; break;
        case '/': *to++ = '/'; break;
        case 'b': *to++ = '\b'; break;
        case 'f': *to++ = '\f'; break;
        case 'n': *to++ = '\n'; break;
        case 'r': *to++ = '\r'; break;
        case 't': *to++ = '\t'; break;
        case 'u': return unicode_escape(at, to);
        default: return fail(csimdjson_bad_escape, at);
        }
        at += 2;
        return csimdjson_ok;
    }

    csimdjson_status unicode_escape(uint8_t *&at, uint8_t *&to) {
        const int32_t first = hexadecimal(at + 2);
        if (first < 0) { return fail(csimdjson_bad_escape, at); }
        if (first < 0xd800 || first > 0xdfff) {
            to = append_utf8(to, static_cast<uint32_t>(first));
            at += 6;
            return csimdjson_ok;
        }
        if (first >= 0xdc00 || at[6] != '\\' || at[7] != 'u') { return fail(csimdjson_lone_surrogate, at); }
        const int32_t second = hexadecimal(at + 8);
        if (second < 0) { return fail(csimdjson_bad_escape, at + 6); }
        if (second < 0xdc00 || second > 0xdfff) { return fail(csimdjson_lone_surrogate, at); }
        to = append_utf8(to, 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
        at += 12;
        return csimdjson_ok;
    }

    bool are_equal(const csimdjson_node &a, const csimdjson_node &b) const {
        return a.length == b.length && std::memcmp(bytes + a.offset + 1, bytes + b.offset + 1, a.length) == 0;
    }

    /// The name behind `name`, or the end of its object.
    uint32_t name_after(uint32_t name) const { return nodes[name + 1].next; }

    csimdjson_status settle_duplicates(uint32_t object) {
        if (nodes[object].length < 2) { return csimdjson_ok; }
        return nodes[object].length <= pairwise_members_max ? settle_pairwise(object) : settle_sorted(object);
    }

    csimdjson_status settle_pairwise(uint32_t object) {
        uint32_t names[pairwise_members_max], count = 0;
        for (uint32_t name = object + 1; name != node_count; name = name_after(name)) {
            for (uint32_t i = 0; i < count; i++) {
                if (are_equal(nodes[names[i]], nodes[name])) {
                    if (const csimdjson_status status = settle(object, names[i], name)) { return status; }
                    if (duplicates == csimdjson_take_first) { goto next; }
                    names[i] = names[--count];
                    break;
                }
            }
            names[count++] = name;
        next:;
        }
        return csimdjson_ok;
    }

    /// Pairs would cost the square of a number that the sender chooses.
    csimdjson_status settle_sorted(uint32_t object) {
        std::vector<uint32_t> names;
        names.reserve(nodes[object].length);
        for (uint32_t name = object + 1; name != node_count; name = name_after(name)) { names.push_back(name); }
        std::sort(names.begin(), names.end(), [this](uint32_t a, uint32_t b) {
            const csimdjson_node &left = nodes[a], &right = nodes[b];
            if (left.length != right.length) { return left.length < right.length; }
            const int order = std::memcmp(bytes + left.offset + 1, bytes + right.offset + 1, left.length);
            return order != 0 ? order < 0 : a < b;
        });
        uint32_t earliest = UINT32_MAX;
        for (size_t i = 1, kept_at = 0; i < names.size(); i++) {
            if (!are_equal(nodes[names[kept_at]], nodes[names[i]])) {
                kept_at = i;
            } else if (duplicates == csimdjson_refuse) {
                earliest = std::min(earliest, names[i]);
            } else {
                settle(object, names[kept_at], names[i]);
                if (duplicates == csimdjson_take_last) { kept_at = i; }
            }
        }
        if (earliest != UINT32_MAX) { return fail(csimdjson_duplicate_name, bytes + nodes[earliest].offset); }
        return csimdjson_ok;
    }

    csimdjson_status settle(uint32_t object, uint32_t earlier, uint32_t later) {
        if (duplicates == csimdjson_refuse) { return fail(csimdjson_duplicate_name, bytes + nodes[later].offset); }
        nodes[duplicates == csimdjson_take_last ? earlier : later].flags |= csimdjson_superseded;
        nodes[object].length--;
        return csimdjson_ok;
    }
};

/// The length of the UTF-8 sequence at `at`, or 0 if there is none. Source: Unicode 15, table 3-7.
size_t utf8_sequence(const uint8_t *at, size_t left) {
    const uint8_t first = at[0];
    if (first < 0x80) { return 1; }
    if (first < 0xc2 || first > 0xf4) { return 0; }
    const size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (left < length) { return 0; }
    const uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (at[1] < low || at[1] > high) { return 0; }
    for (size_t i = 2; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) { return 0; }
    }
    return length;
}

/// The first stage says what is wrong with an input but not where; this finds the place, byte by byte.
csimdjson_status locate(const uint8_t *bytes, size_t length, uint32_t *offset) {
    for (size_t i = 0; i < length;) {
        const size_t sequence = utf8_sequence(bytes + i, length - i);
        if (!sequence) { return *offset = static_cast<uint32_t>(i), csimdjson_bad_utf8; }
        i += sequence;
    }
    bool inside = false;
    size_t quote = 0;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\\') {
            // Some of simdjson's implementations stop at a control character here, the others leave it to the walk, which
            // says this.
            if (inside && i + 1 < length && bytes[i + 1] < 0x20) {
                return *offset = static_cast<uint32_t>(i), csimdjson_bad_escape;
            }
            i++;
        } else if (bytes[i] == '"') {
            inside = !inside;
            quote = i;
        } else if (inside && bytes[i] < 0x20) {
            return *offset = static_cast<uint32_t>(i), csimdjson_control_character;
        }
    }
    // Whatever simdjson refuses is no JSON, also where nothing is found here: no input may end the process.
    *offset = static_cast<uint32_t>(inside ? quote : 0);
    return inside ? csimdjson_open_string : csimdjson_bad_literal;
}

csimdjson_status open(
    const uint8_t *bytes, size_t length, csimdjson_tokens **tokens, uint32_t *token_count, uint32_t *error_offset) {
    *error_offset = 0;
    if (length > CSIMDJSON_BYTES_MAX) { return csimdjson_failed; }
    // Taken for the whole call, so that a failure on the way cannot leave a large parser behind in the store.
    std::unique_ptr<csimdjson_tokens> taken = kept ? std::move(kept) : std::make_unique<csimdjson_tokens>();
    auto &parser = taken->parser;
    if (!parser || parser->capacity() < length) {
        // Small inputs share one size, so that a thread allocates once. The depth belongs to a stage that is not used.
        const size_t capacity = std::max(length, kept_capacity_max);
        if (simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, parser)) {
            return csimdjson_no_memory;
        }
    }
    const simdjson::error_code found = parser->stage1(bytes, length, simdjson::stage1_mode::regular);
    if (!found) {
        *token_count = parser->n_structural_indexes;
        *tokens = taken.release();
        return csimdjson_ok;
    }
    csimdjson_close(taken.release());
    if (found == simdjson::EMPTY) {
        *error_offset = static_cast<uint32_t>(length);
        return csimdjson_unexpected_end;
    }
    return locate(bytes, length, error_offset);
}

}  // namespace

csimdjson_status csimdjson_open(
    const uint8_t *bytes, size_t length, csimdjson_tokens **tokens, uint32_t *token_count, uint32_t *error_offset) {
    try {
        return open(bytes, length, tokens, token_count, error_offset);
    } catch (const std::bad_alloc &) {
        return csimdjson_no_memory;
    } catch (...) {
        return csimdjson_failed;
    }
}

csimdjson_status csimdjson_walk(
    csimdjson_tokens *tokens, uint8_t *bytes, size_t length, uint32_t depth_max, csimdjson_duplicates duplicates,
    csimdjson_node *nodes, uint32_t nodes_max, uint32_t *node_count, uint32_t *error_offset) {
    try {
        const auto &parser = *tokens->parser;
        Walk walk(
            parser.structural_indexes.get(), parser.n_structural_indexes, bytes, length, depth_max, duplicates, nodes,
            nodes_max);
        const csimdjson_status status = walk.run();
        *node_count = walk.node_count;
        *error_offset = walk.error_offset;
        return status;
    } catch (const std::bad_alloc &) {
        return csimdjson_no_memory;
    } catch (...) {
        return csimdjson_failed;
    }
}

void csimdjson_close(csimdjson_tokens *tokens) {
    if (!kept && tokens->parser->capacity() <= kept_capacity_max) {
        kept.reset(tokens);
    } else {
        delete tokens;
    }
}
