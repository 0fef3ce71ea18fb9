#!/bin/bash
# As the runner's own: SIGTERM from systemd becomes SIGINT for the listener, which ends its job in order.
trap 'kill -INT $PID' TERM INT
python3 -I bin/listener.py run &
PID=$!
wait $PID
trap - TERM INT
wait $PID
