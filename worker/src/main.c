/* The worker: background jobs. Without a word before its options it is the daemon; with one it is a child of it, or of
 * the api. */
#include "incoming.h"
#include "worker.h"
#include <locale.h>
#include <string.h>

int main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	if (argc > 2 && strcmp(argv[1], "job") == 0)
		return wk_job_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "house") == 0)
		return wk_house_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "mail") == 0)
		return wk_mail_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "fax") == 0)
		return wk_fax_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "record") == 0)
		return wk_record_main(argc - 1, argv + 1);
	if (argc == 2 && strcmp(argv[1], "preview") == 0)
		return wk_preview_main();
	if (argc == 2 && strcmp(argv[1], "template") == 0)
		return wk_template_main();
	if (argc == 2 && strcmp(argv[1], "files") == 0)
		return wk_incoming_main();
	return wk_daemon_main(argc, argv);
}
