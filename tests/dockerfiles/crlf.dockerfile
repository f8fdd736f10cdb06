FROM a
# comment
RUN one \
  two
RUN <<EOF
x
EOF
CMD ["a"]
