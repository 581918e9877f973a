/* SPDX-License-Identifier: MIT */
#include "tests/support/fakeca.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

#define DAY_S 86400L

struct fakeca {
    EVP_PKEY *key;
    X509 *cert;
};

/* Every step below works unless OpenSSL is broken or out of memory; then no test has a meaning. */
static void must(int ok)
{
    if (!ok)
        abort();
}

static void set_name(X509_NAME *name, const char *text)
{
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)text, -1, -1,
                                    0));
}

static void add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    must(extension != NULL);
    must(X509_add_ext(cert, extension, -1));
    X509_EXTENSION_free(extension);
}

/* Without extensions and signature. Valid from a week ago until `days` from now. */
static X509 *new_cert(EVP_PKEY *key, const char *name, const X509_NAME *issuer, long days)
{
    X509 *cert = X509_new();

    must(cert != NULL);
    must(X509_set_version(cert, X509_VERSION_3));
    must(ASN1_INTEGER_set(X509_get_serialNumber(cert), issuer ? 2 : 1));
    must(X509_gmtime_adj(X509_getm_notBefore(cert), -7 * DAY_S) != NULL);
    must(X509_gmtime_adj(X509_getm_notAfter(cert), days * DAY_S) != NULL);
    set_name(X509_get_subject_name(cert), name);
    must(X509_set_issuer_name(cert, issuer ? issuer : X509_get_subject_name(cert)));
    must(X509_set_pubkey(cert, key));
    return cert;
}

struct fakeca *fakeca_new(void)
{
    struct fakeca *ca = mem_new(sizeof *ca);

    ca->key = EVP_EC_gen("P-256");
    must(ca->key != NULL);
    ca->cert = new_cert(ca->key, "rerail test authority", NULL, 7);
    add_extension(ca->cert, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(ca->cert, NID_key_usage, "critical,keyCertSign");
    must(X509_sign(ca->cert, ca->key, EVP_sha256()) > 0);
    return ca;
}

void fakeca_free(struct fakeca *ca)
{
    EVP_PKEY_free(ca->key);
    X509_free(ca->cert);
    free(ca);
}

void fakeca_write(const struct fakeca *ca, const char *path)
{
    FILE *out = fopen(path, "w");

    must(out != NULL);
    must(PEM_write_X509(out, ca->cert));
    must(fclose(out) == 0);
}

static char *alt_name(const char *host)
{
    struct in_addr v4;

    return mem_printf("%s:%s", inet_pton(AF_INET, host, &v4) == 1 ? "IP" : "DNS", host);
}

static X509 *new_leaf(const struct fakeca *ca, EVP_PKEY *key, const char *host,
                      enum fakeca_flaw flaw)
{
    const X509_NAME *issuer = flaw == FAKECA_SELF_SIGNED ? NULL : X509_get_subject_name(ca->cert);
    X509 *cert = new_cert(key, host, issuer, flaw == FAKECA_EXPIRED ? -1 : 7);
    char *name = alt_name(host);

    add_extension(cert, NID_subject_alt_name, name);
    must(X509_sign(cert, flaw == FAKECA_SELF_SIGNED ? key : ca->key, EVP_sha256()) > 0);
    free(name);
    return cert;
}

struct ssl_ctx_st *fakeca_server(const struct fakeca *ca, const char *host, enum fakeca_flaw flaw)
{
    SSL_CTX *server = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");

    must(server != NULL && key != NULL);
    X509 *cert = new_leaf(ca, key, host, flaw);
    must(SSL_CTX_use_certificate(server, cert));
    must(SSL_CTX_use_PrivateKey(server, key));
    SSL_CTX_set_mode(server, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (flaw == FAKECA_TLS_1_0) {
        SSL_CTX_set_security_level(server, 0);
        must(SSL_CTX_set_min_proto_version(server, TLS1_VERSION));
        must(SSL_CTX_set_max_proto_version(server, TLS1_VERSION));
    }
    X509_free(cert);
    EVP_PKEY_free(key);
    return server;
}

void fakeca_server_free(struct ssl_ctx_st *server)
{
    SSL_CTX_free(server);
}
