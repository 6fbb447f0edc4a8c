check-root: all $(root_programs)
	$(AM_V_at)$(test_environment) $(BATS) '$(srcdir)/tests/root'
