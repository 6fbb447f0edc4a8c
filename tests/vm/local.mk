# make check-vm: the tests in a machine that systemd runs, see tests/vm/README.md.
EXTRA_DIST += \
	tests/vm/README.md \
	tests/vm/image.sh \
	tests/vm/kernel.config \
	tests/vm/kernel.sh \
	tests/vm/mirror.sh \
	tests/vm/run.sh \
	tests/vm/suite.sh \
	tests/vm/guest

.PHONY: check-vm
check-vm:
	$(AM_V_at)$(srcdir)/tests/run --build '$(abs_builddir)' vm
