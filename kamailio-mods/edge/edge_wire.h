/* What Kamailio says of itself to those who speak TLS. TLS ends in HAProxy (docs/decisions/074), so Kamailio thinks
 * that they speak TCP: on the way out its own Via and URIs become TLS, on the way back TCP again. In place, for both
 * words have three letters. */
#ifndef EDGE_WIRE_H
#define EDGE_WIRE_H
#include <stdbool.h>
#include <stddef.h>

#define EDGE_WIRES_MAX 4
struct edge_wire { /* a socket of ours that HAProxy hands TLS to, and what it is called outside */
	int port;
	char at[72]; /* HOST:PORT */
};
/* "PORT=HOST:PORT". */
bool edge_wire_parse(struct edge_wire *w, const char *text);
/* In the head of a message; `out`: TCP becomes TLS, else TLS becomes TCP. How often. */
unsigned edge_wire_turn(char *msg, size_t len, const char *at, bool out);
#endif
