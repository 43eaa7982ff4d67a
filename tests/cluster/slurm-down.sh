#!/usr/bin/env bash
# End all jobs of the SLURM that `slurm-up.sh DIR` started, stop its daemons and remove DIR.
# Ends only processes that DIR's own pid files name.
set -uo pipefail

DIR=${1:?"usage: slurm-down.sh DIR"}
case $DIR in /?*) ;; *) echo "slurm-down: $DIR must be absolute" >&2; exit 2 ;; esac
[ -d "$DIR/run" ] || exit 0
export SLURM_CONF=$DIR/slurm.conf

pid_of() { # NAME: the pid of our daemon NAME, if it runs
  local pid
  pid=$(cat "$DIR/run/$1.pid" 2>/dev/null) || return 1
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ] || return 1
  ! grep -qs '^State:.Z' "/proc/$pid/status" && echo "$pid"
}

if pid_of slurmctld >/dev/null; then
  # not before KillWait is over would a job end that saves its state, and nobody needs it
  timeout 10 squeue -h -o %A | xargs -r timeout 10 scancel --signal=KILL --full 2>/dev/null
  timeout 10 squeue -h -o %A | xargs -r timeout 10 scancel 2>/dev/null
  for _ in $(seq 50); do
    [ -z "$(timeout 5 squeue -h 2>/dev/null)" ] && break
    sleep 0.2
  done
fi
for name in slurmd slurmctld slurmdbd mariadbd munged; do
  pid=$(pid_of $name) || continue
  kill "$pid"
  for _ in $(seq 100); do
    pid_of $name >/dev/null || break
    sleep 0.1
  done
  if pid_of $name >/dev/null; then kill -9 "$pid"; fi
done
for file in slurm.conf gres.conf cgroup.conf; do
  if [ "$(readlink "/etc/slurm/$file")" = "$DIR/$file" ]; then rm -f "/etc/slurm/$file"; fi
done
rm -rf "$DIR"
