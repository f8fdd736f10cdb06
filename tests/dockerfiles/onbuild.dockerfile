FROM a
ONBUILD COPY . /app
ONBUILD RUN make \
  install
onbuild run --mount=type=cache,target=/c <<EOF
x
EOF
