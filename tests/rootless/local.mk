check-rootless: all $(rootless_programs)
	$(AM_V_at)$(test_environment) $(BATS) '$(srcdir)/tests/rootless'
