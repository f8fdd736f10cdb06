FROM a
COPY .env node_modules ./
COPY ["with space", "/dst/"]
