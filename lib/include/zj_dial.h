/* How a dialled number meets a rule of prefix and length, and how a rule rewrites it. acd's outbound routes and the
 * edge's trunk rules and rates mean the same by it. Pure. */
#ifndef ZJ_DIAL_H
#define ZJ_DIAL_H
#include <stdbool.h>
#include <stddef.h>

/* A plus before the digits means nothing when numbers are compared. */
const char *zj_dial_digits(const char *number);

/* How well a rule fits: the longest prefix ("" and "default": any number) wins, and of equal ones that which asks for a
 * length (0: any). -1: not. */
int zj_dial_fit(const char *prefix, int length, const char *number);

/* Takes `strip` off, if the number begins with it, and puts `add` before it. False: longer than `size` (`out` is cut).
 */
bool zj_dial_rewrite(char *out, size_t size, const char *number, const char *strip, const char *add);
#endif
