/* The box (zj_box.h): a filter of system calls. */
#include "zj_box.h"
#include "zj_obj.h"
#include <errno.h>
#include <seccomp.h>
#include <stddef.h>

#ifdef __SANITIZE_ADDRESS__
int zj_box_shut(void)
{
	return 0; /* the sanitiser needs more than a reader does */
}
#else
int zj_box_shut(void)
{
	static const int calls[] = {
		SCMP_SYS(read),           SCMP_SYS(pread64),   SCMP_SYS(write),
		SCMP_SYS(pwrite64),       SCMP_SYS(lseek),     SCMP_SYS(fstat),
		SCMP_SYS(newfstatat),     SCMP_SYS(mmap),      SCMP_SYS(munmap),
		SCMP_SYS(mremap),         SCMP_SYS(brk),       SCMP_SYS(madvise),
		SCMP_SYS(exit_group),     SCMP_SYS(exit),      SCMP_SYS(futex),
		SCMP_SYS(close),          SCMP_SYS(dup),       SCMP_SYS(rt_sigreturn),
		SCMP_SYS(rt_sigprocmask), SCMP_SYS(getrandom), SCMP_SYS(fcntl),
		SCMP_SYS(clock_gettime),  SCMP_SYS(writev),    SCMP_SYS(getpid),
		SCMP_SYS(gettid),
	};
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err = ctx ? 0 : ENOMEM;

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(calls) && !err; i++)
		err = -seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
	if (!err)
		err = -seccomp_load(ctx);
	seccomp_release(ctx);
	return err;
}
#endif
