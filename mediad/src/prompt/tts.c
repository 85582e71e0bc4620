#include "prompt/tts.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zj_time.h>

#define TIMEOUT_MS 15000

const char *md_voice(const char *lang)
{
	static const char *const voices[][2] = {{"zh", "cmn"}, {"en", "en-us"}, {"ja", "ja"}, {"ko", "ko"},
						{"ru", "ru"},  {"fr", "fr"},    {"de", "de"}, {"es", "es"}};
	for (size_t i = 0; i < sizeof(voices) / sizeof(voices[0]); i++)
		if (!strcmp(lang ? lang : "zh", voices[i][0]))
			return voices[i][1];
	return NULL;
}

void md_tts_name(char out[MD_TTS_NAME], const char *voice, const char *text)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
	EVP_DigestUpdate(ctx, voice, strlen(voice) + 1);
	EVP_DigestUpdate(ctx, text, strlen(text));
	EVP_DigestFinal_ex(ctx, sum, &n);
	EVP_MD_CTX_free(ctx);
	for (unsigned i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", sum[i]);
	snprintf(out + 2 * n, MD_TTS_NAME - 2 * n, ".wav");
}

static int spawn(pid_t *pid, int in, const char *voice, const char *tmp)
{
	char *const argv[] = {"espeak-ng", "-b",  "1",       "-v", (char *)(uintptr_t)voice,
			      "-s",        "160", "--stdin", "-w", (char *)(uintptr_t)tmp,
			      NULL};
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	sigset_t none;
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, in, 0);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addclosefrom_np(&fa, 3);
	posix_spawnattr_init(&at);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&at, &none);
	posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGMASK);
	int err = posix_spawnp(pid, "espeak-ng", &fa, &at, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&at);
	return err;
}

/* Waits for the child, and kills it when it takes too long. 0: it ended well. */
static int await(pid_t pid)
{
	int status = 0;
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	bool late = false;
	if (pidfd >= 0) {
		struct pollfd p = {.fd = pidfd, .events = POLLIN};
		late = poll(&p, 1, TIMEOUT_MS) == 0;
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

static int write_text(int fd, const char *text)
{
	size_t n = strlen(text);
	/* The pipe holds 64 kB, the text is shorter: this does not wait for the child. */
	return write(fd, text, n) == (ssize_t)n ? 0 : EIO;
}

static int run(const char *voice, const char *text, const char *tmp)
{
	int pipe_fd[2];
	pid_t pid;
	if (pipe2(pipe_fd, O_CLOEXEC))
		return errno;
	int err = write_text(pipe_fd[1], text);
	close(pipe_fd[1]);
	if (!err)
		err = spawn(&pid, pipe_fd[0], voice, tmp);
	close(pipe_fd[0]);
	return err ? err : await(pid);
}

int md_tts_run(const char *voice, const char *text, const char *path, char *why, size_t size)
{
	int err = run(voice, text, path);
	if (err) {
		unlink(path);
		snprintf(why, size, "text to speech failed: %s", strerror(err));
	}
	return err;
}

int md_tts_speak(const char *dir, const char *name, const char *voice, const char *text, char *why, size_t size)
{
	char path[1024], tmp[1100];
	static _Atomic unsigned turn;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (access(path, R_OK) == 0)
		return 0;
	snprintf(tmp, sizeof(tmp), "%s.%d.%u.tmp", path, getpid(), turn++);
	int err = md_tts_run(voice, text, tmp, why, size);
	if (!err && rename(tmp, path)) {
		err = errno;
		unlink(tmp);
		snprintf(why, size, "text to speech failed: %s", strerror(err));
	}
	return err;
}
