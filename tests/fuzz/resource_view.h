/* A view of the small catalogue of resource/test, for what is fuzzed against it. */
#ifndef FUZZ_RESOURCE_VIEW_H
#define FUZZ_RESOURCE_VIEW_H
#include "view.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char fuzz_customs[] =
	"[{\"resource\":\"widgets\",\"name\":\"t\",\"zh\":\"t\",\"type\":\"text\",\"enabled\":true,\"required\":true},"
	"{\"resource\":\"widgets\",\"name\":\"n\",\"zh\":\"n\",\"type\":\"decimal\",\"enabled\":true},"
	"{\"resource\":\"widgets\",\"name\":\"i\",\"zh\":\"i\",\"type\":\"integer\",\"enabled\":true},"
	"{\"resource\":\"widgets\",\"name\":\"d\",\"zh\":\"d\",\"type\":\"date\",\"enabled\":true},"
	"{\"resource\":\"widgets\",\"name\":\"w\",\"zh\":\"w\",\"type\":\"datetime\",\"enabled\":true},"
	"{\"resource\":\"widgets\",\"name\":\"m\",\"zh\":\"m\",\"type\":\"multi\",\"enabled\":true,\"choices\":[\"a\","
	"\"b\"]},"
	"{\"resource\":\"widgets\",\"name\":\"c\",\"zh\":\"c\",\"type\":\"cascade\",\"enabled\":true,\"choices\":[{"
	"\"value\":"
	"\"a\",\"children\":[\"b\"]}]},"
	"{\"resource\":\"widgets\",\"name\":\"e\",\"zh\":\"e\",\"type\":\"email\",\"enabled\":true},"
	"{\"resource\":\"widgets\",\"name\":\"p\",\"zh\":\"p\",\"type\":\"phone\",\"enabled\":true,\"mask\":\"phone\"},"
	"{\"resource\":\"widgets\",\"name\":\"r\",\"zh\":\"r\",\"type\":\"region\",\"enabled\":true},"
	"{\"resource\":\"widgets\",\"name\":\"f\",\"zh\":\"f\",\"type\":\"attachment\",\"enabled\":true}]";

/* Made once; make fuzz runs in build/fuzz. */
static const struct res_view *fuzz_view(void)
{
	static struct res_view *v;
	char path[512] = __FILE__, full[600], why[200];
	struct res_schema *s;

	if (v)
		return v;
	*strrchr(path, '/') = '\0';
	snprintf(full, sizeof(full), "%s%s/../../resource/test/catalogue.json", *path == '/' ? "" : "../../", path);
	json_t *perms = json_pack("[s]", "widgets.*"), *customs = json_loads(fuzz_customs, 0, NULL),
	       *tables = json_load_file(full, 0, NULL);
	if (!tables || !customs || res_schema_alloc(&s, tables, why, sizeof(why)))
		abort();
	struct res_view_args args = {
		.schema = s, .def = res_schema_find(s, "widgets"), .perms = perms, .customs = customs};
	if (res_view_alloc(&v, &args))
		abort();
	json_decref(perms);
	json_decref(customs);
	return v;
}
#endif
