// What Swift cannot reach in libcrypto itself: functions that are marked as deprecated.
#pragma once

// OpenSSL 3 prefers its EVP layer to the SHA256_… functions. These are used all the same: an 80-byte message costs 104 to
// 111 ns here and 145 to 229 ns through a fetched EVP_MD and a reused context, and a state that is a plain struct can be
// copied (HMAC keeps two as its key) and shared between threads, where a context is a heap object with one owner.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

static inline void copenssl_sha256_begin(SHA256_CTX *state) { SHA256_Init(state); }

static inline void copenssl_sha256_update(SHA256_CTX *state, const void *bytes, size_t count) {
    SHA256_Update(state, bytes, count);
}

// Writes 32 bytes.
static inline void copenssl_sha256_finish(SHA256_CTX *state, void *digest) { SHA256_Final((unsigned char *)digest, state); }

// Pointers to bytes of two signednesses, and a null address for an empty text, which the library takes for no text at all.

/// Writes `key_count` bytes. Returns 1, or 0 where the library refuses.
static inline int copenssl_pbkdf2_sha256(
    const void *password, int password_count, const void *salt, int salt_count, int iterations, void *key, int key_count) {
    return PKCS5_PBKDF2_HMAC(
        password ? (const char *)password : "", password_count, salt ? (const unsigned char *)salt : (const unsigned char *)"",
        salt_count, iterations, EVP_sha256(), key_count, (unsigned char *)key);
}
