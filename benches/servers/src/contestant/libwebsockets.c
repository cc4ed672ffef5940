/* libwebsockets as its own examples use it: two answers, and an echo of one message per writable callback.
 * usage: libwebsockets PLAIN SECURE DIRECTORY - the two ports, and where cert.pem, key.pem and root/ are */
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE 64
#define LARGE (16 * 1024)

struct message {
    unsigned char *bytes; /* LWS_PRE of room, then the message */
    size_t len;
};

struct session {
    struct message coming;
    struct message queue[QUEUE];
    unsigned first, count;
};

static unsigned char small[LWS_PRE + 64], large[LWS_PRE + LARGE];
static size_t small_len, large_len;

/* The content goes right behind the head and not with a writable callback of its own, for which this library does not
 * come back when a second request is in its buffer already. */
static int answer(struct lws *wsi, const char *path)
{
    unsigned char head[LWS_PRE + 512], *start = head + LWS_PRE, *at = start, *end = head + sizeof(head) - 1;
    unsigned char *body = small + LWS_PRE;
    size_t len = small_len;

    if (!strcmp(path, "/16k")) {
        body = large + LWS_PRE;
        len = large_len;
    } else if (strcmp(path, "/hello")) {
        return lws_return_http_status(wsi, HTTP_STATUS_NOT_FOUND, NULL) || lws_http_transaction_completed(wsi);
    }
    if (lws_add_http_common_headers(wsi, HTTP_STATUS_OK, "text/plain", len, &at, end) ||
        lws_finalize_write_http_header(wsi, start, &at, end))
        return 1;
    if (lws_write(wsi, body, len, LWS_WRITE_HTTP_FINAL) != (int)len)
        return 1;
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int receive(struct lws *wsi, struct session *session, const void *piece, size_t len)
{
    struct message *coming = &session->coming;
    size_t more = lws_remaining_packet_payload(wsi);

    coming->bytes = realloc(coming->bytes, LWS_PRE + coming->len + len + more);
    if (!coming->bytes)
        return -1;
    memcpy(coming->bytes + LWS_PRE + coming->len, piece, len);
    coming->len += len;
    if (more || !lws_is_final_fragment(wsi))
        return 0;
    session->queue[(session->first + session->count++) % QUEUE] = *coming;
    memset(coming, 0, sizeof(*coming));
    if (session->count == QUEUE)
        lws_rx_flow_control(wsi, 0);
    lws_callback_on_writable(wsi);
    return 0;
}

static int echo(struct lws *wsi, struct session *session)
{
    struct message message = session->queue[session->first];
    int sent;

    if (!session->count)
        return 0;
    session->first = (session->first + 1) % QUEUE;
    if (session->count-- == QUEUE)
        lws_rx_flow_control(wsi, 1);
    sent = lws_write(wsi, message.bytes + LWS_PRE, message.len, LWS_WRITE_BINARY);
    free(message.bytes);
    if (sent < (int)message.len)
        return -1;
    if (session->count)
        lws_callback_on_writable(wsi);
    return 0;
}

static void forget(struct session *session)
{
    free(session->coming.bytes);
    while (session->count) {
        free(session->queue[session->first].bytes);
        session->first = (session->first + 1) % QUEUE;
        session->count--;
    }
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *session, void *in, size_t len)
{
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return answer(wsi, in);
    case LWS_CALLBACK_ESTABLISHED:
        memset(session, 0, sizeof(struct session));
        return 0;
    case LWS_CALLBACK_RECEIVE:
        return receive(wsi, session, in, len);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return echo(wsi, session);
    case LWS_CALLBACK_CLOSED:
        forget(session);
        return 0;
    default:
        return lws_callback_http_dummy(wsi, reason, session, in, len);
    }
}

static size_t load(const char *directory, const char *name, unsigned char *into, size_t room)
{
    char path[1024];
    FILE *file;
    size_t len = 0;

    snprintf(path, sizeof(path), "%s/root/%s", directory, name);
    file = fopen(path, "rb");
    if (file) {
        len = fread(into, 1, room, file);
        fclose(file);
    }
    return len;
}

int main(int argc, char **argv)
{
    static const struct lws_protocols protocols[] = {
        { "bench", callback, sizeof(struct session), 64 * 1024, 0, NULL, 0 },
        { NULL, NULL, 0, 0, 0, NULL, 0 },
    };
    static const struct lws_http_mount mount = {
        .mountpoint = "/", .mountpoint_len = 1, .origin = "bench", .origin_protocol = LWSMPRO_CALLBACK,
    };
    struct lws_context_creation_info info;
    struct lws_context *context;
    char certificate[1024], key[1024];

    if (argc != 4)
        return 2;
    small_len = load(argv[3], "hello", small + LWS_PRE, sizeof(small) - LWS_PRE);
    large_len = load(argv[3], "16k", large + LWS_PRE, LARGE);
    lws_set_log_level(LLL_ERR, NULL);
    memset(&info, 0, sizeof(info));
    info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    context = lws_create_context(&info);
    if (!context)
        return 1;
    info.protocols = protocols;
    info.mounts = &mount;
    info.keepalive_timeout = 600;
    info.port = atoi(argv[1]);
    info.vhost_name = "plain";
    if (!lws_create_vhost(context, &info))
        return 1;
    snprintf(certificate, sizeof(certificate), "%s/cert.pem", argv[3]);
    snprintf(key, sizeof(key), "%s/key.pem", argv[3]);
    info.port = atoi(argv[2]);
    info.vhost_name = "secure";
    info.ssl_cert_filepath = certificate;
    info.ssl_private_key_filepath = key;
    if (!lws_create_vhost(context, &info))
        return 1;
    while (lws_service(context, 0) >= 0)
        ;
    lws_context_destroy(context);
    return 0;
}
