runc_sources += \
	src/overlay/sandbox.c src/overlay/sandbox.h \
	src/overlay/server.c src/overlay/server.h
