# make bench [BENCH_ROUNDS=10] [BENCH_PARTS="user root"]: see tests/bench/run.sh
bench_programs += tests/bench/limit tests/bench/bench
tests_bench_limit_SOURCES = tests/bench/limit.c
tests_bench_bench_SOURCES = tests/bench/bench.c

# Their own weight would be measured as the runtimes': no libraries, no relocation.
bench_flags = -std=gnu11 $(WARN_CFLAGS) -fno-pie
tests_bench_limit_CFLAGS = $(bench_flags)
tests_bench_limit_LDFLAGS = -static -no-pie
tests_bench_limit_LDADD =
tests_bench_bench_CFLAGS = $(bench_flags)
tests_bench_bench_LDFLAGS = -static -no-pie
tests_bench_bench_LDADD =

if HAVE_SECCOMP
bench_programs += tests/bench/filter
tests_bench_filter_SOURCES = tests/bench/filter.c
tests_bench_filter_LDADD = $(SECCOMP_LIBS)
endif

EXTRA_DIST += tests/bench/run.sh tests/bench/network.py

bench: all $(bench_programs)
	RUNC=$(abs_builddir)/runc BENCH_PROGRAMS=$(abs_builddir)/tests/bench \
	BENCH_ROUNDS='$(BENCH_ROUNDS)' BENCH_PARTS='$(BENCH_PARTS)' $(srcdir)/tests/bench/run.sh
