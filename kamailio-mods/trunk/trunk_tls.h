/* TLS towards a carrier: one context a connection, made from what the trunk's row says, and in words why a handshake
 * failed. Nothing here is shared with another process: OpenSSL is only used in the one that trunk_gate runs in
 * (docs/decisions/096). */
#ifndef TRUNK_TLS_H
#define TRUNK_TLS_H
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#define TRUNK_FAULT_MAX 80

struct trunk_tls_ask {
	const char *name;              /* what the certificate must be for: a name or an address */
	const char *authorities;       /* PEM; "": those that the system trusts */
	const char *certificate, *key; /* PEM, ours; "": none is shown */
};
/* A connection's TLS over `fd`. NULL: `fault` says why. */
SSL *trunk_tls_open(const struct trunk_tls_ask *ask, int fd, char fault[TRUNK_FAULT_MAX]);
/* Why the last step of it failed. */
void trunk_tls_fault(const SSL *tls, char fault[TRUNK_FAULT_MAX]);
#endif
