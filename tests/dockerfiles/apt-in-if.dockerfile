FROM a
ARG DEV
RUN if [ "$DEV" = 1 ]; then apt-get update && apt-get install -y vim; fi
