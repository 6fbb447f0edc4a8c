# the plan: pure functions from configuration, host facts and request to what will be done
runc_sources += \
	src/plan/builder.c \
	src/plan/builder.h \
	src/plan/cgroup-mount.c \
	src/plan/cgroup.c \
	src/plan/checkpoint.c \
	src/plan/checkpoint.h \
	src/plan/criu-builder.h \
	src/plan/criu.c \
	src/plan/criu.h \
	src/plan/devices.c \
	src/plan/env.c \
	src/plan/exec.c \
	src/plan/failure.c \
	src/plan/hooks.c \
	src/plan/ids.c \
	src/plan/mount-idmap.c \
	src/plan/mount-options.c \
	src/plan/mount-options.h \
	src/plan/mount-parse.c \
	src/plan/mounts.c \
	src/plan/namespaces.c \
	src/plan/namespaces.h \
	src/plan/network.c \
	src/plan/overlay.c \
	src/plan/plan-check.c \
	src/plan/plan-dump.c \
	src/plan/plan-types.h \
	src/plan/plan.c \
	src/plan/plan.h \
	src/plan/process.c \
	src/plan/program.c \
	src/plan/rdt.c \
	src/plan/request.h \
	src/plan/restore.c \
	src/plan/sysctl.c
