/* The process of the module that speaks TLS to carriers. Of all of Kamailio's processes it alone touches OpenSSL. */
#include "trunk_gate_mod.h"
#include "trunk_gate.h"
#include "trunk_keep.h"
#include "trunk_mod.h"
#include "zk_log.h"
#include <arpa/inet.h>
#include <core/globals.h>
#include <core/socket_info.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define LOOK_EVERY_US 1000000LL
#define LINES_MAX     4096

int trunk_gate_port;

/* Whose the lines are, by number. Rows are looked through once a second, and when somebody comes by a line that is not
 * known yet. */
static struct line {
	int line;
	struct zk_uuid trunk, host;
} lines[LINES_MAX];
static unsigned n_lines;

/* What find_h hands out, until it is asked again. */
static struct {
	struct trunk_trunk trunk;
	struct trunk_host host;
	struct trunk_cert cert;
	bool is;
} found;

static void add_line(int line, const struct zk_uuid *trunk, const struct zk_uuid *host)
{
	if (n_lines < LINES_MAX && trunk_line_address(line))
		lines[n_lines++] = (struct line){line, *trunk, *host};
}

static int by_line(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	return (x->line > y->line) - (x->line < y->line);
}

static void read_lines(void)
{
	static struct trunk_trunk t;
	struct trunk_host hosts[8];
	uint32_t from = 0;
	n_lines = 0;
	while (zk_dump(trunk_store, TRUNK_TRUNK, &from, &t, 1))
		if (t.tls && t.enabled)
			add_line(t.line, &t.rec.id, &t.rec.id);
	from = 0;
	for (size_t n; (n = zk_dump(trunk_store, TRUNK_HOST, &from, hosts, 8));)
		for (size_t i = 0; i < n; i++)
			if (hosts[i].enabled && trunk_find(trunk_store, &hosts[i].trunk, &t) && t.tls && t.enabled)
				add_line(hosts[i].line, &t.rec.id, &hosts[i].rec.id);
	qsort(lines, n_lines, sizeof *lines, by_line);
}

static void rows_h(struct zk_map *const *maps, void *arg)
{
	const struct line *l = arg;
	const struct trunk_trunk *t = zk_by_id(maps[TRUNK_TRUNK], &l->trunk);
	const struct trunk_host *h = NULL;
	const struct trunk_cert *cert = NULL;
	bool further = zk_uuid_cmp(&l->host, &l->trunk) != 0;
	found.is = t && t->enabled && t->tls && (!further || (h = zk_by_id(maps[TRUNK_HOST], &l->host)));
	if (!found.is)
		return;
	found.trunk = *t;
	if (h)
		found.host = *h;
	if (!zk_uuid_is_zero(&t->cert))
		cert = zk_by_id(maps[TRUNK_CERT], &t->cert);
	if (cert)
		found.cert = *cert;
	else
		memset(&found.cert, 0, sizeof found.cert);
	found.is = found.is && (cert || zk_uuid_is_zero(&t->cert)); /* whom to trust is not known yet: nobody */
}

static bool find_h(int line, struct trunk_gate_target *t, void *arg)
{
	struct line key = {.line = line}, *l = bsearch(&key, lines, n_lines, sizeof *lines, by_line);
	struct trunk_host_state s;
	(void)arg;
	if (!l) {
		read_lines();
		l = bsearch(&key, lines, n_lines, sizeof *lines, by_line);
	}
	if (!l || zk_read(trunk_store, rows_h, l) || !found.is)
		return false;
	const char *host = zk_uuid_cmp(&l->host, &l->trunk) ? found.host.host : found.trunk.host;
	int port = host == found.trunk.host ? found.trunk.port : found.host.port;
	trunk_state_host(trunk_live, &l->host, &s);
	t->trunk = l->trunk;
	t->host = l->host;
	t->n = s.n;
	memcpy(t->to, s.addr, sizeof t->to);
	if (trunk_addr_parse(&t->to[0], host, port))
		t->n = 1;
	t->ask = (struct trunk_tls_ask){found.trunk.tls_name[0] ? found.trunk.tls_name : host, found.cert.authorities,
					found.cert.certificate, found.cert.key};
	return true;
}

static void heard_h(const struct zk_uuid *trunk, const struct zk_uuid *host, const char *fault, void *arg)
{
	(void)arg;
	if (trunk_state_fault(trunk_live, host, fault, trunk_now_us()))
		trunk_changed(trunk, host, fault[0] ? "down" : "up", -1, 0);
}

char trunk_line_said[INET_ADDRSTRLEN];
int trunk_w_line(struct sip_msg *msg, char *p_trunk, char *p2)
{
	static struct trunk_trunk t;
	char text[ZK_UUID_TEXT];
	struct zk_uuid id;
	(void)p2;
	if (!zk_kam_arg(msg, p_trunk, text, sizeof text) || !zk_uuid_parse(&id, text) ||
	    !trunk_find(trunk_store, &id, &t) || !t.tls)
		return -1;
	uint32_t at = trunk_line_address(t.line);
	return inet_ntop(AF_INET, &at, trunk_line_said, sizeof trunk_line_said) ? 1 : -1;
}

/* Kamailio takes the first socket that is not of 127.0.0.1 for whatever leaves by TCP: that would be the lines'. The
 * last one of 127.0.0.1 it is, as core.cfg says. */
void trunk_gate_socket(void)
{
	struct socket_info **list = get_sock_info_list(PROTO_TCP), *last = NULL;
	for (struct socket_info *s = list ? *list : NULL; s; s = s->next)
		if (s->address.af == AF_INET && s->flags & SI_IS_LO)
			last = s;
	if (last)
		sendipv4_tcp = last;
}

static struct trunk_gate *gate;

int trunk_gate_open(void)
{
	struct trunk_gate_calls calls = {find_h, heard_h, NULL};
	int err = trunk_gate_port ? trunk_gate_alloc(&gate, trunk_gate_port, &calls) : 0;
	if (err)
		zk_log(ZK_ERROR, "cannot listen for trunks over TLS port=%d because=\"%s\"", trunk_gate_port,
		       strerror(err));
	return err;
}

void trunk_gate_run(void)
{
	struct rlimit files;
	int64_t look = 0;
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	for (;;) {
		trunk_gate_turn(gate, (int)(LOOK_EVERY_US / 1000));
		if (trunk_now_us() < look && look - trunk_now_us() <= LOOK_EVERY_US)
			continue;
		look = trunk_now_us() + LOOK_EVERY_US;
		read_lines();
		trunk_gate_look(gate);
	}
}
