/* VoiceXML and SRGS documents as strangers write them: parsed, checked, every grammar compiled and run. */
#include "doc.h"
#include "grammar.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void grammar(mxml_node_t *node)
{
	static const char *const keys[] = {"1", "2", "*", "0", "#"};
	struct vx_grammar *g = NULL;
	struct vx_match m;
	char why[200] = "";
	const char *type = vx_tag(node) == VX_FIELD ? vx_attr(node, "type") : NULL;

	if (type ? vx_grammar_builtin(&g, type, why, sizeof(why)) : vx_grammar_srgs(&g, node, why, sizeof(why)))
		return;
	for (size_t n = 0; n <= ZJ_ARRAY_SIZE(keys); n++) {
		bool script;

		if (vx_grammar_match(g, keys, n, vx_grammar_is_dtmf(g), &m))
			break;
		if (m.full)
			json_decref(vx_grammar_meaning(g, "12*0#", m.tags, &script));
		json_decref(m.tags);
	}
	zj_deref(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vx_faults faults;
	struct vx_doc *doc = NULL;
	enum vx_tag root = size > 8 && !memcmp(data, "<grammar", 8) ? VX_GRAMMAR : VX_VXML;

	faults.n = 0;
	if (vx_doc_parse(&doc, (const char *)data, size, "fuzz:", root, &faults))
		return 0;
	for (mxml_node_t *n = doc->root; n; n = vx_next_in(n, doc->root)) {
		if (vx_el(n) && (vx_tag(n) == VX_GRAMMAR || vx_tag(n) == VX_FIELD) &&
		    (vx_tag(n) == VX_GRAMMAR || vx_attr(n, "type")))
			grammar(n);
		if (vx_el(n))
			zj_deref(vx_text_of(n));
	}
	(void)vx_dialog_find(doc, "a");
	zj_deref(doc);
	return 0;
}
