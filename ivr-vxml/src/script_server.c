/* The fork server: `ivr-vxml script-server` with its socket as descriptor 0. Each message brings the socket of one new
 * child. It is a program of its own (exec), so children inherit nothing of the daemon's memory. */
#include "script.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NOBODY     65534
#define FILTER_MAX 256

/* What a child may ask of the kernel; anything else ends it at once. */
static const int calls_allowed[] = {
	SCMP_SYS(read),           SCMP_SYS(write),           SCMP_SYS(exit),         SCMP_SYS(exit_group),
	SCMP_SYS(mmap),           SCMP_SYS(munmap),          SCMP_SYS(mremap),       SCMP_SYS(brk),
	SCMP_SYS(madvise),        SCMP_SYS(clock_gettime),   SCMP_SYS(gettimeofday), SCMP_SYS(setitimer),
	SCMP_SYS(rt_sigreturn),   SCMP_SYS(restart_syscall), SCMP_SYS(futex),
#if defined(__SANITIZE_ADDRESS__) /* the sanitizer's own needs */
	SCMP_SYS(sched_yield),    SCMP_SYS(getpid),          SCMP_SYS(gettid),       SCMP_SYS(sigaltstack),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction),    SCMP_SYS(readlink),     SCMP_SYS(mprotect),
	SCMP_SYS(getrlimit),      SCMP_SYS(prlimit64),
#endif
};

static struct sock_filter filter[FILTER_MAX];
static struct sock_fprog program = {.filter = filter};

/* Compiles the rules once, so that a child installs them with one system call. */
static int filter_prepare(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int fd = memfd_create("filter", MFD_CLOEXEC), err = EIO;
	ssize_t n;

	if (!ctx || fd < 0)
		goto out;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(calls_allowed); i++) {
		if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls_allowed[i], 0))
			goto out;
	}
	if (seccomp_export_bpf(ctx, fd) || lseek(fd, 0, SEEK_SET))
		goto out;
	n = read(fd, filter, sizeof(filter));
	if (n <= 0 || n == (ssize_t)sizeof(filter))
		goto out;
	program.len = (unsigned short)((size_t)n / sizeof(filter[0]));
	err = 0;
out:
	if (fd >= 0)
		close(fd);
	if (ctx)
		seccomp_release(ctx);
	return err;
}

static int privileges_drop(void)
{
	if (!geteuid()) {
		if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
			return errno;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return errno;
	return 0;
}

static void limit(__rlimit_resource_t what, rlim_t n)
{
	struct rlimit r = {.rlim_cur = n, .rlim_max = n};

	if (setrlimit(what, &r))
		_exit(4);
}

/* Only after the fork: descriptor 0 becomes the child's socket, nothing else stays open. */
static void child_enter(struct vx_script_heap *heap, int fd)
{
	if (dup2(fd, 0) < 0 || close_range(1, ~0U, 0))
		_exit(4);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_NOFILE, 1);
	limit(RLIMIT_NPROC, 0);
	limit(RLIMIT_STACK, 4 * 1024 * 1024);
#if !defined(__SANITIZE_ADDRESS__)
	limit(RLIMIT_AS, 256UL * 1024 * 1024);
#endif
	signal(SIGPROF, SIG_DFL);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
		_exit(4);
	vx_script_child(heap, 0);
}

/* One message: one byte and one descriptor. Returns the descriptor, -1 when the daemon is gone. */
static int socket_receive(int fd)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c;
	ssize_t n;
	int got = -1;

	do {
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return -1;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&got, CMSG_DATA(c), sizeof(got));
	return got;
}

/* Runs until the daemon closes its end. */
int vx_script_server(int fd)
{
	struct vx_script_heap *heap;
	int sock;

	prctl(PR_SET_NAME, "ivr-scripts", 0, 0, 0);
	setenv("TZ", "UTC0", 1); /* a child may not look for /etc/localtime */
	tzset();
	signal(SIGCHLD, SIG_IGN); /* the kernel buries the children */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN); /* Ctrl-C is the daemon's affair: its end closes our socket */
	if (filter_prepare() || privileges_drop()) {
		fprintf(stderr, "ivr-vxml: the script server cannot give up its privileges\n");
		return 1;
	}
	heap = vx_script_heap_prepare();
	if (!heap) {
		fprintf(stderr, "ivr-vxml: no heap for scripts\n");
		return 1;
	}
	while ((sock = socket_receive(fd)) >= 0) {
		pid_t pid = fork();

		if (!pid)
			child_enter(heap, sock);
		close(sock); /* a failed fork shows to the daemon as a dead box */
	}
	return 0;
}
