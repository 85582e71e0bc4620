# Kamailio's modules, out of tree: kamailio-mods/<m>/*.c and common/*.c → build/kamailio/modules/<m>.so, against the headers
# of the installed Kamailio's source package. Their pure cores are tested with cmocka and plain memory.
KAM        := build/kamailio
KAM_MODS   := did blacklist edge trunk
KAM_DIR    := kamailio-mods
KAM_COMMON := $(wildcard $(KAM_DIR)/common/*.c)
# What one module needs of another's.
trunk_BORROWS := $(KAM_DIR)/did/did_clock.c
# What a module shares with acd: pure files of lib/src.
trunk_LIB := dial
KAM_CFLAGS := -std=gnu11 -O2 -g -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wstrict-prototypes -Wvla -Wimplicit-fallthrough -Wno-cast-function-type -Werror -fPIC \
              -fno-omit-frame-pointer -fno-semantic-interposition -flto -fstack-protector-strong -pthread -I$(KAM_DIR)/common -Ilib/include
KAM_HOST   := -isystem $(KAM)/src/src -isystem /usr/include/postgresql @$(KAM)/flags -DKSR_PTHREAD_MUTEX_SHARED
KAM_LIBS   := -lpq -ljansson -lssl -lcrypto
# Files that know Kamailio; the rest is pure.
KAM_GLUE   := %_mod.c %_kam.c %_usrloc.c %_save.c %_probe.c %_keep.c %_rpc.c

.PHONY: modules kamailio-tests
# (Debian's Kamailio is not sanitised, so the sanitised twin uses the same modules; their pure cores are sanitised.)
modules: $(KAM_MODS:%=$(KAM)/modules/%.so)
	@[ -e $(BUILD)/kamailio ] || ln -sfn ../kamailio $(BUILD)/kamailio
$(KAM)/flags: $(KAM_DIR)/fetch-sources | $(BUILD)/.deps
	$(KAM_DIR)/fetch-sources $(KAM)
	@touch $@

define kamailio_module
$(1)_KOBJS := $$(patsubst $(KAM_DIR)/%.c,$(KAM)/obj/$(1)/%.o,$$(KAM_COMMON) $$(wildcard $(KAM_DIR)/$(1)/*.c) $$($(1)_BORROWS))
$$($(1)_KOBJS): $(KAM)/obj/$(1)/%.o: $(KAM_DIR)/%.c $(KAM)/flags
	@mkdir -p $$(@D)
	$(CC) $(KAM_CFLAGS) -I$(KAM_DIR)/$(1) $$(addprefix -I,$$(sort $$(dir $$($(1)_BORROWS)))) $(KAM_HOST) -DMOD_NAME='"$(1)"' -MMD -MP -c $$< -o $$@
$(1)_LOBJS := $$($(1)_LIB:%=$(KAM)/obj/$(1)/lib/%.o)
$$($(1)_LOBJS): $(KAM)/obj/$(1)/lib/%.o: lib/src/%.c
	@mkdir -p $$(@D)
	$(CC) $(KAM_CFLAGS) -MMD -MP -c $$< -o $$@
$(KAM)/modules/$(1).so: $$($(1)_KOBJS) $$($(1)_LOBJS)
	@mkdir -p $$(@D)
	$(CC) -shared -O2 -flto -flto-partition=one -Wl,-Bsymbolic $$^ -o $$@ $(KAM_LIBS)
-include $$($(1)_KOBJS:.o=.d) $$($(1)_LOBJS:.o=.d)
endef
$(foreach m,$(KAM_MODS),$(eval $(call kamailio_module,$(m))))

# Unit tests: kamailio-mods/test/test_*.c with every pure file of all modules.
KAM_PURE  := $(filter-out $(KAM_GLUE),$(wildcard $(KAM_DIR)/common/*.c $(KAM_MODS:%=$(KAM_DIR)/%/*.c)) $(foreach m,$(KAM_MODS),$($(m)_LIB:%=lib/src/%.c)))
KAM_TESTS := $(patsubst $(KAM_DIR)/test/%.c,$(BUILD)/test/kamailio-mods/%,$(wildcard $(KAM_DIR)/test/test_*.c))
KAM_PLAIN := $(patsubst %.c,$(BUILD)/obj/plain/%.o,$(KAM_DIR)/test/plain.c $(KAM_PURE))
KAM_PLAIN_CFLAGS = $(filter-out -Wconversion,$(CFLAGS)) -I$(KAM_DIR)/common $(KAM_MODS:%=-I$(KAM_DIR)/%) -I/usr/include/postgresql -MMD -MP
kamailio-tests: $(KAM_TESTS)
tests: kamailio-tests
$(KAM_PLAIN): $(BUILD)/obj/plain/%.o: %.c | $(BUILD)/.deps
	@mkdir -p $(@D)
	$(CC) $(KAM_PLAIN_CFLAGS) -c $< -o $@
$(BUILD)/obj/plain/plain.a: $(KAM_PLAIN)
	@rm -f $@
	ar rcs $@ $^
$(BUILD)/test/kamailio-mods/%: $(KAM_DIR)/test/%.c $(BUILD)/obj/plain/plain.a
	@mkdir -p $(@D)
	$(CC) $(KAM_PLAIN_CFLAGS) $(filter %.c %.a,$^) -o $@ $(LDFLAGS) -lcmocka $(KAM_LIBS)
-include $(KAM_PLAIN:.o=.d) $(KAM_TESTS:=.d)

# For tests/fuzz/fuzz_edge_*.c: the parsers among them.
edge_SRCS := $(addprefix $(KAM_DIR)/,blacklist/bl_number.c blacklist/bl_row.c blacklist/bl_rule.c blacklist/bl_arena.c common/zk_text.c common/zk_pattern.c \
             common/zk_map.c common/zk_pages.c test/plain.c trunk/trunk_match.c trunk/trunk_caller.c trunk/trunk_table.c \
             did/did_digits.c did/did_span.c did/did_clock.c did/did_row.c did/did_table.c did/did_trunk.c did/did_heads.c edge/edge_hide.c)
edge_EXTRA := -I$(KAM_DIR)/common -I$(KAM_DIR)/blacklist -I$(KAM_DIR)/trunk -I$(KAM_DIR)/did -I$(KAM_DIR)/edge -I$(KAM_DIR)/test
edge_LD    = -lcrypto $(call pkg,$(lib_PKGS),--libs) $(LIB_LIBS)
edge_CF    = $(call pkg,$(lib_PKGS),--cflags)
