# duktape is built from Debian's source. The step limit of its regular expressions is a constant there (1e9, some 10 s);
# ours is 1e6, some 20 ms. -isystem: its warnings are not ours.
DUK := $(BUILD)/gen/duktape
ivr-vxml_EXTRA = -isystem $(DUK)
# (On a fresh machine the source is there only once the packages are.)
/usr/share/duktape/duktape.c: | $(BUILD)/.deps ;
$(DUK)/duktape.c: /usr/share/duktape/duktape.c
	@mkdir -p $(@D)
	cp /usr/share/duktape/duktape.h /usr/share/duktape/duk_config.h $(@D)/
	sed 's/^\(#define DUK_RE_EXECUTE_STEPS_LIMIT\).*/\1 1000000L/' $< > $@.tmp
	grep -q '^#define DUK_RE_EXECUTE_STEPS_LIMIT 1000000L' $@.tmp && mv $@.tmp $@
$(BUILD)/obj/ivr-vxml/src/script_duktape.o $(BUILD)/obj/ivr-vxml/src/script_child.o: $(DUK)/duktape.c
