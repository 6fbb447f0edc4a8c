# One block per module:
#   unit_programs += tests/unit/test-NAME
#   tests_unit_test_NAME_SOURCES = tests/unit/test-NAME.c

unit_programs += tests/unit/test-cgroup-dirs
tests_unit_test_cgroup_dirs_SOURCES = \
	tests/unit/test-cgroup-dirs.c tests/unit/cgroup-fixture.c tests/unit/cgroup-fixture.h

unit_programs += tests/unit/test-cgroup-limits
tests_unit_test_cgroup_limits_SOURCES = \
	tests/unit/test-cgroup-limits.c tests/unit/cgroup-fixture.c tests/unit/cgroup-fixture.h

unit_programs += tests/unit/test-cgroup-stats
tests_unit_test_cgroup_stats_SOURCES = \
	tests/unit/test-cgroup-stats.c tests/unit/cgroup-fixture.c tests/unit/cgroup-fixture.h

unit_programs += tests/unit/test-cgroup-convert
tests_unit_test_cgroup_convert_SOURCES = tests/unit/test-cgroup-convert.c

unit_programs += tests/unit/test-cgroup-unit
tests_unit_test_cgroup_unit_SOURCES = tests/unit/test-cgroup-unit.c

unit_programs += tests/unit/test-cgroup-devices
tests_unit_test_cgroup_devices_SOURCES = tests/unit/test-cgroup-devices.c

unit_programs += tests/unit/test-strings
tests_unit_test_strings_SOURCES = tests/unit/test-strings.c

unit_programs += tests/unit/test-io
tests_unit_test_io_SOURCES = tests/unit/test-io.c

unit_programs += tests/unit/test-log
tests_unit_test_log_SOURCES = tests/unit/test-log.c

unit_programs += tests/unit/test-state
tests_unit_test_state_SOURCES = tests/unit/test-state.c

unit_programs += tests/unit/test-signals
tests_unit_test_signals_SOURCES = tests/unit/test-signals.c

unit_programs += tests/unit/test-containers
tests_unit_test_containers_SOURCES = tests/unit/test-containers.c

unit_programs += tests/unit/test-update
tests_unit_test_update_SOURCES = tests/unit/test-update.c

unit_programs += tests/unit/test-options
tests_unit_test_options_SOURCES = tests/unit/test-options.c

unit_programs += tests/unit/test-commands
tests_unit_test_commands_SOURCES = tests/unit/test-commands.c

unit_programs += tests/unit/test-features
tests_unit_test_features_SOURCES = tests/unit/test-features.c

unit_programs += tests/unit/test-json
tests_unit_test_json_SOURCES = tests/unit/test-json.c

unit_programs += tests/unit/test-spec-decode
tests_unit_test_spec_decode_SOURCES = tests/unit/test-spec-decode.c

unit_programs += tests/unit/test-spec-types
tests_unit_test_spec_types_SOURCES = tests/unit/test-spec-types.c \
	tests/unit/spec-edit.c tests/unit/spec-edit.h

unit_programs += tests/unit/test-spec-validate
tests_unit_test_spec_validate_SOURCES = tests/unit/test-spec-validate.c \
	tests/unit/spec-edit.c tests/unit/spec-edit.h

unit_programs += tests/unit/test-spec-template
tests_unit_test_spec_template_SOURCES = tests/unit/test-spec-template.c

unit_programs += tests/unit/test-seccomp
tests_unit_test_seccomp_SOURCES = tests/unit/test-seccomp.c \
	tests/unit/seccomp-run.c tests/unit/seccomp-run.h

unit_programs += tests/unit/test-seccomp-regions
tests_unit_test_seccomp_regions_SOURCES = tests/unit/test-seccomp-regions.c \
	tests/unit/seccomp-run.c tests/unit/seccomp-run.h

unit_programs += tests/unit/test-seccomp-cache
tests_unit_test_seccomp_cache_SOURCES = tests/unit/test-seccomp-cache.c \
	tests/unit/seccomp-run.c tests/unit/seccomp-run.h

unit_programs += tests/unit/test-seccomp-notify
tests_unit_test_seccomp_notify_SOURCES = tests/unit/test-seccomp-notify.c \
	tests/unit/seccomp-run.c tests/unit/seccomp-run.h

unit_programs += tests/unit/test-doctor
tests_unit_test_doctor_SOURCES = tests/unit/test-doctor.c

unit_programs += tests/unit/test-plan
tests_unit_test_plan_SOURCES = tests/unit/test-plan.c

unit_programs += tests/unit/test-wire
tests_unit_test_wire_SOURCES = tests/unit/test-wire.c

unit_programs += tests/unit/test-sys-path
tests_unit_test_sys_path_SOURCES = tests/unit/test-sys-path.c

unit_programs += tests/unit/test-sys-tree
tests_unit_test_sys_tree_SOURCES = tests/unit/test-sys-tree.c

unit_programs += tests/unit/test-sys-procfs
tests_unit_test_sys_procfs_SOURCES = tests/unit/test-sys-procfs.c

unit_programs += tests/unit/test-sys-process
tests_unit_test_sys_process_SOURCES = tests/unit/test-sys-process.c

unit_programs += tests/unit/test-child-walk
tests_unit_test_child_walk_SOURCES = tests/unit/test-child-walk.c

unit_programs += tests/unit/test-host
tests_unit_test_host_SOURCES = tests/unit/test-host.c

unit_programs += tests/unit/test-plan-overlay
tests_unit_test_plan_overlay_SOURCES = tests/unit/test-plan-overlay.c

unit_programs += tests/unit/test-plan-policy
tests_unit_test_plan_policy_SOURCES = tests/unit/test-plan-policy.c

unit_programs += tests/unit/test-rdt
tests_unit_test_rdt_SOURCES = tests/unit/test-rdt.c

unit_programs += tests/unit/test-overlay-filter
tests_unit_test_overlay_filter_SOURCES = tests/unit/test-overlay-filter.c \
	tests/unit/seccomp-run.c tests/unit/seccomp-run.h

unit_programs += tests/unit/test-criu
tests_unit_test_criu_SOURCES = tests/unit/test-criu.c
