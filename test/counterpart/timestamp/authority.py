"""A time-stamping authority over https: authority.py DIR PORT. DIR holds tsa.cnf and what it names (run.sh makes them), and server.pem."""
import http.server, pathlib, ssl, subprocess, sys, tempfile

folder = pathlib.Path(sys.argv[1])

class Authority(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        query = self.rfile.read(int(self.headers["Content-Length"]))
        with tempfile.TemporaryDirectory() as work:
            pathlib.Path(work, "query").write_bytes(query)
            subprocess.run(["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", work + "/query", "-out", work + "/reply"],
                           cwd=folder, check=True, capture_output=True)
            reply = pathlib.Path(work, "reply").read_bytes()
        self.send_response(200 if self.headers["Content-Type"] == "application/timestamp-query" else 415)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)
    def log_message(self, *words):
        pass

server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[2])), Authority)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder / "server.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
