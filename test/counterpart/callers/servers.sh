# MLflow and moto, for run.sh here and for examples/recommender; sourced behind common.sh and wheels.sh, from the repository's root.
install_callers() {  # sets mlflow_wheels and moto_wheels
  python_wheels mlflow test/counterpart/callers/mlflow
  mlflow_wheels="$wheels"
  python_wheels moto test/counterpart/callers/moto
  moto_wheels="$wheels"
}

# Sets mlflow_url. With `mlflow_password` set, people sign in: admin with it; others read, until they get more.
start_mlflow() {  # FOLDER LOG
  mkdir -p "$1/artifacts"
  mlflow_url="http://127.0.0.1:$(free_port)"
  local with=()
  if [ -n "${mlflow_password:-}" ]; then
    with=(--app-name basic-auth)
    cat >"$1/auth.ini" <<INI
[mlflow]
default_permission = READ
database_uri = sqlite:///$1/auth.db
admin_username = admin
admin_password = $mlflow_password
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
INI
  fi
  # Without the first variable a server of these few packages looks for a job queue and ends.
  MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false MLFLOW_FLASK_SERVER_SECRET_KEY=tests MLFLOW_AUTH_CONFIG_PATH="$1/auth.ini" PYTHONPATH="$mlflow_wheels" \
    PATH="$mlflow_wheels/bin:$PATH" python3 -W ignore -m mlflow server --host 127.0.0.1 --port "${mlflow_url##*:}" --workers 1 --allowed-hosts "127.0.0.1:${mlflow_url##*:}" \
    --backend-store-uri "sqlite:///$1/mlflow.db" --artifacts-destination "$1/artifacts" "${with[@]}" >"$2" 2>&1 &
  pids+=($!)
  patience=180 until_true "MLflow" curl -fs -o /dev/null "$mlflow_url/health"
}

start_moto() {  # LOG; sets moto_url
  moto_url="http://127.0.0.1:$(free_port)"
  PYTHONPATH="$moto_wheels" python3 -W ignore -m moto.server -H 127.0.0.1 -p "${moto_url##*:}" >"$1" 2>&1 &
  pids+=($!)
  patience=60 until_true "moto" curl -fs -o /dev/null "$moto_url/moto-api/"
}
