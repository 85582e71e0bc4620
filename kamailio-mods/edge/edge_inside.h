/* Which addresses are ours, behind the edge: the mediads of the dispatcher's list, read anew when the file changes. */
#ifndef EDGE_INSIDE_H
#define EDGE_INSIDE_H
#include <netinet/in.h>
#include <stdbool.h>
#include <time.h>

#define EDGE_INSIDE_MAX 64
struct edge_inside {
	unsigned n;
	struct sockaddr_in at[EDGE_INSIDE_MAX];
	struct timespec written;
	time_t looked;
};
/* Looks at the file at most once a second; one that cannot be read leaves what was known. */
void edge_inside_look(struct edge_inside *i, const char *path, time_t now);
bool edge_inside_has(const struct edge_inside *i, const struct sockaddr *a);
#endif
