# Hosts of cluster/testbed for an ordinary user: sshd processes on ports of 127.0.0.1. Sourced by it, never run.
# shellcheck shell=bash
#
# They are this machine under the user's own name, with a home and a temporary folder each. What runs on a host is known by a
# variable in its environment, since sshd's own title hides the one it was started with.

loopback_cannot="they see its files; cut, heal, slow, cpu, fill and the options about files, shells and processors are refused"

loopback_network() {
    local key
    for key in "${!options[@]}"; do
        case $key in
        disk: | slots:* | shared:* | sshd:*) ;;
        *) fail "--${key%%:*} needs root rights and namespaces" ;;
        esac
    done
}

loopback_address() { echo 127.0.0.1; }
loopback_port() { cat "$state/$1/port"; }
loopback_defaults() { :; }
# One machine has one scratch by default: the hosts would sweep each other's.
loopback_fields() { printf '    scratch: %s\n' "$state/$1/scratch"; }

loopback_make() {
    local place=$state/$1
    mkdir -p "$place/home" "$place/tmp" "$place/scratch"
    cp "$state/user_key.pub" "$place/authorized_keys"
    cat >>"$place/sshd_config" <<-SSHD
		ListenAddress 127.0.0.1
		HostKey $place/host_key
		AuthorizedKeysFile $place/authorized_keys
		PidFile none
		SetEnv HOME=$place/home TMPDIR=$place/tmp QUIRE_TESTBED_HOST=$place
	SSHD
}

loopback_start() {
    local place=$state/$1 port tries
    ! running "$place/init" >/dev/null || return 0
    for ((tries = 0; tries < 20; tries++)); do
        # A host keeps its port: known_hosts and ssh_config name it.
        port=$(cat "$place/port" 2>/dev/null || echo $((20000 + (RANDOM + $$ * 7) % 12000)))
        ! bash -c ": </dev/tcp/127.0.0.1/$port" 2>/dev/null || continue
        QUIRE_TESTBED_HOST=$place setsid "$(PATH=$PATH:/usr/sbin command -v sshd)" -D -e -p "$port" -f "$place/sshd_config" \
            </dev/null >>"$place/log" 2>&1 9>&- &
        remember "$place/init" $!
        while running "$place/init" >/dev/null; do
            if bash -c ": </dev/tcp/127.0.0.1/$port" 2>/dev/null; then
                echo "$port" >"$place/port"
                return
            fi
            sleep 0.01
        done
    done
    fail "the sshd of $1 does not start: $(tail -n 3 "$place/log")"
}

# The processes of a host: its sshd, what descends from it, and what left it but has its mark.
members() {
    local place=$1 file
    {
        ! running "$place/init" || descendants "$(running "$place/init")"
        for file in $(grep -lzxF "QUIRE_TESTBED_HOST=$place" /proc/[0-9]*/environ 2>/dev/null); do
            basename "${file%/environ}"
        done
    } | sort -nu
}

descendants() {
    local child
    for child in $(ps -o pid= --ppid "$1"); do
        echo "$child"
        descendants "$child"
    done
}

# signal_members SIGNAL PLACE: again and again, since a process may have forked meanwhile.
signal_members() {
    local signal=$1 place=$2 pids before=none
    while pids=$(members "$place") && [[ $pids != "$before" ]]; do
        # shellcheck disable=SC2086
        [[ -z $pids ]] || kill "-$signal" $pids 2>/dev/null || :
        before=$pids
    done
}

loopback_ps() {
    local pids
    pids=$(members "$state/$1")
    [[ -z $pids ]] || ps -o pid,ppid,user:8,stat,rss,etime,args -p "$(echo "$pids" | paste -sd,)"
}

loopback_exec() {
    local place=$state/$1
    shift
    (cd "$place/home" && HOME=$place/home TMPDIR=$place/tmp QUIRE_TESTBED_HOST=$place exec "$@")
}

loopback_freeze() { signal_members STOP "$state/$1"; }
loopback_thaw() { signal_members CONT "$state/$1"; }

loopback_kill() {
    local pid found=""
    if (($# == 1)); then
        signal_members KILL "$state/$1"
        end "$state/$1/init"
        return
    fi
    for pid in $(members "$state/$1"); do
        [[ $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) != *"$2"* ]] || { kill -KILL "$pid" && found=yes; }
    done
    [[ -n $found ]] || fail "nothing on $1 has '$2' in its command line"
}

loopback_rekey() {
    end "$state/$1/init"
    loopback_start "$1"
}

loopback_refuse() { fail "$1 needs root rights and namespaces; the hosts of this testbed are sshd processes on 127.0.0.1"; }
loopback_cut() { loopback_refuse cut; }
loopback_heal() { loopback_refuse heal; }
loopback_slow() { loopback_refuse slow; }
loopback_cpu() { loopback_refuse cpu; }
loopback_fill() { loopback_refuse fill; }
loopback_unfill() { loopback_refuse unfill; }

loopback_remove() {
    local place
    for place in "$1"/h[0-9]*/; do
        [[ ! -d $place ]] || signal_members KILL "${place%/}"
    done
    end "$1"/h*/init
}
