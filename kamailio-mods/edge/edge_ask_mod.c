/* Are the telephones there, and how long does an answer take? Each registered contact is asked by OPTIONS: soon after
 * it registered, then once in so many seconds (behind a NAT, over UDP: twice); one that misses an answer is asked again
 * at once. Whatever it answers, it is there. What is heard stays with the contact in usrloc. Only its own edge asks: it
 * alone knows the way through a NAT. */
#include "edge_ask.h"
#include "edge_mod.h"
#include "zk_log.h"
#include <core/mem/shm_mem.h>
#include <core/timer.h>
#include <modules/tm/tm_load.h>
#include <string.h>
#include <time.h>

#define RUID_MAX 96
#define ASK_MAX  4000 /* in one second: thirty times that many telephones at the default, half of them behind NATs */

static struct tm_binds tmb;
static unsigned every_s;

struct asked { /* in shared memory: the process that hears the answer frees it */
	int64_t at_us;
	unsigned aorhash;
	char ruid[RUID_MAX];
};

static int64_t mono_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void heard_h(struct cell *t, int type, struct tmcb_params *ps)
{
	struct asked *a = *ps->param;
	(void)t;
	(void)type;
	if (!a)
		return;
	edge_ask_heard(a->aorhash, a->ruid, ps->rpl == FAKED_REPLY ? -1 : (long)(mono_us() - a->at_us));
	*ps->param = NULL;
	shm_free(a);
}

/* The hole that a NAT keeps for UDP closes after half a minute in many; whoever is behind one is asked twice as often.
 */
static bool is_due(const struct edge_contact *c)
{
	bool hole = c->received[0] && !strstr(c->received, "transport=");
	return hole || c->misses || c->rtt_us < 0 || time(NULL) - c->heard >= (time_t)every_s * 2 / 3;
}

static void ask_h(const struct edge_contact *c, void *arg)
{
	static str method = str_init("OPTIONS"), from = str_init("sip:edge@zongji.invalid");
	char aor[340];
	unsigned *n = arg;
	uac_req_t req;
	if (c->owner || !is_due(c) || strlen(c->ruid) >= RUID_MAX || ++*n > ASK_MAX)
		return;
	struct asked *a = shm_malloc(sizeof *a);
	if (!a)
		return;
	a->aorhash = c->aorhash;
	memcpy(a->ruid, c->ruid, strlen(c->ruid) + 1);
	str uri = {(char *)c->contact, (int)strlen(c->contact)}, hop = {(char *)c->received, (int)strlen(c->received)},
	    sock = {(char *)c->socket, (int)strlen(c->socket)},
	    to = {aor, snprintf(aor, sizeof aor, "sip:%s@%s", c->aor, c->domain)};
	set_uac_req(&req, &method, NULL, NULL, NULL, TMCB_LOCAL_COMPLETED, heard_h, a);
	req.ssock = sock.len ? &sock : NULL;
	a->at_us = mono_us();
	if (to.len < (int)sizeof aor && tmb.t_request(&req, &uri, &to, &from, hop.len ? &hop : NULL) >= 0)
		return;
	/* It cannot be sent: its connection is gone. */
	edge_ask_heard(c->aorhash, c->ruid, -1);
	shm_free(a);
}

static void every_second(unsigned int ticks, void *param)
{
	unsigned n = 0;
	(void)ticks;
	(void)param;
	edge_ask_walk((every_s + 1) / 2, ask_h, &n);
}

int edge_ask_init(int every)
{
	every_s = every > 0 ? (unsigned)every : 0;
	if (!every_s)
		return 0;
	return load_tm_api(&tmb) >= 0 && register_timer(every_second, NULL, 1) >= 0 ? 0 : -1;
}
