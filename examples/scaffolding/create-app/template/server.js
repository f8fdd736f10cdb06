import { createServer } from "node:http";

const server = createServer((_, answer) => answer.end("hello\n"));
server.listen(process.env.PORT ?? 3000);
process.on("SIGTERM", () => server.close());
