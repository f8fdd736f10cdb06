FROM node:24 AS builder
WORKDIR /app
COPY . .
RUN npm install

FROM node:24-slim
WORKDIR /app
COPY --from=builder /app .
EXPOSE 5000
CMD ["npm", "start"]
