/* What every daemon's main() begins with (zj_daemon_start in zj_conf.h). */
#include "zj_conf.h"
#include "zj_log.h"
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#ifndef ZJ_VERSION
#define ZJ_VERSION "0.1"
#endif

enum { OPT_CONFIG = 'c', OPT_HELP = 'h', OPT_CHECK = 256, OPT_PRINT, OPT_VERSION };

static const struct option options[] = {
	{"config", required_argument, NULL, OPT_CONFIG}, {"check", no_argument, NULL, OPT_CHECK},
	{"print-config", no_argument, NULL, OPT_PRINT},  {"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},     {NULL, 0, NULL, 0},
};

static void usage(FILE *out, const char *part)
{
	fprintf(out,
		"usage: %s [--config FILE] [--check | --print-config | --help | --version]\n"
		"  --config FILE   read this configuration; without it the defaults and the environment hold\n"
		"  --check         say whether the configuration is right, and where not; then leave\n"
		"  --print-config  print a commented default configuration; then leave\n",
		part);
}

static const char *string_of(const struct zj_conf_row *rows, void *conf, const char *key)
{
	for (; rows->key; rows++) {
		if (!strcmp(rows->key, key) && rows->type == ZJ_CONF_STR)
			return *(char **)((char *)conf + rows->offset);
	}
	return NULL;
}

/* Opens the log that the keys `log` (a path; empty: standard error) and `log_level` ask for. */
static int log_start(const char *part, const struct zj_conf_row *rows, void *conf, char *why, size_t size)
{
	const char *path = string_of(rows, conf, "log"), *name = string_of(rows, conf, "log_level");
	enum zj_log_level level = ZJ_INFO;
	int err;

	if (name && zj_log_level_parse(name, &level)) {
		snprintf(why, size, "log_level must be error, warn, info or debug, it is %s", zj_log_esc(name));
		return EINVAL;
	}
	err = zj_log_open(part, path && *path ? path : NULL, level);
	if (err)
		snprintf(why, size, "log %s: %s", path, strerror(err));
	return err;
}

int zj_daemon_start(int argc, char **argv, const char *part, const struct zj_conf_row *rows, void *conf)
{
	const char *path = NULL;
	bool check = false;
	char why[512] = "out of memory";
	int opt;

	while ((opt = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (opt) {
		case OPT_CONFIG:
			path = optarg;
			break;
		case OPT_CHECK:
			check = true;
			break;
		case OPT_PRINT:
			zj_conf_print_default(part, rows);
			return 0;
		case OPT_VERSION:
			printf("%s %s\n", part, ZJ_VERSION);
			return 0;
		case OPT_HELP:
			usage(stdout, part);
			return 0;
		default:
			usage(stderr, part);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "%s: `%s` is not an option\n", part, argv[optind]);
		usage(stderr, part);
		return 2;
	}
	if (zj_conf_load(part, rows, conf, path, why, sizeof(why)) ||
	    (!check && log_start(part, rows, conf, why, sizeof(why)))) {
		fprintf(stderr, "%s: %s\n", part, why);
		return 1;
	}
	if (check) {
		printf("%s: configuration is right\n", part);
		zj_conf_free(rows, conf);
		return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	return -1;
}
