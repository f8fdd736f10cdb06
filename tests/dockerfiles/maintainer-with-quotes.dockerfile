FROM debian:9
MAINTAINER "Joe B" <j@x>
