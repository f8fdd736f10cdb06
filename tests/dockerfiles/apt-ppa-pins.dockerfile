FROM ubuntu:18.04
RUN add-apt-repository -y ppa:ondrej/php && apt-get update \
 && apt-get install -y php7.2=7.2.* 'nginx=1.14.*'
