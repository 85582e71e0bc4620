/* Lines of `copy … to stdout` in PostgreSQL's text format. Pure. */
#ifndef ZK_LINE_H
#define ZK_LINE_H
#include <stddef.h>

/* Cuts a line (its newline counts to `len`) at its tabs, in place, and undoes its escapes. NULL members are SQL nulls.
 * Returns how many fields there are, though no more than `max` are written. */
unsigned zk_line_cut(char *line, size_t len, const char **fields, unsigned max);
#endif
