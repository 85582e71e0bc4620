/* The table of elements: VoiceXML 2.0 (appendix O) and 2.1, with the parts of SRGS 1.0 and SSML 1.0 that they embed. */
#include "doc.h"

#define AUDIO_C                                                                                                        \
	"#text audio enumerate value break emphasis p paragraph s sentence prosody say-as phoneme sub voice mark "     \
	"foreach"
#define EXEC_C   AUDIO_C " assign clear disconnect exit goto if log prompt reprompt return script submit throw var"
#define EVENTS_C "catch error help noinput nomatch"
#define COND_A   "cond:expr count:count"
#define FETCH_A  "fetchaudio:uri fetchhint:prefetch|safe fetchtimeout:time maxage:int maxstale:int"
#define INPUT_A  "name:name expr:expr cond:expr"
#define SSML_A   "xml:lang:lang"
#define SUBMIT_A "namelist:names method:get|post enctype:text"
#define THROW_A  "event:event eventexpr:expr message:text messageexpr:expr"

const struct vx_rule vx_schema[VX_TAGS] = {
	[VX_VXML] = {EVENTS_C " form link menu meta metadata property script var",
		     "version:2.0|2.1! xmlns:text application:uri xml:base:uri xml:lang:lang", ""},
	[VX_META] = {"", "name:text content:text! http-equiv:text", "!name|http-equiv"},
	[VX_METADATA] = {"#any", "", ""},
	[VX_FORM] = {EVENTS_C
		     " block field filled grammar initial link object property record script subdialog transfer var",
		     "id:id scope:dialog|document", ""},
	[VX_MENU] = {AUDIO_C " choice " EVENTS_C " prompt property script link",
		     "id:id scope:dialog|document dtmf:bool accept:exact|approximate", ""},
	[VX_CHOICE] = {"#text grammar", "dtmf:dtmf next:uri expr:expr accept:exact|approximate " THROW_A " " FETCH_A,
		       "!next|expr|event|eventexpr"},
	[VX_FIELD] = {AUDIO_C " " EVENTS_C " filled grammar link option prompt property",
		      INPUT_A " type:text slot:text modal:bool", ""},
	[VX_BLOCK] = {EXEC_C, INPUT_A, ""},
	[VX_INITIAL] = {AUDIO_C " " EVENTS_C " link prompt property", INPUT_A, ""},
	[VX_RECORD] = {AUDIO_C " " EVENTS_C " filled grammar prompt property",
		       INPUT_A " modal:bool beep:bool maxtime:time finalsilence:time dtmfterm:bool type:text", ""},
	[VX_TRANSFER] =
		{AUDIO_C " " EVENTS_C " filled grammar prompt property",
		 INPUT_A
		 " dest:uri destexpr:expr bridge:bool type:blind|bridge|consultation connecttimeout:time maxtime:time "
		 "transferaudio:uri aai:text aaiexpr:expr",
		 "dest|destexpr"},
	[VX_SUBDIALOG] = {AUDIO_C " " EVENTS_C " filled param prompt property",
			  INPUT_A " src:uri srcexpr:expr " SUBMIT_A " " FETCH_A, "!src|srcexpr"},
	[VX_OBJECT] = {AUDIO_C " " EVENTS_C " filled param prompt property",
		       INPUT_A " classid:uri codebase:uri codetype:text data:uri type:text archive:text " FETCH_A, ""},
	[VX_PARAM] = {"", "name:name! expr:expr value:text valuetype:data|ref type:text", "!expr|value"},
	[VX_RETURN] = {"", "namelist:names " THROW_A, "namelist|event|eventexpr"},
	[VX_FILLED] = {EXEC_C, "mode:all|any namelist:names", ""},
	[VX_OPTION] = {"#text", "dtmf:dtmf accept:exact|approximate value:text", ""},
	[VX_LINK] = {"grammar", "next:uri expr:expr dtmf:dtmf " THROW_A " " FETCH_A, "!next|expr|event|eventexpr"},
	[VX_PROPERTY] = {"", "name:text! value:text!", ""},
	[VX_PROMPT] = {AUDIO_C " desc lexicon metadata meta",
		       COND_A " bargein:bool bargeintype:speech|hotword timeout:time xml:lang:lang xml:base:uri "
			      "version:text xmlns:text",
		       ""},
	[VX_AUDIO] = {AUDIO_C " desc", "src:uri expr:expr " FETCH_A, "src|expr"},
	[VX_VALUE] = {"", "expr:expr!", ""},
	[VX_ENUMERATE] = {AUDIO_C, "", ""},
	[VX_CATCH] = {EXEC_C, "event:events " COND_A, ""},
	[VX_ERROR] = {EXEC_C, COND_A, ""},
	[VX_HELP] = {EXEC_C, COND_A, ""},
	[VX_NOINPUT] = {EXEC_C, COND_A, ""},
	[VX_NOMATCH] = {EXEC_C, COND_A, ""},
	[VX_THROW] = {"", THROW_A, "!event|eventexpr"},
	[VX_REPROMPT] = {"", "", ""},
	[VX_VAR] = {"", "name:name! expr:expr", ""},
	[VX_ASSIGN] = {"", "name:path! expr:expr!", ""},
	[VX_CLEAR] = {"", "namelist:names", ""},
	[VX_IF] = {EXEC_C " elseif else", "cond:expr!", ""},
	[VX_ELSEIF] = {"", "cond:expr!", ""},
	[VX_ELSE] = {"", "", ""},
	[VX_GOTO] = {"", "next:uri expr:expr nextitem:name expritem:expr " FETCH_A, "!next|expr|nextitem|expritem"},
	[VX_SUBMIT] = {"", "next:uri expr:expr " SUBMIT_A " " FETCH_A, "!next|expr"},
	[VX_EXIT] = {"", "expr:expr namelist:names", "expr|namelist"},
	[VX_DISCONNECT] = {"", "namelist:names", ""},
	[VX_LOG] = {"#text value", "label:text expr:expr", ""},
	[VX_SCRIPT] = {"#text", "src:uri srcexpr:expr charset:text " FETCH_A, "src|srcexpr"},
	[VX_FOREACH] = {EXEC_C, "item:name! array:expr!", ""},
	[VX_GRAMMAR] = {"#text rule lexicon meta metadata tag",
			"version:1.0 root:id mode:dtmf|voice tag-format:text src:uri srcexpr:expr "
			"scope:dialog|document type:text weight:text "
			"xmlns:text xml:lang:lang xml:base:uri " FETCH_A,
			"src|srcexpr"},
	[VX_RULE] = {"#text example item one-of ruleref tag token", "id:id! scope:private|public", ""},
	[VX_ONE_OF] = {"item", SSML_A, ""},
	[VX_ITEM] = {"#text item one-of ruleref tag token", "weight:text repeat:repeat repeat-prob:text xml:lang:lang",
		     ""},
	[VX_RULEREF] = {"", "uri:uri special:NULL|VOID|GARBAGE type:text xml:lang:lang", "!uri|special"},
	[VX_TAG] = {"#text", "", ""},
	[VX_TOKEN] = {"#text", SSML_A, ""},
	[VX_EXAMPLE] = {"#text", "", ""},
	[VX_LEXICON] = {"", "uri:uri! type:text", ""},
	[VX_BREAK] = {"", "time:time strength:none|x-weak|weak|medium|strong|x-strong size:text", "time|size"},
	[VX_EMPHASIS] = {AUDIO_C, "level:strong|moderate|none|reduced", ""},
	[VX_P] = {AUDIO_C, SSML_A, ""},
	[VX_PARAGRAPH] = {AUDIO_C, SSML_A, ""},
	[VX_S] = {AUDIO_C, SSML_A, ""},
	[VX_SENTENCE] = {AUDIO_C, SSML_A, ""},
	[VX_PROSODY] = {AUDIO_C, "pitch:text contour:text range:text rate:text duration:text volume:text", ""},
	[VX_SAY_AS] = {"#text value", "interpret-as:text! format:text detail:text", ""},
	[VX_PHONEME] = {"#text", "ph:text! alphabet:text", ""},
	[VX_SUB] = {"#text value", "alias:text!", ""},
	[VX_VOICE] = {AUDIO_C, "gender:text age:text variant:text name:text xml:lang:lang", ""},
	[VX_MARK] = {"", "name:text nameexpr:expr", "!name|nameexpr"},
	[VX_DESC] = {"#text", SSML_A, ""},
};
