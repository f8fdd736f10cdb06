FROM a
VOLUME /a /b
VOLUME ["/c d"]
USER "joe":1000
WORKDIR /with space
STOPSIGNAL SIGQUIT
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
