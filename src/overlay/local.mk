runc_sources += \
	src/overlay/filter.c src/overlay/filter.h \
	src/overlay/sandbox.c src/overlay/sandbox.h \
	src/overlay/server.c src/overlay/server.h
