/* A VoiceXML document: parsed by expat (well-formedness, line and column, no DTD, bounded) into an mxml tree, and
 * checked against the table of elements in schema_vxml.c. Immutable and shared by sessions; an object. */
#ifndef VX_DOC_H
#define VX_DOC_H
#include "zj_obj.h"
#include <mxml.h>
#include <stdbool.h>
#include <stddef.h>

#define VX_DOC_BYTES    1048576
#define VX_DOC_DEPTH    64
#define VX_DOC_ELEMENTS 20000
#define VX_DOC_ATTRS    64 /* of one element */
#define VX_FAULTS_MAX   50

/* Every element that is known, in schema_vxml.c's order. */
/* clang-format off */
#define VX_ELEMENTS(X) \
	X(VXML, "vxml") X(META, "meta") X(METADATA, "metadata") X(FORM, "form") X(MENU, "menu") \
	X(CHOICE, "choice") X(FIELD, "field") X(BLOCK, "block") X(INITIAL, "initial") X(RECORD, "record") \
	X(TRANSFER, "transfer") X(SUBDIALOG, "subdialog") X(OBJECT, "object") X(PARAM, "param") \
	X(RETURN, "return") X(FILLED, "filled") X(OPTION, "option") X(LINK, "link") X(PROPERTY, "property") \
	X(PROMPT, "prompt") X(AUDIO, "audio") X(VALUE, "value") X(ENUMERATE, "enumerate") X(CATCH, "catch") \
	X(ERROR, "error") X(HELP, "help") X(NOINPUT, "noinput") X(NOMATCH, "nomatch") X(THROW, "throw") \
	X(REPROMPT, "reprompt") X(VAR, "var") X(ASSIGN, "assign") X(CLEAR, "clear") X(IF, "if") \
	X(ELSEIF, "elseif") X(ELSE, "else") X(GOTO, "goto") X(SUBMIT, "submit") X(EXIT, "exit") \
	X(DISCONNECT, "disconnect") X(LOG, "log") X(SCRIPT, "script") X(FOREACH, "foreach") \
	X(GRAMMAR, "grammar") X(RULE, "rule") X(ONE_OF, "one-of") X(ITEM, "item") X(RULEREF, "ruleref") \
	X(TAG, "tag") X(TOKEN, "token") X(EXAMPLE, "example") X(LEXICON, "lexicon") X(BREAK, "break") \
	X(EMPHASIS, "emphasis") X(P, "p") X(PARAGRAPH, "paragraph") X(S, "s") X(SENTENCE, "sentence") \
	X(PROSODY, "prosody") X(SAY_AS, "say-as") X(PHONEME, "phoneme") X(SUB, "sub") X(VOICE, "voice") \
	X(MARK, "mark") X(DESC, "desc")
/* clang-format on */

enum vx_tag {
#define X(id, name) VX_##id,
	VX_ELEMENTS(X)
#undef X
		VX_TAGS,
	VX_TEXT = VX_TAGS, /* what vx_tag() says of a text node */
	VX_NONE
};

struct vx_rule {
	const char *children; /* names separated by spaces; "#text": words are allowed */
	const char *attrs;    /* "name:type" separated by spaces; "!" after it: required; "a|b": one of these words */
	const char *one_of;   /* at most one of these attributes; with a leading "!" exactly one */
};
extern const struct vx_rule vx_schema[VX_TAGS];
const char *vx_tag_name(enum vx_tag tag);
enum vx_tag vx_tag_find(const char *name); /* VX_NONE: unknown */

/* What is known of each element beside mxml's node. */
struct vx_el {
	struct vx_el *next;
	enum vx_tag tag;
	unsigned line, column;
	unsigned id; /* dense, in document order */
};

struct vx_fault {
	unsigned line, column;
	char message[200];
};
struct vx_faults {
	size_t n; /* found; only the first VX_FAULTS_MAX are kept */
	struct vx_fault list[VX_FAULTS_MAX];
};
void vx_faults_add(struct vx_faults *f, unsigned line, unsigned column, const char *fmt, ...) ZJ_PRINTF(4, 5);

struct vx_doc {
	char *uri;
	mxml_node_t *tree; /* mxml's <?xml?> node */
	mxml_node_t *root; /* vxml, or grammar for a grammar file */
	struct vx_el *els;
	unsigned n_els;
	const char *lang;
};

/* Parses and checks. EINVAL: `faults` says where and why. `root` is the element that must be outermost. */
int vx_doc_parse(struct vx_doc **dp, const char *text, size_t len, const char *uri, enum vx_tag root,
		 struct vx_faults *faults) ZJ_MUST_CHECK;
void vx_schema_check(const struct vx_doc *doc, struct vx_faults *faults); /* called by vx_doc_parse */

bool vx_schema_is_expr(enum vx_tag tag, const char *attr); /* is this attribute's value a script expression? */

/* Walking. Text nodes have tag VX_TEXT. */
enum vx_tag vx_tag(mxml_node_t *node);
const struct vx_el *vx_el(mxml_node_t *node); /* NULL for text */
static inline const char *vx_attr(mxml_node_t *node, const char *name)
{
	return mxmlElementGetAttr(node, name);
}
mxml_node_t *vx_next_in(mxml_node_t *node,
			mxml_node_t *top); /* document order, within top; top itself first gives its child */
/* All text below `node`, joined; an object, NULL without memory. */
char *vx_text_of(mxml_node_t *node);
mxml_node_t *vx_dialog_find(const struct vx_doc *doc, const char *id); /* id NULL: the first; NULL: none */
const char *vx_lang_of(mxml_node_t *node);                             /* nearest xml:lang, NULL when none */
#endif
