/* zongji up: the loop of the supervisor. */
#include "up/up.h"
#include "zj_log.h"
#include "zj_time.h"
#include "zongji.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLOSE_DEADLINE_MS 4500 /* then everything that still runs is killed */

enum { PROCESSES, READY, RESTARTS };
static struct zj_metric metrics[] = {
	[PROCESSES] = {"processes", "Rows of the table of processes", ZJ_GAUGE, 0},
	[READY] = {"processes_ready", "Those that are ready, or done", ZJ_GAUGE, 0},
	[RESTARTS] = {"restarts_total", "Processes started again after a death", ZJ_COUNTER, 0},
	{NULL, NULL, ZJ_COUNTER, 0},
};

static bool ready(const struct up_child *c)
{
	return c->state == UP_READY || c->state == UP_DONE;
}

static bool may_start(const struct up *up, const struct up_child *c)
{
	if (c->state != UP_WAITING || !c->wanted)
		return false;
	for (size_t i = 0; i < c->spec.after_n; i++) {
		if (!ready(&up->children[c->spec.after[i]]))
			return false;
	}
	return true;
}

/* Nobody living comes after it. */
static bool may_stop(const struct up *up, size_t index)
{
	for (size_t i = 0; i < up->n; i++) {
		const struct up_child *c = &up->children[i];

		for (size_t k = 0; k < c->spec.after_n; k++) {
			if (c->spec.after[k] == index && !up_child_is_gone(c))
				return false;
		}
	}
	return true;
}

static void close_handle(uv_handle_t *h, void *arg ZJ_UNUSED)
{
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

static void close_on(struct up *up)
{
	bool all_gone = true;

	for (size_t i = up->n; i-- > 0;) {
		struct up_child *c = &up->children[i];

		if (!up_child_is_gone(c)) {
			all_gone = false;
			if (may_stop(up, i))
				up_child_stop(c);
		}
	}
	if (all_gone && up->server) {
		zj_rpc_server_close(up->server);
		up->server = NULL;
		uv_stop(&up->loop);
	}
}

static void measure(struct up *up)
{
	int64_t ready_n = 0, restarts = 0;

	for (size_t i = 0; i < up->n; i++) {
		ready_n += ready(&up->children[i]);
		restarts += up->children[i].restarts;
	}
	zj_metric_set(&metrics[PROCESSES], (int64_t)up->n);
	zj_metric_set(&metrics[READY], ready_n);
	zj_metric_set(&metrics[RESTARTS], restarts);
	zj_health_set(up->health, ready_n == (int64_t)up->n, "not every process is ready");
}

void up_advance(struct up *up)
{
	bool all = true;

	if (up->closing) {
		close_on(up);
		return;
	}
	for (size_t i = 0; i < up->n; i++) {
		if (may_start(up, &up->children[i]))
			up_child_start(&up->children[i]);
		all = all && ready(&up->children[i]);
	}
	if (all && !up->announced) {
		up->announced = true;
		zj_info("up", "ready processes=%zu", up->n);
	}
	if (up->announced)
		up_ready_write(up);
	measure(up);
}

static void on_deadline(uv_timer_t *timer)
{
	struct up *up = timer->data;

	for (size_t i = 0; i < up->n; i++)
		up_child_kill_group(&up->children[i]);
}

static void on_stop_signal(uv_signal_t *handle, int number)
{
	struct up *up = handle->data;

	if (up->closing)
		return;
	zj_info("up", "closing signal=%d", number);
	up->closing = true;
	up_ready_remove(up);
	uv_timer_start(&up->deadline, on_deadline, CLOSE_DEADLINE_MS, 0);
	for (size_t i = 0; i < up->n; i++) {
		if (up_child_is_gone(&up->children[i]))
			up_child_stop(&up->children[i]);
	}
	up_advance(up);
}

static void on_sigchld(uv_signal_t *handle, int number ZJ_UNUSED)
{
	struct up *up = handle->data;

	for (size_t i = 0; i < up->n; i++) {
		struct up_child *c = &up->children[i];
		int status;

		if (c->pid > 0 && waitpid(c->pid, &status, WNOHANG) == c->pid)
			up_child_exited(c, status);
	}
}

static int watch(struct up *up)
{
	static const struct {
		size_t offset;
		uv_signal_cb h;
		int number;
	} rows[] = {
		{offsetof(struct up, sigchld), on_sigchld, SIGCHLD},
		{offsetof(struct up, sigint), on_stop_signal, SIGINT},
		{offsetof(struct up, sigterm), on_stop_signal, SIGTERM},
	};
	int err = uv_timer_init(&up->loop, &up->deadline);

	up->deadline.data = up;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(rows) && !err; i++) {
		uv_signal_t *s = (uv_signal_t *)((char *)up + rows[i].offset);

		err = uv_signal_init(&up->loop, s);
		s->data = up;
		if (!err)
			err = uv_signal_start(s, rows[i].h, rows[i].number);
	}
	return -err;
}

/* Two supervisors of one run directory would start everything twice: whoever answers on the socket was first. */
static int listen_once(struct up *up, const char *run)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/sock/up.sock", run);
	return zj_rpc_listen(&up->server, &up->loop, path, up_methods, NULL, up);
}

int cmd_up(const struct zongji_conf *conf, int argc ZJ_UNUSED, char **argv ZJ_UNUSED)
{
	static struct up up; /* large, and there is one */
	char path[4096], why[512];
	int err;

	up.run = conf->run;
	if (uv_loop_init(&up.loop))
		return 1;
	snprintf(path, sizeof(path), "%s/etc/processes.json", conf->run);
	for (size_t i = 0; i < UP_CHILDREN_MAX; i++)
		up.children[i].up = &up;
	if (up_table_load(&up, path, why, sizeof(why))) {
		fprintf(stderr, "zongji up: %s\n", why);
		return 1;
	}
	err = zj_health_alloc(&up.health, "up", (uint16_t)conf->health_port, metrics);
	if (err) {
		fprintf(stderr, "zongji up: health_port %" PRId64 ": %s\n", conf->health_port, strerror(err));
		return 1;
	}
	err = listen_once(&up, conf->run);
	if (!err)
		err = watch(&up);
	if (err) {
		fprintf(stderr, "zongji up: %s/sock/up.sock: %s\n", conf->run, strerror(err));
		return 1;
	}
	up_ready_remove(&up); /* of a former one that was killed */
	for (size_t i = 0; i < up.n; i++)
		up_child_init(&up.children[i]);
	up_advance(&up);
	uv_run(&up.loop, UV_RUN_DEFAULT);
	uv_walk(&up.loop, close_handle, NULL);
	uv_run(&up.loop, UV_RUN_DEFAULT);
	uv_loop_close(&up.loop);
	json_decref(up.table);
	zj_deref(up.health);
	return up.exit_code;
}
