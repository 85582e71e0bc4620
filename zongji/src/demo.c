/* zongji demo: the demo call itself is a script (ops/demo/call.mjs) that uses the phone and the SIPp carrier of the
 * whole-stack tests; here it only learns which instance it is for. */
#include "zongji.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cmd_demo(const struct zongji_conf *conf, int argc, char **argv)
{
	const char *option = argc == 2 && !strcmp(argv[1], "--quiet") ? "--quiet" : NULL;

	if (argc > 2 || (argc == 2 && !option)) {
		fprintf(stderr, "usage: zongji demo [--quiet]\n");
		return 2;
	}
	setenv("ZJ_RUN", conf->run, 1);
	execlp("node", "node", conf->demo, option, (char *)NULL);
	fprintf(stderr, "zongji demo: node: %s\n", strerror(errno));
	return 1;
}
