runc_sources += \
	src/seccomp/cache.c src/seccomp/cache.h \
	src/seccomp/compile.c \
	src/seccomp/names.c \
	src/seccomp/nodes.c src/seccomp/nodes.h \
	src/seccomp/notify.c \
	src/seccomp/program.h \
	src/seccomp/regions.c src/seccomp/regions.h \
	src/seccomp/seccomp.h
if HAVE_SECCOMP
runc_sources += \
	src/seccomp/library.c src/seccomp/library.h \
	src/seccomp/profile.c src/seccomp/profile.h \
	src/seccomp/program.c
else
runc_sources += src/seccomp/unsupported.c
endif
