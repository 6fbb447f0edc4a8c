runc_sources += \
	src/cgroup/cgroup.c src/cgroup/cgroup.h \
	src/cgroup/dir.c src/cgroup/dir.h \
	src/cgroup/driver.h \
	src/cgroup/freezer.c \
	src/cgroup/fs1.c \
	src/cgroup/fs2.c \
	src/cgroup/v1.c
