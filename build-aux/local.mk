EXTRA_DIST += build-aux/run-glib-test.sh
