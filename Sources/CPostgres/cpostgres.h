// libpq for Swift: the library's own header, and what Swift cannot reach in it.

#ifndef CPOSTGRES_H
#define CPOSTGRES_H

#include <libpq-fe.h>
#include <string.h>

// PG_DIAG_… are character constants, which Swift imports as numbers of another type than PQresultErrorField takes.

/// The five characters that say what kind of error a result is, or null.
static inline const char *cpostgres_sqlstate(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SQLSTATE);
}

/// The server's main message. Its detail is left out on purpose: it quotes values.
static inline const char *cpostgres_message(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
}

/// The constraint that refused a row, or null.
static inline const char *cpostgres_constraint(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
}

/// The function of the server that reported the error: unlike messages it is never translated.
static inline const char *cpostgres_origin(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
}

// PQsetNoticeReceiver wants a C function.

/// Receives a notice: sets the flag when the server says with it that it ends an idle session, and drops all others,
/// which libpq would print to standard error.
static inline void cpostgres_receive_notice(void *has_ended, const PGresult *notice) {
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (severity && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0)) *(int *)has_ended = 1;
}

/// From now on notices go nowhere but into the flag, which has to outlive the connection.
static inline void cpostgres_keep_quiet(PGconn *connection, int *has_ended) {
    PQsetNoticeReceiver(connection, cpostgres_receive_notice, has_ended);
}

#endif
