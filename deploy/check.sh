#!/usr/bin/env bash
# Has each file here checked by the tool that it is for: deploy/check.sh
# kubernetes-validate comes from PyPI; docker-compose and promtool are used where they are on the PATH (Debian:
# apt-get install docker-compose prometheus).
set -euo pipefail
cd "$(dirname "$0")"

skipped=()
has() { command -v "$1" > /dev/null || { skipped+=("$1"); false; }; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch"
"$scratch/bin/pip" install --quiet --disable-pip-version-check kubernetes-validate==1.37.0
"$scratch/bin/kubernetes-validate" --strict kubernetes/*.yaml

if has docker && docker compose version > /dev/null 2>&1; then
  docker compose -f compose.yaml config --quiet && echo 'compose.yaml: valid'
elif has docker-compose; then
  docker-compose -f compose.yaml config --quiet && echo 'compose.yaml: valid'
fi
if has promtool; then
  promtool check rules prometheus/alerts.yaml
  (cd prometheus && promtool test rules alerts.test.yaml)
fi
if ((${#skipped[@]} > 0)); then echo "not on the PATH, so not asked: ${skipped[*]}"; fi
