// libsodium for Swift: what hashes passwords.
#pragma once

#include <sodium/core.h>
#include <sodium/crypto_pwhash.h>

// Swift imports neither macros that call functions nor arrays whose length is one.

/// How many bytes a hash as text takes at the most, its end included.
static inline size_t csodium_hash_bytes(void) { return crypto_pwhash_STRBYTES; }

/// Argon2id, whatever the library's first choice is one day.
static inline int csodium_argon2id(
    char *hash, const char *password, size_t count, unsigned long long passes, size_t memory) {
    return crypto_pwhash_str_alg(hash, password, count, passes, memory, crypto_pwhash_ALG_ARGON2ID13);
}
