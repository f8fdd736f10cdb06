from a as b
run x
copy --from=b y z
cmd ["w"]
HealthCheck --interval=5s cmd curl -f localhost
