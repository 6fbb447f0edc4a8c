runc_sources += \
	src/child/child.h \
	src/child/context.h \
	src/child/op-copy.c \
	src/child/op-exec.c \
	src/child/op-hooks.c \
	src/child/op-namespace.c \
	src/child/op-node.c \
	src/child/op-overlay.c \
	src/child/op-process.c \
	src/child/op-program.c \
	src/child/op-root.c \
	src/child/op-tree.c \
	src/child/walk.c
