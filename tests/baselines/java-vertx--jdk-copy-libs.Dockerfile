FROM maven:3.9-eclipse-temurin-17 AS build
WORKDIR /usr/src/app
COPY . .
RUN mvn -q package -DskipTests

FROM eclipse-temurin:17-jre-alpine
WORKDIR /usr/app
COPY --from=build /usr/src/app/target/libs libs
COPY --from=build /usr/src/app/target/beacon-1.0.jar beacon.jar
EXPOSE 8106
ENTRYPOINT java $JAVA_OPTS -jar beacon.jar
