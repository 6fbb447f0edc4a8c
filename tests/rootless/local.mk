# Suites for an ordinary user and, by the same files, for root: see tests/run, the driver of all tests.
# These targets run one directory as whoever calls make, without building for it anew.

rootless_programs += tests/lib/testhelper
tests_lib_testhelper_SOURCES = tests/lib/testhelper.c
tests_lib_testhelper_LDADD =

rootless_programs += tests/lib/seccomp-agent
tests_lib_seccomp_agent_SOURCES = tests/lib/seccomp-agent.c
tests_lib_seccomp_agent_LDADD =

# runs in containers that have nothing but busybox: static, and so without sanitizers
rootless_programs += tests/lib/probe
tests_lib_probe_SOURCES = tests/lib/probe.c
tests_lib_probe_CFLAGS = -std=gnu11 $(WARN_CFLAGS)
tests_lib_probe_LDADD =
tests_lib_probe_LDFLAGS = -static

rootless_programs += tests/lib/file-ops
tests_lib_file_ops_SOURCES = tests/lib/file-ops.c
tests_lib_file_ops_CFLAGS = -std=gnu11 -pthread $(WARN_CFLAGS)
tests_lib_file_ops_LDADD =
tests_lib_file_ops_LDFLAGS = -static -pthread

EXTRA_DIST += \
	.ci/run \
	tests/run \
	tests/lib/again.bash \
	tests/lib/helpers.bash \
	tests/lib/net.py \
	tests/lib/network.bash \
	tests/lib/seccomp-profile.jq \
	$(rootless_suites)

rootless_suites = \
	tests/rootless/cgroup-none.bats \
	tests/rootless/cgroup-systemd.bats \
	tests/rootless/cli.bats \
	tests/rootless/config.bats \
	tests/rootless/crash.bats \
	tests/rootless/docs.bats \
	tests/rootless/doctor.bats \
	tests/rootless/engines.bats \
	tests/rootless/exec.bats \
	tests/rootless/features.bats \
	tests/rootless/fds.bats \
	tests/rootless/hooks.bats \
	tests/rootless/lifecycle.bats \
	tests/rootless/list.bats \
	tests/rootless/mount-options.bats \
	tests/rootless/mounts.bats \
	tests/rootless/namespaces.bats \
	tests/rootless/network.bats \
	tests/rootless/nested.bats \
	tests/rootless/plan.bats \
	tests/rootless/portable.bats \
	tests/rootless/process.bats \
	tests/rootless/reap.bats \
	tests/rootless/refused.bats \
	tests/rootless/run.bats \
	tests/rootless/scheduling.bats \
	tests/rootless/seccomp.bats \
	tests/rootless/sockets.bats \
	tests/rootless/spec.bats \
	tests/rootless/tty.bats \
	tests/rootless/userns.bats

.PHONY: test-programs
test-programs: $(rootless_programs) $(root_programs)

check-rootless: all $(rootless_programs)
	$(AM_V_at)$(test_environment) $(BATS) '$(srcdir)/tests/rootless'
