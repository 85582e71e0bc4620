/* Patterns of numbers, the same for routes and lists (schema/0103, zj_pattern_problem, says the same in SQL): digits, *
 * and # are themselves, X any digit, Z 1-9, N 2-9, [2-47] one of these; at the end `.` stands for one or more of
 * anything, `!` for none or more. Without a plus: it means nothing when numbers are compared. */
#ifndef ZK_PATTERN_H
#define ZK_PATTERN_H
#include <stdbool.h>

bool zk_pattern_is_good(const char *pattern);
bool zk_pattern_fits(const char *pattern, const char *digits);
#endif
