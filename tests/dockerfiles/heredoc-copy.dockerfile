FROM a
COPY --chmod=755 <<EOF /start.sh
#!/bin/sh
exec "$@"
EOF
ADD <<EOF /b
b
EOF
