#!/usr/bin/env bash
# Start a real SLURM of one node (munged, mariadbd, slurmdbd, slurmctld, slurmd) on Debian, as root,
# without systemd:
#
#   slurm-up.sh DIR        # DIR: absolute, for its configuration, state and logs
#
# The node's CPUs, memory and GPUs are what the scheduler believes, not what the machine has
# (SlurmdParameters=config_overrides), so that jobs with realistic requests can be scheduled on a
# small machine. The GPUs are copies of /dev/null. Missing packages are installed.
set -euo pipefail

CPUS=8 MEMORY=200000 GPUS=2
PORT=16817                           # and the three after it
WAIT=60                              # seconds for each daemon to answer

DIR=${1:?"usage: slurm-up.sh DIR"}
case $DIR in /?*) ;; *) echo "slurm-up: $DIR must be absolute" >&2; exit 2 ;; esac
NODE=$(hostname -s)
export SLURM_CONF=$DIR/slurm.conf

say() { echo "slurm-up: $*" >&2; }
die() {
  say "FAILED: $*"
  for file in "$DIR"/log/*; do
    [ -s "$file" ] && { say "--- tail $file"; tail -n 15 "$file" >&2; }
  done
  exit 1
}
wait_for() { # COMMAND...: until it succeeds
  local end=$((SECONDS + WAIT))
  until timeout 5 "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.2
  done
}

# ---- packages ------------------------------------------------------------
missing=()
command -v munged >/dev/null || missing+=(munge)
command -v mariadbd >/dev/null || missing+=(mariadb-server)
command -v slurmdbd >/dev/null || missing+=(slurmdbd)
{ command -v slurmctld && command -v slurmd && command -v squeue; } >/dev/null ||
  missing+=(slurmctld slurmd slurm-client)
mkdir -p "$DIR"/{run,log,state,spool,munge,dev,db}
chmod 755 "$DIR" "$DIR/munge"
chmod 700 "$DIR/state"
if [ ${#missing[@]} -gt 0 ]; then
  say "installing ${missing[*]}"
  # no package may start its daemon by itself
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
  fi
  { timeout 180 apt-get update -q &&
    DEBIAN_FRONTEND=noninteractive timeout 400 apt-get install -y -q \
      -o DPkg::Lock::Timeout=120 --no-install-recommends "${missing[@]}"; } \
    >"$DIR/log/apt.log" 2>&1 </dev/null || { say "cannot install ${missing[*]}"; exit 3; }
fi

# ---- configuration -------------------------------------------------------
SOCKET=$DIR/munge/munge.socket
(umask 077; head -c 1024 /dev/urandom >"$DIR/munge/munge.key")

for i in $(seq 0 $((GPUS - 1))); do
  # a character device: for a plain file SLURM would not set CUDA_VISIBLE_DEVICES
  mknod -m 666 "$DIR/dev/gpu$i" c 1 3 || die "mknod: are devices allowed here?"
done
echo "NodeName=$NODE Name=gpu Type=fake File=$DIR/dev/gpu[0-$((GPUS - 1))]" >"$DIR/gres.conf"
: >"$DIR/cgroup.conf"

# proctrack/pgid: as with the cgroups of a real cluster, nothing of a step outlives its first
# process (proctrack/linuxproc loses orphans). KillWait, MinJobAge: SLURM's defaults.
cat >"$DIR/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$NODE(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$SOCKET
CredType=cred/munge
SlurmctldPort=$PORT
SlurmdPort=$((PORT + 1))
SlurmctldPidFile=$DIR/run/slurmctld.pid
SlurmdPidFile=$DIR/run/slurmd.pid
SlurmctldLogFile=$DIR/log/slurmctld.log
SlurmdLogFile=$DIR/log/slurmd.log
StateSaveLocation=$DIR/state
SlurmdSpoolDir=$DIR/spool
SwitchType=switch/none
MpiDefault=none
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
SlurmdParameters=config_overrides
ReturnToService=2
EnforcePartLimits=ALL
KillWait=30
MinJobAge=300
MailProg=/bin/true
GresTypes=gpu
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$((PORT + 2))
AccountingStoragePass=$SOCKET
AccountingStorageTRES=gres/gpu
AccountingStoreFlags=job_comment
NodeName=$NODE NodeAddr=127.0.0.1 CPUs=$CPUS RealMemory=$MEMORY Gres=gpu:fake:$GPUS State=UNKNOWN
PartitionName=main Nodes=$NODE Default=YES MaxTime=1-00:00:00 State=UP
PartitionName=gpu Nodes=$NODE MaxTime=1-00:00:00 State=UP
CONF

# Commands must find it without SLURM_CONF: the executor plugin's job step drops every SLURM_*
# variable before it calls srun.
mkdir -p /etc/slurm
for file in slurm.conf gres.conf cgroup.conf; do
  [ ! -e "/etc/slurm/$file" ] || die "/etc/slurm/$file exists: this machine has a SLURM"
  ln -sfn "$DIR/$file" "/etc/slurm/$file"
done

# ---- daemons -------------------------------------------------------------
timeout 30 munged --key-file="$DIR/munge/munge.key" --socket="$SOCKET" --force \
  --pid-file="$DIR/run/munged.pid" --log-file="$DIR/log/munged.log" \
  --seed-file="$DIR/munge/munge.seed" </dev/null >"$DIR/log/munged.out" 2>&1 || die "munged"
wait_for munge -n -S "$SOCKET" || die "munged does not answer"

timeout 120 mariadb-install-db --no-defaults --user=root --datadir="$DIR/db/data" \
  --auth-root-authentication-method=normal --skip-test-db \
  >"$DIR/log/mariadb-install.log" 2>&1 </dev/null || die "mariadb-install-db"
setsid mariadbd --no-defaults --user=root --datadir="$DIR/db/data" --socket="$DIR/db/sock" \
  --bind-address=127.0.0.1 --port=$((PORT + 3)) --pid-file="$DIR/run/mariadbd.pid" \
  --innodb-buffer-pool-size=64M --innodb-log-file-size=16M --innodb-lock-wait-timeout=900 \
  --skip-log-bin </dev/null >"$DIR/log/mariadbd.log" 2>&1 &
sql=(mariadb --no-defaults -uroot -S "$DIR/db/sock")
wait_for "${sql[@]}" -e "SELECT 1" || die "mariadbd"
"${sql[@]}" -e "CREATE DATABASE slurm;
  CREATE USER 'slurm'@'127.0.0.1' IDENTIFIED BY 'slurm';
  CREATE USER 'slurm'@'localhost' IDENTIFIED BY 'slurm';
  GRANT ALL ON slurm.* TO 'slurm'@'127.0.0.1';
  GRANT ALL ON slurm.* TO 'slurm'@'localhost';" || die "mariadb"
cat >"$DIR/slurmdbd.conf" <<CONF
AuthType=auth/munge
AuthInfo=socket=$SOCKET
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$((PORT + 2))
SlurmUser=root
PidFile=$DIR/run/slurmdbd.pid
LogFile=$DIR/log/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$((PORT + 3))
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm
CONF
chmod 600 "$DIR/slurmdbd.conf"
timeout 60 slurmdbd </dev/null >"$DIR/log/slurmdbd.out" 2>&1 || die "slurmdbd"
wait_for sacctmgr -n list cluster || die "slurmdbd does not answer"
timeout 30 sacctmgr -i add cluster test >"$DIR/log/sacctmgr.out" 2>&1 || die "sacctmgr"

timeout 60 slurmctld </dev/null >"$DIR/log/slurmctld.out" 2>&1 || die "slurmctld"
wait_for scontrol ping || die "slurmctld does not answer"
timeout 60 slurmd </dev/null >"$DIR/log/slurmd.out" 2>&1 || die "slurmd"
node_is_idle() { timeout 5 sinfo -h -N -n "$NODE" -o %t | grep -qx idle; }
for _ in $(seq $((WAIT * 5))); do
  node_is_idle && break
  sleep 0.2
done
node_is_idle || { sinfo -R >&2; die "the node did not become idle"; }
say "up after $SECONDS s in $DIR: $(sinfo -h -N -n "$NODE" -p main -o 'cpus=%c memory=%m %G')"
