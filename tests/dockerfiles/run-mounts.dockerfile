FROM a AS b
FROM c
RUN --mount=from=b,source=/x,target=/y,ro --mount=type=secret,id=token,required=true \
  --mount=type=ssh --mount=type=tmpfs,target=/t --network=none true
