# make check-vm [VM_FILES=all]: the tests in a machine that systemd runs, see tests/vm/README.md.
EXTRA_DIST += \
	tests/vm/README.md \
	tests/vm/image.sh \
	tests/vm/run.sh \
	tests/vm/suite.sh \
	tests/vm/guest

.PHONY: check-vm
check-vm:
	$(AM_V_at)VM_FILES='$(VM_FILES)' $(srcdir)/tests/run --build '$(abs_builddir)' vm
