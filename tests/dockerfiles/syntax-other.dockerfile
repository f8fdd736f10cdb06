# syntax=docker.io/docker/dockerfile-upstream:master-labs
# check=skip=all;error=true
FROM a
