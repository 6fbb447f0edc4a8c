runc_sources += \
	src/base/error.c src/base/error.h \
	src/base/fd.h \
	src/base/io.c src/base/io.h \
	src/base/json.c src/base/json.h \
	src/base/log.c src/base/log.h \
	src/base/process.c src/base/process.h \
	src/base/strings.c src/base/strings.h \
	src/base/version.c src/base/version.h

# Version and commit, looked at on every run of make, written only when they changed.
BUILT_SOURCES += src/runc-version.h
CLEANFILES += src/runc-version.h
EXTRA_DIST += build-aux/gen-version.sh

src/runc-version.h: FORCE
	$(AM_V_GEN)$(SHELL) $(srcdir)/build-aux/gen-version.sh header \
	  '$(srcdir)' '$(PACKAGE_VERSION)$(EXTRA_VERSION)' $@

.PHONY: FORCE
FORCE:

# A tarball has no history to ask: it brings the commit along.
dist-hook: dist-commit
.PHONY: dist-commit
dist-commit:
	$(AM_V_at)$(SHELL) $(srcdir)/build-aux/gen-version.sh commit '$(srcdir)' \
	  > '$(distdir)/.tarball-commit'
