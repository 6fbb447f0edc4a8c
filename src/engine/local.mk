runc_sources += \
	src/engine/common.c src/engine/common.h \
	src/engine/destroy.c \
	src/engine/processes.c
