#include "trunk_tls.h"
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SYSTEM_FOR_S 3600 /* then the system's authorities are read anew */

static X509_STORE *system_store(void)
{
	static X509_STORE *store;
	static time_t read_at;
	time_t now = time(NULL);
	if (store && now >= read_at && now - read_at < SYSTEM_FOR_S)
		return store;
	X509_STORE_free(store); /* a context that uses it keeps it */
	store = X509_STORE_new();
	read_at = now;
	if (store && X509_STORE_set_default_paths(store) != 1) {
		X509_STORE_free(store);
		store = NULL;
	}
	return store;
}

static BIO *text_of(const char *pem)
{
	return BIO_new_mem_buf(pem, (int)strlen(pem));
}

/* All certificates of a text; false: there is none, or one that is none. */
static bool trust(SSL_CTX *ctx, const char *pem)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	BIO *text = text_of(pem);
	unsigned n = 0;
	bool good = true;
	for (X509 *x; text && good && (x = PEM_read_bio_X509(text, NULL, NULL, NULL)); n++) {
		good = X509_STORE_add_cert(store, x) == 1;
		X509_free(x);
	}
	BIO_free(text);
	unsigned long last = ERR_peek_last_error();
	bool at_end = !last || ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
	ERR_clear_error();
	return good && n && at_end;
}

static int no_password(char *buf, int size, int rwflag, void *arg)
{
	(void)buf, (void)size, (void)rwflag, (void)arg;
	return 0;
}

/* Our certificate with what stands behind it, and its key. */
static bool show(SSL_CTX *ctx, const char *certificate, const char *key)
{
	BIO *text = text_of(certificate), *secret = text_of(key);
	X509 *own = text ? PEM_read_bio_X509(text, NULL, NULL, NULL) : NULL, *next;
	EVP_PKEY *pkey = secret ? PEM_read_bio_PrivateKey(secret, NULL, no_password, NULL) : NULL;
	bool good = own && pkey && SSL_CTX_use_certificate(ctx, own) == 1 && SSL_CTX_use_PrivateKey(ctx, pkey) == 1 &&
		    SSL_CTX_check_private_key(ctx) == 1;
	while (good && (next = PEM_read_bio_X509(text, NULL, NULL, NULL)))
		if (SSL_CTX_add0_chain_cert(ctx, next) != 1) {
			X509_free(next);
			good = false;
		}
	X509_free(own);
	EVP_PKEY_free(pkey);
	BIO_free(text);
	BIO_free(secret);
	ERR_clear_error();
	return good;
}

static const char *fill(SSL_CTX *ctx, const struct trunk_tls_ask *ask)
{
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	if (ask->authorities[0] && !trust(ctx, ask->authorities))
		return "the authorities cannot be read";
	if (!ask->authorities[0]) {
		X509_STORE *store = system_store();
		if (!store)
			return "the system's authorities cannot be read";
		SSL_CTX_set1_cert_store(ctx, store);
	}
	if (ask->certificate[0] && !show(ctx, ask->certificate, ask->key))
		return "our certificate and its key do not fit or cannot be read";
	return NULL;
}

/* The name is asked for (SNI) and compared; an address is compared with the certificate's addresses. */
static bool expect(SSL *tls, const char *name)
{
	struct in6_addr a;
	if (inet_pton(AF_INET, name, &a) == 1 || inet_pton(AF_INET6, name, &a) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), name) == 1;
	SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(tls, name) == 1 && SSL_set_tlsext_host_name(tls, name) == 1;
}

SSL *trunk_tls_open(const struct trunk_tls_ask *ask, int fd, char fault[TRUNK_FAULT_MAX])
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	const char *bad = ctx ? fill(ctx, ask) : "no memory";
	SSL *tls = bad ? NULL : SSL_new(ctx);
	SSL_CTX_free(ctx);
	if (tls && (!expect(tls, ask->name) || SSL_set_fd(tls, fd) != 1)) {
		SSL_free(tls);
		tls = NULL;
	}
	if (!tls)
		snprintf(fault, TRUNK_FAULT_MAX, "%s", bad ? bad : "no memory");
	else
		SSL_set_connect_state(tls);
	return tls;
}

void trunk_tls_fault(const SSL *tls, char fault[TRUNK_FAULT_MAX])
{
	long verify = SSL_get_verify_result(tls);
	unsigned long err = ERR_get_error();
	const char *reason = err ? ERR_reason_error_string(err) : NULL;
	if (verify != X509_V_OK)
		snprintf(fault, TRUNK_FAULT_MAX, "certificate refused: %s", X509_verify_cert_error_string(verify));
	else
		snprintf(fault, TRUNK_FAULT_MAX, "%s", reason ? reason : "the carrier closed the connection");
	ERR_clear_error();
}
