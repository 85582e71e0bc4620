/* A small catalogue, in the form in which api_schema_sql answers it, for the tests of what is made from it. */
#ifndef TEST_CATALOGUE_H
#define TEST_CATALOGUE_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include "schema.h"
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CAN                                                                                                            \
	"\"can\":{\"zj_tenant\":{\"select\":true,\"insert\":true,\"update\":true,\"delete\":true},\"zj_carrier\":{"    \
	"\"select\":true,\"insert\":true}}"
#define COLUMN(name, type, rest) "{\"name\":\"" name "\",\"type\":\"" type "\"," CAN rest "}"
#define LABEL                    ",\"comment\":{\"zh\":\"甲\",\"en\":\"A\"}"

static const char
	catalogue_text[] = "[{\"table\":\"plain\",\"comment\":null,\"key\":[\"id\"],\"columns\":[],\"constraints\":[]},"
			   "{\"table\":\"part\",\"comment\":null,\"key\":[\"tenant_id\"],\"constraints\":[],"
			   "\"columns\":[" COLUMN("tenant_id",
						  "uuid", "") "," COLUMN("id",
									 "uuid", "") "," COLUMN("path", "text", ",\"comment\":{\"hidden\":true}") "]},"
																		  "{\"table\":\"grp\",\"comment\":{\"resource\":\"groups\",\"zh\":\"组\",\"en\":\"Group\"},\"key\":[\"tenant_id\",\"id\"],"
																		  "\"can\":{\"zj_tenant\":{\"select\":true},\"zj_carrier\":{}},\"columns\":[],\"constraints\":[]},"
																		  "{\"table\":\"widget\",\"comment\":{\"resource\":\"widgets\",\"zh\":\"件\",\"en\":\"Widget\",\"scope\":\"tenant\",\"include\":{\"parts\":\"part\"},"
																		  "\"permissions\":{\"polish\":{\"zh\":\"擦\",\"en\":\"Polish\"}}},\"key\":[\"tenant_id\",\"id\"]," CAN ",\"columns\":[" COLUMN("tenant_id", "uuid", ",\"not_null\":true" LABEL) "," COLUMN("id", "uuid", ",\"not_null\":true,\"default\":\"zj_uuid7()\",\"comment\":{\"zh\":\"号\",\"en\":\"ID\",\"readonly\":true}") "," COLUMN("name", "text", ",\"not_null\":true" LABEL) "," COLUMN("size", "integer", ",\"not_null\":true,\"default\":\"3\"" LABEL) "," COLUMN("kind", "text", LABEL) "," COLUMN("tags", "text[]", ",\"not_null\":true,\"default\":\"'{}'::text[]\"" LABEL) "," COLUMN("group_id",
																																																																																									     "uuid", LABEL) "," COLUMN("at",
																																																																																												       "timestamp with time zone", LABEL) "," COLUMN("extra", "jsonb", LABEL) "," COLUMN("host",
																																																																																																							 "inet", LABEL) "," COLUMN("secret", "text", ",\"comment\":{\"zh\":\"密\",\"en\":\"S\",\"writeonly\":true,\"min_length\":8}") "," COLUMN("digest", "text", ",\"not_null\":true,\"comment\":{\"zh\":\"摘\",\"en\":\"D\",\"hidden\":true}") "],"
																																																																																																																																				  "\"constraints\":["
																																																																																																																																				  "{\"name\":\"widget_name_check\",\"type\":\"c\",\"columns\":[\"name\"],\"def\":\"CHECK (char_length(name) >= 1 AND char_length(name) <= 10)\"},"
																																																																																																																																				  "{\"name\":\"widget_name_check1\",\"type\":\"c\",\"columns\":[\"name\"],\"def\":\"CHECK (name ~ '^[a-z'']+$'::text)\"},"
																																																																																																																																				  "{\"name\":\"widget_size_check\",\"type\":\"c\",\"columns\":[\"size\"],\"def\":\"CHECK (size > 0 AND size < 10)\"},"
																																																																																																																																				  "{\"name\":\"widget_kind_check\",\"type\":\"c\",\"columns\":[\"kind\"],\"def\":\"CHECK (kind = ANY (ARRAY['a'::text, 'it''s'::text]))\"},"
																																																																																																																																				  "{\"name\":\"widget_both\",\"type\":\"c\",\"columns\":[\"size\",\"kind\"],\"def\":\"CHECK (size = 1 OR kind IS NULL)\"},"
																																																																																																																																				  "{\"name\":\"widget_group\",\"type\":\"f\",\"columns\":[\"tenant_id\",\"group_id\"],\"def\":\"\",\"ref\":\"grp\"},"
																																																																																																																																				  "{\"name\":\"widget_tenant_id_name_key\",\"type\":\"u\",\"columns\":[\"tenant_id\",\"name\"],\"def\":\"\"}]}]";

static int catalogue_setup(void **state)
{
	char why[200] = "";
	json_error_t e;
	json_t *tables = json_loads(catalogue_text, 0, &e);
	struct api_schema *s = NULL;
	if (!tables || api_schema_alloc(&s, tables, why, sizeof(why)))
		return -1;
	*state = s;
	return 0;
}

static int catalogue_teardown(void **state)
{
	*state = zj_deref(*state);
	return (int)zj_objects_alive();
}
#endif
