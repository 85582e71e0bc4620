#include "zk_kam.h"
#include "zk_log.h"
#include <core/cfg/cfg_struct.h>
#include <core/dprint.h>
#include <core/mem/shm_mem.h>
#include <core/pt.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

void *zk_mem_alloc(size_t size)
{
	return shm_malloc(size);
}

void zk_mem_free(void *p)
{
	shm_free(p);
}

void zk_log(enum zk_log_level level, const char *fmt, ...)
{
	char text[1024], at[ZK_RFC3339];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	zk_rfc3339(at);
	if (level == ZK_ERROR)
		LM_ERR("%s at=%s\n", text, at);
	else if (level == ZK_WARN)
		LM_WARN("%s at=%s\n", text, at);
	else
		LM_NOTICE("%s at=%s\n", text, at);
}

void zk_kam_seed(void)
{
	uint64_t seed;
	if (getrandom(&seed, sizeof seed, 0) == (ssize_t)sizeof seed)
		zk_hash_seed(seed);
}

static pthread_t loading;
static bool is_loading;

static void *load_h(void *load)
{
	((void (*)(void))load)();
	return NULL;
}

void zk_kam_load(void (*load)(void))
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
	is_loading = !pthread_create(&loading, NULL, load_h, (void *)load);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!is_loading)
		load();
}

void zk_kam_loaded(void)
{
	if (is_loading)
		pthread_join(loading, NULL);
	is_loading = false;
}

int zk_kam_fork(const char *name, void (*run)(void))
{
	char desc[MAX_PT_DESC];
	snprintf(desc, sizeof desc, "zj %s", name);
	pid_t parent = getpid();
	int pid = fork_process(PROC_NOCHLDINIT, desc, 0);
	if (pid < 0) {
		LM_ERR("cannot fork the process of module=%s\n", name);
		return -1;
	}
	if (pid > 0)
		return 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	signal(SIGTERM, SIG_DFL); /* nothing here needs an orderly end */
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	if (cfg_child_init())
		_exit(1);
	run();
	return 0;
}

bool zk_kam_arg(struct sip_msg *msg, char *param, char *out, size_t size)
{
	str s;
	return !fixup_get_svalue(msg, (gparam_t *)param, &s) && s.len >= 0 && zk_copy(out, size, s.s, (size_t)s.len);
}

int zk_kam_pv_name(pv_spec_t *sp, const str *in, const char *const *names)
{
	for (int i = 0; names[i]; i++)
		if ((int)strlen(names[i]) == in->len && !strncmp(names[i], in->s, (size_t)in->len)) {
			sp->pvp.pvn.type = PV_NAME_INTSTR;
			sp->pvp.pvn.u.isname.type = 0;
			sp->pvp.pvn.u.isname.name.n = i;
			return 0;
		}
	LM_ERR("no such member of this variable: %.*s\n", in->len, in->s);
	return -1;
}

/* The text must outlive the evaluation: it lies in one of a few buffers used in turn. */
static char *buffer(void)
{
	static char buffers[16][256];
	static unsigned next;
	return buffers[next++ % 16];
}

int zk_kam_pv_text(struct sip_msg *msg, pv_param_t *param, pv_value_t *res, const char *text)
{
	if (!text[0])
		return pv_get_null(msg, param, res);
	char *b = buffer();
	zk_copy(b, 256, text, strlen(text));
	return pv_get_strzval(msg, param, res, b);
}

int zk_kam_pv_uuid(struct sip_msg *msg, pv_param_t *param, pv_value_t *res, const struct zk_uuid *u)
{
	char text[ZK_UUID_TEXT] = "";
	if (!zk_uuid_is_zero(u))
		zk_uuid_text(text, u);
	return zk_kam_pv_text(msg, param, res, text);
}

bool zk_kam_rpc_text(rpc_t *rpc, void *ctx, bool required, const char *what, char *out, size_t size)
{
	str s = {NULL, 0};
	out[0] = '\0';
	int n = rpc->scan(ctx, required ? ".S" : "*.S", &s);
	if (n < 1 && !required)
		return true;
	if (n >= 1 && zk_copy(out, size, s.s, (size_t)s.len))
		return true;
	rpc->fault(ctx, 400, "%s is missing or too long", what);
	return false;
}
