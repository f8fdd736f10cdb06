FROM a
ENV k v w
ENV Q "a b" c
ENV tail   spaces inside   
