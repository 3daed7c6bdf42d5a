// Sends scans, duplicates, punches, marks or GET requests over keep-alive connections and says how many a second were answered.
//
//   load scans      PORT KEY CONNECTIONS SECONDS [BATCH [FIRST]]   new scans, every key once
//   load duplicates PORT KEY CONNECTIONS SECONDS [BATCH]           one batch per connection, sent again and again
//   load get        PORT KEY CONNECTIONS SECONDS PATH [FILE]       the same request again and again ("-" for no key); an @ in
//                                                                  the path is each line of the file in turn
//   load punches    PORT KEY CONNECTIONS SECONDS FILE DAY [RATE]   in, out, in, out of the employees whose ids the file has,
//                                                                  from that day (since 1970) on; at most RATE a second
//   load turns      PORT KEY CONNECTIONS SECONDS FILE              PUTs what the file has, each line "PATH<tab>BODY<tab>BODY": a
//                                                                  connection goes round lines of its own, with the first
//                                                                  body, then with the second, then with the first again
//   load send       PORT KEY CONNECTIONS PATH FILE                 POSTs the file's lines once, each "GROUP BODY"; those of one
//                                                                  group one after the other
//
// A server that closes a connection after its answer is connected to again.
// Prints one line of JSON: requests, scans, what was refused, seconds, latency percentiles in milliseconds, and for `turns` how
// often each line was accepted. One thread and epoll: it has to leave the machine to the server. Its own share is in the line
// too ("cpu_seconds").
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
    const char *text;
    size_t length;
    long group;
    const char *bodies[2];
    uint64_t accepted;
} line_t;

typedef struct {
    int fd;
    char *out;
    size_t out_length, out_sent, out_capacity;
    char *in;
    size_t in_length;
    long answer_end;   // where the answer ends in `in`, -1 until its head is whole
    long body_left;    // of an answer longer than `in`
    int is_chunked, is_closed, is_idle;
    size_t step;       // requests begun: which employee punches, which line is next
    line_t *line;      // whose turn it is
    double began;
} connection_t;


static const char *mode, *key, *path = "/";
static int connections;
static line_t *lines;
static size_t line_count;
static long first_day;
static size_t days_used;
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

// The file's lines, which stay in memory. With `grouped` each begins with the number of its group.
static void read_lines(const char *name, int grouped) {
    FILE *file = fopen(name, "r");
    if (!file) die(name);
    char *text = NULL;
    size_t capacity = 0, room = 0;
    for (ssize_t length; (length = getline(&text, &capacity, file)) > 0; text = NULL, capacity = 0) {
        if (text[length - 1] == '\n') text[--length] = 0;
        if (line_count == room) lines = realloc(lines, (room = room ? room * 2 : 4096) * sizeof *lines);
        char *begin = text;
        long group = grouped ? strtol(text, &begin, 10) : 0;
        lines[line_count++] = (line_t){
            .text = begin + (grouped && *begin), .length = length - (begin - text) - (grouped && *begin), .group = group};
    }
    fclose(file);
    if (!line_count) { fprintf(stderr, "load: %s is empty\n", name); exit(2); }
}

// Takes each line apart: its path, and two bodies.
static void part_lines(const char *name) {
    for (size_t i = 0; i < line_count; i++) {
        char *at = (char *)lines[i].text;
        for (int k = 0; k < 2; k++) {
            at = strchr(at, '\t');
            if (!at) { fprintf(stderr, "load: %s: line %zu is not PATH<tab>BODY<tab>BODY\n", name, i + 1); exit(2); }
            *at++ = 0;
            lines[i].bodies[k] = at;
        }
    }
}

static void send_body(connection_t *c, const char *method, const char *path, const char *body, size_t length) {
    if (c->out_capacity < length + 1024) c->out = realloc(c->out, c->out_capacity = length + 1024);
    int has_key = strcmp(key, "-");
    c->out_length = snprintf(c->out, c->out_capacity, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s%s"
        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
        method, path, has_key ? "Authorization: Bearer " : "", has_key ? key : "", has_key ? "\r\n" : "", length);
    memcpy(c->out + c->out_length, body, length);
    c->out_length += length;
}

// The next punch of the next of this connection's employees: in, out, in, out of one day, then of the next, so that all are
// legal whoever else punches. By contract Time Tracker 6.1, as its web client writes it.
static void punch(connection_t *c, int index) {
    size_t own = (line_count - index + connections - 1) / connections;
    const line_t *employee = &lines[index + c->step % own * connections];
    size_t number = c->step / own;
    static const int hours[] = {13, 17, 18, 22};
    if (number / 4 >= days_used) days_used = number / 4 + 1;
    uint64_t moment = mixed(number * line_count + (employee - lines)) % 3600000;
    time_t second = (first_day + number / 4) * 86400 + hours[number % 4] * 3600 + moment / 1000;
    struct tm at;
    gmtime_r(&second, &at);
    char body[512], stamp[32];
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &at);
    int length = snprintf(body, sizeof body, "{\"employee_id\":\"%s\",\"type\":\"%s\",\"timestamp\":\"%s.%03dZ\"}",
        employee->text, number % 2 ? "punch_out" : "punch_in", stamp, (int)(moment % 1000));
    send_body(c, "POST", path, body, length);
}

// The next of this connection's lines, with the other body at every other round.
static void turn(connection_t *c, int index) {
    size_t own = (line_count - index + connections - 1) / connections;
    c->line = &lines[index + c->step % own * connections];
    const char *body = c->line->bodies[c->step / own % 2];
    send_body(c, "PUT", c->line->text, body, strlen(body));
}

static void get(connection_t *c) {
    const char *at = line_count ? strchr(path, '@') : NULL;
    const line_t *id = at ? &lines[(c->step * 7919) % line_count] : NULL;
    c->out_length = snprintf(c->out, c->out_capacity, "GET %.*s%s%s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s%s\r\n",
        at ? (int)(at - path) : (int)strlen(path), path, at ? id->text : "", at ? at + 1 : "",
        strcmp(key, "-") ? "Authorization: Bearer " : "", strcmp(key, "-") ? key : "", strcmp(key, "-") ? "\r\n" : "");
}

static void compose(connection_t *c, int index) {
    c->out_sent = 0;
    if (!strcmp(mode, "get")) { get(c); c->step++; return; }
    if (!strcmp(mode, "punches")) { punch(c, index); c->step++; return; }
    if (!strcmp(mode, "turns")) { turn(c, index); c->step++; return; }
    if (!strcmp(mode, "send")) { send_body(c, "POST", path, lines[c->step].text, lines[c->step].length); c->step++; return; }
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

static int epoll;

static void open_connection(connection_t *c, int index) {
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to)) die("connect");
    int one = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = index};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e)) die("epoll_ctl");
}

// Whether there is anything left for this connection.
static int has_more(connection_t *c, int index) {
    if (strcmp(mode, "send")) return 1;
    while (c->step < line_count && lines[c->step].group % connections != index) c->step++;
    return c->step < line_count;
}

static void begin(connection_t *c, int index) {
    compose(c, index);
    c->began = now();
    if (c->fd < 0) open_connection(c, index);
    c->in_length = 0;
    c->answer_end = -1;
    c->body_left = 0;
    c->is_idle = 0;
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
            // The head by itself: what follows can be long, and none of it is a header.
            char first = end[2];
            end[2] = 0;
            c->is_closed = strcasestr(c->in, "\r\nconnection: close\r\n") != NULL;
            char *length = strcasestr(c->in, "\r\ncontent-length:");
            end[2] = first;
            c->is_chunked = !length;
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
    connections = atoi(argv[4]);
    double seconds = atof(argv[5]), rate = 0;
    uint64_t first = 1;
    if (!strcmp(mode, "get")) {
        batch = 0;
        if (argc > 6) path = argv[6];
        if (argc > 7) read_lines(argv[7], 0);
    } else if (!strcmp(mode, "punches")) {
        if (argc < 8) { fprintf(stderr, "usage: see the top of load.c\n"); return 2; }
        batch = 0; path = "/api/timetracking/punch/"; first_day = atol(argv[7]);
        read_lines(argv[6], 0);
        if (argc > 8) rate = atof(argv[8]);
        if (line_count < (size_t)connections) { fprintf(stderr, "load: fewer employees than connections\n"); return 2; }
    } else if (!strcmp(mode, "turns")) {
        if (argc < 7) { fprintf(stderr, "usage: see the top of load.c\n"); return 2; }
        batch = 0;
        read_lines(argv[6], 0);
        part_lines(argv[6]);
        if (line_count < (size_t)connections) { fprintf(stderr, "load: fewer lines than connections\n"); return 2; }
    } else if (!strcmp(mode, "send")) {
        batch = 0; path = argv[5]; seconds = 1e9;
        if (argc < 7) { fprintf(stderr, "usage: see the top of load.c\n"); return 2; }
        read_lines(argv[6], 1);
    } else { if (argc > 6) batch = atoi(argv[6]); if (argc > 7) first = strtoull(argv[7], NULL, 10); }
    for (int i = 0; i < STATIONS; i++) next_local[i] = first;

    epoll = epoll_create1(0);
    connection_t *all = calloc(connections, sizeof *all);
    for (int i = 0; i < connections; i++) {
        connection_t *c = &all[i];
        c->out_capacity = 2048 + (size_t)batch * 512;
        c->out = malloc(c->out_capacity);
        c->in = malloc(ANSWER_MAX + 1);
        c->is_idle = 1;
        open_connection(c, i);
    }

    double start = now(), deadline = start + seconds, end = start;
    int under_way = 0;
    uint64_t requests = 0, begun = 0, refused = 0, accepted = 0;
    // With a rate those that wait for their turn, the one that waited longest first.
    int *waiting = malloc(connections * sizeof *waiting), waiting_first = 0, waiting_count = 0;
    for (int i = 0; i < connections; i++) {
        if (rate) waiting[waiting_count++] = i;
        else if (has_more(&all[i], i)) { begin(&all[i], i); under_way++; begun++; }
    }
    while (under_way || waiting_count) {
        struct epoll_event events[64];
        int patience = 30000;
        if (waiting_count) {
            double time = now();
            if (time >= deadline) { waiting_count = 0; continue; }
            double due = start + begun / rate;
            if (due <= time) {
                int index = waiting[waiting_first];
                waiting_first = (waiting_first + 1) % connections;
                waiting_count--;
                begin(&all[index], index);
                under_way++; begun++;
                continue;
            }
            patience = (due - time) * 1e3 + 1;
        }
        int count = epoll_wait(epoll, events, 64, patience);
        if (count == 0 && waiting_count) continue;
        if (count <= 0) { fprintf(stderr, "load: no answer for 30 s\n"); return 2; }
        for (int k = 0; k < count; k++) {
            int index = events[k].data.u32;
            connection_t *c = &all[index];
            if (c->is_idle) continue;
            if (events[k].events & EPOLLOUT) push(c);
            int status = pull(c);
            if (!status) continue;
            end = now();
            requests++;
            if (status == 200 || status == 201) {
                accepted++;
                if (batch) {
                    saved += number_after(c->in, "\"saved\":");
                    duplicates += number_after(c->in, "\"duplicates\":");
                }
                if (c->line) c->line->accepted++;
            } else if (refused++ == 0) {
                fprintf(stderr, "load: first refusal: %.300s\n", c->in);
            }
            if (latency_count == latency_capacity) {
                latency_capacity = latency_capacity ? latency_capacity * 2 : 65536;
                latencies = realloc(latencies, latency_capacity * sizeof *latencies);
            }
            latencies[latency_count++] = end - c->began;
            under_way--;
            c->is_idle = 1;
            // At once: gunicorn's worker does nothing else until its client has closed too.
            if (c->is_closed) { close(c->fd); c->fd = -1; }
            if (end >= deadline || !has_more(c, index)) continue;
            if (rate) waiting[(waiting_first + waiting_count++) % connections] = index;
            else { begin(c, index); under_way++; begun++; }
        }
    }
    qsort(latencies, latency_count, sizeof *latencies, by_value);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    uint64_t last = first;
    for (int i = 0; i < STATIONS; i++) if (next_local[i] > last) last = next_local[i];
    printf("{\"requests\":%lu,\"scans\":%lu,\"saved\":%lu,\"duplicates\":%lu,\"refused\":%lu,\"seconds\":%.3f,"
        "\"accepted\":%lu,\"requests_per_second\":%.1f,\"scans_per_second\":%.1f,\"p50_ms\":%.2f,\"p95_ms\":%.2f,\"p99_ms\":%.2f,"
        "\"max_ms\":%.2f,\"next\":%lu,\"next_day\":%lu,\"cpu_seconds\":%.2f",
        requests, scans_sent, saved, duplicates, refused, end - start, accepted, requests / (end - start),
        (saved + duplicates) / (end - start), latencies[latency_count / 2] * 1e3, latencies[latency_count * 95 / 100] * 1e3,
        latencies[latency_count * 99 / 100] * 1e3, latencies[latency_count - 1] * 1e3, last, first_day + days_used,
        usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
    if (!strcmp(mode, "turns")) {
        for (size_t i = 0; i < line_count; i++) printf("%s%lu", i ? "," : ",\"turns\":[", lines[i].accepted);
        printf("]");
    }
    printf("}\n");
    return refused ? 1 : 0;
}
