FROM a
RUN <<EOF
nobody closes this
