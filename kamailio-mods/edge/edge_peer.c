#include "edge_peer.h"
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALONE_US 5000000 /* so long after our start an other edge that was not seen yet counts as living */

int edge_peer_add(struct edge_peer_table *t, const char *spec)
{
	const char *at = strchr(spec, '='), *colon = strrchr(spec, ':');
	struct edge_peer y = {.port = colon ? atoi(colon + 1) : 0};
	if (!at || !colon || colon < at || y.port < 1 || y.port > 65535 ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return EINVAL;
	const char *host = at + 1;
	size_t len = (size_t)(colon - host);
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	}
	if (at == spec || !len || !zk_copy(y.name, sizeof y.name, spec, (size_t)(at - spec)) ||
	    !zk_copy(y.host, sizeof y.host, host, len))
		return EINVAL;
	if (!strcmp(y.name, t->name)) {
		if (t->port)
			return EEXIST;
		memcpy(t->host, y.host, sizeof t->host);
		t->port = y.port;
		return 0;
	}
	for (unsigned i = 0; i < t->n; i++)
		if (!strcmp(t->peer[i].name, y.name))
			return EEXIST;
	if (t->n == EDGE_PEERS_MAX - 1)
		return ENOSPC;
	t->peer[t->n++] = y;
	return 0;
}

/* The same at every edge and start, unlike zk_hash. */
static uint64_t rank(const char *name, const struct zk_uuid *id)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3u;
	for (unsigned i = 0; i < sizeof id->b; i++)
		h = (h ^ id->b[i]) * 0x100000001b3u;
	h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53u;
	return h ^ h >> 33;
}

bool edge_peer_owns(const struct edge_peer_table *t, const struct zk_uuid *id, int64_t now_us)
{
	uint64_t own = rank(t->name, id);
	bool young = now_us - t->since_us < ALONE_US;
	for (unsigned i = 0; i < t->n; i++)
		if ((atomic_load(&t->peer[i].up) || young) && rank(t->peer[i].name, id) > own)
			return false;
	return true;
}

void edge_peer_seal(char out[EDGE_SEAL], const char *secret, const char *kind, const char *text)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	char input[512];
	int n = snprintf(input, sizeof input, "%s %s", kind, text);
	memset(mac, 0, sizeof mac);
	HMAC(EVP_sha256(), secret, (int)strlen(secret), (unsigned char *)input,
	     (size_t)(n < (int)sizeof input ? n : (int)sizeof input - 1), mac, &len);
	for (unsigned i = 0; i < (EDGE_SEAL - 1) / 2; i++)
		snprintf(out + i * 2, 3, "%02x", mac[i]);
}

/* Each byte is the character of that number (ISO 8859-1). */
json_t *edge_bytes_json(const char *s, size_t len)
{
	char *out = malloc(len * 2 + 1), *at = out;
	json_t *text;
	if (!out)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		if (c < 0x80) {
			*at++ = (char)(c ? c : ' ');
		} else {
			*at++ = (char)(0xc0 | c >> 6);
			*at++ = (char)(0x80 | (c & 0x3f));
		}
	}
	text = json_stringn(out, (size_t)(at - out));
	free(out);
	return text;
}

bool edge_json_bytes(char *out, size_t size, const json_t *text)
{
	const unsigned char *s = (const unsigned char *)json_string_value(text);
	if (!s || !size)
		return false;
	for (; *s; s++) {
		if (size < 2)
			return false;
		if (*s < 0x80) {
			*out++ = (char)*s;
		} else if ((*s & 0xfc) == 0xc0 && s[1]) {
			*out++ = (char)((*s & 3) << 6 | (s[1] & 0x3f));
			s++;
		} else {
			return false;
		}
		size--;
	}
	*out = '\0';
	return true;
}
