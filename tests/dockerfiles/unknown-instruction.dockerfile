FROM a
FOO bar
RUN b
