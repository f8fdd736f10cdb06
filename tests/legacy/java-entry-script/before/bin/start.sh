#!/bin/sh
cd /build
exec java ${JAVA_OPTS:-} -jar target/clock-0.3.0-SNAPSHOT.jar "$@"
