FROM golang AS golang
FROM golang
COPY --from=golang /a /b
