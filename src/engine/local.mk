runc_sources += \
	src/engine/common.c src/engine/common.h \
	src/engine/delete.c \
	src/engine/destroy.c \
	src/engine/engine.h \
	src/engine/features.c \
	src/engine/freeze.c \
	src/engine/kill.c \
	src/engine/processes.c \
	src/engine/query.c \
	src/engine/remove-cgroup.c \
	src/engine/remove-layer.c \
	src/engine/signals.c \
	src/engine/unshare.c \
	src/engine/update.c src/engine/update.h \
	src/engine/update-config.c

# create, run, start, exec
runc_sources += \
	src/engine/create.c src/engine/create.h \
	src/engine/events.c \
	src/engine/exec-process.c src/engine/exec-process.h \
	src/engine/exec.c \
	src/engine/helpers.c \
	src/engine/prepare.c src/engine/prepare.h \
	src/engine/run.c \
	src/engine/start.c

# checkpoint, restore
runc_sources += \
	src/engine/checkpoint.c \
	src/engine/criu.c src/engine/criu.h \
	src/engine/restore.c

# doctor
runc_sources += \
	src/engine/doctor.c src/engine/doctor.h \
	src/engine/doctor-cgroup.c \
	src/engine/doctor-criu.c \
	src/engine/doctor-ids.c \
	src/engine/doctor-kernel.c \
	src/engine/doctor-mounts.c \
	src/engine/doctor-nested.c \
	src/engine/doctor-net.c \
	src/engine/doctor-packages.c \
	src/engine/doctor-session.c \
	src/engine/doctor-subids.c \
	src/engine/doctor-try.c src/engine/doctor-try.h \
	src/engine/doctor-userns.c
