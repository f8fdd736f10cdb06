FROM a AS b
FROM b as C
FROM c aS d
COPY --from=D x y
