/* Grammars: SRGS XML, the built-in ones and single key sequences become nets (non-deterministic automata over tokens)
 * that say of an input so far whether it is complete, may go on, or is beyond hope. Bounded: states, references,
 * repeats. */
#ifndef VX_GRAMMAR_H
#define VX_GRAMMAR_H
#include "doc.h"
#include <jansson.h>

#define VX_GRAMMAR_STATES 20000
#define VX_INPUT_MAX      128 /* tokens of one input */

struct vx_grammar; /* an object, immutable */

enum vx_grammar_kind {
	VX_G_PLAIN,
	VX_G_BOOLEAN,
	VX_G_DIGITS,
	VX_G_NUMBER,
	VX_G_CURRENCY,
	VX_G_DATE,
	VX_G_TIME,
	VX_G_PHONE
};

/* `node` is a <grammar> with rules. EINVAL: `why` says what is wrong with it; ENOTSUP: a format that is not spoken. */
int vx_grammar_srgs(struct vx_grammar **gp, mxml_node_t *node, char *why, size_t size) ZJ_MUST_CHECK;
/* "digits?length=4", "boolean?y=7;n=9", "number", … ENOTSUP: no such built-in. */
int vx_grammar_builtin(struct vx_grammar **gp, const char *spec, char *why, size_t size) ZJ_MUST_CHECK;
/* One sequence: keys ("12", "1 2"), or words when `dtmf` is false. */
int vx_grammar_words(struct vx_grammar **gp, const char *text, bool dtmf) ZJ_MUST_CHECK;
bool vx_grammar_is_dtmf(const struct vx_grammar *g);

struct vx_match {
	bool full;    /* the input is complete */
	bool more;    /* further tokens could still lead to a complete input */
	json_t *tags; /* of a full match: texts of the <tag>s passed, in order; NULL when none. Yours */
};
/* ENOMEM only. A voice grammar never matches keys, nor a key grammar words. */
int vx_grammar_match(const struct vx_grammar *g, const char *const *tokens, size_t n, bool dtmf,
		     struct vx_match *m) ZJ_MUST_CHECK;

/* What a full match means: a boolean or text for built-ins, the last literal tag, else the input itself. When the tags
 * are scripts (SISR), NULL is returned with `script` true: `tags` is to be run in the box (operation "sisr"). */
json_t *vx_grammar_meaning(const struct vx_grammar *g, const char *input, json_t *tags, bool *script);

/* For the builders. */
struct vx_net;
int vx_net_alloc(struct vx_net **np) ZJ_MUST_CHECK;
int vx_net_state(struct vx_net *n); /* a new state; -1 when over the bound */
int vx_net_edge(struct vx_net *n, int from, int to, const char *token /* NULL: free */,
		const char *tag /* NULL: none */) ZJ_MUST_CHECK;
int vx_net_set(struct vx_net *n, int from,
	       const char *chars) ZJ_MUST_CHECK; /* one of these keys; returns the state after it, -1 */
int vx_grammar_from_net(struct vx_grammar **gp, struct vx_net *n /* taken */, int end, enum vx_grammar_kind kind,
			bool dtmf, int scripts /* tags: 1 scripts, 0 literals, -1 guess */) ZJ_MUST_CHECK;
const char *vx_grammar_key(const struct vx_grammar *g, bool yes); /* boolean's keys */
void vx_grammar_set_keys(struct vx_grammar *g, char yes, char no);
#endif
