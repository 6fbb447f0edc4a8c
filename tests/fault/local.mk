# make check-fault, in a build with --enable-fault-injection: each system call fails once.
EXTRA_DIST += tests/fault/run.sh

.PHONY: check-fault
check-fault: all
	$(AM_V_at)$(srcdir)/tests/fault/run.sh $(abs_builddir)/runc
