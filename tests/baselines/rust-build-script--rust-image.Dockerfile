FROM rust:1-slim-trixie
WORKDIR /usr/src/proverbs
COPY . .
RUN cargo install --locked --path .
EXPOSE 8871
CMD ["proverbs"]
