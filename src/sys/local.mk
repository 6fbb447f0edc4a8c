runc_sources += \
	src/sys/decimal.h \
	src/sys/fault.c src/sys/fault.h \
	src/sys/fuse.c src/sys/fuse.h \
	src/sys/mount.c src/sys/mount.h \
	src/sys/path.c src/sys/path.h \
	src/sys/process.c src/sys/process.h \
	src/sys/procfs.c src/sys/procfs.h \
	src/sys/program.c src/sys/program.h \
	src/sys/syscalls.c src/sys/syscalls.h \
	src/sys/tty.c src/sys/tty.h

runc_sources += \
	src/sys/bpf.c src/sys/bpf.h \
	src/sys/pid.c src/sys/pid.h \
	src/sys/tree.c src/sys/tree.h
