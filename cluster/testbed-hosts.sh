# Hosts of cluster/testbed that are namespaces: sourced by it, never run.
# shellcheck shell=bash
#
# A host is two processes: the holder keeps its network, hostname and disk, like the case of a machine; the init, in a process
# namespace of its own, is its power: killed, it takes every process of the host along, and `start` makes another.

# --- network: one bridge a testbed, this machine is .1 and host hN is .1N --------------------------------------------------------

namespace_network() {
    local id
    for ((id = 1; id < 250; id++)); do
        if ip link add "qtb$id" type bridge 2>/dev/null; then break; fi
    done
    ((id < 250)) || fail "no bridge could be made: $(ip link add qtb1 type bridge 2>&1)"
    echo "$id" >"$state/id"
    ip addr add "10.77.$id.1/24" dev "qtb$id"
    ip link set "qtb$id" up
    if ! find_cpu_groups; then
        echo "testbed: no cgroup controller for processor time here: --cpu and cpu are refused" >&2
        [[ " ${!options[*]}" != *" cpu:"* ]] || fail "--cpu needs one"
    fi
}

namespace_address() { echo "10.77.$(<"$state/id").$((10 + ${1#h}))"; }
namespace_port() { echo 22; }
namespace_defaults() { :; }
namespace_fields() { :; }
link() { echo "qtb$(<"$state/id")$1"; }

# --- making ---------------------------------------------------------------------------------------------------------------------

namespace_make() {
    local host=$1 place=$state/$1 pid address ready=""
    address=$(namespace_address "$host")
    write_users "$host"
    { [[ -n $(chosen shared "$host") ]] || printf '%s\n' "$PWD" "$(readlink -f "$here/..")"; chosen hide "$host"; } >"$place/hidden"
    chosen share "$host" >"$place/shares"
    chosen share-ro "$host" >"$place/shares-ro"
    chosen shared "$host" >"$place/shared"
    chosen bare "$host" >"$place/bare"
    chosen disk "$host" >"$place/disk-size"
    if find_cpu_groups; then
        mkdir -p "$cpu_groups/$(link "$host")"
        [[ -z $(chosen cpu "$host") ]] || namespace_cpu "$host" "$(chosen cpu "$host")"
    fi
    mkfifo "$place/ready"
    # Held open until the word has come: a pipe that nobody holds forgets what was written.
    exec {word_pipe}<>"$place/ready"
    (
        exec {word_pipe}>&-
        join_group "$host"
        export QUIRE_TESTBED_STATE=$state
        exec setsid unshare --net --uts --mount --ipc \
            bash -c "$(declare -f hold_host)"$'\nhold_host "$@"' holder "$host" "$place"
    ) </dev/null >"$place/log" 2>&1 &
    pid=$!
    remember "$place/holder" "$pid"
    until read -r -t 0.5 -u "$word_pipe" ready && [[ $ready == ready ]]; do
        running "$place/holder" >/dev/null || fail "$host could not be made: $(<"$place/log")"
    done
    exec {word_pipe}>&-
    ip link add "$(link "$host")" type veth peer name e0 netns "$pid"
    ip link set "$(link "$host")" master "qtb$(<"$state/id")" up
    nsenter --target "$pid" --net ip -batch - <<-IP
		link set lo up
		addr add $address/24 dev e0
		link set e0 up
		route add default via ${address%.*}.1
	IP
}

# Users and their login shells; and homes with what the shells read when they start.
write_users() {
    local host=$1 place=$state/$1 shell user home file
    shell=$(chosen shell "$host")
    shell=${shell:-/bin/bash}
    command -v "$shell" >/dev/null || fail "$host: there is no shell $shell here"
    {
        grep -vE '^(root|alice|bob):' /etc/passwd
        printf 'root:x:0:0::/var/tmp/home/root:%s\nalice:x:30001:30001::/var/tmp/home/alice:%s\nbob:x:30002:30002::/var/tmp/home/bob:%s\n' \
            "$shell" "$shell" "$shell"
    } >"$place/passwd"
    for user in root alice bob; do
        home=$place/home/$user
        mkdir -p "$home/.config/fish"
        if [[ -n $(chosen noise "$host") ]]; then
            for file in .bashrc .profile .cshrc .config/fish/config.fish; do
                printf 'echo "Welcome to %s!"\necho "disk quota: none"\n' "$host" >"$home/$file"
            done
        fi
    done
    sed -E 's/^([^:]*):.*/\1:*:19000:0:99999:7:::/' "$place/passwd" >"$place/shadow"
    chown -R 30001:30001 "$place/home/alice"
    chown -R 30002:30002 "$place/home/bob"
}

# The holder. Runs in the new namespaces, from its own text alone: the folder of this file may be hidden there.
# Everything a host writes lies on one tmpfs of bounded size, its disk.
hold_host() {
    set -euo pipefail
    local host=$1 place=$2 folder share
    hostname "$host"
    mkdir "$place/disk"
    mount -t tmpfs -o "mode=755,size=$(<"$place/disk-size")" "disk of $host" "$place/disk"
    private() {
        mkdir -p "$place/disk/$1"
        chmod "$2" "$place/disk/$1"
        mount --bind "$place/disk/$1" "/$1"
    }
    cp -a "$place/home" "$place/disk/home-of-users"
    mkdir -p "$place/disk/etc-ssh"
    cp "$place/sshd_config" "$place/host_key" "$place/disk/etc-ssh"
    cp "$place/../user_key.pub" "$place/disk/etc-ssh/authorized_keys"
    printf 'HostKey /etc/ssh/host_key\nAuthorizedKeysFile /etc/ssh/authorized_keys\nPidFile none\n' >>"$place/disk/etc-ssh/sshd_config"
    mount --bind "$place/disk/etc-ssh" /etc/ssh
    mount --bind "$place/passwd" /etc/passwd
    mount --bind "$place/shadow" /etc/shadow

    if [[ -n $(<"$place/bare") ]]; then
        # A layer over the libraries in which those of images were deleted.
        mkdir -p "$place/disk/bare"
        for folder in /usr/lib/*-linux-gnu /usr/local/lib; do
            [[ -d $folder ]] || continue
            mkdir -p "$place/disk/bare$folder/upper" "$place/disk/bare$folder/work"
            for share in "$folder"/lib{vips,exif,heif,jpeg,turbojpeg,tiff,png16,webp,openjp2,MagickCore}*; do
                [[ ! -e $share ]] || mknod "$place/disk/bare$folder/upper/${share##*/}" c 0 0
            done
            mount -t overlay -o "lowerdir=$folder,upperdir=$place/disk/bare$folder/upper,workdir=$place/disk/bare$folder/work" bare "$folder"
        done
    fi

    # Binds of what is to be shown come before their places are hidden.
    mkdir -p "$place/disk/mnt"
    for folder in shares shares-ro; do
        while IFS= read -r share; do
            [[ ${share#*:} == /mnt/?* && -d ${share%%:*} ]] || { echo "--share takes FOLDER:/mnt/PLACE, not '$share'"; exit 1; }
            mkdir -p "$place/disk${share#*:}"
            mount --bind "${share%%:*}" "$place/disk${share#*:}"
            [[ $folder == shares ]] || mount -o remount,bind,ro "$place/disk${share#*:}"
        done <"$place/$folder"
    done
    private var/tmp 1777
    mv "$place/disk/home-of-users" /var/tmp/home
    mount -t tmpfs -o mode=1777,size=64m tmpfs /dev/shm
    [[ -n $(<"$place/shared") && ! -s $place/shares && ! -s $place/shares-ro ]] || mount --rbind "$place/disk/mnt" /mnt
    while IFS= read -r folder; do
        case $folder in
        / | /usr* | /etc* | /var | /run* | /proc* | /dev* | /sys* | /bin* | /lib*) ;;
        *) [[ ! -d $folder ]] || mount -t tmpfs -o ro,size=4k hidden "$folder" ;;
        esac
    done <"$place/hidden"
    if [[ -z $(<"$place/shared") ]]; then
        private tmp 1777
        private home 755
        private root 700
        mount -o remount,bind,ro /
    fi
    exec {ready}<>"$place/ready"
    # The state folder goes last: it lies under /run.
    mount -t tmpfs -o mode=755,size=16m tmpfs /run
    mkdir /run/sshd /run/lock
    chmod 1777 /run/lock
    cd /
    echo ready >&"$ready"
    exec {ready}>&-
    exec sleep infinity
}

# --- power ----------------------------------------------------------------------------------------------------------------------

# The command line of the sshd that listens; those of sessions tell their user.
listener='^sshd: /usr/sbin/sshd|^/usr/sbin/sshd '

namespace_start() {
    local host=$1 place=$state/$1 holder power init tries
    holder=$(running "$place/holder") || fail "$host is gone; '$(again down)', then make the testbed anew"
    if ! running "$place/power" >/dev/null; then
        (
            join_group "$host"
            export QUIRE_TESTBED_STATE=$state
            exec setsid nsenter --target "$holder" --net --uts --mount --ipc \
                unshare --pid --fork --kill-child --mount-proc bash -c 'while :; do sleep infinity & wait; done'
        ) </dev/null >>"$place/log" 2>&1 &
        power=$!
        remember "$place/power" "$power"
        # It is one once it has become that shell: its own /proc is there then. Before, the child is one of this script.
        for ((tries = 0; tries < 6000; tries++)); do
            init=$(init_of "$power")
            [[ -z $init || $(tr '\0' ' ' 2>/dev/null <"/proc/$init/cmdline") != "bash -c while "* ]] || break
            sleep 0.005
        done
        remember "$place/init" "$init"
    fi
    if ! inside "$host" pgrep -f "$listener" >/dev/null; then
        # In the background there: an nsenter that waited for it would stop for good when the host is frozen.
        namespace_exec "$host" sh -c 'setsid /usr/sbin/sshd -D -e -f /etc/ssh/sshd_config &' </dev/null >>"$place/log" 2>&1
    fi
    # Through its own loopback, so that it can be started while its plug is out.
    for ((tries = 0; tries < 3000; tries++)); do
        if nsenter --target "$holder" --net bash -c ': </dev/tcp/127.0.0.1/22' 2>/dev/null; then return; fi
        sleep 0.01
    done
    fail "the sshd of $host does not answer: $(tail -n 3 "$place/log")"
}

# The child of `unshare --fork`.
init_of() { cat "/proc/$1/task/$1/children" 2>/dev/null | tr -d ' '; }

# inside HOST PROGRAM ARG... runs it among the processes of the host, without its limit of processor time.
inside() {
    local init host=$1
    shift
    init=$(running "$state/$host/init") || fail "$host is off; '$(again "start $host")' starts it"
    nsenter --target "$init" --net --uts --mount --ipc --pid \
        env -i HOME=/var/tmp/home/root USER=root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

namespace_exec() {
    (
        join_group "$1"
        inside "$@"
    )
}
namespace_ps() { inside "$1" ps -e -o pid,ppid,user:8,stat,rss,etime,args | grep -vE ' (ps -e -o|sleep infinity|bash -c while :)'; }
namespace_freeze() { inside "$1" sh -c 'kill -STOP -1'; }
namespace_thaw() { inside "$1" sh -c 'kill -CONT -1'; }

namespace_kill() {
    if (($# > 1)); then
        # Its own name is not among the words it looks for.
        inside "$1" pkill -KILL -f -- "$2" || fail "nothing on $1 has '$2' in its command line"
    else
        end "$state/$1/init" "$state/$1/power"
    fi
}

# A key changed while the old sshd still offers the former one would be no change.
namespace_rekey() {
    local tries
    inside "$1" sh -c 'cat >/etc/ssh/host_key' <"$state/$1/host_key"
    inside "$1" pkill -KILL -f "$listener" || :
    # One that is still dying would be taken for the one to come.
    for ((tries = 0; tries < 3000; tries++)); do
        inside "$1" pgrep -f "$listener" >/dev/null || break
        sleep 0.01
    done
    namespace_start "$1"
}

# --- faults ---------------------------------------------------------------------------------------------------------------------

namespace_cut() { ip link set "$(link "$1")" down; }
namespace_heal() { ip link set "$(link "$1")" up; }

namespace_slow() {
    local holder limit=(root tbf rate "$2" burst 64kb latency 50ms)
    holder=$(running "$state/$1/holder") || fail "$1 is gone"
    if [[ $2 == off ]]; then
        tc qdisc del dev "$(link "$1")" root 2>/dev/null || :
        nsenter --target "$holder" --net tc qdisc del dev e0 root 2>/dev/null || :
    else
        tc qdisc replace dev "$(link "$1")" "${limit[@]}"
        nsenter --target "$holder" --net tc qdisc replace dev e0 "${limit[@]}"
    fi
}

# A tmpfs made as small as what it holds is full at once, and takes no memory for it.
namespace_fill() { inside "$1" mount -o "remount,size=$(inside "$1" df --output=used -B1 /var/tmp | tail -n 1 | tr -d ' ')" /var/tmp; }
namespace_unfill() { inside "$1" mount -o "remount,size=$(<"$state/$1/disk-size")" /var/tmp; }

# --- processor time -------------------------------------------------------------------------------------------------------------

# Sets cpu_groups to the folder of groups for processor time, of cgroup version 1 or 2; fails when there is none.
find_cpu_groups() {
    local kind place options
    cpu_groups=""
    while read -r _ place kind options _; do
        case $kind in
        cgroup) [[ ,$options, != *,cpu,* ]] || cpu_groups=$place ;;
        cgroup2)
            [[ -z $cpu_groups && -f $place/cgroup.controllers && " $(<"$place/cgroup.controllers") " == *" cpu "* ]] || continue
            { echo +cpu >"$place/cgroup.subtree_control"; } 2>/dev/null && cpu_groups=$place
            ;;
        esac
    done </proc/mounts
    [[ -n $cpu_groups ]]
}

# join_group HOST: this very process, and so all it starts.
join_group() {
    find_cpu_groups || return 0
    [[ ! -d $cpu_groups/$(link "$1") ]] || echo 0 >"$cpu_groups/$(link "$1")/cgroup.procs"
}

namespace_cpu() {
    local group quota period=20000
    find_cpu_groups || fail "no cgroup controller for processor time here: the processors of a host cannot be limited"
    group=$cpu_groups/$(link "$1")
    if [[ $2 == off ]]; then quota=-1; else quota=$(($(percent "$2") * period / 100)); fi
    if [[ -f $group/cpu.cfs_quota_us ]]; then
        echo "$period" >"$group/cpu.cfs_period_us"
        echo "$quota" >"$group/cpu.cfs_quota_us"
    else
        echo "${quota/-1/max} $period" >"$group/cpu.max"
    fi
}

# --- the end --------------------------------------------------------------------------------------------------------------------

namespace_remove() {
    local state=$1 id place host tries marked
    end "$state"/h*/init "$state"/h*/power "$state"/h*/holder
    # And those whose maker was killed before it wrote down their ids.
    for marked in $(grep -lzxF "QUIRE_TESTBED_STATE=$state" /proc/[0-9]*/environ 2>/dev/null); do
        kill -KILL "$(basename "${marked%/environ}")" 2>/dev/null || :
    done
    id=$(cat "$state/id" 2>/dev/null) || return 0
    for place in "$state"/h[0-9]*/; do
        [[ -d $place ]] || continue
        host=$(basename "$place")
        ip link del "$(link "$host")" 2>/dev/null || :
        find_cpu_groups || continue
        # The last process may be gone a moment later than its number.
        for ((tries = 0; tries < 200; tries++)); do
            [[ -d $cpu_groups/$(link "$host") ]] && ! rmdir "$cpu_groups/$(link "$host")" 2>/dev/null || break
            sleep 0.01
        done
    done
    ip link del "qtb$id" 2>/dev/null || :
}
