runc_sources += src/net/helper.c src/net/helper.h
