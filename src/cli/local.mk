runc_sources += \
	src/cli/checkpoint.c \
	src/cli/cli.c \
	src/cli/command.h \
	src/cli/commands.c \
	src/cli/criu-options.c src/cli/criu-options.h \
	src/cli/create-options.c src/cli/create-options.h \
	src/cli/create.c \
	src/cli/delete.c \
	src/cli/doctor.c \
	src/cli/events.c \
	src/cli/exec.c \
	src/cli/features.c \
	src/cli/help.c \
	src/cli/kill.c \
	src/cli/list.c \
	src/cli/options.c src/cli/options.h \
	src/cli/pause.c \
	src/cli/plan.c \
	src/cli/ps.c \
	src/cli/restore.c \
	src/cli/resume.c \
	src/cli/run.c \
	src/cli/spec.c \
	src/cli/start.c \
	src/cli/state.c \
	src/cli/unshare.c \
	src/cli/update.c \
	src/cli/version.c
