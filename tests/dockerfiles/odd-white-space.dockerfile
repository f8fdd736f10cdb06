

  FROM	a
	RUN   b	
 	 
  # c
EXPOSE	80   90/udp

