// SQLite for Swift: the library's own header, and what Swift cannot reach in it.

#ifndef CSQLITE_H
#define CSQLITE_H

#include <sqlite3.h>

// SQLITE_STATIC and SQLITE_TRANSIENT are numbers cast to function pointers, which Swift does not import.
//
// A null address would bind NULL, and Swift may lend one for an empty buffer, so an empty value gets an address here.

/// Binds bytes that stay where they are until the statement is reset.
static inline int csqlite_bind_text_lent(sqlite3_stmt *statement, int place, const void *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_text64(statement, place, bytes ? (const char *)bytes : "", count, SQLITE_STATIC, SQLITE_UTF8);
}

/// Binds bytes that stay where they are until the statement is reset.
static inline int csqlite_bind_blob_lent(sqlite3_stmt *statement, int place, const void *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_blob64(statement, place, bytes ? bytes : "", count, SQLITE_STATIC);
}

/// Binds a copy of the bytes.
static inline int csqlite_bind_text_copied(sqlite3_stmt *statement, int place, const void *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_text64(statement, place, bytes ? (const char *)bytes : "", count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

/// Binds a copy of the bytes.
static inline int csqlite_bind_blob_copied(sqlite3_stmt *statement, int place, const void *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_blob64(statement, place, bytes ? bytes : "", count, SQLITE_TRANSIENT);
}

// sqlite3_db_config takes variable arguments, which Swift does not call.

/// Switches one of the on/off options of a connection (SQLITE_DBCONFIG_…).
static inline int csqlite_switch(sqlite3 *database, int option, int on) {
    return sqlite3_db_config(database, option, on, (int *)0);
}

#endif
