#include "core/index.h"
#include <assert.h>

void acd_index_init(struct acd_index *ix, acd_index_cmp_h *cmp)
{
	ix->root = NULL;
	ix->cmp = cmp;
	ix->random = 2463534242u;
}

/* Marsaglia's xorshift: the treap's balance needs no better, and simulations stay repeatable. */
static uint32_t next_random(struct acd_index *ix)
{
	uint32_t x = ix->random;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return ix->random = x;
}

static uint32_t size_of(const struct acd_node *n)
{
	return n ? n->size : 0;
}

static void resize(struct acd_node *n)
{
	n->size = 1 + size_of(n->left) + size_of(n->right);
}

/* Puts `child` where `n` hangs. */
static void replace(struct acd_node *n, struct acd_node *child)
{
	if (!n->up)
		n->in->root = child;
	else if (n->up->left == n)
		n->up->left = child;
	else
		n->up->right = child;
	if (child)
		child->up = n->up;
}

/* Lifts n above its parent. */
static void rotate_up(struct acd_node *n)
{
	struct acd_node *p = n->up;

	replace(p, n);
	if (p->left == n) {
		p->left = n->right;
		if (p->left)
			p->left->up = p;
		n->right = p;
	} else {
		p->right = n->left;
		if (p->right)
			p->right->up = p;
		n->left = p;
	}
	p->up = n;
	resize(p);
	resize(n);
}

void acd_index_add(struct acd_index *ix, struct acd_node *n)
{
	struct acd_node **at = &ix->root, *up = NULL;

	assert(!n->in);
	while (*at) {
		up = *at;
		up->size++;
		at = ix->cmp(n, up) < 0 ? &up->left : &up->right;
	}
	*n = (struct acd_node){.up = up, .in = ix, .heap = next_random(ix), .size = 1};
	*at = n;
	while (n->up && n->up->heap < n->heap)
		rotate_up(n);
}

void acd_index_del(struct acd_node *n)
{
	if (!n->in)
		return;
	while (n->left && n->right)
		rotate_up(n->left->heap > n->right->heap ? n->left : n->right);
	replace(n, n->left ? n->left : n->right);
	for (struct acd_node *p = n->up; p; p = p->up)
		resize(p);
	*n = (struct acd_node){0};
}

struct acd_node *acd_index_first(const struct acd_index *ix)
{
	struct acd_node *n = ix->root;

	while (n && n->left)
		n = n->left;
	return n;
}

struct acd_node *acd_index_next(const struct acd_node *n)
{
	if (n->right) {
		n = n->right;
		while (n->left)
			n = n->left;
		return (struct acd_node *)n;
	}
	while (n->up && n->up->right == n)
		n = n->up;
	return n->up;
}

size_t acd_index_rank(const struct acd_node *n)
{
	size_t before = size_of(n->left);

	for (; n->up; n = n->up)
		if (n->up->right == n)
			before += 1 + size_of(n->up->left);
	return before;
}
