/* The command line `zongji`: one file a subcommand, one table of them (main.c). */
#ifndef ZONGJI_H
#define ZONGJI_H
#include <stdbool.h>
#include <stdint.h>

/* What a subcommand knows of the instance: etc/zongji.conf of its run directory. */
struct zongji_conf {
	char *run;           /* the run directory */
	char *pg;            /* conninfo of the database's superuser */
	char *schema;        /* folder of the migrations */
	char *acd;           /* acd's control socket */
	char *hep;           /* where SIP traces arrive, address:port (UDP) */
	char *trace;         /* folder of the collected traces */
	int64_t health_port; /* of `up`: /healthz and /metrics */
	char *demo;          /* the program that places the demo call */
};

/* A subcommand gets its own arguments (argv[0] is its name) and returns an exit code. */
typedef int(zongji_cmd_h)(const struct zongji_conf *conf, int argc, char **argv);

zongji_cmd_h cmd_up, cmd_ctl, cmd_ping, cmd_migrate, cmd_bootstrap, cmd_status, cmd_calls, cmd_trace, cmd_collect,
	cmd_demo, cmd_certificate;
#endif
