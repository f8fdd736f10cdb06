#syntax = ghcr.io/somebody/frontend:2

# escape=`
FROM a
RUN b \
 c
