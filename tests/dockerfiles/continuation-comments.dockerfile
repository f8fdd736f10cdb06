FROM a
RUN one && \
# a comment
    two && \

  # indented comment
    three
RUN four
