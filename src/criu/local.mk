# checkpoint and restore: talking to criu
runc_sources += \
	src/criu/message.c src/criu/message.h \
	src/criu/session.c src/criu/session.h
