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
	src/engine/signals.c \
	src/engine/update.c src/engine/update.h \
	src/engine/update-config.c

# create, run, start, exec
runc_sources += \
	src/engine/create.c src/engine/create.h \
	src/engine/events.c \
	src/engine/exec-process.c src/engine/exec-process.h \
	src/engine/exec.c \
	src/engine/prepare.c src/engine/prepare.h \
	src/engine/run.c \
	src/engine/start.c
