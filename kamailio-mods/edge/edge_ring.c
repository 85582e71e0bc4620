#include "edge_event.h"
#include "zk_map.h"
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Each cell carries a turn number: a putter may fill cell i when it is i, the taker may empty it when it is i + 1. */
struct cell {
	_Atomic unsigned turn;
	struct edge_event event;
};

struct edge_ring {
	unsigned mask;
	int fd;
	_Atomic unsigned head, tail;
	_Atomic unsigned long dropped;
	struct cell cells[];
};

int edge_ring_alloc(struct edge_ring **rp, unsigned size)
{
	if (!size || (size & (size - 1)))
		return EINVAL;
	struct edge_ring *r = zk_mem_alloc(sizeof *r + size * sizeof(struct cell));
	if (!r)
		return ENOMEM;
	memset(r, 0, sizeof *r);
	r->mask = size - 1;
	r->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	for (unsigned i = 0; i < size; i++)
		atomic_init(&r->cells[i].turn, i);
	*rp = r;
	return 0;
}

void edge_ring_free(struct edge_ring *r)
{
	if (!r)
		return;
	close(r->fd);
	zk_mem_free(r);
}

bool edge_ring_put(struct edge_ring *r, const struct edge_event *e)
{
	unsigned at = atomic_load(&r->tail);
	for (;;) {
		struct cell *c = &r->cells[at & r->mask];
		int ahead = (int)(atomic_load_explicit(&c->turn, memory_order_acquire) - at);
		if (ahead < 0) {
			atomic_fetch_add(&r->dropped, 1);
			return false;
		}
		if (ahead == 0 && atomic_compare_exchange_weak(&r->tail, &at, at + 1)) {
			c->event = *e;
			atomic_store_explicit(&c->turn, at + 1, memory_order_release);
			break;
		}
		if (ahead > 0)
			at = atomic_load(&r->tail);
	}
	uint64_t one = 1;
	return write(r->fd, &one, sizeof one) == sizeof one || errno == EAGAIN;
}

/* The descriptor is cleared before the last look, so a later put wakes the taker again. */
bool edge_ring_take(struct edge_ring *r, struct edge_event *e)
{
	unsigned at = atomic_load(&r->head);
	struct cell *c = &r->cells[at & r->mask];
	if (atomic_load_explicit(&c->turn, memory_order_acquire) != at + 1) {
		uint64_t n;
		ssize_t got = read(r->fd, &n, sizeof n);
		if (got < 0 || atomic_load_explicit(&c->turn, memory_order_acquire) != at + 1)
			return false;
	}
	*e = c->event;
	atomic_store_explicit(&c->turn, at + r->mask + 1, memory_order_release);
	atomic_store(&r->head, at + 1);
	return true;
}

unsigned long edge_ring_dropped(const struct edge_ring *r)
{
	return atomic_load(&r->dropped);
}

int edge_ring_fd(const struct edge_ring *r)
{
	return r->fd;
}
