/* Contacts whose phones are at another edge. They lie in our usrloc with a Path that leads there, so that a lookup
 * finds them like any other. */
#include "edge_peer_usrloc.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool same_ruid(const ucontact_t *c, const char *ruid)
{
	return c->ruid.len == (int)strlen(ruid) && !memcmp(c->ruid.s, ruid, (size_t)c->ruid.len);
}

/* Not said any more by the edge whose it was. */
static void remove_unsaid(urecord_t *r, int owner, const struct edge_contact *said, unsigned n)
{
	for (ucontact_t *c = r->contacts, *next; c; c = next) {
		bool is_said = false;
		next = c->next;
		for (unsigned i = 0; i < n; i++)
			is_said |= same_ruid(c, said[i].ruid);
		if (edge_ul_owner(c) == owner && !is_said)
			edge_ul.delete_ucontact(r, c);
	}
}

static void take_one(urecord_t *r, bool wins, const struct edge_contact *c)
{
	struct edge_ul_texts texts;
	ucontact_info_t info;
	ucontact_t *found, *made = NULL;
	if (c->expires <= time(NULL))
		return;
	edge_ul_info(&info, &texts, c);
	found = edge_ul_find(r, &info);
	if (!found) {
		edge_ul.insert_ucontact(r, info.c, &info, &made);
		return;
	}
	bool newer = c->last_modified > (long)found->last_modified ||
		     (c->last_modified == (long)found->last_modified && wins);
	if (edge_ul_owner(found) == c->owner || newer)
		edge_ul.update_ucontact(r, found, &info);
}

void edge_usrloc_take(int owner, bool wins, const char *aor, const struct edge_contact *c, unsigned n)
{
	udomain_t *d = edge_ul_domain();
	str s = {(char *)aor, (int)strlen(aor)};
	urecord_t *r = NULL;
	if (!d || !memchr(aor, '@', strlen(aor)))
		return;
	edge_ul_told = true;
	edge_ul.lock_udomain(d, &s);
	if (edge_ul.get_urecord(d, &s, &r) == 0 || (n && edge_ul.insert_urecord(d, &s, &r) == 0)) {
		remove_unsaid(r, owner, c, n);
		for (unsigned i = 0; i < n; i++)
			take_one(r, wins, &c[i]);
		edge_ul.release_urecord(r);
	}
	edge_ul.unlock_udomain(d, &s);
	edge_ul_told = false;
}

/* The record and contact of that id, its slot locked; false: there is none, and no lock. */
static bool find_locked(const char *aor, const char *ruid, str *s, urecord_t **r, ucontact_t **c)
{
	udomain_t *d = edge_ul_domain();
	*s = (str){(char *)aor, (int)strlen(aor)};
	if (!d)
		return false;
	edge_ul.lock_udomain(d, s);
	if (edge_ul.get_urecord(d, s, r) == 0)
		for (*c = (*r)->contacts; *c; *c = (*c)->next)
			if (same_ruid(*c, ruid))
				return true;
	edge_ul.unlock_udomain(d, s);
	return false;
}

static void done(str *s, urecord_t *r)
{
	edge_ul.release_urecord(r);
	edge_ul.unlock_udomain(edge_ul_domain(), s);
}

void edge_usrloc_drop(const char *aor, const char *ruid)
{
	urecord_t *r;
	ucontact_t *c;
	str s;
	if (!find_locked(aor, ruid, &s, &r, &c))
		return;
	edge_ul_told = true;
	if (!edge_ul_owner(c))
		edge_ul.delete_ucontact(r, c);
	edge_ul_told = false;
	done(&s, r);
}

/* Over UDP: it can be reached from any address (unless a NAT is in between that minds). */
static bool is_datagram(const struct edge_contact *c)
{
	return !c->transient && !strncmp(c->received[0] ? c->received : c->contact, "sip:", 4);
}

struct losing {
	int owner;
	struct edge_lost *sum;
};

/* A little older than it was, so that the other edge, if it lives after all, has it back. */
static void lost_h(const struct edge_contact *c, void *arg)
{
	struct losing *l = arg;
	struct edge_contact own = *c;
	struct edge_ul_texts texts;
	ucontact_info_t info;
	char aor[284];
	urecord_t *r;
	ucontact_t *found;
	str s;
	if (c->owner != l->owner || snprintf(aor, sizeof aor, "%s@%s", c->aor, c->domain) >= (int)sizeof aor ||
	    !find_locked(aor, c->ruid, &s, &r, &found))
		return;
	if (is_datagram(c)) {
		own.owner = 0;
		own.path = "";
		own.last_modified--;
		edge_ul_info(&info, &texts, &own);
		edge_ul.update_ucontact(r, found, &info);
		l->sum->on_udp++;
	} else {
		edge_ul_told = true;
		edge_ul.delete_ucontact(r, found);
		edge_ul_told = false;
		l->sum->on_connections++;
	}
	done(&s, r);
}

bool edge_usrloc_lost(int owner, int slot, struct edge_lost *sum)
{
	struct losing l = {owner, sum};
	return edge_usrloc_walk_slot(slot, lost_h, &l);
}
