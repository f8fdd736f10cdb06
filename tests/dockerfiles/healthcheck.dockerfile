FROM a
HEALTHCHECK NONE
HEALTHCHECK --interval=5s --timeout=3s --retries=3 --start-period=1m CMD curl -f http://localhost/ || exit 1
HEALTHCHECK CMD ["x", "y"]
