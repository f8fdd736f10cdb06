FROM a
RUN <<EOF
set -e
# not a comment

FROM inside
EOF
RUN echo after
