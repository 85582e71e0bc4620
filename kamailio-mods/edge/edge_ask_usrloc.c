#include "edge_ask.h"
#include "edge_peer_usrloc.h"
#include <core/locking.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define MISSED 0xffffff00u /* what is kept: microseconds, or above this the questions without an answer */
#define SOON   4096        /* a slot is marked by its address of record's hash modulo this */

static _Atomic uint64_t *soon;

int edge_ask_alloc(void)
{
	soon = zk_mem_alloc(SOON / 8);
	if (soon)
		memset((void *)soon, 0, SOON / 8);
	return soon ? 0 : -1;
}

void edge_ask_soon(unsigned aorhash)
{
	atomic_fetch_or(&soon[aorhash % SOON / 64], 1ull << aorhash % 64);
}

void edge_ask_read(struct edge_contact *c, unsigned kept)
{
	c->misses = kept > MISSED ? (int)(kept - MISSED) : 0;
	c->rtt_us = kept && kept < MISSED ? (long)kept : -1;
}

static bool is_marked(const uint64_t *marks, unsigned slot, unsigned slots)
{
	for (unsigned bit = slot % SOON; bit < SOON; bit += slots)
		if (marks[bit / 64] >> bit % 64 & 1)
			return true;
	return false;
}

void edge_ask_walk(unsigned share, edge_contact_h *h, void *arg)
{
	static int next;
	uint64_t marks[SOON / 64];
	udomain_t *d = edge_ul_domain();
	for (unsigned i = 0; i < SOON / 64; i++)
		marks[i] = atomic_exchange(&soon[i], 0);
	int from = next, n = d ? d->size / (int)share + 1 : 0;
	for (int i = 0; d && i < d->size; i++)
		if ((i - from + d->size) % d->size < n || is_marked(marks, (unsigned)i, (unsigned)d->size))
			edge_usrloc_walk_slot(i, h, arg);
	next = d ? (from + n) % d->size : 0;
}

void edge_ask_heard(unsigned aorhash, const char *ruid, long rtt_us)
{
	udomain_t *d = edge_ul_domain();
	str id = {(char *)ruid, (int)strlen(ruid)};
	urecord_t *r = NULL;
	ucontact_t *c = NULL;
	if (!d || edge_ul.get_urecord_by_ruid(d, aorhash, &id, &r, &c) < 0)
		return;
	if (rtt_us >= 0) {
		c->ka_roundtrip = rtt_us < 1 ? 1 : rtt_us < (long)MISSED ? (unsigned)rtt_us : MISSED - 1;
		c->last_keepalive = time(NULL);
	} else if (c->ka_roundtrip <= MISSED) {
		c->ka_roundtrip = MISSED + 1;
		edge_ask_soon(aorhash); /* once more: one packet may be lost */
	} else if (c->ka_roundtrip < UINT32_MAX) {
		c->ka_roundtrip++;
	}
	edge_ul.release_urecord(r);
	rec_lock_release(&d->table[aorhash & (unsigned)(d->size - 1)].rlock); /* get_urecord_by_ruid took it */
}

static const char *transport(const struct edge_contact *c, const char *uri)
{
	if (strcasestr(uri, "transport=ws") || strstr(c->contact, ".invalid"))
		return "ws";
	return strcasestr(uri, "transport=tls") ? "tls" : strcasestr(uri, "transport=tcp") ? "tcp" : "udp";
}

static void contact_h(const struct edge_contact *c, void *arg)
{
	char contact[264], agent[264], address[264];
	const char *from = c->received[0] ? c->received : c->contact;
	if (c->owner)
		return;
	zk_escape(contact, sizeof contact, c->contact, strlen(c->contact));
	zk_escape(agent, sizeof agent, c->user_agent, strlen(c->user_agent));
	zk_escape(address, sizeof address, from, strlen(from));
	json_t *o = json_pack("{s:s,s:s,s:s,s:s,s:s,s:i,s:i,s:b}", "extension", c->aor, "contact", contact, "address",
			      address, "user_agent", agent, "transport", transport(c, from), "expires_s",
			      (int)(c->expires - time(NULL)), "heard_s", (int)(time(NULL) - c->heard), "reachable",
			      c->misses < 2);
	if (c->rtt_us >= 0)
		json_object_set_new(o, "rtt_us", json_integer(c->rtt_us));
	json_array_append_new(arg, o);
}

json_t *edge_ask_contacts(const char *domain, const json_t *numbers)
{
	json_t *list = json_array(), *n;
	char aor[320];
	size_t i;
	json_array_foreach (numbers, i, n)
		if (snprintf(aor, sizeof aor, "%s@%s", json_string_value(n), domain) < (int)sizeof aor)
			edge_usrloc_walk_aor(aor, contact_h, list);
	return list;
}
