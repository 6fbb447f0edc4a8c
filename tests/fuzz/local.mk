# Seconds for each target.
FUZZ_SECONDS = 30

fuzz: $(fuzz_programs)
if ENABLE_FUZZERS
	$(AM_V_at)for target in $(fuzz_programs); do \
	  corpus=$(srcdir)/tests/fuzz/corpus/$$(basename $$target); \
	  mkdir -p $$target.corpus && \
	  $$target -max_total_time=$(FUZZ_SECONDS) -timeout=10 $$target.corpus \
	    $$(test -d $$corpus && echo $$corpus) || exit 1; \
	done
else
	@echo 'the fuzzers are not built: configure with --enable-fuzzers CC=clang' >&2; exit 1
endif

fuzz_programs += tests/fuzz/fuzz-spec
tests_fuzz_fuzz_spec_SOURCES = tests/fuzz/fuzz-spec.c
tests_fuzz_fuzz_spec_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/fuzz-spec

fuzz_programs += tests/fuzz/fuzz-state
tests_fuzz_fuzz_state_SOURCES = tests/fuzz/fuzz-state.c
tests_fuzz_fuzz_state_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/fuzz-state

fuzz_programs += tests/fuzz/fuzz-seccomp-cache
tests_fuzz_fuzz_seccomp_cache_SOURCES = tests/fuzz/fuzz-seccomp-cache.c
tests_fuzz_fuzz_seccomp_cache_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/fuzz-seccomp-cache

fuzz_programs += tests/fuzz/fuzz-wire
tests_fuzz_fuzz_wire_SOURCES = tests/fuzz/fuzz-wire.c
tests_fuzz_fuzz_wire_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/fuzz-wire

fuzz_programs += tests/fuzz/fuzz-criu
tests_fuzz_fuzz_criu_SOURCES = tests/fuzz/fuzz-criu.c
tests_fuzz_fuzz_criu_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)

fuzz_programs += tests/fuzz/fuzz-mount-options
tests_fuzz_fuzz_mount_options_SOURCES = tests/fuzz/fuzz-mount-options.c
tests_fuzz_fuzz_mount_options_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/fuzz-mount-options

fuzz_programs += tests/fuzz/fuzz-subid
tests_fuzz_fuzz_subid_SOURCES = tests/fuzz/fuzz-subid.c
tests_fuzz_fuzz_subid_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/fuzz-subid

fuzz_programs += tests/fuzz/fuzz-plan
tests_fuzz_fuzz_plan_SOURCES = tests/fuzz/fuzz-plan.c
tests_fuzz_fuzz_plan_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/fuzz-plan

fuzz_programs += tests/fuzz/fuzz-text
tests_fuzz_fuzz_text_SOURCES = tests/fuzz/fuzz-text.c
tests_fuzz_fuzz_text_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/fuzz-text

fuzz_programs += tests/fuzz/fuzz-slirp-frame
tests_fuzz_fuzz_slirp_frame_SOURCES = tests/fuzz/fuzz-slirp-frame.c \
	helpers/slirp-datagram.c helpers/slirp-forward.c helpers/slirp-fragments.c \
	helpers/slirp-frame.c helpers/slirp-guard.c helpers/slirp-options.c
tests_fuzz_fuzz_slirp_frame_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/helpers
tests_fuzz_fuzz_slirp_frame_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/fuzz-slirp-frame
