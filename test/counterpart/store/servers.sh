# Starts the two stores of run.sh; sourced behind common.sh. Each gets a bucket `evidence` with Object Lock.
install_seaweed() {  # the locked wheel, into $weed
  python_wheels seaweedfs "$here" any
  weed="$wheels/bin/weed"
}

nothing=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  # SHA-256 of no octets
s3() {  # KEY:SECRET ARGUMENTS…: a request without a body
  curl -sS --fail-with-body --aws-sigv4 aws:amz:us-east-1:s3 -H "x-amz-content-sha256: $nothing" -u "$@"
}

start_seaweed() {  # FOLDER; sets seaweed_url, and `writer`, whose rights are those that Firebreak needs
  cat >"$run/s3.json" <<'JSON'
{"identities": [
  {"name": "admin", "credentials": [{"accessKey": "admin", "secretKey": "admin-secret"}], "actions": ["Admin", "Read", "List", "Tagging", "Write"]},
  {"name": "writer", "credentials": [{"accessKey": "writer", "secretKey": "writer-secret"}], "actions": ["Read", "List", "Write", "PutObjectRetention", "GetObjectRetention"]}]}
JSON
  mkdir -p "$1"
  local p=()
  for _ in $(seq 8); do p+=("$(free_port)"); done
  seaweed_url="http://127.0.0.1:${p[0]}"
  # 0: the ports of interfaces that are not asked for and would listen nevertheless.
  "$weed" server -ip=127.0.0.1 -ip.bind=127.0.0.1 -dir="$1" -master.port="${p[1]}" -master.port.grpc="${p[2]}" -volume.port="${p[3]}" \
    -volume.port.grpc="${p[4]}" -filer -filer.port="${p[5]}" -filer.port.grpc="${p[6]}" -s3 -s3.port="${p[0]}" -s3.port.grpc="${p[7]}" \
    -s3.port.iceberg=0 -s3.port.lance=0 -s3.config="$run/s3.json" -master.volumeSizeLimitMB=64 -volume.max=0 >"$work/seaweed.log" 2>&1 &
  pids+=($!)
  until_true "SeaweedFS" curl -sf -o /dev/null "$seaweed_url/healthz"
  s3 admin:admin-secret -X PUT -H "Content-Length: 0" -H 'x-amz-bucket-object-lock-enabled: true' "$seaweed_url/evidence"
}

# Sets gateway_url and gateway (its process). Its extended attributes need a real file system, so its folder is given.
# With `tls` set, https by a certificate of its own, $run/tls.pem.
start_versitygw() {  # FOLDER [PORT]
  mkdir -p "$1/root" "$1/versions" "$1/iam"
  local port="${2:-$(free_port)}"
  local scheme=http with=()
  if [ -n "${tls:-}" ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
      -keyout "$run/tls.key" -out "$run/tls.pem" 2>/dev/null
    scheme=https with=(--cert "$run/tls.pem" --key "$run/tls.key")
  fi
  gateway_url="$scheme://127.0.0.1:$port"
  ROOT_ACCESS_KEY=owner ROOT_SECRET_KEY=owner-secret "$work/versitygw" "${with[@]}" --port "127.0.0.1:$port" --health /health --region us-east-1 --iam-dir "$1/iam" \
    posix --versioning-dir "$1/versions" "$1/root" >"$work/versitygw.log" 2>&1 &
  gateway=$!
  pids+=("$gateway")
  until_true "versitygw" curl -sf -o /dev/null ${tls:+--cacert "$run/tls.pem"} "$gateway_url/health"
  [ $# -gt 1 ] || s3 owner:owner-secret ${tls:+--cacert "$run/tls.pem"} -X PUT -H "Content-Length: 0" -H 'x-amz-bucket-object-lock-enabled: true' "$gateway_url/evidence"
}
