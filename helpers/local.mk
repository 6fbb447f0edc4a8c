if HAVE_SLIRP
helper_programs += helpers/runc-slirp
endif

helpers_runc_slirp_SOURCES = \
	helpers/slirp-api.c helpers/slirp-api.h \
	helpers/slirp-datagram.c helpers/slirp-datagram.h \
	helpers/slirp-flow.c helpers/slirp-flow.h \
	helpers/slirp-flows.c helpers/slirp-flows.h \
	helpers/slirp-forward.c helpers/slirp-forward.h \
	helpers/slirp-fragments.c helpers/slirp-fragments.h \
	helpers/slirp-frame.c helpers/slirp-frame.h \
	helpers/slirp-guard.c helpers/slirp-guard.h \
	helpers/slirp-keeper.c helpers/slirp-keeper.h \
	helpers/slirp-main.c \
	helpers/slirp-netlink.c helpers/slirp-netlink.h \
	helpers/slirp-options.c helpers/slirp-options.h \
	helpers/slirp-poller.c helpers/slirp-poller.h \
	helpers/slirp-port.c helpers/slirp-port.h \
	helpers/slirp-request.c helpers/slirp-request.h \
	helpers/slirp-ring.c helpers/slirp-ring.h \
	helpers/slirp-sandbox.c helpers/slirp-sandbox.h \
	helpers/slirp-stack.c helpers/slirp-stack.h \
	helpers/slirp-tap.c helpers/slirp-tap.h \
	helpers/slirp-udp.c helpers/slirp-udp.h
helpers_runc_slirp_CFLAGS = $(AM_CFLAGS) $(SLIRP_CFLAGS)
helpers_runc_slirp_LDADD = librunc-core.a $(SLIRP_LIBS) $(GLIB_LIBS) $(JSONC_LIBS)

unit_programs += tests/unit/test-slirp-frame
tests_unit_test_slirp_frame_SOURCES = tests/unit/test-slirp-frame.c \
	helpers/slirp-datagram.c helpers/slirp-forward.c helpers/slirp-fragments.c \
	helpers/slirp-frame.c helpers/slirp-guard.c helpers/slirp-options.c
tests_unit_test_slirp_frame_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/helpers

unit_programs += tests/unit/test-slirp-request
tests_unit_test_slirp_request_SOURCES = tests/unit/test-slirp-request.c \
	helpers/slirp-forward.c helpers/slirp-keeper.c helpers/slirp-options.c helpers/slirp-request.c
tests_unit_test_slirp_request_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/helpers

unit_programs += tests/unit/test-slirp-ring
tests_unit_test_slirp_ring_SOURCES = tests/unit/test-slirp-ring.c helpers/slirp-ring.c
tests_unit_test_slirp_ring_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/helpers

unit_programs += tests/unit/test-slirp-udp
tests_unit_test_slirp_udp_SOURCES = tests/unit/test-slirp-udp.c \
	helpers/slirp-datagram.c helpers/slirp-forward.c helpers/slirp-frame.c helpers/slirp-guard.c \
	helpers/slirp-options.c helpers/slirp-poller.c helpers/slirp-port.c helpers/slirp-udp.c
tests_unit_test_slirp_udp_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/helpers

fuzz_programs += tests/fuzz/fuzz-slirp-api
tests_fuzz_fuzz_slirp_api_SOURCES = tests/fuzz/fuzz-slirp-api.c \
	helpers/slirp-forward.c helpers/slirp-request.c
tests_fuzz_fuzz_slirp_api_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/helpers
tests_fuzz_fuzz_slirp_api_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/fuzz-slirp-api

if HAVE_GIO
helper_programs += helpers/runc-scope
endif

helpers_runc_scope_SOURCES = helpers/runc-scope.c helpers/scope-bus.c helpers/scope-bus.h
helpers_runc_scope_CFLAGS = $(AM_CFLAGS) $(GIO_CFLAGS)
helpers_runc_scope_LDADD = librunc-core.a $(GIO_LIBS) $(JSONC_LIBS)
