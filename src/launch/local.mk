runc_sources += \
	src/launch/hooks.c \
	src/launch/idmap.c src/launch/idmap.h \
	src/launch/launch.c src/launch/launch.h \
	src/launch/mountns.c \
	src/launch/ready.c src/launch/ready.h \
	src/launch/self.c src/launch/self.h \
	src/launch/sockets.c \
	src/launch/source.c src/launch/source.h \
	src/launch/supervise.c \
	src/launch/userns.c
