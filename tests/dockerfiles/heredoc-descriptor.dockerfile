FROM a
RUN 3<<EOF cat <&3
x
EOF
