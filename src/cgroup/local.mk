runc_sources += \
	src/cgroup/cgroup.c src/cgroup/cgroup.h \
	src/cgroup/convert.c src/cgroup/convert.h \
	src/cgroup/device-filter.c \
	src/cgroup/devices.c src/cgroup/devices.h \
	src/cgroup/dir.c src/cgroup/dir.h \
	src/cgroup/driver.h \
	src/cgroup/freezer.c \
	src/cgroup/fs1.c \
	src/cgroup/fs2.c \
	src/cgroup/limits-write.c \
	src/cgroup/limits.c src/cgroup/limits.h \
	src/cgroup/oom.c \
	src/cgroup/rdt.c src/cgroup/rdt.h \
	src/cgroup/stats-read.c \
	src/cgroup/stats.c src/cgroup/stats.h \
	src/cgroup/systemd.c \
	src/cgroup/unit.c src/cgroup/unit.h \
	src/cgroup/v1.c \
	src/cgroup/v2.c
