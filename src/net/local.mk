runc_sources += src/net/helper.c src/net/helper.h src/net/devices.c src/net/devices.h \
	src/net/keeper.c src/net/keeper.h
