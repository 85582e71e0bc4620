/* The control protocol: lines of any controller, against a whole mediad in this process (its sockets are real, on the
 * loopback; nobody answers its calls). */
#include "control/control.h"
#include "rpc_priv.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zj_log.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct md_control *control;
static su_root_t *root;
static uv_loop_t *loop;

static void start(void)
{
	static struct md_conf conf;
	static char dir[] = "/tmp/zj-fuzz-XXXXXX", path[300];
	int64_t base = 24000 + getpid() % 300 * 100;
	zj_log_set_level(ZJ_ERROR - 1);
	if (!mkdtemp(dir))
		abort();
	for (const struct zj_conf_row *r = md_conf_rows; r->key; r++) {
		char *field = (char *)&conf + r->offset;
		if (r->type == ZJ_CONF_INT)
			*(int64_t *)(void *)field = r->def ? atoll(r->def) : 0;
		else
			*(char **)(void *)field = strdup(r->def ? r->def : dir);
	}
	snprintf(path, sizeof(path), "%s/sock", dir);
	free(conf.socket);
	free(conf.proxy);
	conf.socket = path;
	conf.proxy = strdup("");
	conf.sip_port = base;
	conf.rtp_port_min = base + 2;
	conf.rtp_port_max = base + 99;
	su_init();
	root = su_root_create(NULL);
	su_root_threading(root, 0);
	loop = uv_default_loop();
	if (md_control_alloc(&control, loop, root, &conf))
		abort();
}

static void settle(void)
{
	struct md_leg *l, *ln;
	struct md_room *r, *rn;
	HASH_ITER (hh, control->rooms, r, rn)
		md_room_destroy(r);
	HASH_ITER (hh, control->legs, l, ln)
		md_leg_end(l, "us", 486, 16, NULL);
	for (int i = 0; i < 20; i++) {
		uv_run(loop, UV_RUN_NOWAIT);
		su_root_step(root, 0);
	}
	control->owner->acked = INT64_MAX;
	HASH_ITER (hh, control->legs, l, ln) {
		l->controller = control->owner;
		md_leg_drop_if_done(l);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zj_rpc_conn *c;
	if (!control)
		start();
	if (zj_rpc_conn_alloc(&c, loop, md_methods_table(), NULL, control))
		return 0;
	for (const uint8_t *p = data, *end = data + size; p < end;) {
		const uint8_t *nl = memchr(p, '\n', (size_t)(end - p));
		zj_rpc_conn_line((const char *)p, (size_t)((nl ? nl : end) - p), c);
		p = nl ? nl + 1 : end;
	}
	if (zj_rpc_user(c))
		md_peer_down(zj_rpc_user(c), c);
	zj_deref(c);
	settle();
	return 0;
}
