#include "trunk_country.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ITU-T E.164 with the North American plan's codes (NANPA), and the premium ranges that fraud likes best. Sorted as
 * text. */
static const struct trunk_country plan[] = {
	{"1", "US"},       {"1204", "CA"},   {"1226", "CA"},   {"1236", "CA"},    {"1242", "BS"},    {"1246", "BB"},
	{"1249", "CA"},    {"1250", "CA"},   {"1257", "CA"},   {"1263", "CA"},    {"1264", "AI"},    {"1268", "AG"},
	{"1284", "VG"},    {"1289", "CA"},   {"1306", "CA"},   {"1340", "VI"},    {"1343", "CA"},    {"1345", "KY"},
	{"1354", "CA"},    {"1365", "CA"},   {"1367", "CA"},   {"1368", "CA"},    {"1382", "CA"},    {"1387", "CA"},
	{"1403", "CA"},    {"1416", "CA"},   {"1418", "CA"},   {"1428", "CA"},    {"1431", "CA"},    {"1437", "CA"},
	{"1438", "CA"},    {"1441", "BM"},   {"1450", "CA"},   {"1460", "CA"},    {"1468", "CA"},    {"1473", "GD"},
	{"1474", "CA"},    {"1506", "CA"},   {"1514", "CA"},   {"1519", "CA"},    {"1548", "CA"},    {"1579", "CA"},
	{"1581", "CA"},    {"1584", "CA"},   {"1587", "CA"},   {"1604", "CA"},    {"1613", "CA"},    {"1639", "CA"},
	{"1647", "CA"},    {"1649", "TC"},   {"1658", "JM"},   {"1664", "MS"},    {"1670", "MP"},    {"1671", "GU"},
	{"1672", "CA"},    {"1683", "CA"},   {"1684", "AS"},   {"1705", "CA"},    {"1709", "CA"},    {"1721", "SX"},
	{"1742", "CA"},    {"1753", "CA"},   {"1758", "LC"},   {"1767", "DM"},    {"1778", "CA"},    {"1780", "CA"},
	{"1782", "CA"},    {"1784", "VC"},   {"1787", "PR"},   {"1807", "CA"},    {"1809", "DO"},    {"1819", "CA"},
	{"1825", "CA"},    {"1829", "DO"},   {"1849", "DO"},   {"1867", "CA"},    {"1868", "TT"},    {"1869", "KN"},
	{"1873", "CA"},    {"1876", "JM"},   {"1879", "CA"},   {"1900", "XP"},    {"1902", "CA"},    {"1905", "CA"},
	{"1939", "PR"},    {"1942", "CA"},   {"20", "EG"},     {"211", "SS"},     {"212", "MA"},     {"213", "DZ"},
	{"216", "TN"},     {"218", "LY"},    {"220", "GM"},    {"221", "SN"},     {"222", "MR"},     {"223", "ML"},
	{"224", "GN"},     {"225", "CI"},    {"226", "BF"},    {"227", "NE"},     {"228", "TG"},     {"229", "BJ"},
	{"230", "MU"},     {"231", "LR"},    {"232", "SL"},    {"233", "GH"},     {"234", "NG"},     {"235", "TD"},
	{"236", "CF"},     {"237", "CM"},    {"238", "CV"},    {"239", "ST"},     {"240", "GQ"},     {"241", "GA"},
	{"242", "CG"},     {"243", "CD"},    {"244", "AO"},    {"245", "GW"},     {"246", "IO"},     {"247", "SH"},
	{"248", "SC"},     {"249", "SD"},    {"250", "RW"},    {"251", "ET"},     {"252", "SO"},     {"253", "DJ"},
	{"254", "KE"},     {"255", "TZ"},    {"256", "UG"},    {"257", "BI"},     {"258", "MZ"},     {"260", "ZM"},
	{"261", "MG"},     {"262", "RE"},    {"262269", "YT"}, {"262639", "YT"},  {"263", "ZW"},     {"264", "NA"},
	{"265", "MW"},     {"266", "LS"},    {"267", "BW"},    {"268", "SZ"},     {"269", "KM"},     {"27", "ZA"},
	{"290", "SH"},     {"291", "ER"},    {"297", "AW"},    {"298", "FO"},     {"299", "GL"},     {"30", "GR"},
	{"30901", "XP"},   {"30909", "XP"},  {"31", "NL"},     {"31900", "XP"},   {"31906", "XP"},   {"31909", "XP"},
	{"32", "BE"},      {"3290", "XP"},   {"33", "FR"},     {"3389", "XP"},    {"34", "ES"},      {"34803", "XP"},
	{"34806", "XP"},   {"34807", "XP"},  {"350", "GI"},    {"351", "PT"},     {"351601", "XP"},  {"351607", "XP"},
	{"352", "LU"},     {"353", "IE"},    {"35315", "XP"},  {"354", "IS"},     {"355", "AL"},     {"356", "MT"},
	{"357", "CY"},     {"358", "FI"},    {"35818", "AX"},  {"358600", "XP"},  {"358700", "XP"},  {"359", "BG"},
	{"36", "HU"},      {"3690", "XP"},   {"370", "LT"},    {"371", "LV"},     {"372", "EE"},     {"373", "MD"},
	{"374", "AM"},     {"375", "BY"},    {"376", "AD"},    {"377", "MC"},     {"378", "SM"},     {"379", "VA"},
	{"380", "UA"},     {"380900", "XP"}, {"381", "RS"},    {"382", "ME"},     {"383", "XK"},     {"385", "HR"},
	{"386", "SI"},     {"387", "BA"},    {"389", "MK"},    {"39", "IT"},      {"3906698", "VA"}, {"39892", "XP"},
	{"39894", "XP"},   {"39895", "XP"},  {"39899", "XP"},  {"40", "RO"},      {"40900", "XP"},   {"40903", "XP"},
	{"40906", "XP"},   {"41", "CH"},     {"41900", "XP"},  {"41901", "XP"},   {"41906", "XP"},   {"420", "CZ"},
	{"420900", "XP"},  {"420906", "XP"}, {"420909", "XP"}, {"421", "SK"},     {"423", "LI"},     {"43", "AT"},
	{"43900", "XP"},   {"43901", "XP"},  {"43930", "XP"},  {"43931", "XP"},   {"43939", "XP"},   {"44", "GB"},
	{"441481", "GG"},  {"441534", "JE"}, {"441624", "IM"}, {"4470", "XP"},    {"4487", "XP"},    {"449", "XP"},
	{"45", "DK"},      {"4590", "XP"},   {"46", "SE"},     {"46900", "XP"},   {"46939", "XP"},   {"46944", "XP"},
	{"47", "NO"},      {"48", "PL"},     {"48700", "XP"},  {"49", "DE"},      {"49137", "XP"},   {"49900", "XP"},
	{"500", "FK"},     {"501", "BZ"},    {"502", "GT"},    {"503", "SV"},     {"504", "HN"},     {"505", "NI"},
	{"506", "CR"},     {"507", "PA"},    {"508", "PM"},    {"509", "HT"},     {"51", "PE"},      {"52", "MX"},
	{"53", "CU"},      {"54", "AR"},     {"55", "BR"},     {"56", "CL"},      {"57", "CO"},      {"58", "VE"},
	{"590", "GP"},     {"591", "BO"},    {"592", "GY"},    {"593", "EC"},     {"594", "GF"},     {"595", "PY"},
	{"596", "MQ"},     {"597", "SR"},    {"598", "UY"},    {"599", "BQ"},     {"5999", "CW"},    {"60", "MY"},
	{"60600", "XP"},   {"61", "AU"},     {"61190", "XP"},  {"6189162", "CC"}, {"6189164", "CX"}, {"62", "ID"},
	{"63", "PH"},      {"64", "NZ"},     {"64900", "XP"},  {"65", "SG"},      {"651900", "XP"},  {"66", "TH"},
	{"670", "TL"},     {"672", "NF"},    {"6721", "AQ"},   {"673", "BN"},     {"674", "NR"},     {"675", "PG"},
	{"676", "TO"},     {"677", "SB"},    {"678", "VU"},    {"679", "FJ"},     {"680", "PW"},     {"681", "WF"},
	{"682", "CK"},     {"683", "NU"},    {"685", "WS"},    {"686", "KI"},     {"687", "NC"},     {"688", "TV"},
	{"689", "PF"},     {"690", "TK"},    {"691", "FM"},    {"692", "MH"},     {"7", "RU"},       {"76", "KZ"},
	{"77", "KZ"},      {"7809", "XP"},   {"808", "XP"},    {"81", "JP"},      {"81990", "XP"},   {"82", "KR"},
	{"82060", "XP"},   {"84", "VN"},     {"850", "KP"},    {"852", "HK"},     {"852900", "XP"},  {"853", "MO"},
	{"855", "KH"},     {"856", "LA"},    {"86", "CN"},     {"870", "XS"},     {"878", "XS"},     {"880", "BD"},
	{"881", "XS"},     {"882", "XS"},    {"883", "XS"},    {"886", "TW"},     {"888", "XS"},     {"90", "TR"},
	{"90900", "XP"},   {"91", "IN"},     {"92", "PK"},     {"93", "AF"},      {"94", "LK"},      {"95", "MM"},
	{"960", "MV"},     {"961", "LB"},    {"962", "JO"},    {"963", "SY"},     {"964", "IQ"},     {"965", "KW"},
	{"966", "SA"},     {"967", "YE"},    {"968", "OM"},    {"970", "PS"},     {"971", "AE"},     {"972", "IL"},
	{"9721900", "XP"}, {"973", "BH"},    {"974", "QA"},    {"975", "BT"},     {"976", "MN"},     {"977", "NP"},
	{"979", "XP"},     {"98", "IR"},     {"992", "TJ"},    {"993", "TM"},     {"994", "AZ"},     {"995", "GE"},
	{"996", "KG"},     {"998", "UZ"},
};
#define ROWS    (sizeof plan / sizeof *plan)
#define LONGEST 7

const struct trunk_country *trunk_country_at(size_t i)
{
	return i < ROWS ? &plan[i] : NULL;
}

static int compare(const void *key, const void *row)
{
	return strcmp(key, ((const struct trunk_country *)row)->prefix);
}

const struct trunk_country *trunk_country_of(const char *digits)
{
	const struct trunk_country *c = NULL;
	char prefix[LONGEST + 1];
	size_t len = strnlen(digits, LONGEST);
	memcpy(prefix, digits, len);
	for (; len && !c; len--) {
		prefix[len] = '\0';
		c = bsearch(prefix, plan, ROWS, sizeof *plan, compare);
	}
	return c;
}

/* Longer than any number at home is that is dialled without a prefix; China's mobile numbers have eleven digits. */
static bool is_bare(const char *number, const char *home)
{
	size_t len = strlen(number);
	bool mobile = !strcmp(home, "86") && len == 11 && number[0] == '1' && number[1] >= '3';
	return len >= 11 && number[0] != '0' && !mobile && strspn(number, "0123456789") == len &&
	       strncmp(number, home, strlen(home)) != 0;
}

bool trunk_e164(char out[TRUNK_E164_MAX], const char *number, const char *home, bool bare)
{
	bool said = true;
	const char *digits = number, *code = "";
	if (number[0] == '+')
		digits = number + 1;
	else if (!strncmp(number, "00", 2))
		digits = number + 2;
	else if (!bare || !is_bare(number, home))
		said = false;
	if (!said) {
		digits = number + (number[0] == '0');
		code = home;
	}
	snprintf(out, TRUNK_E164_MAX, "%s%s", code, digits);
	return said;
}

int trunk_destination_fit(const char *entry, size_t len, const char *digits, const struct trunk_country *country)
{
	if (len == 2 && isupper((unsigned char)entry[0]))
		return country && !strncmp(country->code, entry, 2) ? (int)strlen(country->prefix) : -1;
	if (len < 2 || entry[0] != '+' || strncmp(digits, entry + 1, len - 1) != 0)
		return -1;
	return (int)len - 1;
}

int trunk_destination_listed(const char *list, const char *digits, const struct trunk_country *country)
{
	int best = -1;
	while (*list) {
		size_t len = strcspn(list, ",");
		int fit = trunk_destination_fit(list, len, digits, country);
		best = fit > best ? fit : best;
		list += len + (list[len] == ',');
	}
	return best;
}
