// libcurl for Swift: the library's own header, and what Swift cannot reach in it.

#ifndef CCURL_H
#define CCURL_H

#include <curl/curl.h>
#include <stddef.h>
#include <string.h>

/// Takes a piece of a body or one line of a head. Returns how many bytes it took; fewer than `count` end the transfer.
typedef size_t (*ccurl_receiver)(const char *bytes, size_t size, size_t count, void *context);

/// One request. The URL, method and body are copied; the fields have to outlive the transfer.
typedef struct {
    const char *url;
    const char *method;
    struct curl_slist *fields;
    /// Null for a request without a body; empty is a body too.
    const void *body;
    size_t body_count;
    long connect_milliseconds;
    long total_milliseconds;
    ccurl_receiver receive_line;
    ccurl_receiver receive_body;
    /// Handed to both functions, and found again with ccurl_finished.
    void *context;
} ccurl_request;

// curl_easy_setopt takes arguments of many types behind `...`, which Swift cannot call.

/// Prepares a fresh handle for the request. Anything but CURLE_OK means that it cannot be sent.
static inline CURLcode ccurl_prepare(CURL *easy, const ccurl_request *request) {
#define CCURL_SET(option, value)                                  \
    do {                                                          \
        CURLcode code = curl_easy_setopt(easy, option, value);    \
        if (code != CURLE_OK) return code;                        \
    } while (0)
    CCURL_SET(CURLOPT_URL, request->url);
    // Signals belong to the program.
    CCURL_SET(CURLOPT_NOSIGNAL, 1L);
    // Files, mail and whatever else the library speaks are no business of a URL from outside.
    CCURL_SET(CURLOPT_PROTOCOLS_STR, "http,https");
    CCURL_SET(CURLOPT_FOLLOWLOCATION, 0L);
    // What is asked for is what is connected to: the environment's proxies are not looked at.
    CCURL_SET(CURLOPT_PROXY, "");
    CCURL_SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    CCURL_SET(CURLOPT_CONNECTTIMEOUT_MS, request->connect_milliseconds);
    CCURL_SET(CURLOPT_TIMEOUT_MS, request->total_milliseconds);
    CCURL_SET(CURLOPT_HTTPHEADER, request->fields);
    CCURL_SET(CURLOPT_HEADERFUNCTION, request->receive_line);
    CCURL_SET(CURLOPT_HEADERDATA, request->context);
    CCURL_SET(CURLOPT_WRITEFUNCTION, request->receive_body);
    CCURL_SET(CURLOPT_WRITEDATA, request->context);
    CCURL_SET(CURLOPT_PRIVATE, request->context);
    if (request->body) {
        CCURL_SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_count);
        CCURL_SET(CURLOPT_COPYPOSTFIELDS, request->body);
    }
    if (strcmp(request->method, "HEAD") == 0) {
        CCURL_SET(CURLOPT_NOBODY, 1L);
    } else {
        CCURL_SET(CURLOPT_CUSTOMREQUEST, request->method);
    }
#undef CCURL_SET
    return CURLE_OK;
}

/// How a transfer ended.
typedef struct {
    CURL *easy;
    /// That of the request.
    void *context;
    CURLcode code;
    /// 0 where no answer came.
    long status;
    /// Whether anything of the request can have reached the other side.
    int was_sent;
    curl_off_t microseconds;
} ccurl_end;

// A message holds a union, and curl_easy_getinfo takes `...`.

/// The next transfer that has ended since the last call. Returns 0 where there is none.
static inline int ccurl_finished(CURLM *multi, ccurl_end *end) {
    int rest;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &rest))) {
        if (message->msg != CURLMSG_DONE) continue;
        long request_bytes = 0;
        end->easy = message->easy_handle;
        end->code = message->data.result;
        end->context = NULL;
        end->status = 0;
        end->microseconds = 0;
        curl_easy_getinfo(end->easy, CURLINFO_PRIVATE, &end->context);
        curl_easy_getinfo(end->easy, CURLINFO_RESPONSE_CODE, &end->status);
        curl_easy_getinfo(end->easy, CURLINFO_TOTAL_TIME_T, &end->microseconds);
        curl_easy_getinfo(end->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
        end->was_sent = request_bytes > 0;
        return 1;
    }
    return 0;
}

/// So many connections are kept open for further requests, and so many requests go to one host at once.
static inline CURLMcode ccurl_limit(CURLM *multi, long kept, long per_host) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kept);
    return code != CURLM_OK ? code : curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, per_host);
}

#endif
