FROM a
RUN <<-EOF
	echo one
		echo two
	EOF
RUN echo after
