FROM a
RUN ["apt-get", "install", "-y", "curl"]
RUN [ "sh" , "-c", "a \u00e9" ]
RUN [ -f /x ] || true
RUN ["broken", ]
