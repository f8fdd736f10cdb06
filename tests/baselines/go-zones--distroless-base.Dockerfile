FROM golang:1.26-trixie AS build-stage
WORKDIR /app
COPY go.mod ./
RUN go mod download
COPY *.go ./
RUN CGO_ENABLED=0 GOOS=linux go build -o /awake

FROM build-stage AS run-test-stage
RUN go test -v ./...

FROM gcr.io/distroless/base-debian13:nonroot AS build-release-stage
WORKDIR /
COPY --from=build-stage /awake /awake
EXPOSE 8094
USER 65532:65532
ENTRYPOINT ["/awake"]
