/* ivr-vxml: the daemon, and the tools `lint` and `console`. */
#include "daemon.h"
#include "lint.h"
#include "script.h"
#include <signal.h>
#include <string.h>

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "script-server"))
		return vx_script_server(0);
	if (argc >= 2 && !strcmp(argv[1], "lint"))
		return vx_lint_main(argc - 1, argv + 1);
	if (argc >= 2 && !strcmp(argv[1], "console")) {
		signal(SIGPIPE, SIG_IGN);
		return vx_console_main(argc - 1, argv + 1);
	}
	return vx_daemon_main(argc, argv);
}
