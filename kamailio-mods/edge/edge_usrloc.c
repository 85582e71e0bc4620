#include "edge_ask.h"
#include "edge_peer_usrloc.h"
#include "edge_table.h"
#include "zk_log.h"
#include <core/config.h>
#include <core/socket_info.h>
#include <core/sr_module.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define PAGE_CONTACTS 3000 /* in one answer, and a hash slot's more, so that the line stays below 1 MiB */

usrloc_api_t edge_ul;
#define ul edge_ul
bool edge_ul_told;
static struct edge_ring *ring;
static struct zk_store *store;
static _Atomic unsigned long *changes;

static bool split_aor(const char *aor, size_t len, size_t *user_len, const char **domain, size_t *domain_len)
{
	const char *at = memrchr(aor, '@', len);
	if (!at)
		return false;
	*user_len = (size_t)(at - aor);
	*domain = at + 1;
	*domain_len = len - *user_len - 1;
	return true;
}

static bool tenant_of(const char *aor, size_t len, struct zk_uuid *tenant, size_t *user_len)
{
	const char *domain;
	size_t domain_len;
	return split_aor(aor, len, user_len, &domain, &domain_len) &&
	       edge_find_tenant(store, domain, domain_len, tenant);
}

static int64_t now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void escape(char *out, size_t size, const str *s)
{
	zk_escape(out, size, s->s, s->len > 0 ? (size_t)s->len : 0);
}

/* In a SIP worker or usrloc's timer, the slot locked: only copies into the ring. */
static void on_change(struct ucontact *c, int type, void *param)
{
	struct edge_event e = {.at_us = now_us()};
	size_t user_len;
	(void)param;
	atomic_fetch_add(changes, 1);
	if (!c->aor || !tenant_of(c->aor->s, (size_t)c->aor->len, &e.tenant, &user_len))
		return;
	bool gone = type & (UL_CONTACT_DELETE | UL_CONTACT_EXPIRE), held = !edge_ul_owner(c);
	if (!gone && held && !c->ka_roundtrip)
		edge_ask_soon(ul.get_aorhash(c->aor));
	e.kind = gone ? EDGE_EXPIRED : EDGE_REGISTERED;
	e.code = (held ? EDGE_HELD : 0) | (edge_ul_told ? EDGE_TOLD : 0) |
		 (!held && !edge_ul_told && type & UL_CONTACT_DELETE ? EDGE_DROP : 0);
	e.expires_s = c->expires > time(NULL) ? (int)(c->expires - time(NULL)) : 0;
	(void)zk_copy(e.aor, sizeof e.aor, c->aor->s, (size_t)c->aor->len);
	zk_escape(e.extension, sizeof e.extension, c->aor->s, user_len);
	escape(e.contact, sizeof e.contact, &c->c);
	escape(e.agent, sizeof e.agent, &c->user_agent);
	escape(e.sip_call_id, sizeof e.sip_call_id, &c->ruid);
	edge_ring_put(ring, &e);
}

int edge_usrloc_init(struct edge_ring *r, struct zk_store *s)
{
	bind_usrloc_t bind = (bind_usrloc_t)find_export("ul_bind_usrloc", 1, 0);
	if (!bind || bind(&ul) < 0) {
		zk_log(ZK_ERROR, "module usrloc must be loaded before edge");
		return -1;
	}
	if (!ul.use_domain) {
		zk_log(ZK_ERROR, "usrloc must keep domains (use_domain=1): tenants have the same extension numbers");
		return -1;
	}
	changes = zk_mem_alloc(sizeof *changes);
	if (!changes || edge_ask_alloc())
		return -1;
	atomic_init(changes, 1);
	ring = r;
	store = s;
	return ul.register_ulcb(UL_CONTACT_INSERT | UL_CONTACT_UPDATE | UL_CONTACT_DELETE | UL_CONTACT_EXPIRE,
				on_change, NULL) == 1
		       ? 0
		       : -1;
}

unsigned long edge_usrloc_changes(void)
{
	return atomic_load(changes);
}

/* A contact copied out of a locked slot: the texts stand in one block behind it. */
struct copied {
	struct copied *next;
	struct edge_contact c;
	char text[];
};

static char *put_text(char *at, const char **member, const char *s, int len)
{
	*member = at;
	if (len > 0)
		memcpy(at, s, (size_t)len);
	at[len > 0 ? len : 0] = '\0';
	return at + (len > 0 ? len : 0) + 1;
}

static struct copied *copy_contact(const ucontact_t *c)
{
	const str *socket = c->sock ? &c->sock->sock_str : &(const str){NULL, 0};
	size_t user_len, domain_len;
	const char *domain;
	if (!c->aor || !split_aor(c->aor->s, (size_t)c->aor->len, &user_len, &domain, &domain_len))
		return NULL;
	size_t bytes = user_len + domain_len +
		       (size_t)(c->ruid.len + c->c.len + c->received.len + c->path.len + c->callid.len +
				c->user_agent.len + socket->len + c->instance.len);
	struct copied *out = calloc(1, sizeof *out + bytes + 10);
	if (!out)
		return NULL;
	char *at = put_text(out->text, &out->c.aor, c->aor->s, (int)user_len);
	at = put_text(at, &out->c.domain, domain, (int)domain_len);
	at = put_text(at, &out->c.ruid, c->ruid.s, c->ruid.len);
	at = put_text(at, &out->c.contact, c->c.s, c->c.len);
	at = put_text(at, &out->c.received, c->received.s, c->received.len);
	at = put_text(at, &out->c.path, c->path.s, c->path.len);
	at = put_text(at, &out->c.callid, c->callid.s, c->callid.len);
	at = put_text(at, &out->c.user_agent, c->user_agent.s, c->user_agent.len);
	at = put_text(at, &out->c.socket, socket->s, socket->len);
	put_text(at, &out->c.instance, c->instance.s, c->instance.len);
	out->c.expires = (long)c->expires;
	out->c.last_modified = (long)c->last_modified;
	out->c.cseq = c->cseq;
	out->c.q = c->q;
	out->c.reg_id = (int)c->reg_id;
	out->c.flags = c->flags;
	out->c.cflags = c->cflags;
	out->c.methods = c->methods;
	out->c.owner = edge_ul_owner(c);
	const char *to = out->c.received[0] ? out->c.received : out->c.contact;
	out->c.transient =
		strcasestr(to, ";transport=t") || strcasestr(to, ";transport=ws") || strstr(out->c.contact, ".invalid");
	edge_ask_read(&out->c, c->ka_roundtrip);
	out->c.aorhash = ul.get_aorhash(c->aor);
	out->c.heard = (long)c->last_keepalive;
	return out;
}

/* Of all addresses, or of one. */
static struct copied *copy_slot(struct hslot *slot, const str *aor, time_t now)
{
	struct copied *list = NULL;
	rec_lock_get(&slot->rlock);
	int left = slot->n;
	for (urecord_t *r = slot->first; r && left-- > 0; r = r->next)
		for (const ucontact_t *c = r->contacts; c; c = c->next) {
			bool wanted = VALID_CONTACT(c, now) &&
				      (!aor || (r->aor.len == aor->len && !memcmp(r->aor.s, aor->s, (size_t)aor->len)));
			struct copied *one = wanted ? copy_contact(c) : NULL;
			if (!one)
				continue;
			one->next = list;
			list = one;
		}
	rec_lock_release(&slot->rlock);
	return list;
}

udomain_t *edge_ul_domain(void)
{
	udomain_t *d = NULL;
	return ul.get_udomain("location", &d) == 0 ? d : NULL;
}

static void walk_list(struct copied *c, edge_contact_h *h, void *arg)
{
	for (struct copied *next; c; c = next) {
		next = c->next;
		h(&c->c, arg);
		free(c);
	}
}

bool edge_usrloc_walk_slot(int slot, edge_contact_h *h, void *arg)
{
	udomain_t *d = edge_ul_domain();
	if (!d || slot >= d->size)
		return false;
	walk_list(copy_slot(&d->table[slot], NULL, time(NULL)), h, arg);
	return true;
}

void edge_usrloc_walk(edge_contact_h *h, void *arg)
{
	for (int i = 0; edge_usrloc_walk_slot(i, h, arg);)
		i++;
}

void edge_usrloc_walk_aor(const char *aor, edge_contact_h *h, void *arg)
{
	udomain_t *d = edge_ul_domain();
	str s = {(char *)aor, (int)strlen(aor)};
	if (d)
		walk_list(copy_slot(&d->table[ul.get_aorhash(&s) & (unsigned)(d->size - 1)], &s, time(NULL)), h, arg);
}

static str text(const char *s)
{
	return (str){(char *)s, (int)strlen(s)};
}

/* What usrloc is told of a contact; `held` has the texts that it wants by address. */
void edge_ul_info(ucontact_info_t *info, struct edge_ul_texts *held, const struct edge_contact *c)
{
	str sock = text(c->socket);
	*held = (struct edge_ul_texts){text(c->contact), text(c->callid), text(c->user_agent), text(c->path)};
	*info = (ucontact_info_t){.ruid = text(c->ruid),
				  .c = &held->contact,
				  .received = text(c->received),
				  .path = &held->path,
				  .expires = c->expires,
				  .q = c->q,
				  .callid = &held->callid,
				  .cseq = c->cseq,
				  .flags = c->flags,
				  .cflags = c->cflags,
				  .user_agent = &held->agent,
				  .methods = c->methods,
				  .instance = text(c->instance),
				  .reg_id = (unsigned)c->reg_id,
				  .server_id = c->owner ? EDGE_UL_OTHERS + c->owner : server_id,
				  .tcpconn_id = -1,
				  .last_modified = c->last_modified,
				  .sock = sock.len ? lookup_local_socket(&sock) : NULL};
}

/* The same phone's contact in that record: by instance and reg-id (RFC 5626), else by its URI. */
ucontact_t *edge_ul_find(urecord_t *r, ucontact_info_t *info)
{
	ucontact_t *found = NULL;
	int cseq = info->cseq;
	info->cseq = INT_MAX; /* whichever REGISTER it was */
	int err = ul.get_ucontact_by_instance(r, info->c, info, &found);
	info->cseq = cseq;
	return err ? NULL : found;
}

static void insert(udomain_t *d, str *aor, const struct edge_contact *c)
{
	struct edge_ul_texts texts;
	ucontact_info_t info;
	urecord_t *r = NULL;
	ucontact_t *made = NULL;
	edge_ul_info(&info, &texts, c);
	if (ul.get_urecord(d, aor, &r) == 1 && ul.insert_urecord(d, aor, &r) < 0)
		return;
	if (!edge_ul_find(r, &info))
		ul.insert_ucontact(r, info.c, &info, &made);
	ul.release_urecord(r);
}

void edge_usrloc_restore(const struct edge_contact *c)
{
	char buf[512];
	udomain_t *d = edge_ul_domain();
	str aor = {buf, snprintf(buf, sizeof buf, "%s@%s", c->aor, c->domain)};
	if (!d || aor.len >= (int)sizeof buf || c->expires <= time(NULL))
		return;
	ul.lock_udomain(d, &aor);
	insert(d, &aor, c);
	ul.unlock_udomain(d, &aor);
}

struct gather {
	const struct zk_uuid *tenant;
	json_t *list;
};

static void gather_h(const struct edge_contact *c, void *arg)
{
	struct gather *g = arg;
	struct zk_uuid tenant;
	char id[ZK_UUID_TEXT], extension[24], contact[264];
	if (!edge_find_tenant(store, c->domain, strlen(c->domain), &tenant) ||
	    (!zk_uuid_is_zero(g->tenant) && zk_uuid_cmp(&tenant, g->tenant)))
		return;
	zk_uuid_text(id, &tenant);
	zk_escape(extension, sizeof extension, c->aor, strlen(c->aor));
	zk_escape(contact, sizeof contact, c->contact, strlen(c->contact));
	json_array_append_new(g->list, json_pack("{s:s,s:s,s:s,s:b}", "tenant", id, "extension", extension, "contact",
						 contact, "held", !c->owner));
}

json_t *edge_usrloc_registrations(const struct zk_uuid *tenant, int *after)
{
	struct gather g = {tenant, json_array()};
	bool there = g.list != NULL;
	while (there && json_array_size(g.list) < PAGE_CONTACTS && *after >= 0)
		there = edge_usrloc_walk_slot((*after)++, gather_h, &g);
	if (!there)
		*after = -1;
	return g.list;
}
