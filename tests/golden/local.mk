# Plans for configurations and hosts, compared with golden files: see golden.test
test_scripts += tests/golden/golden.test
EXTRA_DIST += tests/golden

golden-update: runc
	GOLDEN_UPDATE=1 srcdir='$(srcdir)' $(srcdir)/tests/golden/golden.test
.PHONY: golden-update
