ARG X
ARG Y=v1.2
FROM ${X:-y}
FROM a:${Y:+z}
FROM a:${Y#v}
FROM $Y-x
FROM a:${Y%.*}
