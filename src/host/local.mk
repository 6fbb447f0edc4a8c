# facts about this machine and this user
runc_sources += \
	src/host/bundle.c \
	src/host/cgroup.c \
	src/host/host.c \
	src/host/host.h \
	src/host/ids.c \
	src/host/json.c \
	src/host/kernel.c \
	src/host/overlay.c \
	src/host/probe.h
