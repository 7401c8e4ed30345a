#!/usr/bin/env bash
# Train on several GPUs of one machine:
#   bash tools/dist_train.sh CONFIG GPUS [arguments of train.py]
# On several machines, set NNODES, NODE_RANK and MASTER_ADDR on each of them.
set -euo pipefail

if [ $# -lt 2 ]; then
    echo "usage: $0 CONFIG GPUS [arguments of train.py]" >&2
    exit 2
fi
config=$1
gpus=$2
shift 2

exec python -m torch.distributed.run \
    --nproc-per-node="$gpus" \
    --nnodes="${NNODES:-1}" \
    --node-rank="${NODE_RANK:-0}" \
    --master-addr="${MASTER_ADDR:-127.0.0.1}" \
    --master-port="${PORT:-29500}" \
    "$(dirname "$0")/train.py" "$config" --launcher pytorch "$@"
