// libxcrypt for Swift: bcrypt.
#pragma once

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

/// How many bytes a hash as text takes at the most, its end included.
static inline size_t ccrypt_hash_bytes(void) { return CRYPT_OUTPUT_SIZE; }

// The working memory is a structure of 32 KB, which Swift would import as a tuple of as many members.

/// Hashes a password as `setting` says, which may be a whole hash. Returns 0 where it says nothing that is understood.
static inline int ccrypt_hash(const char *password, const char *setting, char *hash) {
    struct crypt_data *data = calloc(1, sizeof *data);
    if (!data) return 0;
    const char *made = crypt_r(password, setting, data);
    // A failure is a text that begins with an asterisk, and no hash does.
    int done = made && made[0] != '*';
    if (done) strcpy(hash, made);
    explicit_bzero(data, sizeof *data);
    free(data);
    return done;
}
