/* One question to a control socket, for commands that ask and print. */
#ifndef ZONGJI_ASK_H
#define ZONGJI_ASK_H
#include "zj_rpc.h"

/* Connects, says hello when `hello` is given (as that name), asks once. Returns the answer (yours to decref), or NULL
 * after an error, which is printed, or `patience_ms` without an answer. Steals params. Runs a loop of its own: not for
 * daemons. */
json_t *ask(const char *socket, const char *hello, const char *method, json_t *params, unsigned patience_ms);
#endif
