#include "server/tls.h"

#include <errno.h>
#include <event2/buffer.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
#if MBEDTLS_VERSION_MAJOR >= 3
#include <psa/crypto.h>
#endif

enum { RECORD_MAX = 16 * 1024 };

/* A certificate and its key, as long as somebody uses them. */
struct identity {
    unsigned users;
    mbedtls_x509_crt certificate;
    mbedtls_pk_context key;
    mbedtls_ssl_config config;
};

struct tls {
    char *certificate_path;
    char *key_path;
    struct identity *identity;
};

struct session {
    struct identity *identity;
    mbedtls_ssl_context ssl;
    struct bufferevent *wire;
    struct evbuffer *incoming; /* while it is being read from */
    bool begun;                /* the first byte was one of TLS */
    bool ended;
    void (*tell_broken)(void *context);
    void *context;
};

/* The kernel's own: it does not block once the machine is up. */
static int random_bytes(void *context, unsigned char *bytes, size_t length)
{
    (void)context;
    while (length > 0) {
        ssize_t got = getrandom(bytes, length, 0);
        if (got < 0 && errno != EINTR)
            return MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
        if (got > 0) {
            bytes += got;
            length -= (size_t)got;
        }
    }
    return 0;
}

/* -- the identity -- */

static void release_identity(struct identity *identity)
{
    if (!identity || --identity->users > 0)
        return;
    mbedtls_ssl_config_free(&identity->config);
    mbedtls_pk_free(&identity->key);
    mbedtls_x509_crt_free(&identity->certificate);
    free(identity);
}

/* Told with the system's word where it is the file that cannot be read. */
static int say(struct problem *problem, const char *option, const char *path, int code, const char *mend)
{
    char words[128];

    if (access(path, R_OK) < 0)
        return problem_set(problem, errno, "%s %s: %s", option, path, strerror(errno));
    if (code > 0) /* so many of them */
        return problem_set(problem, EINVAL, "%s %s: %d of the certificates in it cannot be read: %s", option,
                           path, code, mend);
    mbedtls_strerror(code, words, sizeof(words));
    return problem_set(problem, EINVAL, "%s %s: %s: %s", option, path, words, mend);
}

static int parse_key(mbedtls_pk_context *key, const char *path)
{
#if MBEDTLS_VERSION_MAJOR >= 3
    return mbedtls_pk_parse_keyfile(key, path, NULL, random_bytes, NULL);
#else
    return mbedtls_pk_parse_keyfile(key, path, NULL);
#endif
}

static int check_pair(struct identity *identity)
{
#if MBEDTLS_VERSION_MAJOR >= 3
    return mbedtls_pk_check_pair(&identity->certificate.pk, &identity->key, random_bytes, NULL);
#else
    return mbedtls_pk_check_pair(&identity->certificate.pk, &identity->key);
#endif
}

static int read_files(struct identity *identity, const struct tls *tls, struct problem *problem)
{
    int code = mbedtls_x509_crt_parse_file(&identity->certificate, tls->certificate_path);

    if (code != 0)
        return say(problem, "--tls-cert", tls->certificate_path, code, "expected certificates in PEM");
    code = parse_key(&identity->key, tls->key_path);
    if (code != 0)
        return say(problem, "--tls-key", tls->key_path, code,
                   "expected a private key in PEM, without a password");
    if (check_pair(identity) != 0)
        return problem_set(problem, EINVAL, "--tls-key %s: it is not the key of the certificate in %s",
                           tls->key_path, tls->certificate_path);
    return 0;
}

static int configure(struct identity *identity)
{
    mbedtls_ssl_config *config = &identity->config;
    int code = mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
                                           MBEDTLS_SSL_PRESET_DEFAULT);

    if (code != 0)
        return -ENOMEM;
#if MBEDTLS_VERSION_MAJOR < 3
    mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
#endif
    mbedtls_ssl_conf_rng(config, random_bytes, NULL);
    return mbedtls_ssl_conf_own_cert(config, &identity->certificate, &identity->key) == 0 ? 0 : -ENOMEM;
}

static int make_identity(const struct tls *tls, struct identity **made, struct problem *problem)
{
    struct identity *identity = calloc(1, sizeof(*identity));

    if (!identity)
        return -ENOMEM;
    identity->users = 1;
    mbedtls_x509_crt_init(&identity->certificate);
    mbedtls_pk_init(&identity->key);
    mbedtls_ssl_config_init(&identity->config);
    int error = read_files(identity, tls, problem);
    if (error == 0)
        error = configure(identity);
    if (error < 0)
        release_identity(identity);
    else
        *made = identity;
    return error;
}

int tls_open(struct tls **tls, const char *certificate_path, const char *key_path, struct problem *problem)
{
    struct tls *opened = calloc(1, sizeof(*opened));

    if (!opened)
        return -ENOMEM;
#if MBEDTLS_VERSION_MAJOR >= 3
    if (psa_crypto_init() != PSA_SUCCESS) {
        free(opened);
        return -ENOMEM;
    }
#endif
    opened->certificate_path = strdup(certificate_path);
    opened->key_path = strdup(key_path);
    int error = opened->certificate_path && opened->key_path
                    ? make_identity(opened, &opened->identity, problem)
                    : -ENOMEM;
    if (error < 0)
        tls_close(opened);
    else
        *tls = opened;
    return error;
}

void tls_close(struct tls *tls)
{
    if (!tls)
        return;
    release_identity(tls->identity);
    free(tls->certificate_path);
    free(tls->key_path);
    free(tls);
}

int tls_reload(struct tls *tls, struct problem *problem)
{
    struct identity *made = NULL;
    int error = make_identity(tls, &made, problem);

    if (error < 0)
        return error;
    release_identity(tls->identity);
    tls->identity = made;
    return 0;
}

/* -- sessions -- */

static int send_to_wire(void *context, const unsigned char *bytes, size_t length)
{
    struct session *session = context;
    struct evbuffer *outgoing = bufferevent_get_output(session->wire);
    return evbuffer_add(outgoing, bytes, length) < 0 ? MBEDTLS_ERR_SSL_ALLOC_FAILED : (int)length;
}

static int receive_from_wire(void *context, unsigned char *bytes, size_t length)
{
    struct session *session = context;
    int got = session->incoming ? evbuffer_remove(session->incoming, bytes, length) : 0;
    return got > 0 ? got : MBEDTLS_ERR_SSL_WANT_READ;
}

/* What is to be said about it, an alert, leaves first; reading the end of the connection then frees it all.
 */
static void end_session(struct session *session)
{
    struct evbuffer *outgoing = bufferevent_get_output(session->wire);
    int fd = bufferevent_getfd(session->wire);

    session->ended = true;
    evbuffer_unfreeze(outgoing, 1); /* a connection keeps it frozen for all but its own writing */
    evbuffer_write(outgoing, fd);
    evbuffer_freeze(outgoing, 1);
    shutdown(fd, SHUT_RDWR);
}

static void break_off(struct session *session)
{
    end_session(session);
    session->tell_broken(session->context);
}

static bool is_farewell(int code)
{
    return code == 0 || code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY || code == MBEDTLS_ERR_SSL_CONN_EOF;
}

static bool is_patience(int code)
{
    return code == MBEDTLS_ERR_SSL_WANT_READ || code == MBEDTLS_ERR_SSL_WANT_WRITE;
}

/* Who speaks HTTP without TLS is told so in HTTP. */
static bool speaks_tls(struct session *session, struct evbuffer *source)
{
    enum { HANDSHAKE_RECORD = 22 };
    static const char answer[] =
        "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
        "This port speaks HTTPS alone.\n";
    unsigned char first;

    if (session->begun || evbuffer_copyout(source, &first, 1) < 1)
        return true;
    session->begun = first == HANDSHAKE_RECORD;
    if (!session->begun && first >= 'A' && first <= 'Z')
        evbuffer_add(bufferevent_get_output(session->wire), answer, sizeof(answer) - 1);
    return session->begun;
}

static enum bufferevent_filter_result decrypt(struct evbuffer *source, struct evbuffer *plain,
                                              ev_ssize_t limit, enum bufferevent_flush_mode mode,
                                              void *context)
{
    struct session *session = context;
    unsigned char bytes[4096];
    bool any = false;
    int got = 1;

    (void)limit; /* a request is small; the server bounds what it takes */
    (void)mode;
    if (!session->ended && !speaks_tls(session, source))
        break_off(session);
    if (session->ended) {
        evbuffer_drain(source, evbuffer_get_length(source));
        return BEV_NEED_MORE;
    }
    session->incoming = source;
    while (got > 0) {
        got = mbedtls_ssl_read(&session->ssl, bytes, sizeof(bytes));
        if (got > 0 && evbuffer_add(plain, bytes, (size_t)got) == 0)
            any = true;
    }
    session->incoming = NULL;
    if (is_farewell(got))
        end_session(session);
    else if (!is_patience(got))
        break_off(session);
    return any ? BEV_OK : BEV_NEED_MORE;
}

static enum bufferevent_filter_result encrypt(struct evbuffer *plain, struct evbuffer *outgoing,
                                              ev_ssize_t limit, enum bufferevent_flush_mode mode,
                                              void *context)
{
    struct session *session = context;
    bool any = false;

    (void)outgoing; /* it is that of the wire */
    (void)limit;
    while (!session->ended && evbuffer_get_length(plain) > 0) {
        size_t length = evbuffer_get_length(plain);
        if (length > RECORD_MAX)
            length = RECORD_MAX;
        unsigned char *bytes = evbuffer_pullup(plain, (ev_ssize_t)length);
        int put = bytes ? mbedtls_ssl_write(&session->ssl, bytes, length) : -1;
        if (put <= 0)
            return is_patience(put) ? BEV_NEED_MORE : BEV_ERROR;
        evbuffer_drain(plain, (size_t)put);
        any = true;
    }
    if (mode == BEV_FINISHED && !session->ended)
        any |= mbedtls_ssl_close_notify(&session->ssl) == 0;
    return any ? BEV_OK : BEV_NEED_MORE;
}

static void release_session(struct session *session)
{
    mbedtls_ssl_free(&session->ssl);
    release_identity(session->identity);
    free(session);
}

static void free_session(void *context)
{
    release_session(context);
}

static struct session *make_session(struct tls *tls)
{
    struct session *session = calloc(1, sizeof(*session));

    if (!session)
        return NULL;
    session->identity = tls->identity;
    session->identity->users++;
    mbedtls_ssl_init(&session->ssl);
    if (mbedtls_ssl_setup(&session->ssl, &tls->identity->config) == 0)
        return session;
    release_session(session);
    return NULL;
}

struct bufferevent *tls_accept(struct tls *tls, struct bufferevent *wire, void (*broken)(void *context),
                               void *context)
{
    struct session *session = make_session(tls);

    if (!session) {
        bufferevent_free(wire);
        return NULL;
    }
    session->wire = wire;
    session->tell_broken = broken;
    session->context = context;
    mbedtls_ssl_set_bio(&session->ssl, session, send_to_wire, receive_from_wire, NULL);
    struct bufferevent *plain =
        bufferevent_filter_new(wire, decrypt, encrypt, BEV_OPT_CLOSE_ON_FREE, free_session, session);
    if (!plain) {
        release_session(session);
        bufferevent_free(wire);
    }
    return plain;
}
