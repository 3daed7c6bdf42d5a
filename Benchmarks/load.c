// Sends scans, duplicates or GET requests over keep-alive connections and says how many a second were answered.
//
//   load scans      PORT KEY CONNECTIONS SECONDS [BATCH [FIRST]]   new scans, every key once
//   load duplicates PORT KEY CONNECTIONS SECONDS [BATCH]           one batch per connection, sent again and again
//   load get        PORT KEY CONNECTIONS SECONDS PATH              the same request again and again ("-" for no key)
//
// Prints one line of JSON: requests, scans, what was refused, seconds, latency percentiles in milliseconds. One thread
// and epoll: it has to leave the machine to the server. Its own share is in the line too ("cpu_seconds").
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { STATIONS = 20, UNITS = 12, BADGES = 8000, ANSWER_MAX = 1 << 20 };

typedef struct {
    int fd;
    char *out;
    size_t out_length, out_sent, out_capacity;
    char *in;
    size_t in_length;
    long answer_end;   // where the answer ends in `in`, -1 until its head is whole
    long body_left;    // of an answer longer than `in`
    int is_chunked;
    double began;
} connection_t;

static const char *mode, *key, *path = "/";
static int port, batch = 100;
static uint64_t next_local[STATIONS];
static uint64_t scans_sent, saved, duplicates;
static double *latencies;
static size_t latency_count, latency_capacity;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) {
    perror(what);
    exit(2);
}

// Digits of `value`, at least `width` of them; returns where they end.
static char *digits(char *at, uint64_t value, int width) {
    char reversed[20];
    int count = 0;
    do { reversed[count++] = '0' + value % 10; value /= 10; } while (value || count < width);
    while (count) *at++ = reversed[--count];
    return at;
}

static char *text(char *at, const char *what) {
    size_t length = strlen(what);
    memcpy(at, what, length);
    return at + length;
}

// Which badge was scanned: the same one always at the same place of a row, so that it looks random and repeats.
static uint64_t mixed(uint64_t x) {
    x ^= x >> 31; x *= 0x7fb5d329728ea185ull; x ^= x >> 27; x *= 0x81dadef4bc2dd44dull; x ^= x >> 33;
    return x;
}

// One event as a kiosk writes it: contract 3.2 and 9. Every other badge is in the kiosk's roster.
static char *event(char *at, int station, uint64_t local) {
    uint64_t badge = 100000 + mixed(local * STATIONS + station) % BADGES;
    int is_known = badge % 2 == 0;
    at = text(at, "{\"idempotency_key\":\"Gate"); at = digits(at, station, 2);
    at = text(at, "-"); at = digits(at, badge, 6);
    at = text(at, "-"); at = digits(at, local, 1);
    at = text(at, "\",\"badge_id\":\""); at = digits(at, badge, 6);
    at = text(at, "\",\"station_name\":\"Gate "); at = digits(at, station, 2);
    uint64_t second = local / 4;
    at = text(at, "\",\"scanned_at\":\"2026-"); at = digits(at, 1 + second / 2419200 % 12, 2);
    at = text(at, "-"); at = digits(at, 1 + second / 86400 % 28, 2);
    at = text(at, "T"); at = digits(at, second / 3600 % 24, 2);
    at = text(at, ":"); at = digits(at, second / 60 % 60, 2);
    at = text(at, ":"); at = digits(at, second % 60, 2);
    at = text(at, "Z\",\"business_unit\":");
    if (is_known) { at = text(at, "\"Unit "); at = digits(at, badge / 2 % UNITS, 2); at = text(at, "\""); }
    else at = text(at, "null");
    at = text(at, ",\"scan_source\":\"badge\",\"meta\":{\"matched\":"); at = text(at, is_known ? "true" : "false");
    at = text(at, ",\"legacy_id\":");
    if (is_known) { at = text(at, "\"E"); at = digits(at, badge, 6); at = text(at, "\""); }
    else at = text(at, "null");
    at = text(at, ",\"local_id\":"); at = digits(at, local, 1);
    return text(at, "}}");
}

static void compose(connection_t *c, int index) {
    c->out_sent = 0;
    if (!strcmp(mode, "get")) {
        if (c->out_length) return;
        c->out_length = snprintf(c->out, c->out_capacity, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s%s\r\n", path,
            strcmp(key, "-") ? "Authorization: Bearer " : "", strcmp(key, "-") ? key : "", strcmp(key, "-") ? "\r\n" : "");
        return;
    }
    if (!strcmp(mode, "duplicates") && c->out_length) { scans_sent += batch; return; }
    int station = index % STATIONS;
    // The body first, behind room for the head.
    char *body = c->out + 512, *at = text(body, "{\"events\":[");
    for (int i = 0; i < batch; i++) {
        if (i) *at++ = ',';
        at = event(at, station, next_local[station]++);
    }
    at = text(at, "]}");
    char head[512];
    int head_length = snprintf(head, sizeof head,
        "POST /v1/scans/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n", key, (size_t)(at - body));
    memmove(c->out + head_length, body, at - body);
    memcpy(c->out, head, head_length);
    c->out_length = head_length + (at - body);
    scans_sent += batch;
}

// Sends what the socket takes.
static void push(connection_t *c) {
    while (c->out_sent < c->out_length) {
        ssize_t n = write(c->fd, c->out + c->out_sent, c->out_length - c->out_sent);
        if (n < 0) { if (errno == EAGAIN) return; die("write"); }
        c->out_sent += n;
    }
}

static void begin(connection_t *c, int index) {
    compose(c, index);
    c->in_length = 0;
    c->answer_end = -1;
    c->body_left = 0;
    c->began = now();
    push(c);
}

static uint64_t number_after(const char *in, const char *name) {
    const char *at = strstr(in, name);
    return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

// Reads what is there. Returns the status when an answer is whole, 0 before.
static int pull(connection_t *c) {
    for (;;) {
        ssize_t n = read(c->fd, c->in + c->in_length, ANSWER_MAX - c->in_length);
        if (n < 0) { if (errno == EAGAIN) return 0; die("read"); }
        if (n == 0) { fprintf(stderr, "load: the server closed a connection\n"); exit(2); }
        c->in_length += n;
        c->in[c->in_length] = 0;
        if (c->answer_end < 0) {
            char *end = strstr(c->in, "\r\n\r\n");
            if (!end) continue;
            char *length = strcasestr(c->in, "\r\ncontent-length:");
            c->is_chunked = !length || length > end;
            c->answer_end = c->is_chunked ? 0 : end + 4 - c->in + strtol(length + 17, NULL, 10);
        }
        if (c->is_chunked) {
            // The last chunk ends the answer; nothing is pipelined, so it ends what was read.
            if (c->in_length >= 5 && !memcmp(c->in + c->in_length - 5, "0\r\n\r\n", 5)) return atoi(c->in + 9);
            if (c->in_length > ANSWER_MAX - 65536) {
                // Only the head and the end are looked at.
                memmove(c->in + 4096, c->in + c->in_length - 16, 16);
                c->in_length = 4096 + 16;
            }
        } else {
            if ((long)c->in_length >= c->answer_end) return atoi(c->in + 9);
            if (c->in_length > ANSWER_MAX - 65536) {
                c->answer_end -= c->in_length - 4096;
                c->in_length = 4096;
            }
        }
    }
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
    if (argc < 6) { fprintf(stderr, "usage: see the top of load.c\n"); return 2; }
    mode = argv[1]; port = atoi(argv[2]); key = argv[3];
    int connections = atoi(argv[4]);
    double seconds = atof(argv[5]);
    uint64_t first = 1;
    if (!strcmp(mode, "get")) { if (argc > 6) path = argv[6]; batch = 0; }
    else { if (argc > 6) batch = atoi(argv[6]); if (argc > 7) first = strtoull(argv[7], NULL, 10); }
    for (int i = 0; i < STATIONS; i++) next_local[i] = first;

    int epoll = epoll_create1(0);
    connection_t *all = calloc(connections, sizeof *all);
    for (int i = 0; i < connections; i++) {
        connection_t *c = &all[i];
        c->fd = socket(AF_INET, SOCK_STREAM, 0);
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        if (connect(c->fd, (struct sockaddr *)&to, sizeof to)) die("connect");
        int one = 1;
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        fcntl(c->fd, F_SETFL, O_NONBLOCK);
        c->out_capacity = 2048 + (size_t)batch * 512;
        c->out = malloc(c->out_capacity);
        c->in = malloc(ANSWER_MAX + 1);
        struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = i};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e)) die("epoll_ctl");
    }

    double start = now(), deadline = start + seconds, end = start;
    int under_way = connections;
    uint64_t requests = 0, refused = 0;
    for (int i = 0; i < connections; i++) begin(&all[i], i);
    while (under_way) {
        struct epoll_event events[64];
        int count = epoll_wait(epoll, events, 64, 30000);
        if (count <= 0) { fprintf(stderr, "load: no answer for 30 s\n"); return 2; }
        for (int k = 0; k < count; k++) {
            connection_t *c = &all[events[k].data.u32];
            if (events[k].events & EPOLLOUT) push(c);
            int status = pull(c);
            if (!status) continue;
            end = now();
            requests++;
            if (status == 200) {
                saved += number_after(c->in, "\"saved\":");
                duplicates += number_after(c->in, "\"duplicates\":");
            } else if (refused++ == 0) {
                fprintf(stderr, "load: first refusal: %.300s\n", c->in);
            }
            if (latency_count == latency_capacity) {
                latency_capacity = latency_capacity ? latency_capacity * 2 : 65536;
                latencies = realloc(latencies, latency_capacity * sizeof *latencies);
            }
            latencies[latency_count++] = end - c->began;
            if (end < deadline) begin(c, events[k].data.u32); else under_way--;
        }
    }
    qsort(latencies, latency_count, sizeof *latencies, by_value);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    uint64_t last = first;
    for (int i = 0; i < STATIONS; i++) if (next_local[i] > last) last = next_local[i];
    printf("{\"requests\":%lu,\"scans\":%lu,\"saved\":%lu,\"duplicates\":%lu,\"refused\":%lu,\"seconds\":%.3f,"
        "\"requests_per_second\":%.1f,\"scans_per_second\":%.1f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f,"
        "\"next\":%lu,\"cpu_seconds\":%.2f}\n",
        requests, scans_sent, saved, duplicates, refused, end - start, requests / (end - start),
        (saved + duplicates) / (end - start), latencies[latency_count / 2] * 1e3, latencies[latency_count * 99 / 100] * 1e3,
        latencies[latency_count - 1] * 1e3, last,
        usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
    return refused ? 1 : 0;
}
