FROM a
RUN cat <<EOF \
  && echo more
body
EOF
