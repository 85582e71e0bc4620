/* What a branch to a trunk says, and $trunk(…). */
#include "trunk_gate_mod.h"
#include "trunk_guard_mod.h"
#include "trunk_mod.h"

static void write_next(void)
{
	struct trunk_host_state host;
	if (trunk_said.hop.next[0]) {
		snprintf(trunk_said.next, sizeof trunk_said.next, "sip:%s:%d%s", trunk_said.hop.next,
			 trunk_said.hop.port, trunk_said.hop.t.tcp ? ";transport=tcp" : "");
		return;
	}
	trunk_state_host(trunk_live, &trunk_said.hop.via, &host);
	const struct trunk_addr *a =
		host.n ? &host.addr[host.used < TRUNK_ADDRS ? host.used : 0] : &trunk_said.hop.literal;
	trunk_next_hop(trunk_said.next, trunk_said.hop.line, trunk_gate_port, a, trunk_said.hop.t.tcp);
}

/* What a branch to the trunk says beside R-URI and From: identity, privacy, the trunk's own headers. */
static void write_headers(void)
{
	size_t at = 0, room = sizeof trunk_said.headers;
	trunk_said.headers[0] = '\0';
	if (trunk_said.hop.caller[0] && !trunk_said.hop.t.no_identity)
		at += (size_t)snprintf(trunk_said.headers, room, "P-Asserted-Identity: <sip:%s@%s>\r\n",
				       trunk_said.hop.caller, trunk_said.hop.from_domain);
	if (trunk_said.hop.anonymous && at < room)
		at += (size_t)snprintf(trunk_said.headers + at, room - at, "Privacy: id\r\n");
	for (const char *s = trunk_said.hop.t.headers; *s && at < room;) {
		int len = (int)strcspn(s, "\r\n");
		if (len)
			at += (size_t)snprintf(trunk_said.headers + at, room - at, "%.*s\r\n", len, s);
		s += len;
		s += strspn(s, "\r\n");
	}
}

void trunk_say(void)
{
	write_next();
	write_headers();
}

enum {
	PV_ID,
	PV_URI,
	PV_NEXT,
	PV_FROM,
	PV_NAME,
	PV_HEADERS,
	PV_TIMEOUT,
	PV_USER,
	PV_PASSWORD,
	PV_CODE,
	PV_REASON,
	PV_BECAUSE,
	PV_ATTEMPTS,
	PV_CALLER,
	PV_GUARD,
	PV_LONGEST,
	PV_LINE
};
static const char *const pv_names[] = {[PV_ID] = "id",
				       [PV_URI] = "uri",
				       [PV_NEXT] = "next",
				       [PV_FROM] = "from",
				       [PV_NAME] = "name",
				       [PV_HEADERS] = "headers",
				       [PV_TIMEOUT] = "timeout",
				       [PV_USER] = "user",
				       [PV_PASSWORD] = "password",
				       [PV_CODE] = "code",
				       [PV_REASON] = "reason",
				       [PV_BECAUSE] = "because",
				       [PV_ATTEMPTS] = "attempts",
				       [PV_CALLER] = "caller",
				       [PV_GUARD] = "guard",
				       [PV_LONGEST] = "longest",
				       [PV_LINE] = "line",
				       NULL};

int trunk_pv_name(pv_spec_t *sp, str *in)
{
	return zk_kam_pv_name(sp, in, pv_names);
}

static int text(struct sip_msg *msg, pv_param_t *param, pv_value_t *res, char *s)
{
	return s[0] ? pv_get_strzval(msg, param, res, s) : pv_get_null(msg, param, res);
}

/* The From that is shown (RFC 3323 4.1 for one that is withheld). */
static char *from_uri(void)
{
	static char uri[400];
	if (trunk_said.hop.anonymous)
		snprintf(uri, sizeof uri, "sip:anonymous@anonymous.invalid");
	else
		snprintf(uri, sizeof uri, "sip:%s%s%s",
			 trunk_said.hop.t.from_user[0] ? trunk_said.hop.t.from_user : trunk_said.hop.caller,
			 trunk_said.hop.t.from_user[0] || trunk_said.hop.caller[0] ? "@" : "",
			 trunk_said.hop.from_domain);
	return uri;
}

/* A display name in quotes, its own quotes and backslashes escaped. */
static char *from_name(void)
{
	static char name[2 * sizeof trunk_said.hop.caller_name + 4];
	const char *s = trunk_said.hop.anonymous ? "Anonymous" : trunk_said.hop.caller_name;
	size_t at = 0;
	if (!*s)
		return "";
	name[at++] = '"';
	for (; *s && at < sizeof name - 3; s++) {
		if (*s == '"' || *s == '\\')
			name[at++] = '\\';
		if ((unsigned char)*s >= ' ')
			name[at++] = *s;
	}
	name[at++] = '"';
	name[at] = '\0';
	return name;
}

int trunk_pv_get(struct sip_msg *msg, pv_param_t *param, pv_value_t *res)
{
	char call_id[256];
	int longest;
	switch (param->pvn.u.isname.name.n) {
	case PV_ID:
		return zk_kam_pv_uuid(msg, param, res, &trunk_said.hop.trunk);
	case PV_URI:
		return text(msg, param, res, trunk_said.hop.uri);
	case PV_NEXT:
		return text(msg, param, res, trunk_said.next);
	case PV_FROM:
		return text(msg, param, res, from_uri());
	case PV_NAME:
		return text(msg, param, res, from_name());
	case PV_HEADERS:
		return text(msg, param, res, trunk_said.headers);
	case PV_TIMEOUT:
		return pv_get_sintval(msg, param, res, 1000 * trunk_said.hop.t.timeout_s);
	case PV_USER:
		return text(msg, param, res, trunk_said.hop.t.username);
	case PV_PASSWORD:
		return text(msg, param, res, trunk_said.hop.t.password);
	case PV_CODE:
		return pv_get_sintval(msg, param, res, trunk_said.code);
	case PV_REASON:
		return zk_kam_pv_text(msg, param, res, trunk_said.reason);
	case PV_BECAUSE:
		return zk_kam_pv_text(msg, param, res, trunk_said.because);
	case PV_ATTEMPTS:
		return text(msg, param, res, trunk_said.attempts);
	case PV_CALLER:
		return text(msg, param, res, trunk_said.hop.caller);
	case PV_GUARD:
		return zk_kam_pv_uuid(msg, param, res, trunk_guard_id());
	case PV_LINE:
		return text(msg, param, res, trunk_line_said);
	case PV_LONGEST:
		longest = trunk_call_id(msg, call_id, sizeof call_id) ? trunk_call_longest(trunk_live, call_id) : 0;
		return longest ? pv_get_sintval(msg, param, res, longest) : pv_get_null(msg, param, res);
	default:
		return pv_get_null(msg, param, res);
	}
}
