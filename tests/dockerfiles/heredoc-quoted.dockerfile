FROM a
RUN <<'E1' cat; <<"E2" cat
$x
E1
$y
E2
COPY <<"EOF" /etc/conf
${kept}
EOF
