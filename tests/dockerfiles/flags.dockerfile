FROM --platform=$BUILDPLATFORM a AS b
FROM c
COPY --link --chown=1:1 --chmod=644 --from=b /x /y
COPY --parents --exclude=*.md --exclude=*.txt a/./b c/
ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://x/y /z
RUN --security=insecure x
RUN -- --not-a-flag
