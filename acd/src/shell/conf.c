#include "shell/daemon.h"

#define ROW(name, type, def, min, max, help)                                                                           \
	{                                                                                                              \
#name, type, offsetof(struct acd_conf, name), def, min, max, help                                      \
	}
const struct zj_conf_row acd_conf_rows[] = {
	ROW(log, ZJ_CONF_STR, "", 0, 4096, "log file; empty: standard error"),
	ROW(log_level, ZJ_CONF_STR, "info", 4, 5, "error, warn, info or debug"),
	ROW(run, ZJ_CONF_STR, NULL, 1, 4096, "directory for the configuration's copy and the lock"),
	ROW(node, ZJ_CONF_STR, "node1", 1, 64,
	    "this machine's name in leases and recordings; two acds never share one"),
	ROW(store, ZJ_CONF_STR, NULL, 1, 4096, "the store of prompts and recordings"),
	ROW(music, ZJ_CONF_STR, NULL, 1, 4096, "music for queues without their own; made when it is not there"),
	ROW(spool, ZJ_CONF_STR, NULL, 1, 4096, "directory of facts that wait for PostgreSQL"),
	ROW(mediad, ZJ_CONF_STR, NULL, 1, 4096, "address of mediad's control socket"),
	ROW(edge, ZJ_CONF_STR, NULL, 1, 4096, "socket on which the edge reports"),
	ROW(listen, ZJ_CONF_STR, NULL, 1, 4096, "socket for api and zongji"),
	ROW(redis, ZJ_CONF_STR, NULL, 1, 4096, "Redis: socket path or host:port"),
	ROW(postgres, ZJ_CONF_SECRET, NULL, 1, 4096, "PostgreSQL: connection string"),
	ROW(health_port, ZJ_CONF_INT, NULL, 1, 65535, "loopback port of /healthz and /metrics"),
	ROW(dial_ring_s, ZJ_CONF_INT, "45", 5, 300, "ring time of a direct call to an extension, seconds"),
	ROW(start_wait_ms, ZJ_CONF_INT, "1000", 0, 60000,
	    "at start, wait so long for PostgreSQL and Redis before going on without"),
	ROW(lease_ms, ZJ_CONF_INT, "6000", 500, 600000,
	    "another acd may take over when this one has been silent so long, milliseconds"),
	{NULL, 0, 0, NULL, 0, 0, NULL},
};
