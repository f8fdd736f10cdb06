# escape=`
FROM windows
RUN dir C:\ `
  && echo x
COPY a.txt C:\dst\
ENV a="b`"c" d=e` f
