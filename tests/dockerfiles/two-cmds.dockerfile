FROM a
CMD one
CMD ["two"]
ENTRYPOINT three
ENTRYPOINT ["four", "x"]
