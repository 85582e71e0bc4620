/* An ordered set with ranks: an intrusive treap. Add, remove and rank are O(log n), the first is O(log n). The order is
 * the comparator's; nodes must not change their key while they are in. A zeroed node is in no index. */
#ifndef ACD_INDEX_H
#define ACD_INDEX_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct acd_index;
struct acd_node {
	struct acd_node *up, *left, *right;
	struct acd_index *in;
	uint32_t heap, size; /* random heap priority; nodes in this subtree */
};
typedef int(acd_index_cmp_h)(const struct acd_node *a, const struct acd_node *b);

struct acd_index {
	struct acd_node *root;
	acd_index_cmp_h *cmp;
	uint32_t random;
};

#define acd_container(p, type, member) ((type *)(void *)((char *)(p)-offsetof(type, member)))

void acd_index_init(struct acd_index *ix, acd_index_cmp_h *cmp);
void acd_index_add(struct acd_index *ix, struct acd_node *n); /* n must be in none */
void acd_index_del(struct acd_node *n);                       /* of whichever index it is in; none: nothing */
struct acd_node *acd_index_first(const struct acd_index *ix);
struct acd_node *acd_index_next(const struct acd_node *n);
size_t acd_index_rank(const struct acd_node *n); /* how many come before it */
static inline size_t acd_index_size(const struct acd_index *ix)
{
	return ix->root ? ix->root->size : 0;
}
#endif
