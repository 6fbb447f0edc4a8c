runc_sources += \
	src/seccomp/compile.c src/seccomp/compile.h \
	src/seccomp/library.c \
	src/seccomp/names.c \
	src/seccomp/notify.c \
	src/seccomp/seccomp.h
