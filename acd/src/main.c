/* acd: owner of every call. See README.md. */
#include "shell/daemon.h"
#include "zj_obj.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_walk_h(uv_handle_t *h, void *arg)
{
	(void)arg;
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

static void signal_h(uv_signal_t *h, int signum)
{
	(void)signum;
	acd_stop(h->data, 0, "signal");
}

/* One acd a run directory: the kernel frees the lock of a dead one. */
static int lock_run(const struct acd_conf *conf)
{
	char path[4200];
	int fd;

	snprintf(path, sizeof(path), "%s/acd.lock", conf->run);
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0640);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB)) {
		zj_error("main", "another acd runs here, or no access path=%s err=%s", path, strerror(errno));
		return -1;
	}
	return fd;
}

static int start(struct acd_daemon *d)
{
	struct acd_settings set = {.node = d->conf.node,
				   .store = d->conf.store,
				   .music = d->conf.music,
				   .dial_ring_us = d->conf.dial_ring_s * ACD_S,
				   .guard_us = 5 * ACD_S};
	int err;

	mkdir(d->conf.spool, 0750);
	err = zj_health_alloc(&d->health, "acd", (uint16_t)d->conf.health_port, acd_metrics);
	if (err)
		return err;
	err = acd_alloc(&d->acd, &set, &acd_effects, d);
	if (!err)
		err = zj_spool_open(&d->spool, d->loop, d->conf.spool);
	if (!err)
		err = zj_pg_alloc(&d->pg, d->loop, d->conf.postgres, 2, 2000);
	if (!err)
		err = acd_writer_alloc(&d->writer, d);
	if (!err)
		err = acd_media_link_alloc(&d->media, d);
	if (!err)
		err = acd_mirror_alloc(&d->mirror, d);
	if (err)
		return err;
	uv_timer_init(d->loop, &d->wake);
	d->wake.data = d;
	uv_signal_init(d->loop, &d->term);
	uv_signal_init(d->loop, &d->intr);
	d->term.data = d->intr.data = d;
	uv_signal_start(&d->term, signal_h, SIGTERM);
	uv_signal_start(&d->intr, signal_h, SIGINT);
	d->up_since = zj_now_us();
	acd_boot(d);
	return 0;
}

/* Calls go on without us; what is in memory is in Redis or in the spool. */
static void finish(struct acd_daemon *d)
{
	d->serving = false;
	acd_api_close(d->api);
	d->api = NULL;
	acd_edge_close(d->edge);
	d->edge = NULL;
	acd_media_link_close(d->media);
	acd_mirror_close(d->mirror);
	acd_writer_close(d->writer);
	acd_follower_close(d->follower);
	acd_lease_close(d->lease);
	zj_pg_close(d->pg);
	zj_spool_close(d->spool);
	uv_walk(d->loop, close_walk_h, NULL);
	for (int i = 0; i < 100 && uv_loop_close(d->loop); i++)
		uv_run(d->loop, UV_RUN_NOWAIT);
}

int main(int argc, char **argv)
{
	static struct acd_daemon d = {.exit_code = -1};
	int code = zj_daemon_start(argc, argv, "acd", acd_conf_rows, &d.conf), lock, err;

	if (code >= 0)
		return code;
	lock = lock_run(&d.conf);
	if (lock < 0)
		return 1;
	d.loop = uv_default_loop();
	err = start(&d);
	if (err) {
		zj_error("main", "cannot start err=%s", strerror(err));
		return 1;
	}
	while (d.exit_code < 0)
		uv_run(d.loop, UV_RUN_DEFAULT);
	finish(&d);
	close(lock);
	return d.exit_code;
}
