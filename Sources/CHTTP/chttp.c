#define _GNU_SOURCE
#include "CHTTP.h"

#include <errno.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text) {
    (void)context;
    (void)connection;
    return strlen(text);
}

struct chttp_server {
    struct MHD_Daemon *daemon;
    pthread_t acceptor;
    int listening_socket;
    /// Readable when the acceptor is to end.
    int ending;
};

static bool is_shortage(int error) { return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM; }

static void *accept_connections(void *context) {
    struct chttp_server *server = context;
    for (;;) {
        struct pollfd awaited[] = {{.fd = server->ending, .events = POLLIN}, {.fd = server->listening_socket, .events = POLLIN}};
        if (poll(awaited, 2, -1) > 0 && awaited[0].revents) return NULL;
        struct sockaddr_storage peer;
        socklen_t peer_size = sizeof peer;
        int socket = accept4(server->listening_socket, (struct sockaddr *)&peer, &peer_size, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (socket >= 0)
            // Refused or not, the socket is the library's now.
            MHD_add_connection(server->daemon, socket, (struct sockaddr *)&peer, peer_size);
        else if (is_shortage(errno))
            // The next one would fail too: first some connection has to go.
            poll(awaited, 1, 50);
    }
}

struct chttp_server *chttp_start(const struct chttp_settings *settings) {
    struct chttp_server *server = calloc(1, sizeof *server);
    if (!server) return NULL;
    server->listening_socket = settings->listening_socket;
    server->ending = eventfd(0, EFD_CLOEXEC);
    server->daemon = server->ending < 0 ? NULL : MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET, 0,
        settings->accepts, settings->context, settings->handler, settings->context,
        MHD_OPTION_CONNECTION_LIMIT, settings->connections_max,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, settings->connection_memory_bytes,
        MHD_OPTION_CONNECTION_TIMEOUT, settings->idle_seconds,
        MHD_OPTION_NOTIFY_CONNECTION, settings->connection_changed, settings->context,
        MHD_OPTION_NOTIFY_COMPLETED, settings->completed, settings->context,
        MHD_OPTION_URI_LOG_CALLBACK, settings->target_received, settings->context,
        MHD_OPTION_UNESCAPE_CALLBACK, &keep_escapes, NULL,
        // One thread means no pool; the library takes it so.
        MHD_OPTION_THREAD_POOL_SIZE, settings->threads,
        MHD_OPTION_END);
    int error = server->daemon ? pthread_create(&server->acceptor, NULL, accept_connections, server) : errno;
    if (error == 0) return server;
    if (server->daemon) MHD_stop_daemon(server->daemon);
    if (server->ending >= 0) close(server->ending);
    free(server);
    errno = error;
    return NULL;
}

void chttp_stop(struct chttp_server *server) {
    uint64_t one = 1;
    // A counter of 0 takes it at once.
    while (write(server->ending, &one, sizeof one) < 0 && errno == EINTR) {}
    pthread_join(server->acceptor, NULL);
    close(server->listening_socket);
    MHD_stop_daemon(server->daemon);
    close(server->ending);
    free(server);
}

void *chttp_socket_context(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

int chttp_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

const struct sockaddr *chttp_peer(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info ? info->client_addr : NULL;
}

unsigned chttp_status(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_HTTP_STATUS);
    return info ? info->http_status : 0;
}

/// RFC 9110 §5.6.2.
static bool is_token(const char *text, size_t size) {
    static const bool may[256] = {
        ['!'] = true, ['#'] = true, ['$'] = true, ['%'] = true, ['&'] = true, ['\''] = true, ['*'] = true, ['+'] = true,
        ['-'] = true, ['.'] = true, ['^'] = true, ['_'] = true, ['`'] = true, ['|'] = true, ['~'] = true,
        ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
    };
    for (size_t at = 0; at < size; at++)
        if (!may[(unsigned char)text[at]]) return false;
    return size > 0;
}

static bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

/// Whether a line may begin at `line` when the one before ended at the zero `end`: the library puts one zero in the
/// place of a bare line feed and two in the place of carriage return and line feed.
static bool follows(const char *line, const char *end) {
    return line == end + 1 || (line == end + 2 && end[1] == '\0');
}

struct walk {
    struct chttp_field *fields;
    int count;
    int max;
    enum chttp_fault fault;
    const char *end;
};

static enum MHD_Result visit(
    void *context, enum MHD_ValueKind kind, const char *name, size_t name_size, const char *value, size_t value_size) {
    (void)kind;
    struct walk *walk = context;
    if (walk->count == walk->max) {
        walk->fault = chttp_fault_too_many_fields;
        return MHD_NO;
    }
    if (!follows(name, walk->end) || !value || value < name + name_size + 1) {
        walk->fault = chttp_fault_field_lines;
        return MHD_NO;
    }
    for (const char *gap = name + name_size + 1; gap < value; gap++)
        if (!is_blank(*gap)) {
            walk->fault = chttp_fault_field_lines;
            return MHD_NO;
        }
    if (!is_token(name, name_size)) {
        walk->fault = chttp_fault_field_name;
        return MHD_NO;
    }
    for (size_t at = 0; at < value_size; at++) {
        unsigned char byte = (unsigned char)value[at];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7F) {
            walk->fault = chttp_fault_field_value;
            return MHD_NO;
        }
    }
    walk->end = value + value_size;
    size_t trimmed = value_size;
    while (trimmed > 0 && is_blank(value[trimmed - 1])) trimmed--;
    walk->fields[walk->count++] = (struct chttp_field){
        .name = name, .name_size = name_size, .value = value, .value_size = trimmed,
        .has_trailing_blanks = trimmed != value_size,
    };
    return MHD_YES;
}

int chttp_fields(
    struct MHD_Connection *connection, const char *method, const char *target, size_t target_size, const char *version,
    struct chttp_field *fields, int fields_max) {
    size_t method_size = strlen(method);
    if (!is_token(method, method_size) || target != method + method_size + 1 || version != target + target_size + 1)
        return chttp_fault_request_line;
    struct walk walk = {.fields = fields, .max = fields_max, .end = version + strlen(version)};
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, &visit, &walk);
    if (walk.fault) return walk.fault;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (!info) return chttp_fault_field_lines;
    // Behind the last field stand its line's end and the empty line, one or two bytes each.
    ptrdiff_t rest = method + info->header_size - walk.end;
    if (rest < 2 || rest > 4) return chttp_fault_field_lines;
    return walk.count;
}

void chttp_send_and_shut(int socket, const void *bytes, size_t size) {
    // One attempt: whoever is too slow to make room for a few hundred bytes does without them.
    if (size > 0) (void)send(socket, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)shutdown(socket, SHUT_RDWR);
}

bool chttp_has_hung_up(int socket) {
    char byte;
    return recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void chttp_give_back_blocks(int bytes_min) {
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_THRESHOLD, bytes_min);
#else
    (void)bytes_min;
#endif
}

int chttp_listen(const char *host, const char *port, int *bound_port, int *error, bool *is_lookup) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    *is_lookup = true;
    *error = getaddrinfo(host, port, &hints, &found);
    if (*error != 0) return -1;
    *is_lookup = false;
    int on = 1, off = 0;
    int descriptor = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool done = descriptor >= 0
        && setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0
        && (found->ai_family != AF_INET6 || setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0)
        && bind(descriptor, found->ai_addr, found->ai_addrlen) == 0
        && listen(descriptor, SOMAXCONN) == 0;
    struct sockaddr_storage bound;
    socklen_t bound_size = sizeof bound;
    done = done && getsockname(descriptor, (struct sockaddr *)&bound, &bound_size) == 0;
    *error = errno;
    freeaddrinfo(found);
    if (done) {
        *bound_port = ntohs(
            bound.ss_family == AF_INET6
                ? ((struct sockaddr_in6 *)&bound)->sin6_port : ((struct sockaddr_in *)&bound)->sin_port);
        return descriptor;
    }
    if (descriptor >= 0) close(descriptor);
    return -1;
}
