#!/bin/bash
# Stands for the runner's config.sh: refuses root and what it does not know, and takes the token from where that takes it.
if [ "$(id -u)" -eq 0 ]; then
  echo "Must not run with sudo"
  exit 1
fi
cd "$(dirname "$0")" || exit
token=$ACTIONS_RUNNER_INPUT_TOKEN
unset ACTIONS_RUNNER_INPUT_TOKEN
python3 -I bin/listener.py configure "$@" <<< "$token"
