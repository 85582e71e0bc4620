/* mediad: SIP user agent and media engine. One control thread runs libuv and sofia's root; see README.md. */
#include "conf.h"
#include "control/control.h"
#include "progress/report.h"
#include "prompt/convert.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zj_log.h>

#define STEP_MAX_MS 1000
#define GOODBYE_MS  1500
#define EMPTY_US    20  /* a step that took less has done nothing */
#define NEARLY_US   250 /* then it rests so long before the next */

static bool stopping, gone;
static struct md_control *control;

static int uv_ready_h(su_root_magic_t *magic ZJ_UNUSED, su_wait_t *w ZJ_UNUSED, su_wakeup_arg_t *arg ZJ_UNUSED)
{
	return 0; /* the loop below runs libuv after every step */
}

static void gone_h(void *arg ZJ_UNUSED)
{
	gone = true;
}

static void stop_h(uv_signal_t *s ZJ_UNUSED, int signum)
{
	if (stopping)
		return;
	zj_info("main", "stopping: signal=%d", signum);
	stopping = true;
	md_control_shutdown(control, gone_h, NULL);
}

static void drain_h(uv_signal_t *s ZJ_UNUSED, int signum ZJ_UNUSED)
{
	md_control_drain(control);
}

/* sofia counts whole milliseconds: in the last one before a timer it would step on the spot, which is what most of the
 * CPU of quiet calls went into. */
static void step(su_root_t *root, int timeout)
{
	int64_t began = zj_mono_us();
	if (!su_root_step(root, timeout) && timeout && zj_mono_us() - began < EMPTY_US)
		usleep(NEARLY_US);
}

/* Both loops in one thread: sofia waits, for libuv's descriptor and timers too. */
static void run(uv_loop_t *loop, su_root_t *root)
{
	int64_t until = 0;
	while (!gone) {
		uv_run(loop, UV_RUN_NOWAIT);
		int timeout = uv_backend_timeout(loop);
		if (timeout < 0 || timeout > STEP_MAX_MS)
			timeout = STEP_MAX_MS;
		step(root, timeout);
		uv_update_time(loop);
		if (stopping && !until)
			until = zj_mono_us() + GOODBYE_MS * 1000;
		if (until && zj_mono_us() > until)
			break;
		if (control->draining && !stopping && !control->legs)
			stop_h(NULL, SIGUSR2);
	}
}

static int serve(const struct md_conf *conf)
{
	static uv_signal_t term, intr, usr2;
	struct zj_health *health = NULL;
	uv_loop_t *loop = uv_default_loop();
	su_wait_t wait[1];
	su_init();
	su_root_t *root = su_root_create(NULL);
	su_root_threading(root, 0);
	if (!root || su_wait_create(wait, uv_backend_fd(loop), SU_WAIT_IN) ||
	    su_root_register(root, wait, uv_ready_h, NULL, 0) < 0)
		return 1;
	if (conf->health_port && zj_health_alloc(&health, "mediad", (uint16_t)conf->health_port, md_metrics))
		return 1;
	int err = md_control_alloc(&control, loop, root, conf);
	if (err)
		return 1;
	uv_signal_init(loop, &term);
	uv_signal_init(loop, &intr);
	uv_signal_init(loop, &usr2);
	uv_signal_start(&term, stop_h, SIGTERM);
	uv_signal_start(&intr, stop_h, SIGINT);
	uv_signal_start(&usr2, drain_h, SIGUSR2);
	zj_health_set(health, true, NULL);
	zj_info("main", "serving: sip=%s:%lld socket=%s instance=%s", conf->address, (long long)conf->sip_port,
		conf->socket, control->instance);
	run(loop, root);
	md_control_free(control);
	uv_close((uv_handle_t *)&term, NULL);
	uv_close((uv_handle_t *)&intr, NULL);
	uv_close((uv_handle_t *)&usr2, NULL);
	for (int i = 0; i < 100 && uv_run(loop, UV_RUN_NOWAIT); i++)
		;
	su_root_destroy(root);
	su_deinit();
	zj_deref(health);
	zj_info("main", "stopped");
	return 0;
}

int main(int argc, char **argv)
{
	static struct md_conf conf;
	if (argc == 5 && !strcmp(argv[1], "--convert"))
		return md_convert(argv[2], argv[3], argv[4]);
	if (argc == 4 && !strcmp(argv[1], "--speak"))
		return md_speak(argv[2], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "--progress"))
		return md_progress_file(argv[2], argv[3]);
	/* Sockets: two a leg; workers: files and speech beside checksums. */
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of that file */
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){20000, 20000});
	setenv("UV_THREADPOOL_SIZE", "6", 0);
	int code = zj_daemon_start(argc, argv, "mediad", md_conf_rows, &conf);
	if (code < 0)
		code = serve(&conf);
	zj_conf_free(md_conf_rows, &conf);
	return code;
}
