// What SQLite itself can do on this machine: a loop of prepared INSERTs, committed to disk in groups. What Muster stores of
// a scan, in as many columns and B-trees, without HTTP, JSON, digests, duplicates or reports.
//
//   bare_sqlite SHAPE FOLDER GROUP SECONDS [FILL]
//
// SHAPE is `split` (the entry, its personal part and its reference in three tables and one more index, as Muster has it;
// the reference is sixteen bytes of a hash), `ordered` (the same, but the reference begins with the kiosk's counter, Muster's
// own trick) or `flat` (one table of all columns and three indexes; the reference is
// the text that a kiosk sends). FILL rows are stored before the clock starts. Prints one line of JSON.
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STATIONS = 20, UNITS = 12, BADGES = 8000 };

static sqlite3 *db;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void must(int code, const char *what) {
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
    fprintf(stderr, "bare_sqlite: %s: %s\n", what, sqlite3_errmsg(db));
    exit(2);
}

static void run(const char *script) { must(sqlite3_exec(db, script, NULL, NULL, NULL), script); }

static sqlite3_stmt *prepared(const char *text) {
    sqlite3_stmt *statement;
    must(sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL), text);
    return statement;
}

static uint64_t mixed(uint64_t x) {
    x ^= x >> 31; x *= 0x7fb5d329728ea185ull; x ^= x >> 27; x *= 0x81dadef4bc2dd44dull; x ^= x >> 33;
    return x;
}

static uint64_t noise_state = 88172645463325252ull;
static const unsigned char *noise(unsigned char *into, int bytes) {
    for (int at = 0; at < bytes; at += 8) {
        noise_state ^= noise_state << 13; noise_state ^= noise_state >> 7; noise_state ^= noise_state << 17;
        memcpy(into + at, &noise_state, 8);
    }
    return into;
}

static const char *split_schema =
    "CREATE TABLE ledger_entry (tenant_id INTEGER NOT NULL, sequence INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " source INTEGER NOT NULL, occurred_at_us INTEGER NOT NULL, received_at_us INTEGER NOT NULL,"
    " caller_term INTEGER NOT NULL, station_term INTEGER, unit_term INTEGER, means_term INTEGER, detail TEXT,"
    " personal_digest BLOB, hash BLOB NOT NULL, PRIMARY KEY (tenant_id, sequence)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX ledger_entry_by_moment ON ledger_entry (tenant_id, source, occurred_at_us, sequence);"
    "CREATE TABLE ledger_personal (tenant_id INTEGER NOT NULL, sequence INTEGER NOT NULL, salt BLOB NOT NULL,"
    " identifier_kind INTEGER NOT NULL, identifier TEXT NOT NULL, staff_code TEXT, reference TEXT, meta TEXT,"
    " PRIMARY KEY (tenant_id, sequence)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE client_reference (tenant_id INTEGER NOT NULL, source INTEGER NOT NULL, reference BLOB NOT NULL,"
    " sequence INTEGER NOT NULL, span_id INTEGER, PRIMARY KEY (tenant_id, source, reference)) STRICT, WITHOUT ROWID;";

static const char *flat_schema =
    "CREATE TABLE entry (sequence INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " source INTEGER NOT NULL, occurred_at_us INTEGER NOT NULL, received_at_us INTEGER NOT NULL,"
    " caller_term INTEGER NOT NULL, station_term INTEGER, unit_term INTEGER, means_term INTEGER, detail TEXT,"
    " personal_digest BLOB, hash BLOB NOT NULL, salt BLOB NOT NULL, identifier_kind INTEGER NOT NULL,"
    " identifier TEXT NOT NULL, staff_code TEXT, reference TEXT, meta TEXT, span_id INTEGER) STRICT;"
    "CREATE UNIQUE INDEX entry_by_reference ON entry (tenant_id, source, reference);"
    "CREATE INDEX entry_by_moment ON entry (tenant_id, source, occurred_at_us);"
    "CREATE INDEX entry_by_badge ON entry (tenant_id, source, identifier, occurred_at_us);";

int main(int argc, char **argv) {
    if (argc < 5) { fprintf(stderr, "usage: see the top of bare_sqlite.c\n"); return 2; }
    int is_ordered = !strcmp(argv[1], "ordered"), is_split = is_ordered || !strcmp(argv[1], "split"), group = atoi(argv[3]);
    double seconds = atof(argv[4]);
    uint64_t fill = argc > 5 ? strtoull(argv[5], NULL, 10) : 0;
    char path[4096];
    snprintf(path, sizeof path, "%s/bare.db", argv[2]);
    must(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL), "open");
    // As Muster opens its writer, but for what costs Muster something: foreign keys, erased pages overwritten.
    run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;");
    run(is_split ? split_schema : flat_schema);
    sqlite3_stmt *begin = prepared("BEGIN IMMEDIATE"), *commit = prepared("COMMIT");
    sqlite3_stmt *entry, *personal = NULL, *reference = NULL;
    if (is_split) {
        entry = prepared("INSERT INTO ledger_entry VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)");
        personal = prepared("INSERT INTO ledger_personal VALUES (?1,?2,?3,?4,?5,?6,?7,?8)");
        reference = prepared("INSERT INTO client_reference VALUES (?1,?2,?3,?4,?5)");
    } else {
        entry = prepared("INSERT INTO entry VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20)");
    }

    unsigned char digest[32], hash[32], salt[16], key[16];
    char badge_text[32], staff_text[32], reference_text[64], meta_text[128];
    uint64_t row = 0, measured_from = 0;
    double start = now(), elapsed = 0;
    for (;;) {
        must(sqlite3_step(begin), "begin"); sqlite3_reset(begin);
        for (int i = 0; i < group; i++, row++) {
            // A batch of a hundred is one station's.
            uint64_t batch = row / 100, station = batch % STATIONS, local = batch / STATIONS * 100 + row % 100;
            uint64_t badge = 100000 + mixed(local * STATIONS + station) % BADGES;
            int is_known = badge % 2 == 0;
            int badge_length = sprintf(badge_text, "%06lu", badge);
            int staff_length = sprintf(staff_text, "E%06lu", badge);
            int reference_length = sprintf(reference_text, "Gate%02lu-%06lu-%lu", station, badge, local);
            int meta_length = sprintf(meta_text, "{\"matched\":%s,\"legacy_id\":%s%s%s,\"local_id\":%lu}",
                is_known ? "true" : "false", is_known ? "\"" : "", is_known ? staff_text : "null", is_known ? "\"" : "", local);
            sqlite3_bind_int64(entry, is_split ? 1 : 2, 1);
            sqlite3_bind_int64(entry, is_split ? 2 : 1, row + 1);
            sqlite3_bind_int64(entry, 3, 1);
            sqlite3_bind_int64(entry, 4, 1);
            sqlite3_bind_int64(entry, 5, 1767225600000000 + (int64_t)(local / 4) * 1000000);
            sqlite3_bind_int64(entry, 6, 1795000000000000 + (int64_t)row);
            sqlite3_bind_int64(entry, 7, 1);
            sqlite3_bind_int64(entry, 8, 2 + station);
            if (is_known) sqlite3_bind_int64(entry, 9, 30 + badge / 2 % UNITS); else sqlite3_bind_null(entry, 9);
            sqlite3_bind_int64(entry, 10, 3);
            sqlite3_bind_null(entry, 11);
            sqlite3_bind_blob(entry, 12, noise(digest, 32), 32, SQLITE_STATIC);
            sqlite3_bind_blob(entry, 13, noise(hash, 32), 32, SQLITE_STATIC);
            sqlite3_stmt *rest = is_split ? personal : entry;
            int place = is_split ? 3 : 14;
            if (is_split) { sqlite3_bind_int64(personal, 1, 1); sqlite3_bind_int64(personal, 2, row + 1); }
            sqlite3_bind_blob(rest, place++, noise(salt, 16), 16, SQLITE_STATIC);
            sqlite3_bind_int64(rest, place++, 1);
            sqlite3_bind_text(rest, place++, badge_text, badge_length, SQLITE_STATIC);
            if (is_known) sqlite3_bind_text(rest, place++, staff_text, staff_length, SQLITE_STATIC);
            else sqlite3_bind_null(rest, place++);
            sqlite3_bind_text(rest, place++, reference_text, reference_length, SQLITE_STATIC);
            sqlite3_bind_text(rest, place++, meta_text, meta_length, SQLITE_STATIC);
            if (!is_split) sqlite3_bind_int64(entry, place, 1 + station);
            must(sqlite3_step(entry), "entry"); sqlite3_reset(entry);
            if (is_split) {
                must(sqlite3_step(personal), "personal"); sqlite3_reset(personal);
                sqlite3_bind_int64(reference, 1, 1);
                sqlite3_bind_int64(reference, 2, 1);
                noise(key, 16);
                for (int at = 0; is_ordered && at < 5; at++) key[at] = (unsigned char)(local >> 4 >> (32 - 8 * at));
                sqlite3_bind_blob(reference, 3, key, 16, SQLITE_STATIC);
                sqlite3_bind_int64(reference, 4, row + 1);
                sqlite3_bind_int64(reference, 5, 1 + station);
                must(sqlite3_step(reference), "reference"); sqlite3_reset(reference);
            }
        }
        must(sqlite3_step(commit), "commit"); sqlite3_reset(commit);
        if (row < fill) continue;
        if (fill && measured_from == 0) { measured_from = row; start = now(); continue; }
        elapsed = now() - start;
        if (elapsed >= seconds) break;
    }
    printf("{\"shape\":\"%s\",\"group\":%d,\"rows\":%lu,\"seconds\":%.3f,\"rows_per_second\":%.1f}\n",
        argv[1], group, row - measured_from, elapsed, (row - measured_from) / elapsed);
    sqlite3_close(db);
    return 0;
}
