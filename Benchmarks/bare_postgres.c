// What PostgreSQL itself can do on this machine: connections that each send their rows as one `INSERT … SELECT FROM
// unnest(…)` a table, pipelined in one transaction. What Muster stores of a scan, in as many columns and indexes, without
// HTTP, JSON, digests, duplicates or reports; and without numbers that follow one another, so that nobody waits for anybody.
//
//   bare_postgres URL CONNECTIONS ROWS SECONDS [FILL]
//
// Each transaction stores ROWS rows. FILL rows are stored before the clock starts. Prints one line of JSON.
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <arpa/inet.h>
#include <endian.h>

enum { STATIONS = 20, UNITS = 12, BADGES = 8000 };
enum { INT8 = 20, TEXT = 25, BYTEA = 17, INT2 = 21, INT8S = 1016, TEXTS = 1009, BYTEAS = 1001, INT2S = 1005 };

static const char *url;
static int rows_each;
static _Atomic uint64_t next_batch, stored;
static _Atomic int is_over;
static uint64_t fill;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static uint64_t mixed(uint64_t x) {
    x ^= x >> 31; x *= 0x7fb5d329728ea185ull; x ^= x >> 27; x *= 0x81dadef4bc2dd44dull; x ^= x >> 33;
    return x;
}

static _Thread_local uint64_t noise_state;
static void noise(char *into, int bytes) {
    for (int at = 0; at < bytes; at += 8) {
        noise_state ^= noise_state << 13; noise_state ^= noise_state >> 7; noise_state ^= noise_state << 17;
        memcpy(into + at, &noise_state, 8);
    }
}

static void fail(PGconn *connection, const char *what) {
    fprintf(stderr, "bare_postgres: %s: %s\n", what, PQerrorMessage(connection));
    exit(2);
}

// An array in PostgreSQL's binary form, growing value by value.
typedef struct { char *bytes; int length, has_null, element; } array_t;

static void put32(array_t *a, uint32_t value) { value = htonl(value); memcpy(a->bytes + a->length, &value, 4); a->length += 4; }

static void begin_array(array_t *a, int element, int count) {
    a->length = 0; a->element = element;
    put32(a, 1); put32(a, 0); put32(a, element); put32(a, count); put32(a, 1);
}

static void put_bytes(array_t *a, const void *value, int length) {
    put32(a, length); memcpy(a->bytes + a->length, value, length); a->length += length;
}

static void put_null(array_t *a) {
    uint32_t one = htonl(1);
    memcpy(a->bytes + 4, &one, 4);
    put32(a, 0xffffffff);
}

static void put_integer(array_t *a, int64_t value) {
    if (a->element == INT2) { uint16_t small = htons(value); put_bytes(a, &small, 2); }
    else { uint64_t big = htobe64(value); put_bytes(a, &big, 8); }
}

static const char *schema =
    "SET client_min_messages = error; DROP SCHEMA IF EXISTS bare CASCADE; CREATE SCHEMA bare;"
    "CREATE TABLE bare.ledger_entry (tenant_id BIGINT NOT NULL, sequence BIGINT NOT NULL, kind SMALLINT NOT NULL,"
    " source SMALLINT NOT NULL, occurred_at_us BIGINT NOT NULL, received_at_us BIGINT NOT NULL, caller_term BIGINT NOT NULL,"
    " station_term BIGINT, unit_term BIGINT, means_term BIGINT, detail TEXT COLLATE \"C\", personal_digest BYTEA,"
    " hash BYTEA NOT NULL, PRIMARY KEY (tenant_id, sequence));"
    "CREATE INDEX ON bare.ledger_entry (tenant_id, source, occurred_at_us, sequence);"
    "CREATE TABLE bare.ledger_personal (tenant_id BIGINT NOT NULL, sequence BIGINT NOT NULL, salt BYTEA NOT NULL,"
    " identifier_kind SMALLINT NOT NULL, identifier TEXT COLLATE \"C\" NOT NULL, staff_code TEXT COLLATE \"C\","
    " reference TEXT COLLATE \"C\", meta TEXT COLLATE \"C\", PRIMARY KEY (tenant_id, sequence));"
    "CREATE TABLE bare.client_reference (tenant_id BIGINT NOT NULL, source SMALLINT NOT NULL, reference BYTEA NOT NULL,"
    " sequence BIGINT NOT NULL, span_id BIGINT, PRIMARY KEY (tenant_id, source, reference));";

// In the list of what is selected the arrays are taken apart row by row; in `FROM` each would be stored first.
static const char *insert_entry =
    "INSERT INTO bare.ledger_entry SELECT unnest($1::bigint[]), unnest($2::bigint[]), unnest($3::smallint[]),"
    " unnest($4::smallint[]), unnest($5::bigint[]), unnest($6::bigint[]), unnest($7::bigint[]), unnest($8::bigint[]),"
    " unnest($9::bigint[]), unnest($10::bigint[]), unnest($11::text[]), unnest($12::bytea[]), unnest($13::bytea[])";
static const char *insert_personal =
    "INSERT INTO bare.ledger_personal SELECT unnest($1::bigint[]), unnest($2::bigint[]), unnest($3::bytea[]),"
    " unnest($4::smallint[]), unnest($5::text[]), unnest($6::text[]), unnest($7::text[]), unnest($8::text[])";
static const char *insert_reference =
    "INSERT INTO bare.client_reference SELECT unnest($1::bigint[]), unnest($2::smallint[]), unnest($3::bytea[]),"
    " unnest($4::bigint[]), unnest($5::bigint[])";

static void send_prepared(PGconn *c, const char *name, array_t *arrays, int count) {
    const char *values[16];
    int lengths[16], formats[16];
    for (int i = 0; i < count; i++) { values[i] = arrays[i].bytes; lengths[i] = arrays[i].length; formats[i] = 1; }
    if (!PQsendQueryPrepared(c, name, count, values, lengths, formats, 1)) fail(c, "send");
}

static void *work(void *argument) {
    noise_state = 88172645463325252ull + (uint64_t)(intptr_t)argument * 7919;
    PGconn *c = PQconnectdb(url);
    if (PQstatus(c) != CONNECTION_OK) fail(c, "connect");
    PQclear(PQprepare(c, "e", insert_entry, 0, NULL));
    PQclear(PQprepare(c, "p", insert_personal, 0, NULL));
    PQclear(PQprepare(c, "r", insert_reference, 0, NULL));
    if (!PQenterPipelineMode(c)) fail(c, "pipeline");
    static const int entry_types[13] = {INT8, INT8, INT2, INT2, INT8, INT8, INT8, INT8, INT8, INT8, TEXT, BYTEA, BYTEA};
    static const int personal_types[8] = {INT8, INT8, BYTEA, INT2, TEXT, TEXT, TEXT, TEXT};
    static const int reference_types[5] = {INT8, INT2, BYTEA, INT8, INT8};
    array_t e[13], p[8], r[5];
    int capacity = 64 + rows_each * 160;
    for (int i = 0; i < 13; i++) e[i].bytes = malloc(capacity);
    for (int i = 0; i < 8; i++) p[i].bytes = malloc(capacity);
    for (int i = 0; i < 5; i++) r[i].bytes = malloc(capacity);
    while (!atomic_load(&is_over)) {
        for (int i = 0; i < 13; i++) begin_array(&e[i], entry_types[i], rows_each);
        for (int i = 0; i < 8; i++) begin_array(&p[i], personal_types[i], rows_each);
        for (int i = 0; i < 5; i++) begin_array(&r[i], reference_types[i], rows_each);
        uint64_t first = atomic_fetch_add(&next_batch, 1) * rows_each;
        for (int i = 0; i < rows_each; i++) {
            uint64_t row = first + i, batch = row / 100, station = batch % STATIONS, local = batch / STATIONS * 100 + row % 100;
            uint64_t badge = 100000 + mixed(local * STATIONS + station) % BADGES;
            int is_known = badge % 2 == 0;
            char digest[32], text[160], staff[32];
            int staff_length = sprintf(staff, "E%06lu", badge);
            put_integer(&e[0], 1); put_integer(&e[1], row + 1); put_integer(&e[2], 1); put_integer(&e[3], 1);
            put_integer(&e[4], 1767225600000000 + (int64_t)(local / 4) * 1000000);
            put_integer(&e[5], 1795000000000000 + (int64_t)row);
            put_integer(&e[6], 1); put_integer(&e[7], 2 + station);
            if (is_known) put_integer(&e[8], 30 + badge / 2 % UNITS); else put_null(&e[8]);
            put_integer(&e[9], 3); put_null(&e[10]);
            noise(digest, 32); put_bytes(&e[11], digest, 32);
            noise(digest, 32); put_bytes(&e[12], digest, 32);
            put_integer(&p[0], 1); put_integer(&p[1], row + 1);
            noise(digest, 16); put_bytes(&p[2], digest, 16);
            put_integer(&p[3], 1);
            put_bytes(&p[4], text, sprintf(text, "%06lu", badge));
            if (is_known) put_bytes(&p[5], staff, staff_length); else put_null(&p[5]);
            put_bytes(&p[6], text, sprintf(text, "Gate%02lu-%06lu-%lu", station, badge, local));
            put_bytes(&p[7], text, sprintf(text, "{\"matched\":%s,\"legacy_id\":%s%s%s,\"local_id\":%lu}",
                is_known ? "true" : "false", is_known ? "\"" : "", is_known ? staff : "null", is_known ? "\"" : "", local));
            put_integer(&r[0], 1); put_integer(&r[1], 1);
            noise(digest, 16); put_bytes(&r[2], digest, 16);
            put_integer(&r[3], row + 1); put_integer(&r[4], 1 + station);
        }
        // One implicit transaction up to the sync, and one answer to wait for.
        send_prepared(c, "e", e, 13);
        send_prepared(c, "p", p, 8);
        send_prepared(c, "r", r, 5);
        if (!PQpipelineSync(c)) fail(c, "sync");
        for (;;) {
            PGresult *result = PQgetResult(c);
            if (!result) continue;
            ExecStatusType status = PQresultStatus(result);
            PQclear(result);
            if (status == PGRES_PIPELINE_SYNC) break;
            if (status != PGRES_COMMAND_OK) fail(c, "insert");
        }
        atomic_fetch_add(&stored, rows_each);
    }
    PQfinish(c);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc < 5) { fprintf(stderr, "usage: see the top of bare_postgres.c\n"); return 2; }
    url = argv[1];
    int connections = atoi(argv[2]);
    rows_each = atoi(argv[3]);
    double seconds = atof(argv[4]);
    fill = argc > 5 ? strtoull(argv[5], NULL, 10) : 0;
    PGconn *c = PQconnectdb(url);
    if (PQstatus(c) != CONNECTION_OK) fail(c, "connect");
    PGresult *made = PQexec(c, schema);
    if (PQresultStatus(made) != PGRES_COMMAND_OK) fail(c, "schema");
    PQclear(made);
    pthread_t threads[connections];
    for (int i = 0; i < connections; i++) pthread_create(&threads[i], NULL, work, (void *)(intptr_t)i);
    struct timespec pause = {.tv_nsec = 10000000};
    while (atomic_load(&stored) < fill) nanosleep(&pause, NULL);
    uint64_t from = atomic_load(&stored);
    double start = now();
    while (now() - start < seconds) nanosleep(&pause, NULL);
    double elapsed = now() - start;
    uint64_t rows = atomic_load(&stored) - from;
    atomic_store(&is_over, 1);
    for (int i = 0; i < connections; i++) pthread_join(threads[i], NULL);
    PQclear(PQexec(c, "DROP SCHEMA bare CASCADE"));
    PQfinish(c);
    printf("{\"connections\":%d,\"rows_each\":%d,\"rows\":%lu,\"seconds\":%.3f,\"rows_per_second\":%.1f}\n",
        connections, rows_each, rows, elapsed, rows / elapsed);
    return 0;
}
