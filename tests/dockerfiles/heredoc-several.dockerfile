FROM a
RUN <<A cat && <<B cat
one
A
two
B
COPY <<X <<Y /dst/
x
X
y
Y
