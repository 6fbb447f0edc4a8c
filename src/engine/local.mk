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
	src/engine/update.c
