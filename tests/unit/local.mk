# One block per module:
#   unit_programs += tests/unit/test-NAME
#   tests_unit_test_NAME_SOURCES = tests/unit/test-NAME.c

unit_programs += tests/unit/test-cgroup-dirs
tests_unit_test_cgroup_dirs_SOURCES = tests/unit/test-cgroup-dirs.c
