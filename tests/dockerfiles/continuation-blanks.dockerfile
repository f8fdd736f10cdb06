FROM a
RUN one && \   
    two && \	
    three
RUN four \\
RUN five
