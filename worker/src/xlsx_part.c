#include "xlsx_part.h"
#include <errno.h>
#include <string.h>

/* What a part may unpack to. A sheet of a million rows is some hundred megabytes; one that unpacks to a thousand times
 * its size is made to hurt. */
#define PART_MAX   (4ULL << 30)
#define RATIO_MAX  300
#define RATIO_FROM (32ULL << 20)
/* A tag or comment that has no end is read again from its beginning with each block: one longer than any writer's costs
 * a thousand times its size. */
#define TOKEN_MAX (1LL << 20)

const char *wk_xml_name(const char *name)
{
	const char *colon = strrchr(name, '|');
	return colon ? colon + 1 : name;
}

const char *wk_xml_attr(const char **attrs, const char *name)
{
	for (; *attrs; attrs += 2)
		if (strcmp(wk_xml_name(attrs[0]), name) == 0)
			return attrs[1];
	return NULL;
}

static void on_doctype(void *arg, const XML_Char *a ZJ_UNUSED, const XML_Char *b ZJ_UNUSED, const XML_Char *c ZJ_UNUSED,
		       int internal ZJ_UNUSED)
{
	XML_Parser xml = arg;
	XML_StopParser(xml, XML_FALSE);
}

static int broken(struct wk_fault *f)
{
	return wk_fault_set(f, "upload_id", "damaged", "文件已损坏，或不是 XLSX", "the file is damaged, or no XLSX");
}

static int bomb(struct wk_fault *f)
{
	return wk_fault_set(f, "upload_id", "too_large", "文件解压后过大", "the file unpacks to far more than it is");
}

static int xml_fault(XML_Parser xml, struct wk_fault *f)
{
	if (XML_GetErrorCode(xml) == XML_ERROR_ABORTED)
		return wk_fault_set(f, "upload_id", "doctype", "文件中含有文档类型声明，不予读取",
				    "the file has a document type declaration; such files are not read");
	return broken(f);
}

static int feed(zip_file_t *file, XML_Parser xml, const struct wk_part *p, uint64_t packed, struct wk_fault *f)
{
	uint64_t seen = 0;

	for (;;) {
		void *buf = XML_GetBuffer(xml, 65536);
		if (!buf)
			return ENOMEM;
		zip_int64_t n = zip_fread(file, buf, 65536);
		if (n < 0)
			return broken(f);
		seen += (uint64_t)n;
		if (seen > PART_MAX || (seen > RATIO_FROM && seen / RATIO_MAX > packed))
			return bomb(f);
		bool good = XML_ParseBuffer(xml, (int)n, n == 0) == XML_STATUS_OK;
		int stop = p->stop ? *p->stop : 0;
		if (stop || !good)
			return stop ? stop : xml_fault(xml, f);
		if ((int64_t)seen - XML_GetCurrentByteIndex(xml) > TOKEN_MAX)
			return bomb(f);
		if (n == 0)
			return 0;
	}
}

int wk_part_read(zip_t *zip, const struct wk_part *p, struct wk_fault *f)
{
	zip_stat_t st;

	if (zip_stat(zip, p->name, 0, &st) || !(st.valid & ZIP_STAT_COMP_SIZE))
		return ENOENT;
	if ((st.valid & ZIP_STAT_ENCRYPTION_METHOD) && st.encryption_method != ZIP_EM_NONE)
		return wk_fault_set(f, "upload_id", "encrypted", "文件有密码，请去掉密码后再上传",
				    "the file has a password; remove it and upload again");
	zip_file_t *file = zip_fopen_index(zip, st.index, 0);
	if (!file)
		return broken(f);
	XML_Parser xml = XML_ParserCreateNS(NULL, '|');
	int err = xml ? 0 : ENOMEM;
	if (!err) {
		XML_SetElementHandler(xml, p->start, p->end);
		XML_SetCharacterDataHandler(xml, p->text);
		XML_SetUserData(xml, p->arg);
		XML_SetStartDoctypeDeclHandler(xml, on_doctype);
		XML_UseParserAsHandlerArg(xml);
		err = feed(file, xml, p, st.comp_size, f);
	}
	if (xml)
		XML_ParserFree(xml);
	zip_fclose(file);
	return err;
}
