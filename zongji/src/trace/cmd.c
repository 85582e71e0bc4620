/* zongji trace CALL: one call's story from everybody's logs and the SIP trace. */
#include "trace/trace.h"
#include "zj_time.h"
#include "zongji.h"
#include <errno.h>
#include <string.h>

static int usage(void)
{
	fprintf(stderr, "usage: zongji trace [--bodies] CALL   (the call's UUID)\n");
	return 2;
}

int cmd_trace(const struct zongji_conf *conf, int argc, char **argv)
{
	bool bodies = argc == 3 && !strcmp(argv[1], "--bodies");
	struct trace_story story = {0};
	const char *call;
	char logs[4096];
	int err;

	if (argc != 2 + (bodies ? 1 : 0))
		return usage();
	call = argv[argc - 1];
	if (!zj_uuid_is_valid(call) || zj_uuid7_ms(call) < 0) {
		fprintf(stderr, "zongji trace: `%s` is not the UUID of a call\n", call);
		return usage();
	}
	snprintf(logs, sizeof(logs), "%s/log", conf->run);
	err = trace_read_logs(&story, logs, call);
	if (!err)
		err = trace_read_sip(&story, conf->trace, call);
	if (err)
		fprintf(stderr, "zongji trace: %s\n",
			err == E2BIG ? "the story is too long, its beginning follows" : strerror(err));
	if (err && err != E2BIG) {
		trace_story_free(&story);
		return 1;
	}
	trace_story_sort(&story);
	if (!story.n)
		fprintf(stderr, "zongji trace: nothing is known of call %s\n", call);
	else
		trace_ladder_print(stdout, &story, bodies);
	err = story.n ? 0 : 1;
	trace_story_free(&story);
	return err;
}
