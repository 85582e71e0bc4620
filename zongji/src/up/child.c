/* One child: spawn, probe, restart, stop. Its state is written by set_state alone. */
#include "up/up.h"
#include "zj_log.h"
#include "zj_time.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROBE_EVERY_MS   20
#define BACKOFF_MIN_MS   50
#define BACKOFF_MAX_MS   2000
#define STEADY_US        (10 * 1000000LL) /* up for so long: the next crash starts from the smallest backoff */
#define STOP_PATIENCE_MS 3000
#define LOG_MAX_BYTES    (64 * 1024 * 1024)

static const char *const state_names[UP_STATES] = {"waiting",  "starting", "ready", "backoff",
						   "stopping", "stopped",  "done"};

const char *up_state_name(enum up_state state)
{
	return state < UP_STATES ? state_names[state] : "unknown";
}

static void set_state(struct up_child *c, enum up_state state)
{
	if (c->state == state)
		return;
	zj_info("up", "process name=%s old=%s new=%s pid=%d", c->spec.name, up_state_name(c->state),
		up_state_name(state), (int)c->pid);
	c->state = state;
	c->since_us = zj_now_us();
}

/* The child's log, one file a process; a file that has grown large is set aside first, so two of them are the limit. */
static int open_log(const struct up_child *c)
{
	char path[4096], aside[4100];
	struct stat st;

	snprintf(path, sizeof(path), "%s/log/%s.log", c->up->run, c->spec.name);
	snprintf(aside, sizeof(aside), "%s.1", path);
	if (!stat(path, &st) && st.st_size > LOG_MAX_BYTES)
		(void)rename(path, aside);
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

/* Between fork and exec. The death signal comes after the change of user, which clears it. */
static void become(const struct up_child *c, const struct passwd *user, int log, pid_t parent)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	/* The supervisor's handlers write to a pipe that we share until exec: a signal meant for us must not reach it.
	 */
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (setsid() < 0 || null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
		_exit(126);
	if (user && (initgroups(user->pw_name, user->pw_gid) || setgid(user->pw_gid) || setuid(user->pw_uid)))
		_exit(126);
	prctl(PR_SET_PDEATHSIG, c->spec.stop_signal);
	if (getppid() != parent)
		_exit(126);
	execvp(c->spec.argv[0], (char *const *)c->spec.argv);
	dprintf(2, "cannot run %s: %s\n", c->spec.argv[0], strerror(errno));
	_exit(127);
}

static int spawn(struct up_child *c)
{
	const struct passwd *user = c->spec.user ? getpwnam(c->spec.user) : NULL;
	pid_t parent = getpid(), pid;
	sigset_t all, before;
	int log;

	if (c->spec.user && !user)
		return ENOENT;
	if (user && user->pw_uid == geteuid())
		user = NULL;
	log = open_log(c);
	if (log < 0)
		return errno;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* until the child has its own handlers */
	pid = fork();
	if (pid == 0)
		become(c, user, log, parent);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(log);
	if (pid < 0)
		return errno;
	c->pid = pid;
	return 0;
}

static void on_probed(bool ready, struct up_child *c);

static void probe_again(uv_timer_t *timer)
{
	struct up_child *c = timer->data;

	if (c->state == UP_STARTING && !c->probe)
		up_probe_start(c, on_probed);
}

static void on_probed(bool ready, struct up_child *c)
{
	if (c->state != UP_STARTING)
		return;
	if (!ready) {
		uv_timer_start(&c->timer, probe_again, PROBE_EVERY_MS, 0);
		return;
	}
	set_state(c, UP_READY);
	up_advance(c->up);
}

static void start_later(struct up_child *c);

static void begin(struct up_child *c)
{
	int err = spawn(c);

	if (err) {
		zj_error("up", "cannot start name=%s because=%s", c->spec.name, strerror(err));
		start_later(c);
		return;
	}
	set_state(c, UP_STARTING);
	if (c->spec.once)
		return;
	if (c->spec.probe == UP_PROBE_NONE)
		set_state(c, UP_READY);
	else
		uv_timer_start(&c->timer, probe_again, PROBE_EVERY_MS, 0);
}

static void on_backoff_over(uv_timer_t *timer)
{
	struct up_child *c = timer->data;

	if (c->state == UP_BACKOFF) {
		begin(c);
		up_advance(c->up);
	}
}

static void start_later(struct up_child *c)
{
	c->backoff_ms = c->backoff_ms ? c->backoff_ms * 2 : BACKOFF_MIN_MS;
	if (c->backoff_ms > BACKOFF_MAX_MS)
		c->backoff_ms = BACKOFF_MAX_MS;
	c->restarts++;
	set_state(c, UP_BACKOFF);
	uv_timer_start(&c->timer, on_backoff_over, c->backoff_ms, 0);
}

void up_child_init(struct up_child *c)
{
	c->wanted = true;
	c->since_us = zj_now_us();
	uv_timer_init(&c->up->loop, &c->timer);
	c->timer.data = c;
}

/* Starts a waiting or stopped child now. */
void up_child_start(struct up_child *c)
{
	c->wanted = true;
	if (c->state == UP_WAITING || c->state == UP_STOPPED)
		begin(c);
}

/* What the leader left in its group goes with it (Kamailio's workers after a kill -9 of the main process). */
void up_child_kill_group(struct up_child *c)
{
	if (c->pid > 0)
		kill(-c->pid, SIGKILL);
}

void up_child_exited(struct up_child *c, int status)
{
	bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	up_child_kill_group(c);
	up_probe_cancel(c);
	uv_timer_stop(&c->timer);
	if (!clean || c->state != UP_STOPPING)
		zj_log(clean ? ZJ_INFO : ZJ_WARN, "up", "ended name=%s pid=%d exit=%d signal=%d", c->spec.name,
		       (int)c->pid, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
		       WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	c->pid = 0;
	if (!c->wanted || c->up->closing) {
		set_state(c, UP_STOPPED);
	} else if (c->spec.once && clean) {
		set_state(c, UP_DONE);
	} else {
		if (c->state == UP_READY && zj_now_us() - c->since_us > STEADY_US)
			c->backoff_ms = 0;
		start_later(c);
	}
	up_advance(c->up);
}

static void on_patience_over(uv_timer_t *timer)
{
	struct up_child *c = timer->data;

	if (c->pid > 0) {
		zj_warn("up", "does not end, killed name=%s pid=%d", c->spec.name, (int)c->pid);
		kill(c->pid, SIGKILL);
	}
}

/* Asks the child to end; after 3 s it is killed. */
void up_child_stop(struct up_child *c)
{
	c->wanted = false;
	up_probe_cancel(c);
	uv_timer_stop(&c->timer);
	if (c->pid <= 0) {
		if (c->state != UP_DONE)
			set_state(c, UP_STOPPED);
		return;
	}
	if (c->state == UP_STOPPING)
		return;
	set_state(c, UP_STOPPING);
	kill(c->pid, c->spec.stop_signal);
	kill(c->pid, SIGCONT);
	uv_timer_start(&c->timer, on_patience_over, STOP_PATIENCE_MS, 0);
}

bool up_child_is_gone(const struct up_child *c)
{
	return c->pid == 0;
}
