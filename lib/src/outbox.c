/* Events that must arrive (zj_outbox.h): a ring of numbered notifications. */
#include "zj_outbox.h"
#include <errno.h>
#include <stdlib.h>

struct entry {
	char *method; /* an object */
	json_t *params;
};

struct zj_outbox {
	struct entry *ring; /* `n` entries from `first` on; grows up to `max` */
	size_t first, n, size, max;
	int64_t last; /* number of the newest; the oldest kept is last - n + 1 */
	int64_t lost; /* events dropped that no kept event tells of yet */
	struct zj_rpc_conn *conn;
};

static struct entry *at(const struct zj_outbox *o, size_t i)
{
	return &o->ring[(o->first + i) % o->size];
}

static void oldest_drop(struct zj_outbox *o)
{
	struct entry *e = at(o, 0);

	zj_deref(e->method);
	json_decref(e->params);
	o->first = (o->first + 1) % o->size;
	o->n--;
}

static void outbox_destructor(void *obj)
{
	struct zj_outbox *o = obj;

	while (o->n)
		oldest_drop(o);
	free(o->ring);
	zj_deref(o->conn);
}

int zj_outbox_alloc(struct zj_outbox **op, size_t max)
{
	struct zj_outbox *o;

	if (!max)
		return EINVAL;
	o = zj_alloc(sizeof(*o), outbox_destructor);
	if (!o)
		return ENOMEM;
	o->max = max;
	*op = o;
	return 0;
}

static int grow(struct zj_outbox *o)
{
	size_t size = o->size ? o->size * 2 : 16;
	struct entry *ring;

	if (size > o->max)
		size = o->max;
	ring = calloc(size, sizeof(*ring));
	if (!ring)
		return ENOMEM;
	for (size_t i = 0; i < o->n; i++)
		ring[i] = *at(o, i);
	free(o->ring);
	o->ring = ring;
	o->first = 0;
	o->size = size;
	return 0;
}

static void entry_send(struct zj_outbox *o, struct entry *e)
{
	if (!o->conn)
		return;
	if (o->lost) { /* told once, by an event that is itself kept until it has arrived */
		int64_t before = json_integer_value(json_object_get(e->params, "lost"));

		json_object_set_new(e->params, "lost", json_integer(before + o->lost));
		o->lost = 0;
	}
	zj_rpc_notify(o->conn, e->method, json_incref(e->params));
}

int zj_outbox_put(struct zj_outbox *o, const char *method, json_t *params)
{
	struct entry e = {zj_strdup(method), params ? params : json_object()};

	if (!e.method || !e.params || (o->n == o->size && o->size < o->max && grow(o) && !o->size)) {
		zj_deref(e.method);
		json_decref(e.params);
		return ENOMEM;
	}
	if (o->n == o->size) { /* full, or no memory to grow */
		o->lost += 1 + json_integer_value(json_object_get(at(o, 0)->params, "lost"));
		oldest_drop(o);
	}
	json_object_set_new(e.params, "seq", json_integer(++o->last));
	*at(o, o->n++) = e;
	entry_send(o, at(o, o->n - 1));
	return 0;
}

void zj_outbox_ack(struct zj_outbox *o, int64_t seq)
{
	while (o->n && o->last - (int64_t)o->n < seq)
		oldest_drop(o);
}

void zj_outbox_attach(struct zj_outbox *o, struct zj_rpc_conn *conn, int64_t seen)
{
	zj_ref(conn);
	zj_deref(o->conn);
	o->conn = conn;
	if (!conn)
		return;
	zj_outbox_ack(o, seen);
	for (size_t i = 0; i < o->n; i++)
		entry_send(o, at(o, i));
}

int64_t zj_outbox_last(const struct zj_outbox *o)
{
	return o->last;
}

size_t zj_outbox_waiting(const struct zj_outbox *o)
{
	return o->n;
}
