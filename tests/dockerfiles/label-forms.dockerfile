FROM a
LABEL a b c
LABEL "com.example.x"="y z" \
      multi=line
