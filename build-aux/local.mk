test_scripts += build-aux/lint.test

EXTRA_DIST += \
	build-aux/run-glib-test.sh \
	build-aux/lint.test \
	build-aux/lint-layers.sh \
	build-aux/lint-calls.sh \
	build-aux/lint-format.sh
