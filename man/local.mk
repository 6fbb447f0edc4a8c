man_pages += man/runc.8 man/runc-doctor.8 man/runc-slirp.8
test_scripts += man/man.test
EXTRA_DIST += man/man.test
