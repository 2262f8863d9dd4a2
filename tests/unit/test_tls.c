#include "server/http.h"
#include "server/tls.h"
#include "support.h"
#include "visitors.h"

#include <errno.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define ONE_CERTIFICATE FIXTURES "/tls/one.crt"
#define ONE_KEY         FIXTURES "/tls/one.key"
#define LOCKED_KEY      FIXTURES "/tls/one-locked.key"
#define TWO_CERTIFICATE FIXTURES "/tls/two.crt"
#define TWO_KEY         FIXTURES "/tls/two.key"

/* -- certificates and keys -- */

static void does_not_open(const char *certificate, const char *key, int error, const char *expected)
{
    struct tls *tls = NULL;
    struct problem problem = {0};

    assert_int_equal(tls_open(&tls, certificate, key, &problem), error);
    assert_null(tls);
    if (strncmp(problem.text, expected, strlen(expected)) != 0)
        fail_msg("'%s' and not '%s'", problem.text, expected);
}

static void files_that_are_not_there(void **state)
{
    (void)state;
    does_not_open("/no/such.crt", ONE_KEY, -ENOENT, "--tls-cert /no/such.crt: No such file or directory");
    does_not_open(ONE_CERTIFICATE, "/no/such.key", -ENOENT,
                  "--tls-key /no/such.key: No such file or directory");
}

static void files_that_are_something_else(void **state)
{
    (void)state;
    does_not_open(ONE_KEY, ONE_KEY, -EINVAL, "--tls-cert " ONE_KEY ": ");
    does_not_open(ONE_CERTIFICATE, ONE_CERTIFICATE, -EINVAL, "--tls-key " ONE_CERTIFICATE ": ");
    does_not_open(FIXTURES "/linux-6.18/0/vmstat", ONE_KEY, -EINVAL,
                  "--tls-cert " FIXTURES "/linux-6.18/0/vmstat: ");
    does_not_open(ONE_CERTIFICATE, LOCKED_KEY, -EINVAL, "--tls-key " LOCKED_KEY ": ");
}

static void a_problem_says_what_was_expected(void **state)
{
    struct tls *tls;
    struct problem problem = {0};
    (void)state;

    tls_open(&tls, ONE_KEY, ONE_KEY, &problem);
    assert_non_null(strstr(problem.text, ": expected certificates in PEM"));
    tls_open(&tls, ONE_CERTIFICATE, LOCKED_KEY, &problem);
    assert_non_null(strstr(problem.text, ": expected a private key in PEM, without a password"));
}

static void a_key_of_another_certificate(void **state)
{
    (void)state;
    does_not_open(ONE_CERTIFICATE, TWO_KEY, -EINVAL,
                  "--tls-key " TWO_KEY ": it is not the key of the certificate in " ONE_CERTIFICATE);
}

static void a_pair_opens(void **state)
{
    struct tls *tls;
    struct problem problem = {0};
    (void)state;

    assert_int_equal(tls_open(&tls, ONE_CERTIFICATE, ONE_KEY, &problem), 0);
    tls_close(tls);
    tls_close(NULL);
}

/* -- a server, and clients of Mbed TLS' own -- */

enum { BODY_BYTES = 200000 };

struct site {
    struct folder folder;
    char certificate[80], key[80];
    struct tls *tls;
    struct http *http;
    struct door door;
    char body[BODY_BYTES];
};

struct client {
    struct visitor wire;
    struct site *site;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config config;
    mbedtls_x509_crt trusted;
    char *bytes; /* that have come, terminated */
    size_t length;
};

static void answer_hello(void *context, struct exchange *exchange)
{
    (void)context;
    exchange_answer(exchange, 200, "text/plain", "hello", 5);
}

static void answer_much(void *context, struct exchange *exchange)
{
    const struct site *site = context;
    exchange_answer(exchange, 200, "text/plain", site->body, BODY_BYTES);
}

static const struct http_route routes[] = {{"/hello", false, answer_hello}, {"/much", false, answer_much}};

static void copy_pair(const struct site *site, const char *certificate, const char *key)
{
    char *text = file_get(certificate);

    folder_put(&site->folder, "crt", text);
    free(text);
    text = file_get(key);
    folder_put(&site->folder, "key", text);
    free(text);
}

static int setup(void **state)
{
    struct site *site = calloc(1, sizeof(*site));
    struct problem problem = {0};

    if (!site)
        return -1;
    *state = site;
    folder_make(&site->folder);
    snprintf(site->certificate, sizeof(site->certificate), "%s/crt", site->folder.path);
    snprintf(site->key, sizeof(site->key), "%s/key", site->folder.path);
    copy_pair(site, ONE_CERTIFICATE, ONE_KEY);
    for (size_t i = 0; i < BODY_BYTES; i++)
        site->body[i] = (char)('a' + i % 23);
    if (tls_open(&site->tls, site->certificate, site->key, &problem) < 0)
        return -1;
    const struct http_settings settings = {.routes = routes,
                                           .route_count = COUNT_OF(routes),
                                           .context = site,
                                           .connections = 5,
                                           .tls = site->tls};
    site->http = http_new(&settings);
    return site->http && http_listen(site->http, door_open(&site->door)) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    struct site *site = *state;

    http_free(site->http);
    tls_close(site->tls);
    folder_remove(&site->folder);
    free(site);
    return 0;
}

#define on_site(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static int random_bytes(void *context, unsigned char *bytes, size_t length)
{
    (void)context;
    return getrandom(bytes, length, 0) == (ssize_t)length ? 0 : MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
}

static int send_bytes(void *context, const unsigned char *bytes, size_t length)
{
    const struct client *client = context;
    ssize_t sent = send(client->wire.fd, bytes, length, MSG_NOSIGNAL);
    return sent < 0 ? MBEDTLS_ERR_SSL_WANT_WRITE : (int)sent;
}

static int receive_bytes(void *context, unsigned char *bytes, size_t length)
{
    const struct client *client = context;
    ssize_t got = recv(client->wire.fd, bytes, length, 0);
    return got < 0 ? MBEDTLS_ERR_SSL_WANT_READ : (int)got;
}

static bool is_patience(int code)
{
    return code == MBEDTLS_ERR_SSL_WANT_READ || code == MBEDTLS_ERR_SSL_WANT_WRITE;
}

/* Says hello, trusting CERTIFICATE. Returns Mbed TLS' code. */
static int greet(struct client *client, struct site *site, const char *certificate)
{
    enum { PATIENCE = 100 };
    int code = MBEDTLS_ERR_SSL_WANT_READ;

    *client = (struct client){.site = site};
    visitor_open(&client->wire, &site->door);
    mbedtls_ssl_init(&client->ssl);
    mbedtls_ssl_config_init(&client->config);
    mbedtls_x509_crt_init(&client->trusted);
    assert_int_equal(mbedtls_x509_crt_parse_file(&client->trusted, certificate), 0);
    assert_int_equal(mbedtls_ssl_config_defaults(&client->config, MBEDTLS_SSL_IS_CLIENT,
                                                 MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT),
                     0);
    mbedtls_ssl_conf_rng(&client->config, random_bytes, NULL);
    mbedtls_ssl_conf_ca_chain(&client->config, &client->trusted, NULL);
    mbedtls_ssl_conf_authmode(&client->config, MBEDTLS_SSL_VERIFY_REQUIRED);
    assert_int_equal(mbedtls_ssl_setup(&client->ssl, &client->config), 0);
    assert_int_equal(mbedtls_ssl_set_hostname(&client->ssl, "localhost"), 0);
    mbedtls_ssl_set_bio(&client->ssl, client, send_bytes, receive_bytes, NULL);
    for (int i = 0; i < PATIENCE && is_patience(code); i++) {
        code = mbedtls_ssl_handshake(&client->ssl);
        http_settle(site->http);
    }
    return code;
}

static void leave(struct client *client)
{
    visitor_close(&client->wire);
    mbedtls_ssl_free(&client->ssl);
    mbedtls_ssl_config_free(&client->config);
    mbedtls_x509_crt_free(&client->trusted);
    free(client->bytes);
}

/* Until nothing comes any more. Returns Mbed TLS' code, which is patience while the connection is there. */
static int receive(struct client *client)
{
    unsigned quiet = 0;
    int got = 0;

    while (quiet < 3) {
        client->bytes = realloc(client->bytes, client->length + 4096 + 1);
        assert_non_null(client->bytes);
        http_settle(client->site->http);
        got = mbedtls_ssl_read(&client->ssl, (unsigned char *)client->bytes + client->length, 4096);
        if (got > 0)
            client->length += (size_t)got;
        else if (!is_patience(got))
            break;
        quiet = got > 0 ? 0 : quiet + 1;
    }
    client->bytes[client->length] = '\0';
    return got;
}

static void ask(struct client *client, const char *request)
{
    client->length = 0;
    assert_int_equal(mbedtls_ssl_write(&client->ssl, (const unsigned char *)request, strlen(request)),
                     (int)strlen(request));
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static void hello_is_answered(struct client *client)
{
    ask(client, GET("/hello"));
    assert_true(is_patience(receive(client)));
    assert_int_equal(strncmp(client->bytes, "HTTP/1.1 200 OK\r\n", 17), 0);
    assert_string_equal(strstr(client->bytes, "\r\n\r\n"), "\r\n\r\nhello");
}

static void answers_over_tls(void **state)
{
    struct site *site = *state;
    struct client client;

    assert_int_equal(greet(&client, site, ONE_CERTIFICATE), 0);
    for (int i = 0; i < 3; i++)
        hello_is_answered(&client);
    assert_int_equal(http_counts(site->http).requests, 3);
    assert_int_equal(mbedtls_ssl_close_notify(&client.ssl), 0);
    http_settle(site->http);
    assert_int_equal(http_counts(site->http).connections, 0);
    assert_int_equal(http_counts(site->http).dropped[HTTP_DROP_BROKEN], 0);
    leave(&client);
}

/* Of many records, and more than the socket holds. */
static void a_long_answer(void **state)
{
    struct site *site = *state;
    struct client client;

    assert_int_equal(greet(&client, site, ONE_CERTIFICATE), 0);
    ask(&client, GET("/much") GET("/much"));
    receive(&client);
    const char *body = strstr(client.bytes, "\r\n\r\n");
    assert_non_null(body);
    assert_memory_equal(body + 4, site->body, BODY_BYTES);
    body = strstr(body + 4 + BODY_BYTES, "\r\n\r\n");
    assert_non_null(body);
    assert_memory_equal(body + 4, site->body, BODY_BYTES);
    hello_is_answered(&client);
    leave(&client);
}

static void the_end_of_an_answer_that_ends_the_connection_is_a_farewell(void **state)
{
    struct site *site = *state;
    struct client client;

    assert_int_equal(greet(&client, site, ONE_CERTIFICATE), 0);
    ask(&client, "GET /hello HTTP/1.0\r\n\r\n");
    assert_false(is_patience(receive(&client)));
    assert_string_equal(strstr(client.bytes, "\r\n\r\n"), "\r\n\r\nhello");
    leave(&client);
    http_settle(site->http);
    assert_int_equal(http_counts(site->http).connections, 0);
}

static void versions_older_than_1_2_are_refused(void **state)
{
#if MBEDTLS_VERSION_MAJOR < 3
    static const unsigned char hello_1_1[] = {22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2, 1, 2, 3,  4, 5, 6,
                                              7,  8, 9, 1, 2,  3, 4, 5, 6,  7, 8, 9, 1, 2,  3, 4, 5,
                                              6,  7, 8, 9, 1,  2, 3, 4, 5,  0, 0, 2, 0, 47, 1, 0};
    struct site *site = *state;
    struct visitor visitor;

    visitor_open(&visitor, &site->door);
    visitor_send_bytes(&visitor, (const char *)hello_1_1, sizeof(hello_1_1));
    visitor_wait(&visitor, site->http);
    assert_true(visitor.at_end);
    assert_true(visitor.length >= 7);
    assert_int_equal(visitor.bytes[0], 21); /* an alert */
    assert_int_equal(http_counts(site->http).dropped[HTTP_DROP_BROKEN], 1);
    visitor_close(&visitor);
#else
    (void)state;
    skip(); /* this Mbed TLS knows none */
#endif
}

static void who_does_not_trust_the_certificate_goes(void **state)
{
    struct site *site = *state;
    struct client client;

    assert_int_equal(greet(&client, site, TWO_CERTIFICATE), MBEDTLS_ERR_X509_CERT_VERIFY_FAILED);
    leave(&client);
    http_settle(site->http);
    assert_int_equal(http_counts(site->http).connections, 0);
    assert_int_equal(http_counts(site->http).requests, 0);
}

/* -- who speaks something else -- */

static void speaks(struct site *site, const char *bytes, const char *start)
{
    struct visitor visitor;
    uint64_t broken = http_counts(site->http).dropped[HTTP_DROP_BROKEN];

    visitor_open(&visitor, &site->door);
    visitor_send(&visitor, bytes);
    visitor_wait(&visitor, site->http);
    assert_true(visitor.at_end);
    if (strncmp(visitor.bytes, start, strlen(start)) != 0 || (!*start && visitor.length > 0))
        fail_msg("%s is answered with %s", bytes, visitor.bytes);
    assert_int_equal(http_counts(site->http).dropped[HTTP_DROP_BROKEN], broken + 1);
    assert_int_equal(http_counts(site->http).connections, 0);
    assert_int_equal(http_counts(site->http).requests, 0);
    visitor_close(&visitor);
}

static void who_speaks_no_tls(void **state)
{
    struct site *site = *state;

    speaks(site, GET("/hello"), "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\n");
    speaks(site, "\x01\x02\x03", "");
    speaks(site,
           "\x16"
           "hello, this is no handshake",
           ""); /* what is no record gets no alert */
}

static void who_breaks_off(void **state)
{
    struct site *site = *state;
    struct client client;

    assert_int_equal(greet(&client, site, ONE_CERTIFICATE), 0);
    ask(&client, GET("/much"));
    http_settle(site->http);
    leave(&client); /* without a farewell, in the middle of the answer */
    http_settle(site->http);
    assert_int_equal(http_counts(site->http).connections, 0);
}

/* A record that somebody on the way has changed. */
static void a_record_that_is_not_the_clients(void **state)
{
    static const char record[] = "\x17\x03\x03\x01\x01hello hello hello hello hello";
    struct site *site = *state;
    struct client client;

    assert_int_equal(greet(&client, site, ONE_CERTIFICATE), 0);
    char bytes[5 + 257] = {0};
    memcpy(bytes, record, sizeof(record));
    visitor_send_bytes(&client.wire, bytes, sizeof(bytes));
    http_settle(site->http);
    assert_int_equal(http_counts(site->http).dropped[HTTP_DROP_BROKEN], 1);
    assert_false(is_patience(receive(&client)));
    assert_int_equal(http_counts(site->http).connections, 0);
    leave(&client);
}

/* -- reloading -- */

static void a_new_certificate_is_for_connections_from_now_on(void **state)
{
    struct site *site = *state;
    struct problem problem = {0};
    struct client before, after;

    assert_int_equal(greet(&before, site, ONE_CERTIFICATE), 0);
    copy_pair(site, TWO_CERTIFICATE, TWO_KEY);
    assert_int_equal(tls_reload(site->tls, &problem), 0);
    assert_int_equal(greet(&after, site, TWO_CERTIFICATE), 0);
    hello_is_answered(&before);
    hello_is_answered(&after);
    leave(&after);
    assert_int_equal(greet(&after, site, ONE_CERTIFICATE), MBEDTLS_ERR_X509_CERT_VERIFY_FAILED);
    leave(&after);
    tls_close(site->tls); /* connections that are open go on */
    site->tls = NULL;
    hello_is_answered(&before);
    leave(&before);
}

static void a_reload_that_fails_changes_nothing(void **state)
{
    struct site *site = *state;
    struct problem problem = {0};
    struct client client;

    copy_pair(site, TWO_CERTIFICATE, ONE_KEY);
    assert_int_equal(tls_reload(site->tls, &problem), -EINVAL);
    assert_non_null(strstr(problem.text, "it is not the key of the certificate"));
    folder_delete(&site->folder, "crt");
    assert_int_equal(tls_reload(site->tls, &problem), -ENOENT);
    assert_int_equal(greet(&client, site, ONE_CERTIFICATE), 0);
    hello_is_answered(&client);
    leave(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_that_are_not_there),
        cmocka_unit_test(files_that_are_something_else),
        cmocka_unit_test(a_problem_says_what_was_expected),
        cmocka_unit_test(a_key_of_another_certificate),
        cmocka_unit_test(a_pair_opens),
        on_site(answers_over_tls),
        on_site(a_long_answer),
        on_site(the_end_of_an_answer_that_ends_the_connection_is_a_farewell),
        on_site(versions_older_than_1_2_are_refused),
        on_site(who_does_not_trust_the_certificate_goes),
        on_site(who_speaks_no_tls),
        on_site(who_breaks_off),
        on_site(a_record_that_is_not_the_clients),
        on_site(a_new_certificate_is_for_connections_from_now_on),
        on_site(a_reload_that_fails_changes_nothing),
    };
    return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
