/* Quick setup: accounts, extensions and agents of one form, made in one transaction. */
#ifndef API_QUICK_H
#define API_QUICK_H
#include "problem.h"
#include "server/api.h"

#define API_QUICK_MAX 500 /* rows of a form: each account costs 50 ms of argon2id */

/* The columns of a row, in the order of the CSV: X(name, zh, en). `name` is the person's. */
#define API_QUICK_COLUMNS(X)                                                                                           \
	X("extension", "分机号码", "Extension")                                                                        \
	X("extension_password", "分机密码", "Extension password")                                                      \
	X("agent", "坐席工号", "Agent number")                                                                         \
	X("agent_password", "坐席密码", "Agent password")                                                              \
	X("username", "用户名", "User name")                                                                           \
	X("account_password", "用户密码", "User password")                                                             \
	X("email", "邮箱", "E-mail")
#define API_QUICK_COLUMNS_TEMPLATE(X) API_QUICK_COLUMNS(X) X("name", "姓名", "Name")

/* A form on its way: an object, the request's `user`. */
struct api_quick {
	struct api_req *req;                               /* borrowed: whose `user` this is */
	json_t *items;                                     /* rows as the columns say, all texts; owned */
	json_t *extension;                                 /* what all extensions have beside; owned */
	char account[ZJ_UUID_SIZE];                        /* the one they belong to; empty: each gets its own */
	bool nobody;                                       /* they belong to no account */
	char role[ZJ_UUID_SIZE], department[ZJ_UUID_SIZE]; /* empty: the agents' role; none */
	bool extensions, agents, preview;
	int steps[3]; /* what the statements of the transaction make (quick_save.c) */
};
/* quick_save.c: hashes, writes, answers. */
void api_quick_save(struct api_quick *q);
void api_quick_preview(struct api_quick *q);
/* quick_csv.c: rows as CSV (RFC 4180, UTF-8), and back. `zh`: labels of the header. Objects; NULL: memory is out. */
char *api_quick_csv(const json_t *items, bool zh);
char *api_quick_csv_template(bool zh);
/* The rows of a filled-in template; NULL: faults are in `p`. */
json_t *api_quick_csv_read(const char *text, struct res_problem *p);
#endif
