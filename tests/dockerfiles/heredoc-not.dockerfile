FROM a
RUN cat <<<here && echo "<<EOF" && echo \<<EOF
RUN echo $((1 << 2))
2))
RUN ["cat", "<<EOF"]
