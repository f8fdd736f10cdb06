FROM a
RU\
N one
ENV a=\
b
