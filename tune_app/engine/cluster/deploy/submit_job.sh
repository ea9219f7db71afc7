#!/bin/bash
# Submits a study to a running Ray cluster: STUDIES=/mnt/studies ./submit_job.sh --space q1a
set -euo pipefail

: "${STUDIES:?set STUDIES to a folder that every node reaches}"
case $STUDIES in
    /* | *://*) ;;
    *) # the job's own folder is a temporary copy of the code
        echo "error: STUDIES=$STUDIES: set it to an absolute path or a URL" >&2
        exit 2
        ;;
esac
export RAY_API_SERVER_ADDRESS="${RAY_API_SERVER_ADDRESS:-http://127.0.0.1:8265}"
export RAY_AUTH_MODE="${RAY_AUTH_MODE:-token}"

# The checkout's code travels with the job.
cd "$(dirname "${BASH_SOURCE[0]}")/../../../.."
[[ -f pyproject.toml ]] || { echo "error: $PWD is no checkout of this project" >&2 && exit 2; }
exec ray job submit --no-wait --working-dir . -- \
    python -m tune_app.run --address auto --storage-path "$STUDIES" "$@"
