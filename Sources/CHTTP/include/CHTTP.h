// What HTTPServer needs of GNU libmicrohttpd and cannot reach from Swift: variadic functions, macros, and one walk over
// the addresses of a request's lines. Written against 0.9.75; what is relied on beyond its manual is noted at each function.
#ifndef CHTTP_H
#define CHTTP_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Function-like or cast macros, which Swift does not import.
static const ssize_t chttp_end_of_stream = MHD_CONTENT_READER_END_OF_STREAM;
static const ssize_t chttp_end_with_error = MHD_CONTENT_READER_END_WITH_ERROR;

struct chttp_settings {
    int listening_socket;
    unsigned threads;
    unsigned connections_max;
    size_t connection_memory_bytes;
    unsigned idle_seconds;
    /// Handed to every callback below as its first argument.
    void *context;
    MHD_AcceptPolicyCallback accepts;
    MHD_NotifyConnectionCallback connection_changed;
    void *(*target_received)(void *context, const char *target, struct MHD_Connection *connection);
    MHD_AccessHandlerCallback handler;
    MHD_RequestCompletedCallback completed;
};

/// A daemon of the library, and the thread that accepts its connections.
struct chttp_server;

/// Starts a daemon with threads of its own on `listening_socket`, which it then owns; NULL and `errno` when it cannot, and
/// then the socket is the caller's.
///
/// Connections are accepted here and dealt out one by one: of the library's threads, which all listen to one socket, the one
/// that wakes first takes whatever is waiting, so that a handful of connections mostly ends up on one thread.
///
/// Variadic in C. Percent-decoding is switched off: the library's decoding ends a path at `%00`.
struct chttp_server *chttp_start(const struct chttp_settings *settings);

/// Closes everything and waits for the threads. No connection may be suspended: the library would end the process.
void chttp_stop(struct chttp_server *server);

// MHD_get_connection_info is variadic.

/// What `connection_changed` stored for this connection.
void *chttp_socket_context(struct MHD_Connection *connection);
/// -1 when the connection has none.
int chttp_socket(struct MHD_Connection *connection);
const struct sockaddr *chttp_peer(struct MHD_Connection *connection);
/// The status of the answer that is queued or being sent; 0 without one.
unsigned chttp_status(struct MHD_Connection *connection);

struct chttp_field {
    const char *name;
    size_t name_size;
    const char *value;
    /// Without the blanks behind the value.
    size_t value_size;
    /// The library compares values with those blanks, so for framing fields it matters that there were some.
    bool has_trailing_blanks;
};

enum chttp_fault {
    chttp_fault_request_line = -1,
    chttp_fault_field_name = -2,
    chttp_fault_field_value = -3,
    chttp_fault_field_lines = -4,
    chttp_fault_too_many_fields = -5,
};

/// Lists the header fields in the order sent, or says why the head cannot be trusted (an `enum chttp_fault`).
///
/// The library treats lines as C strings and joins folded ones, so that bytes behind a NUL and whole continuation lines
/// go missing without a trace in its values. It keeps the lines where they were received, though, one behind the other:
/// a field that does not begin where the one before ended hides something.
/// - `target`, `target_size`: as `target_received` saw them. `method`, `version`: as the first `handler` call has them.
int chttp_fields(
    struct MHD_Connection *connection, const char *method, const char *target, size_t target_size, const char *version,
    struct chttp_field *fields, int fields_max);

/// Writes all of `bytes` or as much as the socket takes at once, without SIGPIPE; then nothing more goes either way.
void chttp_send_and_shut(int socket, const void *bytes, size_t size);

/// Whether the other side has said that it will send no more, and all it sent has been read.
bool chttp_has_hung_up(int socket);

/// Makes malloc ask the kernel for each block of so many bytes or more, and give it back when it is freed. Swift does not
/// import malloc.h.
void chttp_give_back_blocks(int bytes_min);

/// A listening TCP socket on a name or numeric address. Negative: `*error` is an errno value, or an EAI_ value when
/// `*is_lookup` (the address itself is bad). `::` takes IPv4 as well.
int chttp_listen(const char *host, const char *port, int *bound_port, int *error, bool *is_lookup);

#endif
