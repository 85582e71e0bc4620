#include "cage.h"
#include "box.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NO_CAGE 126

#define READS  (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITES (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG)
#define OTHERS                                                                                                         \
	(LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |                  \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |                 \
	 LANDLOCK_ACCESS_FS_MAKE_SYM)

static int allow(int rules, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr a = {.allowed_access = access, .parent_fd = open(path, O_PATH | O_CLOEXEC)};
	if (a.parent_fd < 0)
		return errno == ENOENT ? 0 : errno;
	int err = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &a, 0) ? errno : 0;
	close(a.parent_fd);
	return err;
}

/* Which files it may touch. */
static int fence(const char *dir)
{
	static const char *const system[] = {"/usr",
					     "/lib",
					     "/lib64",
					     "/etc/fonts",
					     "/etc/ghostscript",
					     "/var/lib/ghostscript",
					     "/etc/ld.so.cache",
					     "/var/cache/fontconfig",
					     "/etc/papersize"};
	struct landlock_ruleset_attr attr = {.handled_access_fs = READS | WRITES | OTHERS};
	int rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (rules < 0)
		return errno;
	int err = allow(rules, dir, READS | WRITES);
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(system) && !err; i++)
		err = allow(rules, system[i], i < 6 || i == 7 ? READS : LANDLOCK_ACCESS_FS_READ_FILE);
	if (!err)
		err = allow(rules, "/dev/null", LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE);
	if (!err && syscall(SYS_landlock_restrict_self, rules, 0))
		err = errno;
	close(rules);
	return err;
}

/* No network, and nothing else that a converter has no business with. */
static int silence(void)
{
	static const int calls[] = {SCMP_SYS(socket),
				    SCMP_SYS(socketpair),
				    SCMP_SYS(connect),
				    SCMP_SYS(bind),
				    SCMP_SYS(ptrace),
				    SCMP_SYS(mount),
				    SCMP_SYS(unshare),
				    SCMP_SYS(setns),
				    SCMP_SYS(bpf),
				    SCMP_SYS(keyctl),
				    SCMP_SYS(kill),
				    SCMP_SYS(tgkill),
				    SCMP_SYS(process_vm_readv),
				    SCMP_SYS(process_vm_writev),
				    SCMP_SYS(io_uring_setup),
				    SCMP_SYS(userfaultfd),
				    SCMP_SYS(perf_event_open),
				    SCMP_SYS(fork),
				    SCMP_SYS(vfork)};
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int err = ctx ? 0 : ENOMEM;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(calls) && !err; i++)
		err = -seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), calls[i], 0);
	if (!err) /* a process of its own; threads are free */
		err = -seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
					SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	if (!err)
		err = -seccomp_load(ctx);
	seccomp_release(ctx);
	return err;
}

/* The child: never returns. */
static void inside(const struct wk_cage *c, const char *const argv[])
{
	const struct wk_limits l = {.memory = c->memory, .file = c->file, .cpu_s = c->seconds};
	const char *const env[] = {"PATH=/usr/bin:/bin", "HOME=/nonexistent", "TMPDIR=.", "LC_ALL=C.UTF-8", NULL};
	int null = open("/dev/null", O_RDWR);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 || chdir(c->dir))
		_exit(EXIT_NO_CAGE);
	(void)close_range(3, ~0u, 0);
	alarm(3 * c->seconds);
	if (wk_limits_set(&l) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || fence(c->dir) || silence())
		_exit(EXIT_NO_CAGE);
	execve(argv[0], (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env);
	_exit(EXIT_NO_CAGE);
}

int wk_cage_run(const struct wk_cage *c, const char *const argv[])
{
	int status = 0;
	pid_t pid = fork();
	if (pid < 0)
		return errno;
	if (pid == 0)
		inside(c, argv);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGXFSZ ? EFBIG
		       : WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGALRM || WTERMSIG(status) == SIGKILL
			       ? ETIMEDOUT
			       : EINVAL;
	if (WEXITSTATUS(status) == EXIT_NO_CAGE)
		return ENOSYS; /* without a cage nothing is run */
	return WEXITSTATUS(status) ? EINVAL : 0;
}
