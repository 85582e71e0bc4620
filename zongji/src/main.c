/* zongji: run, look at and mend one instance. `zongji help` prints the table below. */
#include "zj_conf.h"
#include "zj_log.h"
#include "zongji.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct zj_conf_row rows[] = {
	{"run", ZJ_CONF_STR, offsetof(struct zongji_conf, run), NULL, 1, 100, "the instance's run directory"},
	{"pg", ZJ_CONF_SECRET, offsetof(struct zongji_conf, pg), NULL, 1, 1000, "conninfo of the database's superuser"},
	{"schema", ZJ_CONF_STR, offsetof(struct zongji_conf, schema), NULL, 1, 1000, "folder of the migrations"},
	{"acd", ZJ_CONF_STR, offsetof(struct zongji_conf, acd), NULL, 1, 107, "acd's control socket"},
	{"hep", ZJ_CONF_STR, offsetof(struct zongji_conf, hep), NULL, 1, 60,
	 "where SIP traces arrive: address:port, UDP"},
	{"trace", ZJ_CONF_STR, offsetof(struct zongji_conf, trace), NULL, 1, 1000, "folder of the collected traces"},
	{"health_port", ZJ_CONF_INT, offsetof(struct zongji_conf, health_port), NULL, 1, 65535,
	 "where `up` answers /healthz and /metrics, on 127.0.0.1"},
	{"demo", ZJ_CONF_STR, offsetof(struct zongji_conf, demo), NULL, 1, 1000,
	 "the program that places the demo call"},
	{NULL, ZJ_CONF_STR, 0, NULL, 0, 0, NULL},
};

static const struct {
	const char *name, *args;
	zongji_cmd_h *h;
	const char *help;
} commands[] = {
	{"up", "", cmd_up, "start every process of the instance, keep them up, until Ctrl-C"},
	{"status", "[--json]", cmd_status, "calls, queues, stores: what acd knows of itself"},
	{"calls", "", cmd_calls, "the living calls"},
	{"trace", "[--bodies] CALL", cmd_trace, "one call's story from all logs and the SIP ladder"},
	{"collect", "", cmd_collect, "keep the SIP trace that Kamailio and mediad mirror (started by `up`)"},
	{"migrate", "[--wait SECONDS]", cmd_migrate, "bring the database to this version's schema"},
	{"bootstrap", "", cmd_bootstrap, "make the roles' passwords, the carrier and its first account"},
	{"certificate", "server FILE.pem", cmd_certificate,
	 "another certificate, in effect at once; no connection ends"},
	{"demo", "[--quiet]", cmd_demo,
	 "place a call through everything, with a simulated caller and agent, and tell its story"},
	{"ctl", "list | ready | stop NAME | start NAME | kill NAME SIGNAL", cmd_ctl,
	 "ask the running `up` about its processes"},
	{"ping", "", cmd_ping, "exit 0 when `up` is running and everything is ready"},
};

static void usage(FILE *out)
{
	fprintf(out, "usage: zongji [--run DIR] COMMAND ...   (DIR: $ZJ_RUN, else ./run)\n\n");
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-9s %s\n            %s\n", commands[i].name, commands[i].args, commands[i].help);
}

static int run_command(const char *run, size_t index, int argc, char **argv)
{
	struct zongji_conf conf = {0};
	char path[4096], why[512];
	int code;

	snprintf(path, sizeof(path), "%s/etc/zongji.conf", run);
	if (zj_conf_load("zongji", rows, &conf, path, why, sizeof(why))) {
		fprintf(stderr, "zongji: %s\n", why);
		return 1;
	}
	code = commands[index].h(&conf, argc, argv);
	zj_conf_free(rows, &conf);
	return code;
}

int main(int argc, char **argv)
{
	const char *run = getenv("ZJ_RUN") ? getenv("ZJ_RUN") : "run";

	if (argc > 2 && !strcmp(argv[1], "--run")) {
		run = argv[2];
		argc -= 2;
		argv += 2;
	}
	signal(SIGPIPE, SIG_IGN);
	zj_log_open("zongji", NULL, ZJ_INFO);
	if (argc < 2 || !strcmp(argv[1], "help") || !strcmp(argv[1], "--help")) {
		usage(argc < 2 ? stderr : stdout);
		return argc < 2 ? 2 : 0;
	}
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(commands); i++) {
		if (!strcmp(argv[1], commands[i].name))
			return run_command(run, i, argc - 1, argv + 1);
	}
	fprintf(stderr, "zongji: no command `%s`\n", argv[1]);
	usage(stderr);
	return 2;
}
