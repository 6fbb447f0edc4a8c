# The profile in containers-common's format (/usr/share/containers/seccomp.json), as an engine on x86_64
# hands it to the runtime, for a container with podman's default capabilities.
["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SETFCAP",
 "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT"] as $caps
| {
    defaultAction,
    defaultErrnoRet,
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
    syscalls: [
      .syscalls[]
      | select(
          ((.includes.arches // ["amd64"]) | index("amd64"))
          and ((.includes.caps // []) - $caps == [])
          and ([(.excludes.caps // [])[] | select(. as $cap | $caps | index($cap))] == []))
      | {names, action, errnoRet, args}
      | with_entries(select(.value != null))
    ]
  }
