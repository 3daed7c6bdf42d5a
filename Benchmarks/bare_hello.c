// What libmicrohttpd itself can do on this machine: it answers every request with the same few bytes.
//
//   bare_hello PORT THREADS        serves until its standard input ends
#include <microhttpd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *bytes, size_t *size, void **slot) {
    (void)context; (void)url; (void)method; (void)version; (void)bytes; (void)size;
    // The library calls once with the head and once when the request is complete; the answer belongs to the second call.
    static int seen;
    if (!*slot) { *slot = &seen; return MHD_YES; }
    static char body[] = "{\"status\":\"ok\",\"service\":\"hello\"}";
    struct MHD_Response *response = MHD_create_response_from_buffer(sizeof body - 1, body, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, "Content-Type", "application/json");
    enum MHD_Result queued = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return queued;
}

int main(int argc, char **argv) {
    if (argc < 3) { fprintf(stderr, "usage: bare_hello PORT THREADS\n"); return 2; }
    unsigned threads = (unsigned)atoi(argv[2]);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, (uint16_t)atoi(argv[1]), NULL, NULL, &answer, NULL,
        MHD_OPTION_THREAD_POOL_SIZE, threads, MHD_OPTION_CONNECTION_LIMIT, 4096u, MHD_OPTION_END);
    if (!daemon) { fprintf(stderr, "bare_hello: cannot listen\n"); return 2; }
    printf("listening\n");
    fflush(stdout);
    char byte;
    while (read(0, &byte, 1) > 0) { }
    MHD_stop_daemon(daemon);
    return 0;
}
