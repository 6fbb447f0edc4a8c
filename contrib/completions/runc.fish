# fish completion of runc. A unit test compares the options with those that runc knows.

# The ids of the containers below the --root that is on the command line.
function __runc_ids
    set -l words (commandline -opc)
    set -l root
    for i in (seq (count $words))
        switch $words[$i]
            case '--root=*'
                set root $words[$i]
            case --root
                set root --root $words[(math $i + 1)]
        end
    end
    runc $root list --quiet 2>/dev/null
end

complete -c runc -f
complete -c runc -n '__fish_seen_subcommand_from checkpoint delete events exec kill pause ps resume start state update' -a '(__runc_ids)'
complete -c runc -n '__fish_seen_subcommand_from plan' -a '(__fish_complete_directories)'
complete -c runc -n '__fish_seen_subcommand_from exec' -F
complete -c runc -n '__fish_seen_subcommand_from unshare' -a '(__fish_complete_command)'

complete -c runc -n __fish_use_subcommand -a checkpoint -d 'save a running container to disk, with criu'
complete -c runc -n __fish_use_subcommand -a create -d 'create a container'
complete -c runc -n __fish_use_subcommand -a delete -d 'delete containers and everything that belongs to them'
complete -c runc -n __fish_use_subcommand -a doctor -d 'say whether this machine is ready for containers without root'
complete -c runc -n __fish_use_subcommand -a events -d 'print statistics and out-of-memory events of a container'
complete -c runc -n __fish_use_subcommand -a exec -d 'run another process in a container'
complete -c runc -n __fish_use_subcommand -a features -d 'print what this build supports as JSON'
complete -c runc -n __fish_use_subcommand -a kill -d 'send a signal to the init process of a container'
complete -c runc -n __fish_use_subcommand -a list -d 'list the containers below --root'
complete -c runc -n __fish_use_subcommand -a pause -d 'suspend all processes of a container'
complete -c runc -n __fish_use_subcommand -a plan -d 'print what "run" would do for a bundle, and do nothing'
complete -c runc -n __fish_use_subcommand -a ps -d 'list the processes of a container'
complete -c runc -n __fish_use_subcommand -a restore -d 'restore a container that was saved by checkpoint'
complete -c runc -n __fish_use_subcommand -a resume -d 'let the processes of a paused container go on'
complete -c runc -n __fish_use_subcommand -a run -d 'create and run a container'
complete -c runc -n __fish_use_subcommand -a spec -d 'write a config.json to start with'
complete -c runc -n __fish_use_subcommand -a start -d 'start the process of a created container'
complete -c runc -n __fish_use_subcommand -a state -d 'print the state of a container as JSON'
complete -c runc -n __fish_use_subcommand -a unshare -d 'run a command with all the ids that your containers have'
complete -c runc -n __fish_use_subcommand -a update -d 'change the limits of a container'
complete -c runc -n __fish_use_subcommand -a help -d 'show the help of runc or of one command'

complete -c runc -n __fish_use_subcommand -l debug -d 'enable debug logging'
complete -c runc -n __fish_use_subcommand -l log -r -F -d 'file to append the log to, instead of stderr'
complete -c runc -n __fish_use_subcommand -l log-format -x -a 'text json' -d 'form of the log: text or json'
complete -c runc -n __fish_use_subcommand -l root -x -a '(__fish_complete_directories)' -d 'directory for the state of containers, best in tmpfs (default: /run/runc, for an ordinary user $XDG_RUNTIME_DIR/runc)'
complete -c runc -n __fish_use_subcommand -l systemd-cgroup -d 'let systemd make the cgroup; cgroupsPath is then "slice:prefix:name", as in "system.slice:runc:434234"'
complete -c runc -n __fish_use_subcommand -l rootless -x -a 'true false auto' -d 'whether missing permissions for cgroups are ignored: true, false or auto'
complete -c runc -n __fish_use_subcommand -l help -s h -d 'show help'
complete -c runc -n __fish_use_subcommand -l version -s v -d 'print the version'

complete -c runc -n '__fish_seen_subcommand_from checkpoint' -l image-path -x -a '(__fish_complete_directories)' -d 'directory of the image files (default: ./checkpoint)'
complete -c runc -n '__fish_seen_subcommand_from checkpoint' -l work-path -x -a '(__fish_complete_directories)' -d 'directory for work files and logs of criu'
complete -c runc -n '__fish_seen_subcommand_from checkpoint' -l parent-path -x -a '(__fish_complete_directories)' -d 'directory of an earlier --pre-dump, relative to --image-path'
complete -c runc -n '__fish_seen_subcommand_from checkpoint' -l leave-running -d 'do not stop the container'
complete -c runc -n '__fish_seen_subcommand_from checkpoint' -l tcp-established -d 'allow open TCP connections'
complete -c runc -n '__fish_seen_subcommand_from checkpoint' -l tcp-skip-in-flight -d 'skip TCP connections that are being made'
complete -c runc -n '__fish_seen_subcommand_from checkpoint' -l link-remap -d 'allow files that were unlinked, by linking them again'
complete -c runc -n '__fish_seen_subcommand_from checkpoint' -l ext-unix-sk -d 'allow unix sockets that are connected to the outside'
complete -c runc -n '__fish_seen_subcommand_from checkpoint' -l shell-job -d 'allow a terminal that belongs to the outside'
complete -c runc -n '__fish_seen_subcommand_from checkpoint' -l lazy-pages -d 'leave memory to be fetched lazily, by userfaultfd'
complete -c runc -n '__fish_seen_subcommand_from checkpoint' -l status-fd -x -d 'fd that a NUL is written to once --lazy-pages is ready'
complete -c runc -n '__fish_seen_subcommand_from checkpoint' -l page-server -x -d 'ADDRESS:PORT of a page server to send the memory to'
complete -c runc -n '__fish_seen_subcommand_from checkpoint' -l file-locks -d 'save and restore file locks'
complete -c runc -n '__fish_seen_subcommand_from checkpoint' -l pre-dump -d 'save memory only, and leave the container running'
complete -c runc -n '__fish_seen_subcommand_from checkpoint' -l manage-cgroups-mode -x -a 'soft full strict ignore' -d 'what is saved and restored of cgroups: soft, full, strict or ignore (default: soft)'
complete -c runc -n '__fish_seen_subcommand_from checkpoint' -l empty-ns -x -a network -d 'namespace whose content is neither saved nor restored: network'
complete -c runc -n '__fish_seen_subcommand_from checkpoint' -l auto-dedup -d 'drop from parent images what is in newer ones'

complete -c runc -n '__fish_seen_subcommand_from create' -l bundle -s b -x -a '(__fish_complete_directories)' -d 'path to the root of the bundle directory (default: the current directory)'
complete -c runc -n '__fish_seen_subcommand_from create' -l console-socket -r -F -d 'path of an AF_UNIX socket that is sent the master end of the terminal'
complete -c runc -n '__fish_seen_subcommand_from create' -l pidfd-socket -r -F -d 'path of an AF_UNIX socket that is sent a pidfd of the container\'s init'
complete -c runc -n '__fish_seen_subcommand_from create' -l pid-file -r -F -d 'file to write the process id of the container\'s init to'
complete -c runc -n '__fish_seen_subcommand_from create' -l no-pivot -d 'move the root instead of pivoting into it, for a rootfs on a ramdisk'
complete -c runc -n '__fish_seen_subcommand_from create' -l no-new-keyring -d 'keep the caller\'s session keyring instead of making a new one'
complete -c runc -n '__fish_seen_subcommand_from create' -l preserve-fds -x -d 'pass this many fds behind stderr (and behind those of $LISTEN_FDS) to the container'
complete -c runc -n '__fish_seen_subcommand_from create' -l overlay -d 'leave the rootfs as it is: writes go to a layer that is discarded, or kept in the directory given'
complete -c runc -n '__fish_seen_subcommand_from create' -l overlay-lower -x -a '(__fish_complete_directories)' -d 'a further layer of the overlay, below the rootfs and those given before; implies --overlay'
complete -c runc -n '__fish_seen_subcommand_from create' -l overlay-place -x -a '(__fish_complete_directories)' -d 'directory on a disk for a layer that is discarded, instead of memory; implies --overlay'
complete -c runc -n '__fish_seen_subcommand_from create' -l overlay-driver -x -a 'auto kernel fuse' -d 'what makes the overlay: auto, kernel or fuse'
complete -c runc -n '__fish_seen_subcommand_from create' -l network -x -a 'host none slirp pasta' -d 'network of the container, instead of what config.json says: host, none, slirp or pasta'
complete -c runc -n '__fish_seen_subcommand_from create' -l publish -s p -x -d 'forward a port to the container: [ip:]host:container[/udp]'

complete -c runc -n '__fish_seen_subcommand_from delete' -l force -s f -d 'kill a container that still runs (with SIGKILL); one that is not there is no error'

complete -c runc -n '__fish_seen_subcommand_from doctor' -l json -d 'print JSON'
complete -c runc -n '__fish_seen_subcommand_from doctor' -l check -x -d 'check only this, by its id in the JSON (may be given again)'

complete -c runc -n '__fish_seen_subcommand_from events' -l interval -x -d 'time between two statistics'
complete -c runc -n '__fish_seen_subcommand_from events' -l stats -d 'print the statistics once and exit'

complete -c runc -n '__fish_seen_subcommand_from exec' -l console-socket -r -F -d 'path of an AF_UNIX socket that is sent the master end of the terminal'
complete -c runc -n '__fish_seen_subcommand_from exec' -l pidfd-socket -r -F -d 'path of an AF_UNIX socket that is sent a pidfd of the process'
complete -c runc -n '__fish_seen_subcommand_from exec' -l cwd -x -d 'working directory of the process, in the container'
complete -c runc -n '__fish_seen_subcommand_from exec' -l env -s e -x -d 'set an environment variable: NAME=VALUE'
complete -c runc -n '__fish_seen_subcommand_from exec' -l tty -s t -d 'give the process a terminal'
complete -c runc -n '__fish_seen_subcommand_from exec' -l user -s u -x -d 'user of the process: <uid>[:<gid>]'
complete -c runc -n '__fish_seen_subcommand_from exec' -l additional-gids -s g -x -d 'one more group of the process'
complete -c runc -n '__fish_seen_subcommand_from exec' -l process -s p -r -F -d 'file with the process in JSON, in place of a command'
complete -c runc -n '__fish_seen_subcommand_from exec' -l detach -s d -d 'do not wait for the process\'s end'
complete -c runc -n '__fish_seen_subcommand_from exec' -l pid-file -r -F -d 'file to write the process id to'
complete -c runc -n '__fish_seen_subcommand_from exec' -l process-label -x -d 'SELinux label of the process'
complete -c runc -n '__fish_seen_subcommand_from exec' -l apparmor -x -d 'AppArmor profile of the process'
complete -c runc -n '__fish_seen_subcommand_from exec' -l no-new-privs -d 'forbid the process to gain privileges'
complete -c runc -n '__fish_seen_subcommand_from exec' -l cap -s c -x -d 'give the process one more capability'
complete -c runc -n '__fish_seen_subcommand_from exec' -l preserve-fds -x -d 'pass this many fds behind stderr (and behind those of $LISTEN_FDS) to the process'
complete -c runc -n '__fish_seen_subcommand_from exec' -l cgroup -x -d 'run in a sub-cgroup that is there: [<controller>[,<controller>...]:]<cgroup>'
complete -c runc -n '__fish_seen_subcommand_from exec' -l ignore-paused -d 'do not refuse a paused container'


complete -c runc -n '__fish_seen_subcommand_from kill' -l all -s a -d 'signal every process of the container, and do not mind if there is none'

complete -c runc -n '__fish_seen_subcommand_from list' -l format -s f -x -a 'table json' -d 'form of the list: table or json'
complete -c runc -n '__fish_seen_subcommand_from list' -l quiet -s q -d 'print the ids only'


complete -c runc -n '__fish_seen_subcommand_from plan' -l json -d 'print JSON'
complete -c runc -n '__fish_seen_subcommand_from plan' -l host -r -F -d 'file with the facts about the host, instead of looking at this one'
complete -c runc -n '__fish_seen_subcommand_from plan' -l id -x -d 'id of the container'
complete -c runc -n '__fish_seen_subcommand_from plan' -l bundle -s b -x -a '(__fish_complete_directories)' -d 'path to the root of the bundle directory (default: the current directory)'
complete -c runc -n '__fish_seen_subcommand_from plan' -l console-socket -r -F -d 'path of an AF_UNIX socket that is sent the master end of the terminal'
complete -c runc -n '__fish_seen_subcommand_from plan' -l pidfd-socket -r -F -d 'path of an AF_UNIX socket that is sent a pidfd of the container\'s init'
complete -c runc -n '__fish_seen_subcommand_from plan' -l pid-file -r -F -d 'file to write the process id of the container\'s init to'
complete -c runc -n '__fish_seen_subcommand_from plan' -l no-pivot -d 'move the root instead of pivoting into it, for a rootfs on a ramdisk'
complete -c runc -n '__fish_seen_subcommand_from plan' -l no-new-keyring -d 'keep the caller\'s session keyring instead of making a new one'
complete -c runc -n '__fish_seen_subcommand_from plan' -l preserve-fds -x -d 'pass this many fds behind stderr (and behind those of $LISTEN_FDS) to the container'
complete -c runc -n '__fish_seen_subcommand_from plan' -l overlay -d 'leave the rootfs as it is: writes go to a layer that is discarded, or kept in the directory given'
complete -c runc -n '__fish_seen_subcommand_from plan' -l overlay-lower -x -a '(__fish_complete_directories)' -d 'a further layer of the overlay, below the rootfs and those given before; implies --overlay'
complete -c runc -n '__fish_seen_subcommand_from plan' -l overlay-place -x -a '(__fish_complete_directories)' -d 'directory on a disk for a layer that is discarded, instead of memory; implies --overlay'
complete -c runc -n '__fish_seen_subcommand_from plan' -l overlay-driver -x -a 'auto kernel fuse' -d 'what makes the overlay: auto, kernel or fuse'
complete -c runc -n '__fish_seen_subcommand_from plan' -l network -x -a 'host none slirp pasta' -d 'network of the container, instead of what config.json says: host, none, slirp or pasta'
complete -c runc -n '__fish_seen_subcommand_from plan' -l publish -s p -x -d 'forward a port to the container: [ip:]host:container[/udp]'

complete -c runc -n '__fish_seen_subcommand_from ps' -l format -s f -x -a 'table json' -d 'form of the list: table or json'

complete -c runc -n '__fish_seen_subcommand_from restore' -l console-socket -r -F -d 'path of an AF_UNIX socket that is sent the master end of the terminal'
complete -c runc -n '__fish_seen_subcommand_from restore' -l image-path -x -a '(__fish_complete_directories)' -d 'directory of the image files (default: ./checkpoint)'
complete -c runc -n '__fish_seen_subcommand_from restore' -l work-path -x -a '(__fish_complete_directories)' -d 'directory for work files and logs of criu'
complete -c runc -n '__fish_seen_subcommand_from restore' -l tcp-established -d 'allow open TCP connections'
complete -c runc -n '__fish_seen_subcommand_from restore' -l ext-unix-sk -d 'allow unix sockets that are connected to the outside'
complete -c runc -n '__fish_seen_subcommand_from restore' -l shell-job -d 'allow a terminal that belongs to the outside'
complete -c runc -n '__fish_seen_subcommand_from restore' -l file-locks -d 'save and restore file locks'
complete -c runc -n '__fish_seen_subcommand_from restore' -l manage-cgroups-mode -x -a 'soft full strict ignore' -d 'what is saved and restored of cgroups: soft, full, strict or ignore (default: soft)'
complete -c runc -n '__fish_seen_subcommand_from restore' -l bundle -s b -x -a '(__fish_complete_directories)' -d 'path to the root of the bundle directory (default: the current directory)'
complete -c runc -n '__fish_seen_subcommand_from restore' -l detach -s d -d 'do not wait for the container\'s end'
complete -c runc -n '__fish_seen_subcommand_from restore' -l pid-file -r -F -d 'file to write the process id of the container\'s init to'
complete -c runc -n '__fish_seen_subcommand_from restore' -l no-subreaper -d '(obsolete, has no effect)'
complete -c runc -n '__fish_seen_subcommand_from restore' -l no-pivot -d '(has no effect: it is criu that enters the root)'
complete -c runc -n '__fish_seen_subcommand_from restore' -l empty-ns -x -a network -d 'namespace whose content is neither saved nor restored: network'
complete -c runc -n '__fish_seen_subcommand_from restore' -l auto-dedup -d 'drop from parent images what is in newer ones'
complete -c runc -n '__fish_seen_subcommand_from restore' -l lazy-pages -d 'leave memory to be fetched lazily, by userfaultfd'
complete -c runc -n '__fish_seen_subcommand_from restore' -l lsm-profile -x -d 'LSM profile to restore with: TYPE:NAME'
complete -c runc -n '__fish_seen_subcommand_from restore' -l lsm-mount-context -x -d 'LSM context of the mounts'


complete -c runc -n '__fish_seen_subcommand_from run' -l detach -s d -d 'do not wait for the container\'s end'
complete -c runc -n '__fish_seen_subcommand_from run' -l keep -d 'do not delete the container after it exits'
complete -c runc -n '__fish_seen_subcommand_from run' -l no-subreaper -d '(obsolete, has no effect)'
complete -c runc -n '__fish_seen_subcommand_from run' -l bundle -s b -x -a '(__fish_complete_directories)' -d 'path to the root of the bundle directory (default: the current directory)'
complete -c runc -n '__fish_seen_subcommand_from run' -l console-socket -r -F -d 'path of an AF_UNIX socket that is sent the master end of the terminal'
complete -c runc -n '__fish_seen_subcommand_from run' -l pidfd-socket -r -F -d 'path of an AF_UNIX socket that is sent a pidfd of the container\'s init'
complete -c runc -n '__fish_seen_subcommand_from run' -l pid-file -r -F -d 'file to write the process id of the container\'s init to'
complete -c runc -n '__fish_seen_subcommand_from run' -l no-pivot -d 'move the root instead of pivoting into it, for a rootfs on a ramdisk'
complete -c runc -n '__fish_seen_subcommand_from run' -l no-new-keyring -d 'keep the caller\'s session keyring instead of making a new one'
complete -c runc -n '__fish_seen_subcommand_from run' -l preserve-fds -x -d 'pass this many fds behind stderr (and behind those of $LISTEN_FDS) to the container'
complete -c runc -n '__fish_seen_subcommand_from run' -l overlay -d 'leave the rootfs as it is: writes go to a layer that is discarded, or kept in the directory given'
complete -c runc -n '__fish_seen_subcommand_from run' -l overlay-lower -x -a '(__fish_complete_directories)' -d 'a further layer of the overlay, below the rootfs and those given before; implies --overlay'
complete -c runc -n '__fish_seen_subcommand_from run' -l overlay-place -x -a '(__fish_complete_directories)' -d 'directory on a disk for a layer that is discarded, instead of memory; implies --overlay'
complete -c runc -n '__fish_seen_subcommand_from run' -l overlay-driver -x -a 'auto kernel fuse' -d 'what makes the overlay: auto, kernel or fuse'
complete -c runc -n '__fish_seen_subcommand_from run' -l network -x -a 'host none slirp pasta' -d 'network of the container, instead of what config.json says: host, none, slirp or pasta'
complete -c runc -n '__fish_seen_subcommand_from run' -l publish -s p -x -d 'forward a port to the container: [ip:]host:container[/udp]'

complete -c runc -n '__fish_seen_subcommand_from spec' -l bundle -s b -x -a '(__fish_complete_directories)' -d 'path to the root of the bundle directory (default: the current directory)'
complete -c runc -n '__fish_seen_subcommand_from spec' -l rootless -d 'write a configuration for an ordinary user: one id, the host\'s network, no limits'
complete -c runc -n '__fish_seen_subcommand_from spec' -l full -d 'with --rootless: all the ids that the user has, a root who can use them, a rootfs that can be written, and a network of the container\'s own'



complete -c runc -n '__fish_seen_subcommand_from update' -l resources -s r -r -F -d 'file with linux.resources in JSON, or - for stdin; all other options are then ignored'
complete -c runc -n '__fish_seen_subcommand_from update' -l blkio-weight -x -d 'share of block I/O, 10 to 1000'
complete -c runc -n '__fish_seen_subcommand_from update' -l cpu-period -x -d 'period that --cpu-quota is for, in microseconds'
complete -c runc -n '__fish_seen_subcommand_from update' -l cpu-quota -x -d 'CPU time in each period, in microseconds; -1: no limit'
complete -c runc -n '__fish_seen_subcommand_from update' -l cpu-burst -x -d 'CPU time that may be saved up for later periods, in microseconds'
complete -c runc -n '__fish_seen_subcommand_from update' -l cpu-share -x -d 'share of CPU time, in relation to other containers'
complete -c runc -n '__fish_seen_subcommand_from update' -l cpu-rt-period -x -d 'period that --cpu-rt-runtime is for, in microseconds'
complete -c runc -n '__fish_seen_subcommand_from update' -l cpu-rt-runtime -x -d 'real-time CPU time in each period, in microseconds'
complete -c runc -n '__fish_seen_subcommand_from update' -l cpuset-cpus -x -d 'CPUs to use, such as 0-3,7'
complete -c runc -n '__fish_seen_subcommand_from update' -l cpuset-mems -x -d 'memory nodes to use'
complete -c runc -n '__fish_seen_subcommand_from update' -l memory -x -d 'limit of memory, in bytes or with a unit (k, m, g); -1: no limit'
complete -c runc -n '__fish_seen_subcommand_from update' -l cpu-idle -x -d '1: run only when nothing else wants to; 0: as usual'
complete -c runc -n '__fish_seen_subcommand_from update' -l memory-reservation -x -d 'memory to keep when memory is short, in bytes or with a unit'
complete -c runc -n '__fish_seen_subcommand_from update' -l memory-swap -x -d 'limit of memory and swap together, in bytes or with a unit; -1: no limit'
complete -c runc -n '__fish_seen_subcommand_from update' -l pids-limit -x -d 'how many processes there may be'
complete -c runc -n '__fish_seen_subcommand_from update' -l l3-cache-schema -x -d 'Intel RDT schema of the L3 cache'
complete -c runc -n '__fish_seen_subcommand_from update' -l mem-bw-schema -x -d 'Intel RDT schema of the memory bandwidth'
