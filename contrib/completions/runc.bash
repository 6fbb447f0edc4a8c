# bash completion of runc. A unit test compares the options with those that runc knows.

_runc_options()
{
  case $1 in
  '')
    options='--debug --log --log-format --root --systemd-cgroup --rootless --help -h --version -v'
    ;;
  checkpoint)
    options='--image-path --work-path --parent-path --leave-running --tcp-established
      --tcp-skip-in-flight --link-remap --ext-unix-sk --shell-job --lazy-pages --status-fd
      --page-server --file-locks --pre-dump --manage-cgroups-mode --empty-ns --auto-dedup
      --help -h'
    ;;
  create)
    options='--bundle -b --console-socket --pidfd-socket --pid-file --no-pivot --no-new-keyring
      --preserve-fds --overlay --overlay-lower --overlay-place --overlay-driver --network --publish -p --help -h'
    ;;
  delete)
    options='--force -f --help -h'
    ;;
  doctor)
    options='--json --check --help -h'
    ;;
  events)
    options='--interval --stats --help -h'
    ;;
  exec)
    options='--console-socket --pidfd-socket --cwd --env -e --tty -t --user -u
      --additional-gids -g --process -p --detach -d --pid-file --process-label --apparmor
      --no-new-privs --cap -c --preserve-fds --cgroup --ignore-paused --help -h'
    ;;
  features)
    options='--help -h'
    ;;
  kill)
    options='--all -a --help -h'
    ;;
  list)
    options='--format -f --quiet -q --help -h'
    ;;
  pause)
    options='--help -h'
    ;;
  plan)
    options='--json --host --id --bundle -b --console-socket --pidfd-socket --pid-file --no-pivot
      --no-new-keyring --preserve-fds --overlay --overlay-lower --overlay-place --overlay-driver --network --publish -p --help -h'
    ;;
  ps)
    options='--format -f --help -h'
    ;;
  restore)
    options='--console-socket --image-path --work-path --tcp-established --ext-unix-sk --shell-job
      --file-locks --manage-cgroups-mode --bundle -b --detach -d --pid-file --no-subreaper
      --no-pivot --empty-ns --auto-dedup --lazy-pages --lsm-profile --lsm-mount-context --help -h'
    ;;
  resume)
    options='--help -h'
    ;;
  run)
    options='--detach -d --keep --no-subreaper --bundle -b --console-socket --pidfd-socket
      --pid-file --no-pivot --no-new-keyring --preserve-fds --overlay --overlay-lower --overlay-place --overlay-driver --network
      --publish -p --help -h'
    ;;
  spec)
    options='--bundle -b --rootless --full --help -h'
    ;;
  start)
    options='--help -h'
    ;;
  state)
    options='--help -h'
    ;;
  unshare)
    options='--help -h'
    ;;
  update)
    options='--resources -r --blkio-weight --cpu-period --cpu-quota --cpu-burst --cpu-share
      --cpu-rt-period --cpu-rt-runtime --cpuset-cpus --cpuset-mems --memory --cpu-idle
      --memory-reservation --memory-swap --pids-limit --l3-cache-schema --mem-bw-schema --help -h'
    ;;
  esac
}

# What may stand behind option $1: directories, files or words in COMPREPLY. False for an option that
# takes no value, or none that can be guessed.
_runc_value()
{
  case $1 in
  --bundle | -b | --overlay-lower | --overlay-place | --root | --image-path | --work-path | --parent-path)
    mapfile -t COMPREPLY < <(compgen -d -- "$2")
    ;;
  --log | --console-socket | --pidfd-socket | --pid-file | --process | -p | --resources | -r | --host)
    mapfile -t COMPREPLY < <(compgen -f -- "$2")
    ;;
  --log-format)
    mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$2")
    ;;
  --rootless)
    mapfile -t COMPREPLY < <(compgen -W 'true false auto' -- "$2")
    ;;
  --format)
    mapfile -t COMPREPLY < <(compgen -W 'table json' -- "$2")
    ;;
  --network)
    mapfile -t COMPREPLY < <(compgen -W 'host none slirp pasta' -- "$2")
    ;;
  --overlay-driver)
    mapfile -t COMPREPLY < <(compgen -W 'auto kernel fuse' -- "$2")
    ;;
  --manage-cgroups-mode)
    mapfile -t COMPREPLY < <(compgen -W 'soft full strict ignore' -- "$2")
    ;;
  --empty-ns)
    mapfile -t COMPREPLY < <(compgen -W 'network' -- "$2")
    ;;
  *)
    return 1
    ;;
  esac
}

_runc()
{
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  local command='' arguments=0 options='' word i
  local -a root=()
  local commands='checkpoint create delete doctor events exec features help kill list pause plan ps
    restore resume run spec start state unshare update'

  # "=" is a word of its own
  if [[ $cur == '=' ]]; then
    cur=''
  elif [[ $prev == '=' ]]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi

  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case $word in
    --root | --log | --log-format | --rootless)
      [[ ${COMP_WORDS[i + 1]} == '=' ]] && ((i++))
      ((i++))
      [[ $word == --root ]] && root=(--root "${COMP_WORDS[i]}")
      ;;
    -*) ;;
    *)
      if [[ -z $command ]]; then
        command=$word
      else
        ((arguments++))
      fi
      ;;
    esac
  done

  COMPREPLY=()
  # behind "exec ID" and "ps ID" stand the options of another program
  if [[ $command == unshare || $command == exec || $command == ps ]] && ((arguments > 0)) && [[ $prev != -* ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    return
  fi
  [[ $prev == -* ]] && _runc_value "$prev" "$cur" && return

  if [[ $cur == -* ]]; then
    _runc_options "$command"
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    return
  fi
  case $command in
  '' | help)
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur")
    ;;
  delete | events | exec | kill | pause | ps | resume | start | state | update | checkpoint)
    if [[ $command == kill ]] && ((arguments == 1)); then
      mapfile -t COMPREPLY < <(compgen -A signal -- "SIG${cur#SIG}")
    else
      mapfile -t COMPREPLY < <(compgen -W "$(runc "${root[@]}" list --quiet 2>/dev/null)" -- "$cur")
    fi
    ;;
  plan)
    mapfile -t COMPREPLY < <(compgen -d -- "$cur")
    ;;
  unshare)
    mapfile -t COMPREPLY < <(compgen -c -- "$cur")
    ;;
  esac
}

complete -o filenames -F _runc runc
