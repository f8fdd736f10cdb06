FROM a
RUN cat << EOF
x
EOF
RUN python3 <<EOF
print("x")
EOF
RUN cat > /f <<'EOF' && echo "quoted <<NO"
y
EOF
