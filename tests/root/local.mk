EXTRA_DIST += tests/root/checkpoint.bats tests/root/root.bats tests/root/daemons.bats tests/root/rdt.bats tests/root/seccomp.bats

check-root: all $(rootless_programs) $(root_programs)
	$(AM_V_at)$(test_environment) $(BATS) '$(srcdir)/tests/root'

EXTRA_DIST += tests/root/cgroup.bash tests/root/cgroup-life.bats tests/root/cgroup-limits.bats
