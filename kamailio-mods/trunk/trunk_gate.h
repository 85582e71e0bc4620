/* The gate: listens on the loopback addresses of lines, and passes what comes there on to the carrier over TLS, and
 * back. One thread, never waits but in poll. Knows neither rows nor Kamailio: whom a line leads to, it asks. */
#ifndef TRUNK_GATE_H
#define TRUNK_GATE_H
#include "trunk_line.h"
#include "trunk_tls.h"

#define TRUNK_GATE_CONNS       1024
#define TRUNK_GATE_PATIENCE_US 5000000LL /* for the connection and the handshake */

struct trunk_gate_target {
	struct zk_uuid trunk, host;
	struct trunk_addr to[TRUNK_ADDRS]; /* where it is; n 0: its name is not resolved yet */
	unsigned n;
	struct trunk_tls_ask ask; /* borrowed until the callback returns to the gate's next turn */
};

struct trunk_gate_calls {
	/* Whom does a line lead to? False: nobody (any more). */
	bool (*find)(int line, struct trunk_gate_target *t, void *arg);
	/* What became of a connection: `fault` "": the carrier speaks with us. */
	void (*heard)(const struct zk_uuid *trunk, const struct zk_uuid *host, const char *fault, void *arg);
	void *arg;
};

struct trunk_gate;
/* 0, or errno: cannot listen on that port. */
int trunk_gate_alloc(struct trunk_gate **gp, int port, const struct trunk_gate_calls *calls)
	__attribute__((warn_unused_result));
void trunk_gate_free(struct trunk_gate *g);
/* Waits at most `wait_ms` for something to do, and does it. */
void trunk_gate_turn(struct trunk_gate *g, int wait_ms);
/* Whom do the lines lead to now? Connections whose target is gone are closed; those whose target is another now, when
 * nothing is said on them. Once a second. */
void trunk_gate_look(struct trunk_gate *g);
unsigned trunk_gate_count(const struct trunk_gate *g);
#endif
