#include "prompt/child.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zj_time.h>

#define TIMEOUT_MS 15000
#define LUFS       "-23" /* as prompts that are uploaded */

static int spawn(pid_t *pid, int in, int out, const char *const *argv)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	sigset_t none;
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, in, 0);
	if (out >= 0)
		posix_spawn_file_actions_adddup2(&fa, out, 1);
	else
		posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addclosefrom_np(&fa, 3);
	posix_spawnattr_init(&at);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&at, &none);
	posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGMASK);
	int err = posix_spawnp(pid, argv[0], &fa, &at, (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&at);
	return err;
}

/* Waits for the child, and kills it when it takes too long. 0: it ended well. */
static int await(pid_t pid, int64_t until_us)
{
	int status = 0;
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int64_t left = (until_us - zj_mono_us()) / 1000;
	bool late = false;
	if (pidfd >= 0) {
		struct pollfd p = {.fd = pidfd, .events = POLLIN};
		late = poll(&p, 1, left > 0 ? (int)left : 0) == 0;
		close(pidfd);
	}
	if (late)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	if (late)
		return ETIMEDOUT;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : EIO;
}

static void read_out(int fd, char *out, size_t size, int64_t until_us)
{
	size_t n = 0;
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = (until_us - zj_mono_us()) / 1000;
		char rest[256];
		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			break;
		ssize_t k = n < size - 1 ? read(fd, out + n, size - 1 - n) : read(fd, rest, sizeof(rest));
		if (k <= 0)
			break;
		if (n < size - 1)
			n += (size_t)k;
	}
	out[n] = 0;
}

int md_child_run(const char *const *argv, const char *input, char *out, size_t size)
{
	int in_fd[2], out_fd[2] = {-1, -1};
	size_t n = strlen(input);
	pid_t pid;
	if (pipe2(in_fd, O_CLOEXEC))
		return errno;
	int err = out && pipe2(out_fd, O_CLOEXEC) ? errno : 0;
	/* The pipe holds 64 kB, the text is shorter: this does not wait for the child. */
	if (!err && write(in_fd[1], input, n) != (ssize_t)n)
		err = EIO;
	close(in_fd[1]);
	int64_t until = zj_mono_us() + TIMEOUT_MS * 1000;
	if (!err)
		err = spawn(&pid, in_fd[0], out_fd[1], argv);
	close(in_fd[0]);
	if (out_fd[1] >= 0)
		close(out_fd[1]);
	if (!err) {
		if (out)
			read_out(out_fd[0], out, size, until);
		err = await(pid, until);
	}
	if (out_fd[0] >= 0)
		close(out_fd[0]);
	return err;
}

int md_boxed(const char *dir, const char *path, char *out, size_t out_size, char *why, size_t size)
{
	const char *base = strrchr(path, '/') + 1;
	char tmp[1200], said[600] = "";
	static _Atomic unsigned turn;
	struct stat st;
	if (stat(path, &st)) {
		snprintf(why, size, "cannot be opened: %s", strerror(errno));
		return errno;
	}
	int n = snprintf(out, out_size, "%s/%s-%lld-%lld.wav", dir, base, (long long)st.st_size,
			 (long long)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec);
	if (n < 0 || (size_t)n >= out_size || (size_t)n + 32 >= sizeof(tmp)) {
		snprintf(why, size, "%s", strerror(ENAMETOOLONG));
		return ENAMETOOLONG;
	}
	if (!access(out, R_OK))
		return 0;
	snprintf(tmp, sizeof(tmp), "%s.%d.%u.tmp", out, getpid(), turn++);
	const char *argv[] = {"/proc/self/exe", "--convert", path, tmp, LUFS, NULL};
	int err = md_child_run(argv, "", said, sizeof(said));
	if (!err && rename(tmp, out))
		err = errno;
	if (!err)
		return 0;
	json_t *o = json_loads(said, 0, NULL);
	const char *told = json_string_value(json_object_get(o, "error"));
	snprintf(why, size, "%s", told ? told : strerror(err));
	json_decref(o);
	unlink(tmp);
	return err;
}
