/* Trunks over TLS, as the module's other files see them. */
#ifndef TRUNK_GATE_MOD_H
#define TRUNK_GATE_MOD_H
#include "zk_kam.h"

extern int trunk_gate_port; /* the parameter `gate`; 0: no TLS to carriers */
/* Script: (trunk) is a trunk over TLS; its line's address is $trunk(line). */
int trunk_w_line(struct sip_msg *msg, char *trunk, char *p2);
extern char trunk_line_said[];
/* Before the fork, so that it listens before the first worker sends. 0 or an errno, which was said. */
int trunk_gate_open(void);
/* When Kamailio has opened its sockets, before the fork. */
void trunk_gate_socket(void);
void trunk_gate_run(void) __attribute__((noreturn));
#endif
