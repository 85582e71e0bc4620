#include "did_table.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "did_trunk.h"

const struct zk_table did_tables[DID_MAPS] = {
	[DID_TENANT] = {"tenant", "kind, enabled, time_zone, default_kind, default_id", 5},
	[DID_TRUNK] = {"trunk", "tenant_id, host, port, match_port, enabled, transport", 6},
	[DID_TRUNK_HOST] = {"trunk_host", "trunk_id, host, port, enabled", 4},
	[DID_NUMBERS] = {"number", "tenant_id, number, enabled, call_type, vip, account_id, extension_id, did_group_id",
			 8},
	[DID_ALIAS] = {"number_alias", "number_id, alias, trunk_id", 3},
	[DID_ENTRY] = {"did_group_entry", "tenant_id, did_group_id, entry, prefix", 4},
	[DID_ROUTE] =
		{"inbound_route",
		 "tenant_id, enabled, priority, did_match, coalesce(number_id, did_group_id), did_pattern, "
		 "caller_match, caller, "
		 "trunk_id, package_id, weekdays, date_from, date_to, time_from, time_to, split, destination_kind, "
		 "coalesce(destination_id::text, destination_number), off_kind, coalesce(off_id::text, off_number), "
		 "holiday_kind, coalesce(holiday_id::text, holiday_number)",
		 22},
	[DID_WORK_TIME] = {"work_time", "time_from, time_to, date_from, date_to, weekday_from, weekday_to", 6},
	[DID_PACKAGE] = {"work_package", "enabled, holidays, work_times", 3},
	[DID_HOLIDAY] = {"holiday", "tenant_id, enabled, date_from, date_to", 4},
	[DID_BINDING] = {"binding",
			 "tenant_id, enabled, priority, kind, target_kind, target_id, caller_number, "
			 "coalesce(number_id, did_group_id), "
			 "trunk_id, caller_match",
			 10},
};

static const char *const kind_names[DID_KINDS] = {
	[DID_TO_NOTHING] = "",
	[DID_TO_QUEUE] = "queue",
	[DID_TO_IVR] = "ivr",
	[DID_TO_EXTENSION] = "extension",
	[DID_TO_RING_GROUP] = "ring_group",
	[DID_TO_CONFERENCE] = "conference",
	[DID_TO_VOICEMAIL] = "voicemail",
	[DID_TO_FAX] = "fax",
	[DID_TO_ACCOUNT] = "account",
	[DID_TO_APPLICATION] = "application",
	[DID_TO_EXTERNAL] = "external",
	[DID_TO_HANGUP] = "hangup",
	[DID_TO_PROMPT] = "prompt",
};

const char *did_kind_name(enum did_kind kind)
{
	return (unsigned)kind < DID_KINDS ? kind_names[kind] : "?";
}

void did_dest_text(char out[DID_TARGET_MAX], const struct did_dest *d)
{
	struct zk_uuid id;
	memcpy(id.b, d->raw, sizeof id.b);
	if (d->kind == DID_TO_HANGUP || d->kind == DID_TO_NOTHING)
		strcpy(out, "-");
	else if (d->kind == DID_TO_EXTERNAL)
		zk_copy(out, DID_TARGET_MAX, d->raw, strnlen(d->raw, sizeof d->raw - 1));
	else
		zk_uuid_text(out, &id);
}

int did_store_alloc(struct zk_store **sp)
{
	static const size_t sizes[DID_MAPS] = {
		[DID_TENANT] = sizeof(struct did_tenant),         [DID_TRUNK] = sizeof(struct did_trunk),
		[DID_TRUNK_HOST] = sizeof(struct did_trunk_host), [DID_NUMBERS] = sizeof(struct did_number),
		[DID_ALIAS] = sizeof(struct did_alias),           [DID_ENTRY] = sizeof(struct did_entry),
		[DID_ROUTE] = sizeof(struct did_route),           [DID_WORK_TIME] = sizeof(struct did_work_time),
		[DID_PACKAGE] = sizeof(struct did_package),       [DID_HOLIDAY] = sizeof(struct did_holiday),
		[DID_BINDING] = sizeof(struct did_binding),
	};
	return zk_store_alloc(sp, sizes, DID_MAPS);
}

uint64_t did_hash_number(const char *number)
{
	return zk_hash(NULL, 0, number, strlen(number));
}

uint64_t did_hash_id(const struct zk_uuid *id)
{
	return zk_hash(id->b, sizeof id->b, "", 0);
}

uint64_t did_hash_host(const struct in6_addr *host)
{
	return zk_hash(host, sizeof *host, "", 0);
}

uint64_t did_hash_digits(const struct zk_uuid *tenant, const char *digits, size_t len)
{
	return zk_hash(tenant->b, sizeof tenant->b, digits, len);
}

uint64_t did_hash_route(const struct zk_uuid *tenant, const void *did, size_t did_len, const char *caller,
			size_t caller_len)
{
	unsigned char key[sizeof tenant->b + ZK_NUMBER_MAX];
	memcpy(key, tenant->b, sizeof tenant->b);
	memcpy(key + sizeof tenant->b, did, did_len);
	return zk_hash(key, sizeof tenant->b + did_len, caller, caller_len);
}

uint64_t did_hash_binding(const struct zk_uuid *tenant, enum did_binding_kind kind, const void *what, size_t len)
{
	unsigned char key[sizeof tenant->b + 1];
	memcpy(key, tenant->b, sizeof tenant->b);
	key[sizeof tenant->b] = (unsigned char)kind;
	return zk_hash(key, sizeof key, what, len);
}

const struct did_tenant *did_tenant_enabled(struct zk_map *const *maps, const struct zk_uuid *id)
{
	const struct did_tenant *t = zk_by_id(maps[DID_TENANT], id);
	return t && t->enabled ? t : NULL;
}
