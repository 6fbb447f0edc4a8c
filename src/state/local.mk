runc_sources += \
	src/state/codec.c \
	src/state/root.c \
	src/state/state.c src/state/state.h
